//! A text that must not be shown.
//!
//! It has no `Display`, no serde and a `Debug` that says nothing, so that a secret reaches a log, a record or a
//! response only where somebody wrote [`Secret::expose`].

use std::fmt;

/// A secret text, such as a key or a credential.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text that must not be shown.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself. The caller answers for where it goes.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
