//! Private keys: PEM (RFC 7468), OpenPGP (RFC 9580 section 6.2), SSH (RFC 4716), and the format of PuTTY.
//!
//! A key is found whole, from its first line to its last, also where line ends are written `\n`. One that is cut off ends
//! where the base64 ends.

use std::ops::Range;

use super::base64;

/// The longest label.
const LONGEST_LABEL: usize = 64;
/// How many lines before the base64 may say something about it.
const MOST_HEADERS: usize = 8;
/// How long a line of a key is at least, but for the last.
const LEAST_LINE: usize = 16;
/// How much base64 a key has at least.
const LEAST: usize = 32;

/// The key whose first line starts at `start`.
pub(super) fn block(bytes: &[u8], start: usize) -> Option<Range<usize>> {
    let rest = bytes.get(start..)?;
    let (begin, dashes): (&[u8], &[u8]) = if rest.starts_with(b"-----BEGIN ") {
        (b"-----BEGIN ", b"-----")
    } else {
        (b"---- BEGIN ", b" ----")
    };
    let label = rest.strip_prefix(begin)?;
    let label = label.get(..LONGEST_LABEL).unwrap_or(label);
    let n_label = label.windows(dashes.len()).position(|window| window == dashes)?;
    if !is_private(label.get(..n_label)?) {
        return None;
    }
    let body = start + begin.len() + n_label + dashes.len();
    let end = after_base64(bytes, after_headers(bytes, body))?;
    Some(start..after_last_line(bytes, end))
}

/// The key whose `Private-Lines` are announced by the `:` at `colon`.
pub(super) fn putty(bytes: &[u8], colon: usize) -> Option<Range<usize>> {
    const NAME: &[u8] = b"Private-Lines";
    let start = colon.checked_sub(NAME.len())?;
    if bytes.get(start..colon)? != NAME {
        return None;
    }
    let count = bytes.get(colon + 1..)?.iter().take(8).take_while(|byte| matches!(byte, b' ' | b'0'..=b'9'));
    Some(start..after_base64(bytes, colon + 1 + count.count())?)
}

/// A key in PEM that is in base64 once more, as Kubernetes keeps it.
pub(super) fn encoded(bytes: &[u8], word: &Range<usize>) -> Option<Range<usize>> {
    let text = bytes.get(word.clone()).filter(|text| text.starts_with(b"LS0tLS1CRUdJTi"))?;
    let first_line = base64::decode(text.get(..64)?)?;
    let padding = bytes.get(word.end..)?.iter().take(2).take_while(|byte| **byte == b'=').count();
    is_private(&first_line).then_some(word.start..word.end + padding)
}

fn is_private(label: &[u8]) -> bool {
    label.windows(11).any(|window| window == b"PRIVATE KEY")
}

/// How long the end of a line is, or another blank, that a text starts with, also one that is written as an escape or
/// between two literals.
fn blank(text: &[u8]) -> usize {
    match text {
        [b'\\', b'n' | b'r' | b't', ..] => 2,
        [b'\\', b'\\', b'n' | b'r', ..] => 3,
        [b'%', b'0', b'A' | b'a' | b'D' | b'd', ..] => 3,
        [b'\\', b'u', b'0', b'0', b'0', b'a' | b'A' | b'd' | b'D', ..] => 6,
        [byte, ..]
            if byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b',' | b'>' | b'|' | b'\\') =>
        {
            1
        }
        _ => 0,
    }
}

fn skip_blanks(bytes: &[u8], mut position: usize) -> usize {
    loop {
        match blank(bytes.get(position..).unwrap_or_default()) {
            0 => return position,
            n => position += n,
        }
    }
}

/// Skips lines such as `Proc-Type: 4,ENCRYPTED`.
fn after_headers(bytes: &[u8], mut position: usize) -> usize {
    for _ in 0..MOST_HEADERS {
        let line = skip_blanks(bytes, position);
        let rest = bytes.get(line..).unwrap_or_default();
        let name =
            rest.iter().take(32).take_while(|byte| byte.is_ascii_alphabetic() || **byte == b'-').count();
        if name == 0 || rest.get(name) != Some(&b':') {
            return position;
        }
        let end = rest
            .windows(2)
            .take(256)
            .position(|pair| pair.starts_with(b"\n") || pair == b"\\n" || pair == b"\\r");
        position = line + end.unwrap_or(name + 1);
    }
    position
}

/// Where the lines of base64 end; `None` if they are too few.
fn after_base64(bytes: &[u8], start: usize) -> Option<usize> {
    let is_base64 = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let mut end = start;
    let mut n_base64 = 0;
    loop {
        let line = skip_blanks(bytes, end);
        let rest = bytes.get(line..).unwrap_or_default();
        let n = rest.iter().take_while(is_base64).count();
        let after = skip_blanks(bytes, line + n);
        let is_last = bytes.get(after..).is_none_or(|rest| rest.is_empty() || rest.starts_with(b"----"));
        let has_padding = rest.get(..n).is_some_and(|line| line.contains(&b'='));
        if n == 0 || !(n >= LEAST_LINE || is_last || has_padding) {
            return (n_base64 >= LEAST).then_some(end);
        }
        n_base64 += n;
        end = line + n;
    }
}

/// Where the line `-----END …-----` after a key ends, or the key, if there is none.
fn after_last_line(bytes: &[u8], end: usize) -> usize {
    let start = skip_blanks(bytes, end);
    let rest = bytes.get(start..).unwrap_or_default();
    let rest = rest.get(..LONGEST_LABEL + 16).unwrap_or(rest);
    let (begin, dashes): (&[u8], &[u8]) =
        if rest.starts_with(b"-----END ") { (b"-----END ", b"-----") } else { (b"---- END ", b" ----") };
    let label = rest.strip_prefix(begin).unwrap_or_default();
    match label.windows(dashes.len()).position(|window| window == dashes) {
        Some(n_label) => start + begin.len() + n_label + dashes.len(),
        None => end,
    }
}
