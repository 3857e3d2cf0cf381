//! Whole bodies: reading them within a limit, and the replies that carry one.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use serde::Serialize;

use crate::http::Reply;

/// Reads a body of at most `limit` bytes; `None` when it is longer or breaks off.
pub(crate) async fn read(body: Incoming, limit: usize) -> Option<Bytes> {
    Limited::new(body, limit).collect().await.ok().map(http_body_util::Collected::to_bytes)
}

/// A reply with this body.
pub(crate) fn reply(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Full::new(body.into()).boxed());
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}

/// A plain-text reply, for people who open a URL by hand.
pub(crate) fn text(status: StatusCode, body: impl Into<Bytes>) -> Reply {
    reply(status, "text/plain; charset=utf-8", body)
}

/// A JSON reply. A value that cannot be written is this program's fault, so it answers 500.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Reply {
    match serde_json::to_vec(value) {
        Ok(body) => reply(status, "application/json", body),
        Err(_unwritable) => text(StatusCode::INTERNAL_SERVER_ERROR, "internal error\n"),
    }
}

/// The same reply, never to be cached. RFC 6749 §5.1 wants this of every token.
pub(crate) fn no_store(mut reply: Reply) -> Reply {
    reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}
