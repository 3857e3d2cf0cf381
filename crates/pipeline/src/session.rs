//! Sessions of the handshake era: the caller holds a sealed value, the upstream's own id stays here.
//!
//! The sealed value binds the upstream's id to the principal, the connection, the revision and an expiry, so
//! that opening it needs no store and another principal's use of it fails.

use http::HeaderMap;
use portcullis_identity::Principal;
use portcullis_identity::seal::{Purpose, Sealer};
use portcullis_mcp::era::SESSION_ID;
use portcullis_mcp::revision::Revision;
use portcullis_settings::ConnectionName;

use crate::refusal::Refusal;

const PURPOSE: Purpose = Purpose::new("session");
/// How long a session may live, in milliseconds. A client starts a new one when it is told 404.
const LIFETIME_MS: u64 = 24 * 60 * 60 * 1000;
/// The longest session id of an upstream that is accepted.
const LONGEST_ID: usize = 1024;

/// An open session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    /// The upstream's id.
    pub(crate) upstream: String,
    /// What was negotiated.
    pub(crate) revision: Revision,
}

/// The sealed fields, in the order they are written.
type Sealed = (String, String, String, String, u64);

/// Seals the id that an upstream gave a new session; `None` if the id is not one.
pub(crate) fn seal(
    sealer: &Sealer,
    principal: &Principal,
    connection: &ConnectionName,
    session: &Session,
    now: u64,
    nonce: [u8; 24],
) -> Option<String> {
    let Session { upstream, revision } = session;
    // MCP 2025-11-25, session management: visible ASCII only.
    if upstream.is_empty()
        || upstream.len() > LONGEST_ID
        || !upstream.bytes().all(|byte| byte.is_ascii_graphic())
    {
        return None;
    }
    let fields: Sealed = (
        upstream.clone(),
        principal.id(),
        connection.as_str().to_owned(),
        revision.as_str().to_owned(),
        now.saturating_add(LIFETIME_MS),
    );
    let plain = serde_json::to_vec(&fields).ok()?;
    sealer.seal(PURPOSE, &plain, nonce).ok()
}

/// Opens the session that the headers name. `Ok(None)` if they name none.
pub(crate) fn open(
    sealer: &Sealer,
    principal: &Principal,
    connection: &ConnectionName,
    headers: &HeaderMap,
    now: u64,
) -> Result<Option<Session>, Refusal> {
    let Some(value) = headers.get(SESSION_ID) else { return Ok(None) };
    let text = value.to_str().map_err(|_| Refusal::Session("not text"))?;
    let plain = sealer.open(PURPOSE, text).map_err(|_| Refusal::Session("not sealed by this gateway"))?;
    let fields: Sealed = serde_json::from_slice(&plain).map_err(|_| Refusal::Session("unreadable"))?;
    let (upstream, owner, of, revision, expires) = fields;
    if owner != principal.id() {
        return Err(Refusal::Session("it belongs to another principal"));
    }
    if of != connection.as_str() {
        return Err(Refusal::Session("it belongs to another connection"));
    }
    if now >= expires {
        return Err(Refusal::Session("expired"));
    }
    let revision = Revision::parse(&revision).ok_or(Refusal::Session("of an unknown revision"))?;
    Ok(Some(Session { upstream, revision }))
}
