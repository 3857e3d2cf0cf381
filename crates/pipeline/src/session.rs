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
const BUNDLE: Purpose = Purpose::new("sessions");
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
    if !is_id(upstream) {
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

/// MCP 2025-11-25, session management: visible ASCII only.
fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= LONGEST_ID && text.bytes().all(|byte| byte.is_ascii_graphic())
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

/// The sessions of several connections that a caller sees as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bundle {
    /// What was negotiated with the caller.
    pub(crate) revision: Revision,
    members: Vec<Member>,
}

/// A connection that takes part. Servers without sessions have no id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) connection: ConnectionName,
    /// What was negotiated with the upstream.
    pub(crate) revision: Revision,
    upstream: Option<String>,
}

/// The longest value that a bundle is sealed in: it travels in a header.
const LONGEST_BUNDLE: usize = 8 << 10;

/// The sealed fields, in the order they are written.
type SealedBundle = (String, String, u64, Vec<(String, String, Option<String>)>);

impl Member {
    /// A connection that has answered `initialize`; `None` if its session id is not one.
    pub(crate) fn new(
        connection: ConnectionName,
        revision: Revision,
        upstream: Option<&http::HeaderValue>,
    ) -> Option<Self> {
        let upstream = match upstream {
            None => None,
            Some(id) => Some(id.to_str().ok().filter(|id| is_id(id))?.to_owned()),
        };
        Some(Self { connection, revision, upstream })
    }
}

impl Bundle {
    pub(crate) fn new(revision: Revision, members: Vec<Member>) -> Self {
        Self { revision, members }
    }

    pub(crate) fn members(&self) -> &[Member] {
        &self.members
    }

    /// The session of one connection, if it has one.
    pub(crate) fn session(&self, connection: &ConnectionName) -> Option<Session> {
        let member = self.members.iter().find(|member| member.connection == *connection)?;
        Some(Session { upstream: member.upstream.clone()?, revision: member.revision })
    }

    /// Seals the bundle for its caller; `None` if it is too long for a header.
    pub(crate) fn seal(
        &self,
        sealer: &Sealer,
        principal: &Principal,
        now: u64,
        nonce: [u8; 24],
    ) -> Option<String> {
        let members = self.members.iter().map(|member| {
            (member.connection.to_string(), member.revision.as_str().to_owned(), member.upstream.clone())
        });
        let fields: SealedBundle = (
            principal.id(),
            self.revision.as_str().to_owned(),
            now.saturating_add(LIFETIME_MS),
            members.collect(),
        );
        let plain = serde_json::to_vec(&fields).ok()?;
        sealer.seal(BUNDLE, &plain, nonce).ok().filter(|sealed| sealed.len() <= LONGEST_BUNDLE)
    }

    /// Opens the bundle that the headers name.
    pub(crate) fn open(
        sealer: &Sealer,
        principal: &Principal,
        headers: &HeaderMap,
        now: u64,
    ) -> Result<Self, Refusal> {
        let value = headers.get(SESSION_ID).ok_or(Refusal::Session("none named"))?;
        let text = value.to_str().map_err(|_| Refusal::Session("not text"))?;
        let plain = sealer.open(BUNDLE, text).map_err(|_| Refusal::Session("not sealed by this gateway"))?;
        let unreadable = || Refusal::Session("unreadable");
        let fields: SealedBundle = serde_json::from_slice(&plain).map_err(|_| unreadable())?;
        let (owner, revision, expires, members) = fields;
        if owner != principal.id() {
            return Err(Refusal::Session("it belongs to another principal"));
        }
        if now >= expires {
            return Err(Refusal::Session("expired"));
        }
        let member = |(connection, revision, upstream): (String, String, Option<String>)| {
            let connection = ConnectionName::try_from(connection).ok()?;
            Some(Member { connection, revision: Revision::parse(&revision)?, upstream })
        };
        let members = members.into_iter().map(member).collect::<Option<_>>();
        Ok(Self {
            revision: Revision::parse(&revision).ok_or_else(unreadable)?,
            members: members.ok_or_else(unreadable)?,
        })
    }
}
