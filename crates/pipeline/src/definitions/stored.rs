//! What one instance has found of an upstream's list, left in the store for the others.
//!
//! One value for each connection and kind: the digests of all definitions of the list. It is sealed, so that whoever
//! else can write to the store cannot approve anything; what names it, and when it was found, are sealed with it.

use portcullis_identity::seal::Purpose;
use portcullis_ledger::MAX_VALUE_BYTES;
use portcullis_pins::{DefinitionDigest, Kind};
use portcullis_settings::Connection;

use crate::definitions::known::{Shown, is_fresh};
use crate::exchange::Exchange;
use crate::gateway::Gateway;
use crate::ports::{Ports, fresh};
use crate::refusal::Refusal;

const PURPOSE: Purpose = Purpose::new("definitions");
/// How far the clock of another instance may be ahead, in milliseconds.
const SKEW_MS: u64 = 5_000;
const DIGEST: usize = 32;

/// The digests of one list, sorted.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    at: u64,
    digests: Vec<u8>,
}

impl std::fmt::Debug for Stored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stored").field("at", &self.at).finish_non_exhaustive()
    }
}

impl Stored {
    /// When the list was read.
    pub(crate) fn at(&self) -> u64 {
        self.at
    }

    /// Whether the list had this definition.
    pub(crate) fn has(&self, digest: DefinitionDigest) -> bool {
        let (digests, _) = self.digests.as_chunks::<DIGEST>();
        digests.binary_search(digest.as_bytes()).is_ok()
    }

    /// What was found then.
    #[cfg(test)]
    pub(crate) fn found(at: u64, digests: impl Iterator<Item = DefinitionDigest>) -> Self {
        let mut sorted: Vec<[u8; DIGEST]> = digests.map(|digest| *digest.as_bytes()).collect();
        sorted.sort_unstable();
        Self { at, digests: sorted.as_flattened().to_vec() }
    }

    /// Whose list it is, when it was read, and what is in it.
    fn write(
        connection: &Connection,
        kind: Kind,
        at: u64,
        digests: impl Iterator<Item = DefinitionDigest>,
    ) -> Vec<u8> {
        let mut sorted: Vec<[u8; DIGEST]> = digests.map(|digest| *digest.as_bytes()).collect();
        sorted.sort_unstable();
        [owner(connection, kind).as_slice(), &at.to_be_bytes(), sorted.as_flattened()].concat()
    }

    /// `None` if it is of something else.
    fn read(connection: &Connection, kind: Kind, plain: &[u8]) -> Option<Self> {
        let (at, digests) = plain.strip_prefix(owner(connection, kind).as_slice())?.split_first_chunk()?;
        let is_whole = digests.len().is_multiple_of(DIGEST);
        is_whole.then(|| Self { at: u64::from_be_bytes(*at), digests: digests.to_vec() })
    }
}

/// The name of a connection may be given to another server. No part holds a zero byte, so this has one reading.
fn owner(connection: &Connection, kind: Kind) -> Vec<u8> {
    format!("{}\0{}\0{}\0", connection.name, connection.url, kind.member()).into_bytes()
}

fn key(gateway: &Gateway, connection: &Connection, kind: Kind) -> String {
    format!(
        "pc1:{}:definitions:{}:{}",
        gateway.app().as_str(),
        connection.name,
        kind.member().to_ascii_lowercase()
    )
}

/// Takes over what another instance has found, if that is not too long ago. A store that fails only costs a look at the
/// list.
pub(super) async fn load<P: Ports>(x: &Exchange<P>, kind: Kind) -> Result<(), Refusal> {
    let connection = x.connection()?;
    let Ok(Some(value)) = x.ports.get(&key(&x.gateway, connection, kind)).await else { return Ok(()) };
    let plain = std::str::from_utf8(&value).ok().and_then(|text| x.gateway.sealer().open(PURPOSE, text).ok());
    let stored = plain.and_then(|plain| Stored::read(connection, kind, &plain));
    if let Some(stored) = stored.filter(|found| is_fresh(found.at, x.now) && found.at <= x.now + SKEW_MS) {
        x.gateway.definitions.borrow_mut().take(&connection.name, kind, stored);
    }
    Ok(())
}

/// Leaves what was found for other instances. That it fails, or is too long, only costs them a look at the list.
pub(super) async fn save<P: Ports>(x: &Exchange<P>, kind: Kind, shown: &Shown) -> Result<(), Refusal> {
    let connection = x.connection()?;
    let plain = Stored::write(connection, kind, x.now, shown.digests());
    let Ok(sealed) = x.gateway.sealer().seal(PURPOSE, &plain, fresh(&*x.ports)) else { return Ok(()) };
    if sealed.len() > MAX_VALUE_BYTES {
        return Ok(());
    }
    if let Err(error) = x.ports.set(&key(&x.gateway, connection, kind), sealed.as_bytes()).await {
        x.ports.log(&format!("the definitions of `{}` cannot be stored: {error}", connection.name));
    }
    Ok(())
}
