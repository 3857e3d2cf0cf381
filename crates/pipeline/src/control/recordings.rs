//! Reading the ledger: which recordings there were, what is in one, and an export that can be verified without us; and
//! what becomes of recordings: holding, erasing, and deleting what is old.
//!
//! Lists, totals, metrics and exports need `audit`, the content of a recording needs `review`, each on the connections that
//! it is of; `legal_hold` and `erase` likewise. What is of no connection, or of one that the settings no longer have, needs
//! it on all of them. Whoever reads a recording, follows records or reads an export is on record themselves, before they
//! get it, and so is whoever does something with one.
//!
//! Everything is bounded for each request: days, reads of the store, and the length of the answer, which says where it
//! goes on. What cannot be read, or is missing, is told in `problems`; it never just looks shorter.

mod before;
mod chain;
mod erase;
mod export;
mod exposition;
mod follow;
mod holds;
mod list;
mod metrics;
mod one;
mod parts;
mod query;
mod retain;
mod store;
mod undone;
mod usage;

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use portcullis_ledger::{RecordingId, Tag};
use portcullis_policy::{Reasons, Target};
use portcullis_settings::ConnectionName;

pub(super) use self::before::before;
pub(super) use self::exposition::MEDIA_TYPE;
pub(super) use self::follow::Begun;
pub(crate) use self::follow::Following;
pub(super) use self::metrics::metrics;
pub(super) use self::retain::retain;
pub use self::undone::Undone;
use crate::control::{Objection, Served, merge, on_one};
use crate::exchange::Exchange;
use crate::ports::Ports;
use crate::record::{End, Open};
use crate::refusal::Refusal;

/// What is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Make one of them unreadable for good.
    Erase(RecordingId),
    /// Everything of some days, as it is stored.
    Export,
    /// The records that are written from now on.
    Follow,
    /// Keep one of them from being deleted.
    Hold(RecordingId),
    /// Which of them are kept from being deleted.
    Holds,
    /// Which recordings there are.
    List,
    /// The records of one of them.
    One(RecordingId),
    /// Let go one that was kept from being deleted.
    Release(RecordingId),
    /// What the records of some days add up to.
    Usage,
}

impl Asked {
    /// What a path asks for.
    pub(super) fn of(path: &str, method: &Method) -> Result<Self, Refusal> {
        let asked = match path.strip_prefix("/api/recordings") {
            Some("") => Self::List,
            Some("/follow") => Self::Follow,
            Some(rest) => {
                let mut parts = rest.strip_prefix('/').unwrap_or_default().split('/');
                let id = parts.next().and_then(recording_id).ok_or(Refusal::NotFound)?;
                match (parts.next(), parts.next()) {
                    (None, _) => Self::One(id),
                    (Some("erase"), None) => Self::Erase(id),
                    (Some("hold"), None) => Self::Hold(id),
                    (Some("release"), None) => Self::Release(id),
                    (Some(_), _) => return Err(Refusal::NotFound),
                }
            }
            None if path == "/api/ledger/export" => Self::Export,
            None if path == "/api/holds" => Self::Holds,
            None if path == "/api/usage" => Self::Usage,
            None => return Err(Refusal::NotFound),
        };
        let (needed, allow) = match asked.body() {
            Some(_) => (Method::POST, "POST"),
            None => (Method::GET, "GET"),
        };
        if *method == needed { Ok(asked) } else { Err(Refusal::MethodNotAllowed { allow }) }
    }

    /// The kind of body that it needs.
    pub(super) const fn body(self) -> Option<&'static str> {
        match self {
            Self::Erase(_) | Self::Hold(_) | Self::Release(_) => Some("application/json"),
            Self::Export | Self::Follow | Self::Holds | Self::List | Self::One(_) | Self::Usage => None,
        }
    }

    /// Its name in records.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Erase(_) => "recordings/erase",
            Self::Export => "ledger/export",
            Self::Follow => "recordings/follow",
            Self::Hold(_) => "recordings/hold",
            Self::Holds => "recordings/holds",
            Self::List => "recordings/list",
            Self::One(_) => "recordings/read",
            Self::Release(_) => "recordings/release",
            Self::Usage => "recordings/usage",
        }
    }
}

/// Reads, or does, what is asked for.
pub(super) async fn serve<P: Ports>(
    x: &mut Exchange<P>,
    asked: Asked,
    body: P::Body,
) -> Result<Served, Refusal> {
    let value = match asked {
        Asked::Erase(recording) => erase::erase(x, recording, body).await?,
        Asked::Export => export::export(x).await?,
        Asked::Follow => return follow::begin(x).await.map(|begun| Served::Follow(Box::new(begun))),
        Asked::Hold(recording) => holds::hold(x, recording, body).await?,
        Asked::Holds => holds::list(x).await?,
        Asked::List => list::list(x).await?,
        Asked::One(recording) => one::one(x, recording).await?,
        Asked::Release(recording) => holds::release(x, recording, body).await?,
        Asked::Usage => usage::usage(x).await?,
    };
    Ok(Served::told(&value))
}

/// What a caller may do, by connection.
struct Scope {
    allowed: BTreeSet<ConnectionName>,
    /// The tags of the connections that there are.
    names: BTreeMap<Tag, ConnectionName>,
    reasons: Reasons,
    /// Why not on one of them, if not on all.
    denied: Option<Refusal>,
}

impl Scope {
    /// Where policy lets the caller do this; on one connection at least.
    fn of<P: Ports>(x: &Exchange<P>, target: Target<'_>) -> Result<Self, Refusal> {
        let (mut allowed, mut reasons, mut denied) = (BTreeSet::new(), Reasons::default(), None);
        let mut names = BTreeMap::new();
        for connection in x.gateway.settings().connections.keys() {
            match on_one(x, connection, target) {
                Ok(more) => {
                    merge(&mut reasons, &more);
                    allowed.insert(connection.clone());
                }
                Err(refusal) => denied = Some(refusal),
            }
            names.extend(
                tags(x, |key| Tag::connection(key, connection.as_str())).map(|tag| (tag, connection.clone())),
            );
        }
        if allowed.is_empty() {
            return Err(denied.unwrap_or_else(|| Objection::NoConnection.into()));
        }
        Ok(Self { allowed, names, reasons, denied })
    }

    /// Whether it is so for what is of this connection.
    fn covers(&self, connection: Option<Tag>) -> bool {
        match connection.and_then(|tag| self.names.get(&tag)) {
            Some(name) => self.allowed.contains(name),
            None => self.denied.is_none(),
        }
    }
}

/// The tags of a name, under the current secret and those before it.
fn tags<P: Ports>(
    x: &Exchange<P>,
    tag: impl Fn(&portcullis_ledger::DigestKey) -> Tag,
) -> impl Iterator<Item = Tag> {
    let keys = x.gateway.ledger_keys();
    std::iter::once(&keys.names).chain(&keys.previous_names).map(tag).collect::<Vec<_>>().into_iter()
}

/// Ends the record of a read. An answer that is not on record is withheld.
async fn close<P: Ports, T>(x: &Exchange<P>, record: Open, read: Result<T, Refusal>) -> Result<T, Refusal> {
    let end = match &read {
        Ok(_) => End::Answered { failed: false, text: String::new() },
        Err(refusal) => End::Refused(refusal),
    };
    record.close_here(x, end).await.map_err(Refusal::Withheld)?;
    read
}

/// 32 lower-case hexadecimal digits.
fn recording_id(text: &str) -> Option<RecordingId> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let number = (text.len() == 32 && text.bytes().all(is_digit)).then(|| u128::from_str_radix(text, 16));
    Some(RecordingId::new(number?.ok()?.to_be_bytes()))
}
