//! What fields of HTTP carry: `Authorization` (RFC 9110 section 11.4) and cookies (RFC 6265).

use std::ops::Range;

use super::{base64, finding, value};
use crate::catalog;
use crate::finding::Finding;

/// How much of a line of cookies is read.
const LONGEST_LINE: usize = 4096;

/// The credentials that a value is: a scheme, a blank, and what it says.
pub(super) fn credentials(bytes: &[u8], range: &Range<usize>) -> Option<Finding> {
    let text = bytes.get(range.start..)?;
    let n_scheme = text.iter().take(8).take_while(|byte| byte.is_ascii_alphabetic()).count();
    let scheme = text.get(..n_scheme)?;
    let is = |name: &str| scheme.eq_ignore_ascii_case(name.as_bytes());
    if text.get(n_scheme) != Some(&b' ') {
        return None;
    }
    let start = range.start + n_scheme + 1;
    let secret = start..start + length(bytes, start);
    let text = bytes.get(secret.clone())?;
    let is_one = match () {
        () if is("Basic") => is_basic(text),
        () if is("Bearer") || is("Token") || is("ApiKey") => is_bearer(text),
        () => false,
    };
    is_one.then(|| finding(catalog::AUTHORIZATION, secret))
}

/// The long word that stands after `Bearer`, whatever is before that.
pub(super) fn bearer(bytes: &[u8], word: &Range<usize>) -> Option<Finding> {
    let scheme = word.start.checked_sub(7)?;
    let is_scheme = bytes.get(scheme..word.start)?.eq_ignore_ascii_case(b"Bearer ");
    is_scheme.then(|| credentials(bytes, &(scheme..word.end))).flatten()
}

fn length(bytes: &[u8], start: usize) -> usize {
    let is_one = |byte: &&u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(byte);
    bytes.get(start..).unwrap_or_default().iter().take(value::LONGEST).take_while(is_one).count()
}

/// Whether it is a name and a password, RFC 7617.
fn is_basic(text: &[u8]) -> bool {
    let decoded = base64::decode(text).unwrap_or_default();
    let is_text = decoded.iter().all(|byte| !byte.is_ascii_control());
    is_text && decoded.len() >= 3 && decoded.contains(&b':')
}

fn is_bearer(text: &[u8]) -> bool {
    let text = text.strip_suffix(b".").unwrap_or(text);
    text.len() >= 16 && value::is_token(text)
}

/// Looks for the cookies from `start` to the end of the line whose values are drawn at random, and returns where the
/// line ends.
pub(super) fn cookies(bytes: &[u8], start: usize, hits: &mut Vec<Finding>) -> usize {
    let rest = bytes.get(start..).unwrap_or_default().iter().take(LONGEST_LINE);
    let ends = |byte: &u8| matches!(byte, b'\n' | b'\r' | b'\\');
    // A quote before the line ends it as well.
    let rest = rest.skip_while(|byte| matches!(byte, b'"' | b'\''));
    let n = rest.take_while(|byte| !ends(byte) && !matches!(byte, b'"' | b'\'')).count();
    let n_quotes = bytes
        .get(start..)
        .unwrap_or_default()
        .iter()
        .take(4)
        .take_while(|byte| matches!(byte, b'"' | b'\''))
        .count();
    let end = start + n_quotes + n;
    let line = bytes.get(start..end).unwrap_or_default();
    let mut position = start;
    for pair in line.split(|byte| *byte == b';') {
        let name = pair.iter().position(|byte| *byte == b'=');
        if let Some(value) = name.and_then(|name| pair.get(name + 1..)).filter(|value| is_session(value)) {
            let end = position + pair.len();
            hits.push(finding(catalog::COOKIE, end - value.len()..end));
        }
        position += pair.len() + 1;
    }
    end
}

fn is_session(text: &[u8]) -> bool {
    text.len() >= 16 && value::is_token(text)
}
