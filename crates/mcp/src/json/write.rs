//! Writing JSON: compact, in the order of the value, numbers as they were read.

use std::fmt;

use super::plain::plain_prefix;
use super::{Json, Object};

impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text(0))
    }
}

impl Json<'_> {
    /// The value as compact JSON text. It never contains a line break, so it fits one SSE `data` line.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_text(0).into_bytes()
    }

    /// The same as text, in a buffer that holds `capacity` bytes at first: what is nearly as long as what it was read
    /// from need not be moved while it is written.
    #[must_use]
    pub fn to_text(&self, capacity: usize) -> String {
        let mut text = String::with_capacity(capacity);
        self.write(&mut text);
        text
    }

    /// Writes the value at the end of a text.
    pub fn append_to(&self, text: &mut String) {
        self.write(text);
    }

    /// The same as [`Json::to_text`], with `items` in the empty list that these names lead to: items that were written
    /// before, with commas between them. Where there is no such list they are left out.
    #[must_use]
    pub fn to_text_with(&self, path: &[&str], items: &str) -> String {
        let mut text = String::with_capacity(items.len().saturating_add(ROOM_AROUND));
        self.write_with(path, items, &mut text);
        text
    }

    fn write_with(&self, path: &[&str], items: &str, out: &mut String) {
        match (self, path.split_first()) {
            (Self::Object(object), Some((name, rest))) => {
                out.push('{');
                for (index, (key, value)) in object.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    write_string(key, out);
                    out.push(':');
                    match key == *name {
                        true => value.write_with(rest, items, out),
                        false => value.write(out),
                    }
                }
                out.push('}');
            }
            (Self::Array(empty), None) if empty.is_empty() => {
                out.push('[');
                out.push_str(items);
                out.push(']');
            }
            (_, Some(_) | None) => self.write(out),
        }
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Number(number) => out.push_str(number.as_str()),
            Self::String(text) => write_string(text, out),
            Self::Array(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(object) => object.write(out),
        }
    }
}

/// What the message around a list takes, mostly.
const ROOM_AROUND: usize = 512;

impl Object<'_> {
    fn write(&self, out: &mut String) {
        out.push('{');
        for (index, (key, value)) in self.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            write_string(key, out);
            out.push(':');
            value.write(out);
        }
        out.push('}');
    }
}

fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    while let Some((plain, tail)) = split_at_special(rest) {
        out.push_str(plain);
        let mut tail = tail.chars();
        if let Some(special) = tail.next() {
            write_escape(special, out);
        }
        rest = tail.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

/// What stands before the first character that must be escaped, and the rest with it.
fn split_at_special(text: &str) -> Option<(&str, &str)> {
    let at = plain_prefix(text.as_bytes());
    text.split_at_checked(at).filter(|(_, rest)| !rest.is_empty())
}

fn write_escape(character: char, out: &mut String) {
    match character {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        other => {
            out.push_str("\\u");
            for shift in [12_u32, 8, 4, 0] {
                let digit = (u32::from(other) >> shift) & 0xf;
                out.push(char::from_digit(digit, 16).unwrap_or('0'));
            }
        }
    }
}
