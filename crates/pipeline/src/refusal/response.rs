//! The HTTP responses that refusals become.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use portcullis_mcp::answer::code;
use portcullis_mcp::json::{Json, Object};
use portcullis_mcp::message::Message;

/// A refusal for a while.
pub(super) fn too_many(text: &'static str, retry_after: Duration) -> Response<Bytes> {
    let mut response = plain(StatusCode::TOO_MANY_REQUESTS, text);
    response.headers_mut().insert(RETRY_AFTER, whole_seconds(retry_after).into());
    response
}

/// Rounded up, since whoever comes back too early is only refused again.
pub(super) fn whole_seconds(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u64::MAX).max(1)
}

pub(super) fn json(status: StatusCode, message: Message<'_>) -> Response<Bytes> {
    respond(status, "application/json", message.to_bytes())
}

pub(super) fn challenged(status: StatusCode, text: &'static str, challenge: &str) -> Response<Bytes> {
    let mut response = plain(status, text);
    if let Ok(value) = HeaderValue::from_str(challenge) {
        response.headers_mut().insert(WWW_AUTHENTICATE, value);
    }
    response
}

/// A refusal of HTTP itself. Its body is a JSON-RPC error without an id all the same: what clients show to people is
/// the message of one.
pub(super) fn plain(status: StatusCode, text: &'static str) -> Response<Bytes> {
    let code = i64::from(status.as_u16()) * code::PER_STATUS;
    let error = Object::new().with("code", code).with("message", text);
    let body = Object::new().with("jsonrpc", "2.0").with("id", Json::Null).with("error", error);
    respond(status, "application/json", Json::from(body).to_bytes())
}

/// A response that nobody may keep.
pub(crate) fn respond(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(http::header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
