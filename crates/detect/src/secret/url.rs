//! Passwords in URLs: `scheme://user:password@host`, RFC 3986 section 3.2.1.

use std::ops::Range;

use super::value;

/// How much of an authority is read.
const LONGEST: usize = 512;

/// The password after the `:` of a scheme, and where the `@` after it is.
pub(super) fn password(bytes: &[u8], colon: usize) -> Option<(Range<usize>, usize)> {
    let rest = bytes.get(colon..)?;
    let n_slashes = [&b"://"[..], b":\\/\\/"].into_iter().find(|slashes| rest.starts_with(slashes))?.len();
    let before = colon.checked_sub(1).and_then(|before| bytes.get(before))?;
    if !before.is_ascii_alphanumeric() {
        return None;
    }
    let start = colon + n_slashes;
    let ends = |byte: &u8| byte.is_ascii_whitespace() || b"/?#\"'`<>\\".contains(byte);
    let authority = bytes.get(start..)?.iter().take(LONGEST);
    let end = start + authority.take_while(|byte| !ends(byte)).count();
    let authority = bytes.get(start..end)?;
    let at = authority.iter().rposition(|byte| *byte == b'@')?;
    let user = authority.iter().take(at).position(|byte| *byte == b':')?;
    let password = authority.get(user + 1..at)?;
    let is_one = !password.is_empty() && !value::is_placeholder(password) && !is_mask(password);
    is_one.then_some((start + user + 1..start + at, start + at))
}

/// Whether it is what is shown in the place of a password.
fn is_mask(password: &[u8]) -> bool {
    password.iter().all(|byte| matches!(byte, b'x' | b'X' | b'*' | b'.' | b'_' | b'-' | b'[' | b']'))
}
