//! One text for all ways to write the same JSON value (RFC 8785, JCS): what an approval is bound to.
//!
//! Members are sorted by the UTF-16 units of their keys, texts are escaped where they must be, and numbers are laid
//! out as ECMAScript does. Unlike ECMAScript, no number becomes a double first: the value that was written decides.
//! Wherever a double holds that value as its shortest text, this is RFC 8785 to the byte; elsewhere
//! (`9007199254740993`, which a double takes for `…992`) two numbers stay two, since the upstream gets the digits.

mod number;
#[cfg(test)]
mod tests;

use portcullis_mcp::json::{Json, Object};

/// The canonical text. Its depth is that of the parser.
#[must_use]
pub fn canonical(value: &Json<'_>) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Json<'_>, out: &mut String) {
    match value {
        Json::Null => out.push_str("null"),
        Json::Bool(true) => out.push_str("true"),
        Json::Bool(false) => out.push_str("false"),
        Json::Number(number) => number::write(number.as_str(), out),
        Json::String(text) => write_string(text, out),
        Json::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Json::Object(object) => write_object(object, out),
    }
}

/// RFC 8785 §3.2.3.
fn write_object(object: &Object<'_>, out: &mut String) {
    let mut members: Vec<_> = object.iter().collect();
    members.sort_by(|(left, _), (right, _)| left.encode_utf16().cmp(right.encode_utf16()));
    out.push('{');
    for (index, (key, value)) in members.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_string(key, out);
        out.push(':');
        write(value, out);
    }
    out.push('}');
}

/// RFC 8785 §3.2.2.2.
fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            control @ '\0'..='\u{1f}' => out.push_str(&format!("\\u{:04x}", u32::from(control))),
            plain => out.push(plain),
        }
    }
    out.push('"');
}
