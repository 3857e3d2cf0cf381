//! How a claim of a token is named in the settings.

use std::fmt;
use std::str::FromStr;

/// The place of a claim: its name, or an RFC 6901 pointer such as `/realm_access/roles` for a nested one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClaimPath {
    text: String,
    segments: Vec<String>,
}

/// Why a text does not name a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a claim is named by 1 to 256 characters; a nested one by a pointer such as `/realm_access/roles`")]
pub struct ClaimPathError;

impl ClaimPath {
    /// The place as written; attributes carry it as their name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The names to follow from the claims object inwards; at least one.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().map(String::as_str)
    }
}

impl FromStr for ClaimPath {
    type Err = ClaimPathError;

    fn from_str(text: &str) -> Result<Self, ClaimPathError> {
        if text.is_empty() || text.len() > LONGEST_PATH || text.chars().any(char::is_control) {
            return Err(ClaimPathError);
        }
        let segments: Vec<String> = match text.strip_prefix('/') {
            None => vec![text.to_owned()],
            Some(pointer) => {
                pointer.split('/').map(|name| name.replace("~1", "/").replace("~0", "~")).collect()
            }
        };
        if segments.iter().any(String::is_empty) {
            return Err(ClaimPathError);
        }
        Ok(Self { text: text.to_owned(), segments })
    }
}

impl fmt::Display for ClaimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The value of a claim that a rule compares with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimValue {
    /// `true` or `false`.
    Flag(bool),
    /// A text.
    Text(String),
}

const LONGEST_PATH: usize = 256;
