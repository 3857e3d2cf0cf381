//! The stored form of records: one JSON object each, `{"v":1,"kind":"intent",…}`.
//!
//! The records themselves know no JSON; what is read is a form of its own and is converted field by field. Fields that
//! this release does not know are refused, so a change of what is there is a new version. A field that may be absent can
//! be added to a version: records from before it do not have it.

mod cut;
mod drift;
mod intent;
mod outcome;
mod parts;
mod refusal;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::DecodeError;
use crate::record::{MAX_RECORD_BYTES, Stored, VERSION};

/// A record that can be read.
pub(crate) trait Readable: Stored {
    /// Its stored form.
    type Form: DeserializeOwned + TryInto<Self, Error = DecodeError>;
}

/// The fields that say what the others are.
#[derive(Deserialize)]
struct Envelope {
    v: u64,
    kind: String,
}

/// The kind of record that `bytes` hold, if their version is known.
pub(crate) fn kind(bytes: &[u8]) -> Result<String, DecodeError> {
    if bytes.len() > MAX_RECORD_BYTES {
        return Err(DecodeError::TooLarge { n_bytes: bytes.len() });
    }
    let Envelope { v, kind } = read(bytes)?;
    if v == VERSION { Ok(kind) } else { Err(DecodeError::UnknownVersion { version: v }) }
}

pub(crate) fn decode<R: Readable>(bytes: &[u8]) -> Result<R, DecodeError> {
    let kind = kind(bytes)?;
    if kind != R::KIND {
        return Err(DecodeError::UnexpectedKind { kind });
    }
    read::<R::Form>(bytes)?.try_into()
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = T::deserialize(&mut reader).map_err(DecodeError::Malformed)?;
    reader.end().map_err(|_| DecodeError::TrailingData)?;
    Ok(value)
}
