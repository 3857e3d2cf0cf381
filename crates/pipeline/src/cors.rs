//! Callers that are web pages (WHATWG Fetch, CORS protocol): the browser asks first, and hides an answer that does not
//! say whom it is for. Only pages of the gateway's own origin, and of those that `[edge]` lists, get that far.

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, HeaderValue,
    ORIGIN, VARY,
};
use http::{HeaderMap, Response, StatusCode};
use portcullis_mcp::param_headers::PREFIX;
use portcullis_settings::Settings;

/// The headers that MCP clients send (Streamable HTTP, all revisions), besides `Mcp-Param-*`.
const SENT: [&str; 10] = [
    "accept",
    "authorization",
    "content-type",
    "last-event-id",
    "mcp-method",
    "mcp-name",
    "mcp-protocol-version",
    "mcp-session-id",
    "traceparent",
    "tracestate",
];
/// The headers that clients read.
const READ: &str = "mcp-session-id, mcp-protocol-version, www-authenticate, retry-after";

/// The page that a request comes from, if it may call the gateway.
pub(crate) fn page(settings: &Settings, headers: &HeaderMap) -> Option<HeaderValue> {
    let mut origins = headers.get_all(ORIGIN).iter();
    let origin = origins.next()?;
    let allowed = origin.to_str().is_ok_and(|origin| settings.edge.origin_allowed(origin));
    (allowed && origins.next().is_none()).then(|| origin.clone())
}

/// Lets the page read a response.
pub(crate) fn open_to(page: HeaderValue, headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, page);
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(READ));
    headers.append(VARY, HeaderValue::from_static("origin"));
}

/// The answer to a browser that asks whether a page may send a request.
pub(crate) fn preflight(headers: &HeaderMap) -> Response<Bytes> {
    let asked = headers.get_all(ACCESS_CONTROL_REQUEST_HEADERS).iter();
    let asked = asked.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    let allowed: Vec<String> = asked
        .map(|name| name.trim().to_ascii_lowercase())
        .filter(|name| SENT.contains(&name.as_str()) || name.starts_with(PREFIX))
        .collect();
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST, GET, DELETE"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    if let Ok(allowed) = HeaderValue::from_str(&allowed.join(", ")) {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    }
    response
}
