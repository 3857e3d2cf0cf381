//! Values that are left in the store for later: sealed, and bound to the key at which they lie, so that whoever can write
//! to the store can neither make one nor put one where it does not belong.

use portcullis_identity::seal::Purpose;
use portcullis_ledger::Key;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::gateway::Gateway;
use crate::ports::{Ports, StoreError, fresh};

/// What lies at a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Noted<T> {
    /// Nothing.
    Absent,
    /// What was written there.
    There(T),
    /// Something that was not written there, or by a newer release.
    Unreadable,
}

impl<T> Noted<T> {
    /// What was written there; what cannot be read counts as not there.
    pub(crate) fn there(self) -> Option<T> {
        match self {
            Self::There(value) => Some(value),
            Self::Absent | Self::Unreadable => None,
        }
    }
}

/// Reads what was written at a key.
pub(crate) async fn read<P: Ports, T: DeserializeOwned>(
    (gateway, ports): (&Gateway, &P),
    purpose: Purpose,
    key: &Key,
) -> Result<Noted<T>, StoreError> {
    Ok(opened(gateway, purpose, (key, ports.get(key.as_str()).await?.as_deref())))
}

/// What was written at a key, of which this is the value.
pub(crate) fn opened<T: DeserializeOwned>(
    gateway: &Gateway,
    purpose: Purpose,
    (key, value): (&Key, Option<&[u8]>),
) -> Noted<T> {
    let Some(value) = value else { return Noted::Absent };
    let opened = std::str::from_utf8(value).ok().and_then(|text| {
        let plain = gateway.sealer().open(purpose, text).ok()?;
        let (at, value): (String, T) = serde_json::from_slice(&plain).ok()?;
        (at == key.as_str()).then_some(value)
    });
    opened.map_or(Noted::Unreadable, Noted::There)
}

/// Writes a value at a key.
pub(crate) async fn write<P: Ports, T: Serialize>(
    (gateway, ports): (&Gateway, &P),
    purpose: Purpose,
    (key, value): (&Key, &T),
) -> Result<(), StoreError> {
    let unwritable = || StoreError(format!("what belongs at {key} cannot be written"));
    let plain = serde_json::to_vec(&(key.as_str(), value)).map_err(|_| unwritable())?;
    let sealed = gateway.sealer().seal(purpose, &plain, fresh(ports)).map_err(|_| unwritable())?;
    ports.set(key.as_str(), sealed.as_bytes()).await
}
