//! How a token request is written.

use std::fmt::Write as _;

use base64ct::{Base64, Encoding as _};
use portcullis_settings::Secret;

/// `Authorization` for a client's secret. RFC 6749 section 2.3.1: both parts are written as in forms.
#[must_use]
pub fn basic(id: &str, secret: &Secret) -> Secret {
    let mut pair = String::new();
    encode(&mut pair, id);
    pair.push(':');
    encode(&mut pair, secret.expose());
    Secret::new(format!("Basic {}", Base64::encode_string(pair.as_bytes())))
}

/// The fields as `application/x-www-form-urlencoded`. Names are written as they are.
#[must_use]
pub fn form(fields: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in fields {
        if !text.is_empty() {
            text.push('&');
        }
        text.push_str(name);
        text.push('=');
        encode(&mut text, value);
    }
    text
}

/// Every byte that is not unreserved in hexadecimal, a space too.
fn encode(to: &mut String, text: &str) {
    for byte in text.bytes() {
        if is_unreserved(byte) {
            to.push(byte.into());
        } else {
            // Writing to a text does not fail.
            _ = write!(to, "%{byte:02X}");
        }
    }
}

/// Whether it stands for itself everywhere in a URL (RFC 3986 section 2.3); a verifier of PKCE has no other bytes.
#[must_use]
pub const fn is_unreserved(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~')
}
