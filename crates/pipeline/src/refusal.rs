//! Every way a request can end without its answer, sorted by who is to blame, and what the caller is told.
//!
//! `Display` is for the operator and goes to the log and the record. What the caller sees is [`Refusal::answer`]
//! and nothing else: one exhaustive mapping, so that a new refusal cannot reach the wire unnoticed.

mod from;
mod response;

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::header::HeaderValue;
use http::{HeaderName, Response, StatusCode};
use portcullis_approval::RequestId;
use portcullis_ledger::{Stage, Verdict};
use portcullis_mcp::answer::{self, code};
use portcullis_mcp::era::{Era, Rejected, Rejection};
use portcullis_mcp::message::{self, Message};
use portcullis_mcp::method::Method;
use portcullis_policy::{Denial, Hold, Reasons};
use portcullis_usage::Unknown;

use crate::approvals::Held;
use crate::body::BodyError;
use crate::control::Objection;
use crate::definitions::{Drifted, HeldDefinition};
use crate::edge::ALLOWED;
use crate::ports::{FetchError, StoreError};
pub(crate) use crate::refusal::response::respond;
use crate::refusal::response::{challenged, json, plain, too_many, whole_seconds};

/// Why a request is refused. `Display` is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    // The caller's fault.
    /// Policy does not let what the client answers go to the server.
    #[error("policy does not let the answer to a question of the server pass")]
    AnswerDenied,
    /// The request's body could not be read.
    #[error("request: {0}")]
    Body(#[from] BodyError),
    /// Policy says no.
    #[error("{}", .0.operator_text())]
    Denied(Box<Denial>),
    /// What an upstream defines is not what people have approved.
    #[error("{0}")]
    Drift(Box<Drifted>),
    /// The same, where the owners of the connection are asked.
    #[error("needs approval: {0}")]
    DriftHeld(Box<HeldDefinition>),
    /// A header that only the platform may set came from the caller.
    #[error("the caller sent `{0}` itself")]
    ForgedHeader(HeaderName),
    /// More header bytes than allowed.
    #[error("headers too large")]
    HeadersTooLarge,
    /// `Host` is not this gateway.
    #[error("host not allowed")]
    HostNotAllowed,
    /// The HTTP method does not exist here.
    #[error("method not allowed")]
    MethodNotAllowed {
        /// The methods that do.
        allow: &'static str,
    },
    /// It waits for people, or they have said no.
    #[error("{0}")]
    Held(Box<Held>),
    /// People must approve first, where they cannot be asked.
    #[error("needs approval under {}", named(.0))]
    NeedsApproval(Box<Hold>),
    /// The caller does not accept the forms an answer may have.
    #[error("the caller accepts neither form of an answer")]
    NotAcceptable,
    /// The token lacks scopes that the connection needs.
    #[error("the token lacks the scopes `{missing}`")]
    InsufficientScope {
        /// Those that it lacks, with spaces between them.
        missing: String,
        /// The `WWW-Authenticate` value.
        challenge: String,
    },
    /// There is no such place.
    #[error("no such path or connection")]
    NotFound,
    /// The page that sent the request may not.
    #[error("origin not allowed")]
    OriginNotAllowed,
    /// The message breaks the protocol.
    #[error("{0}")]
    Protocol(Rejection),
    /// As many requests of this principal are under way as may be.
    #[error("too many requests of one principal at once (`concurrent_requests`)")]
    TooManyAtOnce,
    /// Too many requests from one address.
    #[error("too many requests from one address (`address_requests_per_minute`)")]
    TooManyFromAddress {
        /// When one more may come.
        retry_after: Duration,
    },
    /// As many of its requests wait for people as may, so nobody is asked once more.
    #[error(
        "needs approval, and {most} requests of this principal wait for people already (`open_per_principal`)"
    )]
    TooManyOpen {
        /// What policy says.
        reasons: Reasons,
        /// How many may wait.
        most: u32,
    },
    /// Too many requests of one principal.
    #[error("too many requests of one principal (`requests_per_minute`)")]
    TooManyRequests {
        /// When one more may come.
        retry_after: Duration,
    },
    /// The session does not exist, has expired or belongs to someone else.
    #[error("unknown session: {0}")]
    Session(&'static str),
    /// Too many refused tokens from one address.
    #[error("too many failures from one address")]
    TooManyFailures,
    /// No token, or none that is accepted.
    #[error("unauthenticated: {reason}")]
    Unauthenticated {
        /// Why, for the operator.
        reason: String,
        /// The `WWW-Authenticate` value.
        challenge: String,
    },
    /// People would have to approve it, and cannot be asked to.
    #[error("needs approval, which nobody can give: {why}")]
    Unapprovable {
        /// What policy says.
        reasons: Reasons,
        /// Why not.
        why: String,
    },
    /// A name that no connection has, where names begin with their connection's.
    #[error("no connection of that name, or none that the caller may use")]
    UnknownName,
    /// The body is not JSON.
    #[error("unsupported media type")]
    UnsupportedMediaType,

    // The upstream's fault.
    /// No response came.
    #[error("upstream: {0}")]
    Fetch(#[from] FetchError),
    /// It speaks only revisions before 2026-07-28, and the caller asked in the way of that one.
    #[error("upstream: it speaks only revisions with a handshake")]
    LegacyUpstream,
    /// It speaks only 2026-07-28, and the caller wants a handshake.
    #[error("upstream: it speaks only 2026-07-28")]
    ModernUpstream,
    /// A response came, and no message with it.
    #[error("upstream: answered {status} without a message")]
    NoAnswer {
        /// Its status.
        status: StatusCode,
    },
    /// Its answer is not what the protocol allows.
    #[error("upstream: {0}")]
    Upstream(String),

    /// It has failed repeatedly and is left alone.
    #[error("upstream: it has failed repeatedly and is left alone for another {} ms (`breaker`)", retry_after.as_millis())]
    Paused {
        /// When another call may try.
        retry_after: Duration,
    },

    // The operator's fault, or the platform's.
    /// What of the answer the caller uses cannot be counted, so it is withheld. The call was made.
    #[error("the answer is withheld, since policies read usage and it cannot be counted: {0}")]
    AnswerUncounted(Unknown),
    /// Something asked of `/api` is not done.
    #[error("{0}")]
    Control(#[from] Objection),
    /// An issuer's keys cannot be had.
    #[error("no keys of issuer `{issuer}`: {reason}")]
    Keys {
        /// The issuer's name.
        issuer: String,
        /// Why.
        reason: String,
    },
    /// No policy is in force.
    #[error("no policy is in force: {0}")]
    NoPolicy(String),
    /// The intent could not be recorded, so nothing was forwarded.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// What this request uses could not be counted, so it was not let through.
    #[error("policies read usage, and this request cannot be counted: {0}")]
    Uncounted(Unknown),
    /// The outcome could not be recorded, so the answer is withheld. The call was made.
    #[error("the answer is withheld: {0}")]
    Withheld(StoreError),
}

/// What the caller is told in place of an answer that could not be recorded.
pub(crate) const WITHHELD: &str = "the gateway cannot record what came of this call, so it withholds it";
/// When a place may be free again: nobody knows.
const SOON: Duration = Duration::from_secs(1);
/// What the caller is told in place of an answer that could not be counted.
const UNCOUNTED: &str = "the gateway cannot count what came of this call, so it withholds it";

pub(crate) fn named(hold: &Hold) -> String {
    let ids: Vec<String> =
        hold.requirements().iter().map(|requirement| requirement.policy.id().to_string()).collect();
    ids.join(", ")
}

/// What is known of a request when it is refused: the shape of the answer depends on it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Addressee {
    pub(crate) id: Option<message::RequestId<'static>>,
    pub(crate) method: Option<Method>,
    pub(crate) era: Option<Era>,
}

impl Refusal {
    /// The stage at which requests are refused like this, for the record.
    pub(crate) fn stage(&self) -> Stage {
        self.classified().0
    }

    /// Why, in one word, for the record.
    pub(crate) fn kind(&self) -> &'static str {
        self.classified().1
    }

    /// What policy said, where policy refused.
    pub(crate) fn decision(&self) -> Option<(Verdict, &Reasons)> {
        match self {
            Self::Denied(denial) => Some((Verdict::Deny, denial.reasons())),
            Self::Held(held) => held.decision(),
            Self::NeedsApproval(hold) => Some((Verdict::Hold, hold.reasons())),
            Self::TooManyOpen { reasons, .. } | Self::Unapprovable { reasons, .. } => {
                Some((Verdict::Hold, reasons))
            }
            Self::AnswerDenied
            | Self::AnswerUncounted(_)
            | Self::Body(_)
            | Self::Drift(_)
            | Self::DriftHeld(_)
            | Self::Control(_)
            | Self::Fetch(_)
            | Self::ForgedHeader(_)
            | Self::HeadersTooLarge
            | Self::HostNotAllowed
            | Self::InsufficientScope { .. }
            | Self::Keys { .. }
            | Self::LegacyUpstream
            | Self::MethodNotAllowed { .. }
            | Self::ModernUpstream
            | Self::NoAnswer { .. }
            | Self::NoPolicy(_)
            | Self::NotAcceptable
            | Self::NotFound
            | Self::OriginNotAllowed
            | Self::Paused { .. }
            | Self::Protocol(_)
            | Self::Session(_)
            | Self::Store(_)
            | Self::TooManyAtOnce
            | Self::TooManyFailures
            | Self::TooManyFromAddress { .. }
            | Self::TooManyRequests { .. }
            | Self::Unauthenticated { .. }
            | Self::Uncounted(_)
            | Self::UnknownName
            | Self::UnsupportedMediaType
            | Self::Upstream(_)
            | Self::Withheld(_) => None,
        }
    }

    /// The request for approval that it is about.
    pub(crate) fn approval(&self) -> Option<RequestId> {
        if let Self::DriftHeld(held) = self {
            return Some(held.request);
        }
        if let Self::Held(held) = self { Some(held.request) } else { None }
    }

    fn classified(&self) -> (Stage, &'static str) {
        match self {
            Self::Body(BodyError::Broken(_)) => (Stage::Edge, "body_broken"),
            Self::Body(BodyError::TooLarge { .. }) => (Stage::Edge, "body_too_large"),
            Self::Body(BodyError::TooSlow { .. }) => (Stage::Edge, "body_too_slow"),
            Self::ForgedHeader(_) => (Stage::Edge, "forged_header"),
            Self::HeadersTooLarge => (Stage::Edge, "headers_too_large"),
            Self::HostNotAllowed => (Stage::Edge, "host_not_allowed"),
            Self::MethodNotAllowed { .. } => (Stage::Edge, "method_not_allowed"),
            Self::NotAcceptable => (Stage::Edge, "not_acceptable"),
            Self::NotFound => (Stage::Edge, "not_found"),
            Self::OriginNotAllowed => (Stage::Edge, "origin_not_allowed"),
            Self::TooManyFailures => (Stage::Edge, "too_many_failures"),
            Self::TooManyFromAddress { .. } => (Stage::Edge, "too_many_from_address"),
            Self::UnsupportedMediaType => (Stage::Edge, "unsupported_media_type"),
            Self::InsufficientScope { .. } => (Stage::Authenticate, "insufficient_scope"),
            Self::Keys { .. } => (Stage::Authenticate, "keys_unavailable"),
            Self::Session(_) => (Stage::Authenticate, "unknown_session"),
            Self::Unauthenticated { .. } => (Stage::Authenticate, "unauthenticated"),
            Self::Protocol(_) => (Stage::Parse, "protocol"),
            Self::UnknownName => (Stage::Parse, "unknown_name"),
            Self::AnswerDenied => (Stage::Decide, "answer_denied"),
            Self::Control(objection) => (Stage::Decide, objection.kind()),
            Self::NoPolicy(_) => (Stage::Decide, "no_policy"),
            Self::Denied(_) => (Stage::Decide, "denied"),
            Self::Drift(_) => (Stage::Decide, "drift"),
            Self::DriftHeld(held) => (Stage::Decide, held.kind()),
            Self::Held(held) => (Stage::Decide, held.kind()),
            Self::NeedsApproval(_) => (Stage::Decide, "needs_approval"),
            Self::Unapprovable { .. } => (Stage::Decide, "unapprovable"),
            Self::TooManyAtOnce => (Stage::Decide, "too_many_at_once"),
            Self::TooManyOpen { .. } => (Stage::Decide, "too_many_open"),
            Self::TooManyRequests { .. } => (Stage::Decide, "too_many_requests"),
            Self::Uncounted(_) => (Stage::Decide, "uncounted"),
            Self::Store(_) => (Stage::Intent, "store_unavailable"),
            Self::Withheld(_) => (Stage::Outcome, "store_unavailable"),
            Self::Fetch(FetchError::NotAllowed(_)) => (Stage::Forward, "upstream_not_allowed"),
            Self::Fetch(FetchError::TimedOut) => (Stage::Forward, "upstream_timeout"),
            Self::Fetch(FetchError::Unreachable(_)) => (Stage::Forward, "upstream_unreachable"),
            Self::Paused { .. } => (Stage::Forward, "upstream_paused"),
            Self::AnswerUncounted(_) => (Stage::Guard, "answer_uncounted"),
            Self::LegacyUpstream => (Stage::Guard, "upstream_legacy_only"),
            Self::ModernUpstream => (Stage::Guard, "upstream_modern_only"),
            Self::NoAnswer { .. } | Self::Upstream(_) => (Stage::Guard, "upstream_invalid"),
        }
    }

    /// What the caller gets.
    pub(crate) fn answer(&self, to: &Addressee) -> Response<Bytes> {
        match self {
            Self::Protocol(rejection) => json(rejection.status(), self.message(to)),
            Self::AnswerDenied
            | Self::AnswerUncounted(_)
            | Self::Denied(_)
            | Self::Drift(_)
            | Self::DriftHeld(_)
            | Self::Fetch(_)
            | Self::Held(_)
            | Self::ModernUpstream
            | Self::NeedsApproval(_)
            | Self::NoAnswer { .. }
            | Self::Paused { .. }
            | Self::Store(_)
            | Self::TooManyOpen { .. }
            | Self::Unapprovable { .. }
            | Self::Uncounted(_)
            | Self::UnknownName
            | Self::Upstream(_)
            | Self::Withheld(_) => json(StatusCode::OK, self.message(to)),
            // Some clients end their session on any other status. What has no id is no message that waits for an answer.
            Self::TooManyAtOnce | Self::TooManyRequests { .. } if to.id.is_some() => {
                json(StatusCode::OK, self.message(to))
            }
            Self::TooManyAtOnce => too_many("too many requests at once", SOON),
            Self::TooManyFromAddress { retry_after } | Self::TooManyRequests { retry_after } => {
                too_many("too many requests", *retry_after)
            }
            // A client of both eras takes this for a server of the handshake era, and starts over with it.
            Self::LegacyUpstream => json(StatusCode::BAD_REQUEST, self.message(to)),
            Self::Session(_) => json(StatusCode::NOT_FOUND, self.message(to)),
            Self::InsufficientScope { challenge, .. } => {
                challenged(StatusCode::FORBIDDEN, "the token lacks a scope", challenge)
            }
            Self::Unauthenticated { challenge, .. } => {
                challenged(StatusCode::UNAUTHORIZED, "a valid bearer token is needed", challenge)
            }
            Self::MethodNotAllowed { allow } => {
                let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "method not allowed");
                response.headers_mut().insert(ALLOWED, HeaderValue::from_static(allow));
                response
            }
            Self::TooManyFailures => too_many("too many failed attempts", Duration::from_secs(60)),
            Self::Body(BodyError::TooLarge { .. }) => plain(StatusCode::PAYLOAD_TOO_LARGE, "body too large"),
            Self::Body(BodyError::TooSlow { .. }) => plain(StatusCode::REQUEST_TIMEOUT, "body too slow"),
            Self::Body(BodyError::Broken(_)) => plain(StatusCode::BAD_REQUEST, "body incomplete"),
            Self::ForgedHeader(_) => {
                plain(StatusCode::BAD_REQUEST, "a header of the platform was sent by the caller")
            }
            Self::HeadersTooLarge => plain(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "headers too large"),
            Self::HostNotAllowed => plain(StatusCode::FORBIDDEN, "host not allowed"),
            Self::OriginNotAllowed => plain(StatusCode::FORBIDDEN, "origin not allowed"),
            Self::NotFound => plain(StatusCode::NOT_FOUND, "not found"),
            Self::NotAcceptable => plain(
                StatusCode::NOT_ACCEPTABLE,
                "`Accept` must allow application/json and text/event-stream",
            ),
            Self::UnsupportedMediaType => plain(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "the body must be application/json without an encoding",
            ),
            Self::Keys { .. } => plain(StatusCode::SERVICE_UNAVAILABLE, "tokens cannot be verified now"),
            Self::NoPolicy(_) => plain(StatusCode::SERVICE_UNAVAILABLE, "no policy is in force"),
            Self::Control(Objection::Access(_)) if to.id.is_some() => json(StatusCode::OK, self.message(to)),
            // It has an answer of its own where it can happen.
            Self::Control(objection) => plain(objection.status(), "not done"),
        }
    }
}

impl Refusal {
    /// What the caller gets as a message: in a stream that has begun, or for one element of a batch.
    pub(crate) fn message(&self, to: &Addressee) -> Message<'static> {
        match self {
            Self::Protocol(rejection) => {
                answer::rejected(Rejected { id: to.id.clone(), rejection: rejection.clone() })
            }
            Self::Denied(denial) => to.message(code::DENIED, denial.public_text()),
            Self::Held(held) => held.message(to),
            Self::DriftHeld(held) => held.message(to),
            Self::NeedsApproval(_) => to.message(code::NEEDS_APPROVAL, "needs approval by a person"),
            Self::Fetch(_) | Self::NoAnswer { .. } | Self::Upstream(_) => {
                to.message(code::UPSTREAM, "the server behind the gateway failed")
            }
            Self::Paused { retry_after } => to.message(
                code::UPSTREAM,
                format!(
                    "the server behind the gateway keeps failing; try again in {} s",
                    whole_seconds(*retry_after)
                ),
            ),
            Self::TooManyAtOnce => {
                to.message(code::TOO_MANY, "too many requests at once; try again when one of them has ended")
            }
            Self::TooManyOpen { most, .. } => to.message(
                code::TOO_MANY,
                format!(
                    "needs approval by a person, but {most} of your requests wait for people already, so nobody is \
                     asked: call again when some of them are decided"
                ),
            ),
            Self::Control(Objection::Access(unasked)) => to.message(code::DENIED, unasked.public_text()),
            Self::TooManyRequests { retry_after } => to.message(
                code::TOO_MANY,
                format!("too many requests; try again in {} s", whole_seconds(*retry_after)),
            ),
            Self::Uncounted(_) => {
                to.message(code::UNAVAILABLE, "the gateway cannot count this request, so it was not made")
            }
            Self::AnswerUncounted(_) => to.message(code::UNAVAILABLE, UNCOUNTED),
            Self::LegacyUpstream => answer::unspoken(to.id.clone(), false),
            Self::ModernUpstream => answer::unspoken(to.id.clone(), true),
            Self::Store(_) => {
                to.message(code::UNAVAILABLE, "the gateway cannot record this request, so it was not made")
            }
            Self::Withheld(_) => to.message(code::UNAVAILABLE, WITHHELD),
            // -32001 is what clients of the handshake era know to start over on.
            Self::Session(_) => answer::error(to.id.clone(), -32001, "session not found", None),
            Self::AnswerDenied
            | Self::Body(_)
            | Self::Drift(_)
            | Self::Control(_)
            | Self::ForgedHeader(_)
            | Self::HeadersTooLarge
            | Self::HostNotAllowed
            | Self::InsufficientScope { .. }
            | Self::Keys { .. }
            | Self::MethodNotAllowed { .. }
            | Self::NoPolicy(_)
            | Self::NotAcceptable
            | Self::NotFound
            | Self::OriginNotAllowed
            | Self::TooManyFailures
            | Self::TooManyFromAddress { .. }
            | Self::Unapprovable { .. }
            | Self::Unauthenticated { .. }
            | Self::UnknownName
            | Self::UnsupportedMediaType => to.message(code::DENIED, "not allowed"),
        }
    }
}

impl Addressee {
    /// An error that every stock client survives: a tool result where there is a tool call, else a JSON-RPC
    /// error. Old clients end the session on a 4xx.
    fn message(&self, code: i64, text: impl Into<Cow<'static, str>>) -> Message<'static> {
        match (&self.id, self.method, self.era) {
            (Some(id), Some(Method::ToolsCall), Some(era)) => answer::tool_error(id.clone(), era, text),
            (id, _, _) => answer::error(id.clone(), code, text, None),
        }
    }
}
