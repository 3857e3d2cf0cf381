//! The verified caller, and what its issuer says about it.
//!
//! Everything is in the namespace of the issuer that said it: a group is `okta:dba`, an identity is
//! `okta|00u1`, so that no issuer can speak for another. A group that people have granted for a time is one that the
//! settings name, and is told apart. Not here: what a principal may do.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use portcullis_settings::{Anonymous, GroupName, IssuerName};

/// The verified caller.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Principal {
    /// Who vouches for it.
    pub issuer: IssuerName,
    /// Who it is, to that issuer.
    pub subject: Subject,
    /// Whether it is a person.
    pub kind: PrincipalKind,
    /// The groups it is in, as `issuer:group`.
    pub groups: BTreeSet<Group>,
    /// Of these, the ones that no issuer lists but people have granted for a time; with the request that they approved.
    pub granted: BTreeMap<Group, String>,
    /// The claims that the settings list, by the name they have there.
    pub attributes: BTreeMap<String, AttributeValue>,
    /// The OAuth client that the token was made for (`client_id`, or else `azp`).
    pub client: Option<String>,
    /// Who acts for the principal (`act`, RFC 8693 section 4.1), the current actor first.
    pub actors: Vec<Actor>,
}

impl Principal {
    /// `issuer|subject`. An issuer name has no `|`, so no two principals share an identity.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}|{}", self.issuer, self.subject)
    }

    /// The principal that the settings name for callers without a token.
    pub(crate) fn anonymous(anonymous: &Anonymous) -> Self {
        let issuer = anonymous.issuer().clone();
        Self {
            subject: Subject(anonymous.subject().to_string()),
            groups: anonymous
                .groups()
                .iter()
                .map(|name| Group::in_namespace(&issuer, name.as_str()))
                .collect(),
            issuer,
            kind: PrincipalKind::Workload,
            granted: BTreeMap::new(),
            attributes: BTreeMap::new(),
            client: None,
            actors: Vec::new(),
        }
    }

    /// A principal that nobody verified, for tests.
    ///
    /// # Panics
    /// If `issuer`, `subject` or a group is not well-formed.
    #[cfg(any(test, feature = "test-util"))]
    #[expect(clippy::expect_used, reason = "for tests only, where a panic is the report")]
    #[must_use]
    pub fn for_test(issuer: &str, subject: &str, kind: PrincipalKind, groups: &[&str]) -> Self {
        let issuer: IssuerName = issuer.parse().expect("an issuer name");
        let groups = groups.iter().map(|group| Group::new(&issuer, group).expect("a group")).collect();
        Self {
            groups,
            subject: Subject::new(subject).expect("a subject"),
            issuer,
            kind,
            granted: BTreeMap::new(),
            attributes: BTreeMap::new(),
            client: None,
            actors: Vec::new(),
        }
    }
}

/// Whether a principal is a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PrincipalKind {
    /// A person.
    User,
    /// A program: a CI job, a service.
    Workload,
}

/// Who a principal is, to its issuer: the `sub` of its tokens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject(String);

impl Subject {
    /// Takes a text that is not empty, at most 512 bytes long and without control characters.
    pub(crate) fn new(text: &str) -> Option<Self> {
        is_plain(text).then(|| Self(text.to_owned()))
    }

    /// The subject.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A group, in the namespace of the issuer that lists it: `okta:dba`.
///
/// The namespace ends at the first `:`, and an issuer name has none; what the issuer writes comes after it,
/// whatever it holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group(String);

impl Group {
    pub(crate) fn new(issuer: &IssuerName, name: &str) -> Option<Self> {
        is_plain(name).then(|| Self::in_namespace(issuer, name))
    }

    /// A group that the settings name.
    pub(crate) fn of_settings(name: &GroupName) -> Self {
        Self(name.as_str().to_owned())
    }

    /// A group of a record, with its namespace.
    #[cfg(feature = "unverified")]
    pub(crate) fn recorded(text: &str) -> Option<Self> {
        let (issuer, name) = text.split_once(':')?;
        issuer.parse::<IssuerName>().ok().and_then(|issuer| Self::new(&issuer, name))
    }

    /// For a name that is plain by its type.
    fn in_namespace(issuer: &IssuerName, name: &str) -> Self {
        Self(format!("{issuer}:{name}"))
    }

    /// The group with its namespace.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The value of a claim that policies may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttributeValue {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A text.
    Text(String),
    /// A list of texts, in the issuer's order.
    TextList(Vec<String>),
}

/// Someone who acts for a principal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Actor {
    /// The `sub` of the actor.
    pub subject: Subject,
    /// The `iss` of the actor, where it is named; otherwise the principal's own issuer speaks of it.
    pub issuer: Option<String>,
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.len() <= LONGEST_NAME && !text.chars().any(char::is_control)
}

/// In bytes; OpenID Connect allows a subject 255 characters.
const LONGEST_NAME: usize = 512;
