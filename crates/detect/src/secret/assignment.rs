//! Values of names: `key = value`, `key: value`, members of objects, options of commands, fields of forms.

use std::ops::Range;

use super::name::{self, Kind};
use super::{http, value};
use crate::catalog;
use crate::context::Text;
use crate::finding::{Confidence, Finding};

/// The longest name that is read.
const LONGEST_NAME: usize = 64;
/// How far to both sides of a password other parts of a connection string are looked for.
const CONNECTION: usize = 64;

/// Looks at what is assigned by the `=` or `:` at `sign`, and returns up to where nothing else is.
pub(super) fn look(bytes: &[u8], sign: usize, hits: &mut Vec<Finding>) -> usize {
    let Some((name, kind)) = named(bytes, sign) else { return 0 };
    let Some(start) = value_start(bytes, sign) else { return 0 };
    if kind == Kind::Cookies {
        return http::cookies(bytes, start, hits);
    }
    let (range, is_quoted) = read(bytes, start, is_at_line_start(bytes, name.start));
    let is_connection = || is_in_connection(bytes, name.start, &range);
    hits.extend(judge(bytes, kind, range.clone(), !is_quoted && kind == Kind::Password && is_connection()));
    0
}

/// Looks at the text that is the value of a member.
pub(super) fn of_member(text: &Text<'_, '_>, hits: &mut Vec<Finding>) {
    let bytes = text.bytes();
    match name::kind(text.key().as_bytes()) {
        Some(Kind::Cookies) => _ = http::cookies(bytes, 0, hits),
        Some(kind) => hits.extend(judge(bytes, kind, 0..bytes.len(), false)),
        None => {}
    }
}

/// The value of an option such as `--password`, after a blank.
pub(super) fn of_option(bytes: &[u8], place: usize) -> Option<Finding> {
    let rest = bytes.get(place..)?.strip_prefix(b"--")?;
    // In a line of hyphens, only the last two may be those of an option.
    if rest.first() == Some(&b'-') {
        return None;
    }
    let n_name = rest.iter().take(LONGEST_NAME).take_while(|byte| is_name(**byte)).count();
    let start = place + 2 + n_name + 1;
    if rest.get(n_name) != Some(&b' ') || matches!(bytes.get(start), Some(b'-' | b' ')) {
        return None;
    }
    let kind = name::kind(rest.get(..n_name)?)?;
    judge(bytes, kind, read(bytes, start, true).0, false)
}

/// The password of a line of `.netrc`, after the login.
pub(super) fn of_login(bytes: &[u8], word: Range<usize>) -> Option<Finding> {
    let before = bytes.get(word.start.saturating_sub(160)..word.start)?;
    let login = before.trim_ascii_end().strip_suffix(b"password")?;
    let has_login = login.windows(7).any(|window| window == b" login " || window == b"\nlogin ");
    has_login.then(|| judge(bytes, Kind::Password, word, false)).flatten()
}

/// The secret that the value of a name is.
fn judge(bytes: &[u8], kind: Kind, range: Range<usize>, is_connection: bool) -> Option<Finding> {
    let text = bytes.get(range.clone())?;
    if let Some(credentials) = http::credentials(bytes, &range) {
        return Some(credentials);
    }
    if text.iter().any(u8::is_ascii_whitespace) {
        return None;
    }
    let (is_one, class) = match kind {
        Kind::Authorization => (value::is_token(text), catalog::AUTHORIZATION),
        Kind::Cookies => (false, catalog::COOKIE),
        Kind::Password if is_connection => (!value::is_placeholder(text), catalog::URL_PASSWORD),
        Kind::Password => (value::is_password(text), catalog::PASSWORD),
        Kind::SharedKey => (value::is_token(text), catalog::URL_PASSWORD),
        Kind::Signature => (is_signature(text), catalog::TOKEN_AZURE),
        Kind::Token => (value::is_token(text), catalog::PASSWORD),
    };
    let confidence = if kind == Kind::Signature { Confidence::High } else { Confidence::Medium };
    (is_one && !text.is_empty()).then_some(Finding { class, range, confidence })
}

/// Whether it is the signature of a link to Azure: an HMAC-SHA256 in base64, encoded for a URL.
fn is_signature(text: &[u8]) -> bool {
    let body =
        text.strip_suffix(b"%3D").or_else(|| text.strip_suffix(b"%3d")).or_else(|| text.strip_suffix(b"="));
    body.is_some_and(|body| (43..=70).contains(&body.len()) && value::is_token(body))
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// The name before a sign that says that its value gives access; of `API key`, both words.
fn named(bytes: &[u8], sign: usize) -> Option<(Range<usize>, Kind)> {
    let name = name_before(bytes, sign)?;
    let text = bytes.get(name.clone())?;
    if let Some(kind) = name::kind(text) {
        return Some((name, kind));
    }
    let before = bytes.get(name.start.saturating_sub(LONGEST_NAME)..name.start)?.strip_suffix(b" ")?;
    let n = before.iter().rev().take_while(|byte| is_name(**byte)).count();
    let both = name.start - 1 - n..name.end;
    let is_key = text.eq_ignore_ascii_case(b"key");
    is_key.then(|| name::kind(bytes.get(both.clone())?).map(|kind| (both, kind))).flatten()
}

/// The name before a sign, in quotes or not.
fn name_before(bytes: &[u8], sign: usize) -> Option<Range<usize>> {
    let before = bytes.get(sign.saturating_sub(LONGEST_NAME)..sign)?;
    let trimmed = match before {
        [.., b'=' | b'!' | b'<' | b'>' | b'~'] => return None,
        [rest @ .., b':' | b'+'] => rest,
        _ => before,
    };
    let trimmed = trimmed.trim_ascii_end();
    let trimmed = trimmed.strip_suffix(b"]").unwrap_or(trimmed);
    let trimmed = match trimmed {
        [rest @ .., b'\\', b'"' | b'\''] | [rest @ .., b'"' | b'\'' | b'`'] => rest,
        _ => trimmed,
    };
    let n = trimmed.iter().rev().take_while(|byte| is_name(**byte)).count();
    let end = sign - (before.len() - trimmed.len());
    (n > 0).then_some(end - n..end)
}

/// Where the value starts after a sign, or nowhere if the sign compares or declares.
fn value_start(bytes: &[u8], sign: usize) -> Option<usize> {
    let rest = bytes.get(sign..)?;
    let n_sign = match rest {
        [b'=', b'=' | b'~', ..] | [b':', b':' | b'=' | b'/', ..] => return None,
        [b'=', b'>', ..] => 2,
        _ => 1,
    };
    let blanks = rest.iter().skip(n_sign).take(16).take_while(|byte| matches!(byte, b' ' | b'\t'));
    Some(sign + n_sign + blanks.count())
}

/// Whether a name is the first of its line.
fn is_at_line_start(bytes: &[u8], start: usize) -> bool {
    let before = bytes.get(start.saturating_sub(16)..start).unwrap_or_default();
    let before = match before {
        [rest @ .., b'"' | b'\''] => rest,
        _ => before,
    };
    let trimmed = before.trim_ascii_end();
    let trimmed = trimmed.strip_suffix(b"export").or(trimmed.strip_suffix(b"-")).unwrap_or(trimmed);
    let blanks = before.get(trimmed.len()..).unwrap_or_default();
    trimmed.is_empty() || blanks.contains(&b'\n') || trimmed.ends_with(b"\n")
}

/// The value that starts at `start`, and whether it is in quotes.
fn read(bytes: &[u8], start: usize, is_line: bool) -> (Range<usize>, bool) {
    let rest = bytes.get(start..).unwrap_or_default();
    let rest = rest.get(..value::LONGEST).unwrap_or(rest);
    if let Some((n_open, n)) = quoted(rest) {
        return (start + n_open..start + n_open + n, true);
    }
    let goes_on = |byte: &&u8| !byte.is_ascii_whitespace() && !b"\"'`\\<>|".contains(byte);
    let n_cut = rest.iter().take_while(|byte| goes_on(byte) && !b",;&()[]{}#".contains(byte)).count();
    let n = match rest.first() {
        Some(b'[' | b'{' | b'(') => rest.iter().take_while(goes_on).count(),
        // How far it could go on is read only where it can: many values may stand in one line.
        _ if is_line => {
            let more = rest.get(n_cut..).unwrap_or_default();
            let n_more = more.iter().take_while(goes_on).count();
            let has_more = more.get(..n_more).is_some_and(|more| more.contains(&b'='));
            if has_more { n_cut } else { n_cut + n_more }
        }
        _ => n_cut,
    };
    let value = rest.get(..n).unwrap_or_default();
    let n_after = value.iter().rev().take_while(|byte| matches!(byte, b',' | b';' | b'.')).count();
    (start..start + n - n_after, false)
}

/// How long the quote is before a value in quotes, and how long the value.
fn quoted(text: &[u8]) -> Option<(usize, usize)> {
    let (quote, n_open): (&[u8], usize) = match text {
        [b'\\', quote @ (b'"' | b'\''), ..] => (if *quote == b'"' { b"\\\"" } else { b"\\'" }, 2),
        [b'"', ..] => (b"\"", 1),
        [b'\'', ..] => (b"'", 1),
        [b'`', ..] => (b"`", 1),
        _ => return None,
    };
    let rest = text.get(n_open..)?;
    let line = rest.iter().position(|byte| *byte == b'\n').and_then(|end| rest.get(..end)).unwrap_or(rest);
    let n = line.windows(quote.len()).position(|window| window == quote)?;
    Some((n_open, n))
}

/// Whether other parts of a connection string are on either side.
fn is_in_connection(bytes: &[u8], name: usize, value: &Range<usize>) -> bool {
    let before = bytes.get(name.saturating_sub(CONNECTION)..name).unwrap_or_default();
    let after = bytes.get(value.end..).unwrap_or_default();
    let after = after.get(..CONNECTION).unwrap_or(after);
    let names = |text: &[u8]| {
        let mut parts = text.split(|byte| *byte == b'=');
        // What is after the last `=` is a value.
        parts.next_back();
        parts.any(name::is_of_connection)
    };
    let is_jdbc = before.windows(5).any(|window| window == b"jdbc:") && !before.contains(&b'\n');
    is_jdbc || names(before) || names(after)
}
