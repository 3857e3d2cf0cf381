//! What a client makes of an answer, and what a person or a model reads in it. It shares no code with the gateway.

use base64ct::{Base64, Base64UrlUnpadded, Encoding as _};
use serde_json::Value;

use crate::support::messages;

/// Every text, number and name of an answer, one in a line, with what blobs and `data:` URLs hold, without anything that
/// only parts digits.
pub(crate) fn seen(text: &str) -> String {
    let mut all = Vec::new();
    for message in messages(text) {
        gather(&message, &mut all);
    }
    folded(&all.join("\n"))
}

fn gather(value: &Value, all: &mut Vec<String>) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::Number(number) => all.push(number.to_string()),
        Value::String(text) => read(text, all),
        Value::Array(items) => items.iter().for_each(|item| gather(item, all)),
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            all.push(name.clone());
            gather(value, all);
            if let ("blob", Some(data)) = (name.as_str(), value.as_str()) {
                read(&String::from_utf8(Base64::decode_vec(data).unwrap()).unwrap(), all);
            }
        }),
    }
}

/// A text, and what is in it if it is something else as well.
fn read(text: &str, all: &mut Vec<String>) {
    all.push(text.to_owned());
    all.extend(decoded(text));
    if let Ok(document @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(text) {
        gather(&document, all);
    }
    if let Some((head, data)) = text.strip_prefix("data:").and_then(|url| url.split_once(',')) {
        let data = if head.ends_with("base64") { decoded(data) } else { Some(unescaped(data)) };
        read(&data.unwrap_or_default(), all);
    }
}

/// What a text is in base64 or in hexadecimal, if it is.
fn decoded(text: &str) -> Option<String> {
    let hex = || {
        let digits: Vec<u32> = text.chars().map(|c| c.to_digit(16)).collect::<Option<_>>()?;
        Some(digits.chunks(2).filter_map(|pair| u8::try_from(pair[0] * 16 + pair.get(1)?).ok()).collect())
    };
    let base64 = || Base64::decode_vec(text).or_else(|_| Base64UrlUnpadded::decode_vec(text)).ok();
    String::from_utf8(hex().or_else(base64)?).ok()
}

fn unescaped(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut parts = text.split('%');
    bytes.extend(parts.next().unwrap_or_default().bytes());
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend(part[2..].bytes());
    }
    String::from_utf8(bytes).unwrap()
}

/// Without blanks, hyphens, points and what is invisible, and with plain digits.
pub(crate) fn folded(text: &str) -> String {
    let is_nothing = |c: char| matches!(c, ' ' | '-' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    let plain = |c: char| match c {
        '０'..='９' => char::from_u32(u32::from(c) - 0xFEE0).unwrap(),
        other => other,
    };
    text.replace("%2B", "+")
        .replace("%2F", "/")
        .replace("\\/", "/")
        .chars()
        .filter(|c| !is_nothing(*c))
        .map(plain)
        .collect()
}
