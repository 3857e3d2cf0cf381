//! Writes JSON objects field by field.
//!
//! Writing a record must not fail, and its bytes must be the same on every platform: so fields are written in the
//! order of the calls, without white space, and absent or empty ones are left out. What is not here: reading.

use std::fmt::{Display, Write as _};

/// A JSON object in the making.
#[derive(Debug)]
pub(crate) struct Object {
    out: String,
}

impl Object {
    pub(crate) fn new() -> Self {
        Self { out: "{".to_owned() }
    }

    pub(crate) fn finish(mut self) -> String {
        self.out.push('}');
        self.out
    }

    /// A value that JSON writes as Rust does: a number or a boolean.
    pub(crate) fn plain(&mut self, key: &str, value: impl Display) {
        self.key(key);
        // Writing to a string does not fail.
        let _ = write!(self.out, "{value}");
    }

    pub(crate) fn string(&mut self, key: &str, value: &str) {
        self.key(key);
        push_string(&mut self.out, value);
    }

    pub(crate) fn optional_string(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.string(key, value);
        }
    }

    pub(crate) fn strings<'s>(&mut self, key: &str, values: impl IntoIterator<Item = &'s String>) {
        self.list(key, values, |out, value| push_string(out, value));
    }

    pub(crate) fn object(&mut self, key: &str, fields: impl FnOnce(&mut Self)) {
        self.key(key);
        let mut object = Self::new();
        fields(&mut object);
        self.out.push_str(&object.finish());
    }

    pub(crate) fn objects<T>(
        &mut self,
        key: &str,
        values: impl IntoIterator<Item = T>,
        fields: impl Fn(&mut Self, T),
    ) {
        self.list(key, values, |out, value| {
            let mut object = Self::new();
            fields(&mut object, value);
            out.push_str(&object.finish());
        });
    }

    fn list<T>(&mut self, key: &str, values: impl IntoIterator<Item = T>, push: impl Fn(&mut String, T)) {
        let mut values = values.into_iter().peekable();
        if values.peek().is_none() {
            return;
        }
        self.key(key);
        for (n, value) in values.enumerate() {
            self.out.push(if n == 0 { '[' } else { ',' });
            push(&mut self.out, value);
        }
        self.out.push(']');
    }

    fn key(&mut self, key: &str) {
        if !self.out.ends_with('{') {
            self.out.push(',');
        }
        push_string(&mut self.out, key);
        self.out.push(':');
    }
}

/// How many bytes `text` takes as a JSON string.
pub(crate) fn string_len(text: &str) -> usize {
    2 + text.chars().map(char_len).sum::<usize>()
}

/// How many bytes `ch` takes inside a JSON string.
pub(crate) fn char_len(ch: char) -> usize {
    match ch {
        '"' | '\\' | '\n' | '\r' | '\t' => 2,
        '\0'..='\u{1f}' => 6,
        _ => ch.len_utf8(),
    }
}

/// RFC 8259 §7: quotation mark, backslash and control characters are escaped, nothing else.
fn push_string(out: &mut String, text: &str) {
    out.push('"');
    for ch in text.chars() {
        match ch {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\u{1f}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(ch));
            }
            _ => out.push(ch),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fields_stand_in_order_and_empty_ones_are_left_out() {
        let mut object = Object::new();
        object.plain("n", 1);
        object.optional_string("absent", None);
        object.optional_string("s", Some("a\"b"));
        object.strings("none", []);
        object.strings("list", &["x".to_owned(), "y".to_owned()]);
        object.object("o", |o| o.plain("is", true));
        object.objects("os", [1, 2], |o, n| o.plain("n", n));
        let expected = r#"{"n":1,"s":"a\"b","list":["x","y"],"o":{"is":true},"os":[{"n":1},{"n":2}]}"#;
        assert_eq!(object.finish(), expected);
    }

    proptest! {
        #[test]
        fn any_string_is_read_back_as_it_was(text: String) {
            let mut out = String::new();
            push_string(&mut out, &text);
            prop_assert_eq!(out.len(), string_len(&text));
            prop_assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
        }
    }
}
