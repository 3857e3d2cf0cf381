//! The headers that repeat a part of the body, and their values.

use base64ct::{Base64, Encoding as _};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::era::Rejection;

/// `MCP-Protocol-Version`
pub const PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
/// `Mcp-Session-Id`
pub const SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");
/// `Mcp-Method`
pub const METHOD: HeaderName = HeaderName::from_static("mcp-method");
/// `Mcp-Name`
pub const NAME: HeaderName = HeaderName::from_static("mcp-name");
/// `Last-Event-ID`
pub const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Refuses routing headers that are there twice: first-wins and last-wins readers would disagree.
///
/// # Errors
/// [`Rejection::DoubledHeader`]
pub fn refuse_doubled_headers(headers: &HeaderMap) -> Result<(), Rejection> {
    for name in [PROTOCOL_VERSION, SESSION_ID, METHOD, NAME, LAST_EVENT_ID] {
        if headers.get_all(&name).iter().nth(1).is_some() {
            return Err(Rejection::DoubledHeader(name));
        }
    }
    Ok(())
}

/// MCP 2026-07-28, Streamable HTTP: a mirrored header is there exactly when the body has the value, and
/// equals it.
pub(crate) fn check_mirror(
    headers: &HeaderMap,
    name: &HeaderName,
    body: Option<&str>,
) -> Result<(), Rejection> {
    let mismatch = || Rejection::HeaderMismatch(name.clone());
    let header = header_str(headers, name)?;
    let header = match header {
        Some(text) if *name == NAME => Some(decode_value(text).ok_or_else(mismatch)?),
        Some(text) => Some(text.to_owned()),
        None => None,
    };
    if header.as_deref() == body { Ok(()) } else { Err(mismatch()) }
}

pub(crate) fn header_str<'h>(
    headers: &'h HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'h str>, Rejection> {
    match headers.get(name) {
        None => Ok(None),
        Some(value) => {
            let text = value.to_str().map_err(|_| Rejection::HeaderMismatch(name.clone()))?;
            Ok(Some(text.trim_matches([' ', '\t'])))
        }
    }
}

const BASE64_PREFIX: &str = "=?base64?";
const BASE64_SUFFIX: &str = "?=";

/// Reads a header value that may be wrapped in `=?base64?…?=`; `None` if the wrapping is damaged.
pub(crate) fn decode_value(text: &str) -> Option<String> {
    match text.strip_prefix(BASE64_PREFIX).and_then(|rest| rest.strip_suffix(BASE64_SUFFIX)) {
        None => Some(text.to_owned()),
        Some(encoded) => String::from_utf8(Base64::decode_vec(encoded).ok()?).ok(),
    }
}

/// A header value for `Mcp-Name`: as it is where that is safe, wrapped in base64 where it is not.
#[must_use]
pub fn encode_value(value: &str) -> Option<HeaderValue> {
    let plain = value.bytes().all(|byte| matches!(byte, 0x20..=0x7e))
        && value.trim_matches(' ') == value
        && !value.starts_with(BASE64_PREFIX)
        && !value.is_empty();
    if plain {
        return HeaderValue::from_str(value).ok();
    }
    let encoded = Base64::encode_string(value.as_bytes());
    HeaderValue::from_str(&format!("{BASE64_PREFIX}{encoded}{BASE64_SUFFIX}")).ok()
}
