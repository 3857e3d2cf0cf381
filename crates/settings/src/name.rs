//! Names that a settings file gives to things.
//!
//! Each is a newtype whose only way in is a parse, so that a name is safe to put into a path, a log line or a
//! store key wherever it turns up later. Not here: what the names refer to.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text is not a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {kind}: {rule}")]
pub struct NameError {
    text: String,
    kind: &'static str,
    rule: &'static str,
}

/// Declares a name type: a checked string with one way in.
macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $rule:literal, $test:path) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::try_from(text.to_owned())
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                if $test(&text) {
                    Ok(Self(text))
                } else {
                    // The text is cut: it lands in a message of one line.
                    let text = text.chars().take(LONGEST_NAME).flat_map(char::escape_debug).collect();
                    Err(NameError { text, kind: $kind, rule: $rule })
                }
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

name_type!(
    /// The name of an upstream connection, as in `/mcp/<connection>`.
    ConnectionName,
    "a connection name",
    "use 1 to 63 of a-z, 0-9 and `-`, starting with a letter or digit",
    is_label
);

name_type!(
    /// The name of an issuer; it is the namespace of that issuer's groups, as in `okta:dba`.
    IssuerName,
    "an issuer name",
    "use 1 to 63 of a-z, 0-9 and `-`, starting with a letter or digit",
    is_label
);

name_type!(
    /// The subject or a group of the principal that needs no token.
    AnonymousName,
    "a name of the anonymous principal",
    "use 1 to 63 of a-z, 0-9 and `-`, starting with a letter or digit",
    is_label
);

name_type!(
    /// The name of a key that policies are signed with.
    KeyName,
    "a name of a key",
    "use 1 to 63 of a-z, 0-9, `.`, `_` and `-`",
    is_key_name
);

name_type!(
    /// The name of a variable of the application, by the rules of Spin.
    VariableName,
    "a variable name",
    "use a-z, 0-9 and single `_` between them, starting with a letter",
    is_variable
);

name_type!(
    /// The class of a finding, as in `pii.card`.
    ClassName,
    "a class name",
    "use words of a-z, 0-9, `-` and `_` with dots between them, at most 63 characters",
    is_class
);

impl IssuerName {
    /// The namespace of callers without a token.
    pub(crate) fn anonymous() -> Self {
        Self("anonymous".to_owned())
    }
}

fn is_label(text: &str) -> bool {
    text.len() <= LONGEST_NAME
        && text.starts_with(is_lower_or_digit)
        && text.chars().all(|c| is_lower_or_digit(c) || c == '-')
}

fn is_key_name(text: &str) -> bool {
    (1..=LONGEST_NAME).contains(&text.len())
        && text.chars().all(|c| is_lower_or_digit(c) || matches!(c, '.' | '_' | '-'))
}

fn is_variable(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.len() <= LONGEST_NAME
        && text.split('_').all(|word| !word.is_empty() && word.chars().all(is_lower_or_digit))
}

impl ClassName {
    /// Whether this is that class or one in it, as `pii.card` is in `pii`.
    #[must_use]
    pub fn is_in(&self, other: &Self) -> bool {
        let rest = self.as_str().strip_prefix(other.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

fn is_class(text: &str) -> bool {
    text.len() <= LONGEST_NAME
        && text.split('.').all(|word| {
            word.starts_with(is_lower_or_digit)
                && word.chars().all(|c| is_lower_or_digit(c) || matches!(c, '-' | '_'))
        })
}

fn is_lower_or_digit(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

/// In characters; 63 is the limit of a DNS label, which a connection name may have to be.
const LONGEST_NAME: usize = 63;

#[cfg(test)]
mod tests;
