//! Where approvals lie and how they are kept: every value is sealed, with the place it is for.
//!
//! The store is not trusted. Whoever else can write to it must not be able to approve, so a value counts only if this
//! gateway sealed it for this very key; nobody reads arguments and reasons there either. What such a writer can do is
//! to delete, or to put back what lay at the same key before: `docs/stores.md` says whom to keep out.

#[cfg(test)]
mod tests;

use portcullis_identity::PrincipalKind;
use portcullis_identity::seal::{Purpose, SealError, Sealer};
use portcullis_ledger::{AppName, KeyedDigest, MAX_VALUE_BYTES};
use portcullis_mcp::json::Json;

use crate::canonical::canonical;
use crate::digest::absorb;
use crate::name::PrincipalId;
use crate::place::{Key, Place};
use crate::protocol::{Unusable, Write};
use crate::request::{Access, Definition, Operation, Subject};
use crate::stored::Record;

/// The approvals of an application: their keys, and what seals them.
#[derive(Clone, Debug)]
pub struct Vault {
    app: AppName,
    sealer: Sealer,
}

impl Vault {
    /// The approvals of this application.
    ///
    /// Digests are under the current key of the sealer: when it is replaced, grants that were given before are not
    /// found any more, and must be asked for again. What was sealed before stays readable by its id.
    #[must_use]
    pub const fn new(app: AppName, sealer: Sealer) -> Self {
        Self { app, sealer }
    }

    /// The digest of a call's arguments, in their canonical form; `None` where it has none.
    #[must_use]
    pub fn arguments(&self, arguments: Option<&Json<'_>>) -> KeyedDigest {
        // No canonical text is empty.
        let text = arguments.map(canonical).unwrap_or_default();
        KeyedDigest::new(self.sealer.digest(ARGUMENTS, text.as_bytes()))
    }

    /// The digest of what is asked.
    #[must_use]
    pub fn subject(&self, subject: &Subject) -> KeyedDigest {
        KeyedDigest::new(self.sealer.digest(SUBJECT, &bound(subject)))
    }

    /// Under what a principal is known, whoever acts for it.
    pub(crate) fn principal(&self, principal: &PrincipalId) -> KeyedDigest {
        KeyedDigest::new(self.sealer.digest(PRINCIPAL, principal.as_str().as_bytes()))
    }

    pub(crate) fn key(&self, place: Place) -> Key {
        Key::new(&self.app, place)
    }

    /// The same value always gives the same bytes, so writing one again changes nothing.
    pub(crate) fn write(&self, place: Place, record: &Record) -> Result<Write, Unusable> {
        let key = self.key(place);
        let plain = [key.as_str().as_bytes(), b"\n", &record.encode()?].concat();
        let sealed = self.sealer.seal_stable(RECORD, &plain).map_err(|_| Unusable::TooLong)?;
        if sealed.len() > MAX_VALUE_BYTES {
            return Err(Unusable::TooLong);
        }
        Ok(Write { key, value: sealed.into_bytes() })
    }

    pub(crate) fn open(&self, place: Place, value: &[u8]) -> Result<Record, Unusable> {
        let text = str::from_utf8(value).map_err(|_| Unusable::Forged)?;
        let plain = self.sealer.open(RECORD, text).map_err(|error| match error {
            SealError::Forged | SealError::Malformed | SealError::TooLong | SealError::UnknownKey => {
                Unusable::Forged
            }
        })?;
        let key = self.key(place);
        let rest = plain.strip_prefix(key.as_str().as_bytes()).and_then(|rest| rest.strip_prefix(b"\n"));
        Record::decode(rest.ok_or(Unusable::Forged)?)
    }
}

/// The bytes of everything that a grant is bound to. Every field is named, so that a new one cannot be forgotten here.
fn bound(subject: &Subject) -> Vec<u8> {
    let mut bytes = Vec::new();
    let requester = match subject {
        Subject::Access(access) => &access.requester,
        Subject::Call(operation) => &operation.requester,
        Subject::Definition(Definition { requester: _, connection, kind, name, digest, pinned }) => {
            // No principal has a name without a `|`, so nothing else begins like this.
            absorb(&mut bytes, b"definition");
            [connection.as_str(), kind, name].iter().for_each(|text| absorb(&mut bytes, text.as_bytes()));
            absorb(&mut bytes, digest.as_bytes());
            absorb_optional(&mut bytes, pinned.as_ref().map(|digest| digest.as_bytes().as_slice()));
            return bytes;
        }
    };
    let kind: &[u8] = match requester.kind {
        PrincipalKind::User => b"user",
        PrincipalKind::Workload => b"workload",
    };
    let n_actors = u64::try_from(requester.actors.len()).unwrap_or(u64::MAX).to_be_bytes();
    [requester.id.as_str().as_bytes(), kind, &n_actors].iter().for_each(|part| absorb(&mut bytes, part));
    for actor in &requester.actors {
        absorb_optional(&mut bytes, actor.issuer.as_deref().map(str::as_bytes));
        absorb(&mut bytes, actor.subject.as_bytes());
    }
    match subject {
        Subject::Definition(_) => {}
        Subject::Access(Access { requester: _, group }) => {
            absorb(&mut bytes, b"access");
            absorb(&mut bytes, group.as_str().as_bytes());
        }
        Subject::Call(Operation { requester: _, connection, method, name, arguments, definition }) => {
            absorb(&mut bytes, b"call");
            [connection.as_str(), method, name].iter().for_each(|text| absorb(&mut bytes, text.as_bytes()));
            absorb(&mut bytes, arguments.as_bytes());
            absorb_optional(&mut bytes, definition.as_ref().map(|digest| digest.as_bytes().as_slice()));
        }
    }
    bytes
}

fn absorb_optional(bytes: &mut Vec<u8>, part: Option<&[u8]>) {
    match part {
        Some(part) => {
            absorb(bytes, b"some");
            absorb(bytes, part);
        }
        None => absorb(bytes, b"none"),
    }
}

const ARGUMENTS: Purpose = Purpose::new("approval arguments");
const PRINCIPAL: Purpose = Purpose::new("approval principal");
const RECORD: Purpose = Purpose::new("approval record");
const SUBJECT: Purpose = Purpose::new("approval subject");
