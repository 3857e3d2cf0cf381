//! Writing a file of pins: sorted and indented, so that version control shows what changed and nothing else.
//!
//! Everything that a reader would not see is escaped (`\u200b`): what is reviewed is what clients get.

use portcullis_mcp::json::{Json, Object};

use crate::visible::is_invisible;

/// The object as indented JSON with sorted members, and a line end.
pub(crate) fn pretty(object: &Object<'_>) -> String {
    let mut out = String::new();
    write_object(object, 0, &mut out);
    out.push('\n');
    out
}

fn write(value: &Json<'_>, depth: usize, out: &mut String) {
    match value {
        Json::Null | Json::Bool(_) | Json::Number(_) => out.push_str(&value.to_string()),
        Json::String(text) => write_text(text, out),
        Json::Array(items) if items.is_empty() => out.push_str("[]"),
        Json::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                begin(index, depth + 1, out);
                write(item, depth + 1, out);
            }
            line(depth, out);
            out.push(']');
        }
        Json::Object(object) => write_object(object, depth, out),
    }
}

fn write_object(object: &Object<'_>, depth: usize, out: &mut String) {
    if object.is_empty() {
        out.push_str("{}");
        return;
    }
    let mut members: Vec<_> = object.iter().collect();
    members.sort_unstable_by_key(|(key, _)| *key);
    out.push('{');
    for (index, (key, value)) in members.into_iter().enumerate() {
        begin(index, depth + 1, out);
        write_text(key, out);
        out.push_str(": ");
        write(value, depth + 1, out);
    }
    line(depth, out);
    out.push('}');
}

fn begin(index: usize, depth: usize, out: &mut String) {
    if index > 0 {
        out.push(',');
    }
    line(depth, out);
}

fn line(depth: usize, out: &mut String) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            other if is_invisible(other) => {
                let mut units = [0; 2];
                for unit in other.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            other => out.push(other),
        }
    }
    out.push('"');
}
