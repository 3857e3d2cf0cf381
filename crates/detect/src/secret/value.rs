//! What a password or a key can be, and what only stands in its place.

use super::entropy::{self, BIT};

/// The longest value that is judged; a longer one is a document.
pub(super) const LONGEST: usize = 1024;

/// Whether it can be what a person chose: no word, no reference, and not all the same.
pub(super) fn is_password(value: &[u8]) -> bool {
    (5..=LONGEST).contains(&value.len())
        && entropy::of(value) >= 12 * BIT
        && !is_placeholder(value)
        && !is_code(value)
        && !is_plain(value)
}

/// Whether it can be drawn at random.
pub(super) fn is_token(value: &[u8]) -> bool {
    let has = |is: fn(&u8) -> bool| value.iter().any(is);
    (12..=LONGEST).contains(&value.len())
        && has(u8::is_ascii_alphabetic)
        && (has(u8::is_ascii_digit) || is_restless(value))
        && entropy::is_at_least(value, BIT * 11 / 4)
        && !is_placeholder(value)
        && !is_code(value)
        && !is_plain(value)
        && !is_made_of_words(value)
}

/// Whether it stands for a value: `<password>`, `${TOKEN}`, `%s`, `changeme`, `xxxx`, `null`, `[card]`.
pub(super) fn is_placeholder(value: &[u8]) -> bool {
    let lower: Vec<u8> = value.iter().take(LONGEST).map(u8::to_ascii_lowercase).collect();
    let has = |part: &[u8]| lower.windows(part.len()).any(|window| window == part);
    let is_reference = match lower.as_slice() {
        [] | [b'<' | b'[' | b'{', ..] | [b'$', b'{' | b'(', ..] | [b'%', b's' | b'('] | [.., b'>'] => true,
        [b'$', name @ ..] | [b'%', name @ .., b'%'] => {
            name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_') && !name.contains(&b'$')
        }
        _ => false,
    };
    is_reference
        || WORDS.iter().any(|word| lower == word.as_bytes())
        || STARTS.iter().any(|start| lower.starts_with(start.as_bytes()))
        || PARTS.iter().any(|part| has(part.as_bytes()))
}

const WORDS: &[&str] = &[
    "base64", "md5", "oauth2", "oauth2.0", "pass", "passwd", "password", "pwd", "secret", "sha1", "sha256",
    "sha512", "token", "utf8", "utf-8", "uuid4",
];
const STARTS: &[&str] = &[
    "change", "dummy", "enter", "insert", "replace", "sample", "your", "sha256:", "sha512-", "arn:",
    "vault:", "op://",
];
const PARTS: &[&str] =
    &["${", "{{", "***", "...", "xxxx", "example", "placeholder", "redacted", "changeme", "://"];

/// Whether it is a path or an expression.
fn is_code(value: &[u8]) -> bool {
    let starts = matches!(
        value,
        [b'/', ..] | [b'.' | b'~', b'/', ..] | [b'@', ..] | [b'&', ..] | [_, b':', b'\\' | b'/', ..]
    );
    let calls =
        value.windows(2).any(|pair| matches!(pair, b"()" | b"->" | b"::" | b"[\"" | b"['" | b"(\"" | b"('"))
            || (value.contains(&b'(') && value.last() == Some(&b')'))
            || matches!(value.last(), Some(b'(' | b'[' | b'{'));
    starts || calls
}

/// Whether it is words: letters and what joins them, not in a turmoil of large and small.
fn is_plain(value: &[u8]) -> bool {
    let is_plain = |byte: &u8| {
        byte.is_ascii_alphabetic()
            || matches!(byte, b'_' | b'.' | b'-' | b'/' | b':' | b',' | b' ' | b'\'' | b'?')
    };
    value.iter().all(is_plain) && !is_restless(value)
}

/// Whether large and small letters change more often than in names.
pub(super) fn is_restless(value: &[u8]) -> bool {
    let kind = |byte: u8| (byte.is_ascii_uppercase(), byte.is_ascii_lowercase());
    let n_changes =
        value.windows(2).filter(|pair| matches!(pair, [left, right] if kind(*left) != kind(*right))).count();
    value.len() >= 8 && n_changes * 3 > value.len()
}

/// Whether it is words and numbers joined by signs, such as `orders-table-v2` and `2026-01-31`.
fn is_made_of_words(value: &[u8]) -> bool {
    let is_word = |part: &[u8]| {
        let n_letters = part.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let n_digits = part.len() - n_letters;
        let is_number = part.iter().skip(n_letters).all(u8::is_ascii_digit);
        is_number && (n_letters == 0 || n_digits <= 3) && !(part.len() >= 8 && is_restless(part))
    };
    value.split(|byte| !byte.is_ascii_alphanumeric()).all(is_word)
}
