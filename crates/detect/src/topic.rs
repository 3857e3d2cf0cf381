//! What the words around a value can speak of, and the words, in lower case.

/// A subject that makes a weak value a strong one. At most 128.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    UsSsn,
}

/// The words that speak of each topic: single words as [`crate::context`] splits them.
pub(crate) const CUES: &[(Topic, &[&str])] = &[(Topic::UsSsn, &["ssn", "ssns", "social", "ssid"])];
