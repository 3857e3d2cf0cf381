//! Whom a value belongs to that the gateway hands out and must get back: a request id, an event id, a
//! `requestState`. It is sealed together with its owner, so nobody else can use it, here or elsewhere.

use portcullis_identity::Principal;
use portcullis_identity::seal::{CompactSealer, Purpose};
use portcullis_settings::ConnectionName;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::gateway::Gateway;
use crate::session::Session;

/// Who may bring a value back, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Owner {
    principal: String,
    connection: ConnectionName,
    /// The upstream's session, where there is one.
    session: Option<String>,
}

impl Owner {
    pub(crate) fn new(principal: &Principal, connection: &ConnectionName, session: Option<&Session>) -> Self {
        Self {
            principal: principal.id(),
            connection: connection.clone(),
            session: session.map(|session| session.upstream.clone()),
        }
    }

    /// Seals a value for its owner. Equal values give equal texts. `None` if it cannot be written, which refuses.
    pub(crate) fn seal(&self, gateway: &Gateway, purpose: Purpose, value: &impl Serialize) -> Option<String> {
        let plain = serde_json::to_vec(&(self, value)).ok()?;
        gateway.sealer().seal_stable(purpose, &plain).ok()
    }

    /// Seals many short values for their owner. `None` if the owner cannot be written, which seals nothing.
    pub(crate) fn compact(&self, gateway: &Gateway, purpose: Purpose) -> Option<CompactSealer> {
        Some(gateway.sealer().compact(purpose, &serde_json::to_vec(self).ok()?))
    }

    /// Opens what was sealed for this owner; `None` for anything else.
    pub(crate) fn open<T: DeserializeOwned>(
        &self,
        gateway: &Gateway,
        purpose: Purpose,
        text: &str,
    ) -> Option<T> {
        let plain = gateway.sealer().open(purpose, text).ok()?;
        let (owner, value): (Self, T) = serde_json::from_slice(&plain).ok()?;
        (owner == *self).then_some(value)
    }
}
