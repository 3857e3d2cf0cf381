//! An event for one receiver as it lies in the outbox: sealed for its place, since the store is not trusted.
//!
//! Whoever else can write to the store can neither read what is told, nor make the gateway sign something.

use portcullis_identity::seal::{Purpose, Sealer};
use portcullis_ledger::UnixMillis;
use portcullis_settings::{WebhookEvent, WebhookUrl};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::place::Key;

/// An event for one receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The same at every attempt.
    pub id: MessageId,
    /// Whom it is for.
    pub to: Receiver,
    /// What it tells.
    pub kind: WebhookEvent,
    /// When it happened.
    pub at: UnixMillis,
    /// What is sent.
    pub body: String,
}

/// The id of an event, by which receivers tell doubles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageId(String);

/// A receiver as the outbox knows it: the digest of its URL, which may be a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Receiver([u8; 32]);

impl MessageId {
    /// An id of these bytes.
    #[must_use]
    pub fn of(bytes: [u8; 16]) -> Self {
        Self(format!("msg_{}", hex(&bytes)))
    }

    #[cfg(test)]
    pub(crate) fn named(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// As it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Receiver {
    /// The receiver at a URL.
    #[must_use]
    pub fn of(url: &WebhookUrl) -> Self {
        Self(Sha256::digest(url.uri().to_string()).into())
    }
}

impl Letter {
    /// The same letter for the same place always gives the same bytes, so writing it again changes nothing.
    pub(crate) fn seal(&self, sealer: &Sealer, key: &Key) -> Option<Vec<u8>> {
        let Self { id, to, kind, at, body } = self;
        let members = json!({
            "v": 1, "id": id.as_str(), "to": hex(&to.0), "kind": kind.as_str(), "at": at.0, "body": body,
        });
        let plain = format!("{key}\n{members}");
        sealer.seal_stable(PURPOSE, plain.as_bytes()).ok().map(String::into_bytes)
    }

    /// `None` if we have not sealed it for this place, or not in a form that this release knows.
    pub(crate) fn open(sealer: &Sealer, key: &Key, value: &[u8]) -> Option<Self> {
        let plain = sealer.open(PURPOSE, str::from_utf8(value).ok()?).ok()?;
        let rest = plain.strip_prefix(key.as_str().as_bytes())?.strip_prefix(b"\n")?;
        let members: Value = serde_json::from_slice(rest).ok()?;
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        if members.get("v").and_then(Value::as_u64) != Some(1) {
            return None;
        }
        let kind = text("kind")?;
        Some(Self {
            id: MessageId(text("id")?.to_owned()),
            to: Receiver(unhex(text("to")?)?),
            kind: WebhookEvent::ALL.into_iter().find(|event| event.as_str() == kind)?,
            at: UnixMillis(members.get("at")?.as_u64()?),
            body: text("body")?.to_owned(),
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(index * 2..index * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

const PURPOSE: Purpose = Purpose::new("webhook outbox");
