//! Whether client and server speak different eras, and how each is told so that it can go on.
//!
//! A client of both eras falls back to `initialize` when its first modern request is refused in a way that no modern
//! server would refuse it. A client of the handshake era cannot go forward; it is told which revisions there are.

use http::StatusCode;
use portcullis_mcp::era::Era;
use portcullis_mcp::json::Json;
use portcullis_mcp::message::{ErrorObject, Message, Outcome};
use portcullis_mcp::method::Method;

use crate::guard::{Expected, Guard};
use crate::refusal::Refusal;
use crate::session::Session;

/// JSON-RPC's code for a method that does not exist.
pub(crate) const METHOD_NOT_FOUND: i64 = -32601;
/// Codes that servers of the handshake era made up; a modern one must not use them (MCP 2026-07-28, error codes).
const LEGACY_CODES: std::ops::RangeInclusive<i64> = -32019..=-32000;
/// JSON-RPC's code for an invalid request, which is how some servers say that a session is missing.
const INVALID_REQUEST: i64 = -32600;
/// What a modern server says to `initialize`: a header does not match, no such method, `_meta` is missing.
const MODERN_CODES: [i64; 3] = [-32020, METHOD_NOT_FOUND, -32602];
/// MCP's code for an unsupported revision, from 2026-07-28 on.
const UNSUPPORTED_VERSION: i64 = -32022;

/// Whether an answer of the upstream shows that it speaks the other era. `message` is `None` if it is no message.
pub(crate) fn of_answer(guard: &Guard, status: StatusCode, message: Option<&Message<'_>>) -> Option<Refusal> {
    let call = guard.call()?;
    let outcome = match message {
        None => None,
        Some(Message::Response(response)) => Some(&response.outcome),
        Some(Message::Notification(_) | Message::Request(_)) => return None,
    };
    match call.era {
        Era::Modern => is_legacy(call.method, status, outcome).then_some(Refusal::LegacyUpstream),
        Era::Legacy(_) => is_modern(call, status, outcome).then_some(Refusal::ModernUpstream),
    }
}

/// Whether an error in place of a list shows that the upstream speaks the other era.
pub(crate) fn of_error(era: Era, status: Option<StatusCode>, error: &ErrorObject<'_>) -> Option<Refusal> {
    let is_legacy = |status| error_is_legacy(Method::ToolsList, status, error);
    (era == Era::Modern && status.is_some_and(is_legacy)).then_some(Refusal::LegacyUpstream)
}

/// What a response without a message means: its status alone.
pub(crate) fn of_status(era: Era, session: Option<&Session>, status: StatusCode) -> Refusal {
    match status {
        StatusCode::NOT_FOUND if session.is_some() => Refusal::Session("the upstream no longer knows it"),
        StatusCode::BAD_REQUEST
        | StatusCode::NOT_FOUND
        | StatusCode::METHOD_NOT_ALLOWED
        | StatusCode::NOT_ACCEPTABLE
        | StatusCode::UNSUPPORTED_MEDIA_TYPE
        | StatusCode::UNPROCESSABLE_ENTITY
            if era == Era::Modern =>
        {
            Refusal::LegacyUpstream
        }
        status => Refusal::Upstream(format!("answered {status} without a message")),
    }
}

fn is_legacy(method: Method, status: StatusCode, outcome: Option<&Outcome<'_>>) -> bool {
    match outcome {
        None => status.is_client_error(),
        Some(Outcome::Error(error)) => error_is_legacy(method, status, error),
        Some(Outcome::Result(result)) => {
            method == Method::ServerDiscover
                && result.get("resultType").and_then(Json::as_str).is_none()
                && result.get("supportedVersions").is_none()
        }
    }
}

fn error_is_legacy(method: Method, status: StatusCode, error: &ErrorObject<'_>) -> bool {
    match code(error) {
        METHOD_NOT_FOUND => method == Method::ServerDiscover,
        INVALID_REQUEST => status == StatusCode::BAD_REQUEST,
        code => status.is_client_error() && LEGACY_CODES.contains(&code),
    }
}

fn is_modern(call: &Expected, status: StatusCode, outcome: Option<&Outcome<'_>>) -> bool {
    let refused = match outcome {
        Some(Outcome::Error(error)) => match code(error) {
            UNSUPPORTED_VERSION => true,
            code => status.is_client_error() && MODERN_CODES.contains(&code),
        },
        Some(Outcome::Result(_)) | None => false,
    };
    call.method == Method::Initialize && refused
}

fn code(error: &ErrorObject<'_>) -> i64 {
    error.code.as_i64().unwrap_or_default()
}
