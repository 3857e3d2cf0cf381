//! Why stored bytes are not a record.

/// Why stored bytes are not the record asked for. All of these mean that the store was altered, or that a newer
/// release wrote to it.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// A field holds what this release does not write.
    #[error("the record's `{field}` is not one this release knows")]
    InvalidField {
        /// The name of the field.
        field: &'static str,
    },
    /// Not JSON, or not the fields of the record.
    #[error("the record is malformed: {0}")]
    Malformed(#[source] serde_json::Error),
    /// Longer than any record; not read.
    #[error("the record has {n_bytes} bytes, more than any record")]
    TooLarge {
        /// How long it is.
        n_bytes: usize,
    },
    /// Bytes after the record.
    #[error("the record is followed by other data")]
    TrailingData,
    /// Not a kind of record of this release, or not the one asked for.
    #[error("the record is of kind `{kind}`")]
    UnexpectedKind {
        /// What it says it is.
        kind: String,
    },
    /// Written by a newer release.
    #[error("the record has version {version}, which this release does not know")]
    UnknownVersion {
        /// What it says its version is.
        version: u64,
    },
}
