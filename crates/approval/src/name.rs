//! Names and texts that people and policies write, each with one way in.

use std::fmt;
use std::str::FromStr;

use portcullis_identity::{Group, Principal};
use portcullis_settings::IssuerName;
use serde::{Deserialize, Serialize};

/// Why a text is not what it should be. The text itself is not quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not {kind}: {rule}")]
pub struct InvalidName {
    kind: &'static str,
    rule: &'static str,
}

/// Declares a checked text with one way in.
macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $rule:literal, $test:path) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                Self::try_from(text.to_owned())
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(text: String) -> Result<Self, InvalidName> {
                if $test(&text) { Ok(Self(text)) } else { Err(InvalidName { kind: $kind, rule: $rule }) }
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_type!(
    /// Who somebody is, as `issuer|subject`.
    PrincipalId,
    "a principal",
    "write `issuer|subject`",
    is_principal
);

text_type!(
    /// A group, as `issuer:group`.
    GroupName,
    "a group",
    "write `issuer:group`",
    is_group
);

text_type!(
    /// The `@id` of a policy.
    PolicyName,
    "the id of a policy",
    "use 1 to 128 of A-Z, a-z, 0-9 and `.` `_` `-` `/` `:`",
    is_policy
);

text_type!(
    /// Why somebody asks, approves, rejects or revokes, in their own words.
    Reason,
    "a reason",
    "write 1 to 1024 bytes without control characters but line breaks",
    is_reason
);

impl PrincipalId {
    /// Who a verified principal is.
    ///
    /// # Errors
    /// [`InvalidName`] for nobody that a token can name.
    pub fn of(principal: &Principal) -> Result<Self, InvalidName> {
        principal.id().try_into()
    }

    /// Its name at its issuer.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.0.split_once('|').map_or("", |(_, subject)| subject)
    }
}

impl GroupName {
    /// The group of a verified principal.
    ///
    /// # Errors
    /// [`InvalidName`] for no group that a token can name.
    pub fn of(group: &Group) -> Result<Self, InvalidName> {
        group.as_str().parse()
    }
}

fn is_principal(text: &str) -> bool {
    text.split_once('|').is_some_and(|(issuer, subject)| is_issuer(issuer) && is_plain(subject))
}

fn is_group(text: &str) -> bool {
    text.split_once(':').is_some_and(|(issuer, group)| is_issuer(issuer) && is_plain(group))
}

fn is_issuer(text: &str) -> bool {
    text.parse::<IssuerName>().is_ok()
}

/// As tokens are read: not empty, at most 512 bytes, no control characters.
fn is_plain(text: &str) -> bool {
    (1..=LONGEST_NAME).contains(&text.len()) && !text.chars().any(char::is_control)
}

fn is_policy(text: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | ':');
    (1..=LONGEST_POLICY).contains(&text.len()) && text.chars().all(is_allowed)
}

fn is_reason(text: &str) -> bool {
    let is_control = |c: char| c.is_control() && c != '\n';
    text.len() <= LONGEST_REASON && !text.trim().is_empty() && !text.chars().any(is_control)
}

const LONGEST_NAME: usize = 512;
const LONGEST_POLICY: usize = 128;
const LONGEST_REASON: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_form() {
        let long = |n: usize| "x".repeat(n);
        for (kind, is_name, text, want) in [
            ("principal", is_principal as fn(&str) -> bool, "okta|ada".to_owned(), true),
            ("principal", is_principal, "okta|a|b:c".to_owned(), true),
            ("principal", is_principal, "okta:ada".to_owned(), false),
            ("principal", is_principal, "okta|".to_owned(), false),
            ("principal", is_principal, "|ada".to_owned(), false),
            ("principal", is_principal, "okta|a\nb".to_owned(), false),
            ("principal", is_principal, format!("okta|{}", long(513)), false),
            ("group", is_group, "okta:db:a".to_owned(), true),
            ("group", is_group, "dba".to_owned(), false),
            ("group", is_group, "Okta:dba".to_owned(), false),
            ("policy", is_policy, "finance/refunds".to_owned(), true),
            ("policy", is_policy, String::new(), false),
            ("policy", is_policy, long(129), false),
            ("policy", is_policy, "a b".to_owned(), false),
            ("reason", is_reason, "looks right\nto me".to_owned(), true),
            ("reason", is_reason, "  ".to_owned(), false),
            ("reason", is_reason, "a\u{1b}[2J".to_owned(), false),
            ("reason", is_reason, long(1025), false),
        ] {
            assert_eq!(is_name(&text), want, "{kind} `{text}`");
        }
    }
}
