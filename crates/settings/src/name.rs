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

name_type!(
    /// The id of a rule of the settings; it is written as that of a policy.
    RuleId,
    "an id of a rule",
    "use 1 to 128 of A-Z, a-z, 0-9 and `.` `_` `-` `/` `:`",
    is_rule_id
);

name_type!(
    /// A group in the namespace of its issuer, as in `okta:dba`.
    GroupName,
    "a group",
    "write it with its issuer, as in `okta:dba`",
    is_group
);

name_type!(
    /// The name of a tool, in which `*` stands for any characters or none. There is no way to write a `*` that is only one.
    ToolPattern,
    "a name of a tool",
    "use 1 to 256 bytes without control characters; `*` stands for any characters",
    is_tool
);

impl GroupName {
    /// The name of the issuer.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.as_str().split_once(':').map_or("", |(issuer, _)| issuer)
    }
}

impl ToolPattern {
    /// Whether it is the name of one tool only.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        !self.as_str().contains('*')
    }

    /// Whether it is the name of this tool.
    #[must_use]
    pub fn fits(&self, tool: &str) -> bool {
        let Some((first, rest)) = self.as_str().split_once('*') else { return self.as_str() == tool };
        let Some(mut tool) = tool.strip_prefix(first) else { return false };
        let (between, last) = rest.rsplit_once('*').unwrap_or(("", rest));
        for part in between.split('*') {
            // What is found first leaves the most for what comes after it.
            let Some((_, after)) = tool.split_once(part) else { return false };
            tool = after;
        }
        tool.ends_with(last)
    }
}

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

fn is_rule_id(text: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | ':');
    (1..=LONGEST_RULE_ID).contains(&text.len()) && text.chars().all(is_allowed)
}

fn is_group(text: &str) -> bool {
    text.split_once(':').is_some_and(|(issuer, group)| {
        is_label(issuer) && (1..=LONGEST_GROUP).contains(&group.len()) && !group.chars().any(char::is_control)
    })
}

fn is_tool(text: &str) -> bool {
    (1..=LONGEST_TOOL).contains(&text.len()) && !text.chars().any(char::is_control)
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
/// As of policies, in bytes.
const LONGEST_RULE_ID: usize = 128;
/// As of groups that may approve, in bytes.
const LONGEST_GROUP: usize = 512;
/// In bytes; MCP recommends 128 characters at most.
const LONGEST_TOOL: usize = 256;

#[cfg(test)]
mod tests;
