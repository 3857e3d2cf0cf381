//! Who called, as records name them.

use std::collections::BTreeMap;

/// Whether a principal is a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrincipalKind {
    /// A person.
    User,
    /// A job or a service.
    Workload,
}

/// A group that people have granted for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// The group, with its issuer.
    pub group: String,
    /// The id of the request that they approved.
    pub request: String,
}

/// The value of a claim that policies see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// `true` or `false`.
    Flag(bool),
    /// A whole number.
    Number(i64),
    /// A text, with every masked class replaced.
    Text(String),
    /// Texts, each with every masked class replaced.
    Texts(Vec<String>),
}

/// A verified caller. Ids and what policies see: there is no place for a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// The source of the identity, as the settings name it.
    pub issuer: String,
    /// The caller's name at the issuer.
    pub subject: String,
    /// Person or workload.
    pub kind: PrincipalKind,
    /// The caller's groups, each with its issuer, such as `okta:dba`.
    pub groups: Vec<String>,
    /// Which of these people have granted for a time.
    pub granted: Vec<Granted>,
    /// The claims that policies see, by their names in the settings; `None` in the records of earlier releases.
    pub attributes: Option<BTreeMap<String, Attribute>>,
    /// The software that the caller uses, as the token names it.
    pub client: Option<String>,
    /// Those who act for the caller, the nearest first (RFC 8693 §4.1).
    pub actors: Vec<String>,
    /// The id of the token (`jti`), for revocation. Not the token.
    pub token_id: Option<String>,
}
