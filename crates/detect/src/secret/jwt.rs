//! JSON web tokens in the compact form, RFC 7515 section 7.1 and RFC 7516 section 7.1.

use std::ops::Range;

use super::{base64, finding};
use crate::catalog;
use crate::finding::Finding;

/// The longest header that is read.
const LONGEST_HEADER: usize = 4096;

/// Looks for tokens in a long word.
pub(super) fn look(bytes: &[u8], word: &Range<usize>, hits: &mut Vec<Finding>) {
    let Some(text) = bytes.get(word.clone()) else { return };
    let mut position = 0;
    while let Some(start) = next_start(text, position) {
        let rest = text.get(start..).unwrap_or_default();
        position = match length(rest) {
            Some(n) => {
                hits.push(finding(catalog::JWT, word.start + start..word.start + start + n));
                start + n
            }
            None => start + 2,
        };
    }
}

/// Where the next text starts that may be an object in base64: `{"`, `{ ` or `{` and the end of a line.
fn next_start(text: &[u8], from: usize) -> Option<usize> {
    let pairs = text.windows(2).enumerate().skip(from);
    let mut starts = pairs.filter(|(place, pair)| {
        let before = place.checked_sub(1).and_then(|before| text.get(before));
        matches!(*pair, b"ey" | b"ew") && !before.is_some_and(|before| is_base64url(*before))
    });
    starts.next().map(|(place, _)| place)
}

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// How long the token is that a text starts with: three parts, or five if it is encrypted.
fn length(text: &[u8]) -> Option<usize> {
    let n_header = text.iter().take(LONGEST_HEADER).take_while(|byte| is_base64url(**byte)).count();
    let header = text.get(..n_header).filter(|_| text.get(n_header) == Some(&b'.'))?;
    if !has_algorithm(&base64::decode(header)?) {
        return None;
    }
    let mut ends = [n_header; 5];
    let mut n_parts = 1;
    for part in 1..ends.len() {
        let dot = ends.get(part - 1).copied()?;
        if text.get(dot) != Some(&b'.') {
            break;
        }
        let n = text.get(dot + 1..)?.iter().take_while(|byte| is_base64url(**byte)).count();
        *ends.get_mut(part)? = dot + 1 + n;
        n_parts = part + 1;
    }
    let [_, payload, signature, _, tag] = ends;
    match n_parts {
        5 if tag > signature => Some(tag),
        3.. if payload > n_header + 1 => Some(signature),
        _ => None,
    }
}

/// Whether a text is an object with a member `alg`.
fn has_algorithm(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    let is_object = text.first() == Some(&b'{') && text.last() == Some(&b'}') && str::from_utf8(text).is_ok();
    let mut members = text.windows(5).enumerate().filter(|(_, name)| *name == b"\"alg\"");
    let has_value = |place: usize| {
        text.get(place + 5..).is_some_and(|rest| rest.trim_ascii_start().first() == Some(&b':'))
    };
    is_object && members.any(|(place, _)| has_value(place))
}
