//! Texts that are JSON documents, as results of tools often are: what paths lead to in them.
//!
//! One pass, which needs no valid document: what is cut off or has something after it is read as far as it goes.

use std::borrow::Cow;
use std::ops::Range;

use super::place::{Child, Paths, Place};

/// How deep documents are followed; what is deeper counts as part of what holds it.
const DEPTH: usize = 128;

/// The texts and numbers of a document that paths lead to: their places in the document, and in the text, without quotes.
pub(super) fn values(paths: &Paths, text: &str) -> Vec<(Place, Range<usize>)> {
    let bytes = text.as_bytes();
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    if paths.is_empty() || !matches!(first, Some(b'{' | b'[')) {
        return Vec::new();
    }
    let mut walk =
        Walk { paths, place: paths.top(), open: Vec::new(), n_deeper: 0, is_key: false, found: Vec::new() };
    let mut position = 0;
    while let Some(byte) = bytes.get(position) {
        position = match byte {
            b'"' => walk.string(text, position + 1),
            b'-' | b'0'..=b'9' => walk.number(bytes, position),
            sign => {
                walk.sign(*sign);
                position + 1
            }
        };
    }
    walk.found
}

struct Walk<'p> {
    paths: &'p Paths,
    /// Of the value that comes next.
    place: Place,
    /// What the value is in: its place, and for a list the number of the item.
    open: Vec<(Place, Option<usize>)>,
    /// How many lists and objects are open below the last one of these.
    n_deeper: usize,
    /// Whether a text that comes next is the name of a member.
    is_key: bool,
    found: Vec<(Place, Range<usize>)>,
}

impl Walk<'_> {
    fn sign(&mut self, sign: u8) {
        match sign {
            b'{' => self.open(None),
            b'[' => self.open(Some(0)),
            b'}' | b']' => self.close(),
            b',' => self.next(),
            _ => {}
        }
    }

    fn open(&mut self, item: Option<usize>) {
        self.is_key = item.is_none();
        if self.open.len() >= DEPTH {
            self.n_deeper += 1;
            return;
        }
        self.open.push((self.place, item));
        if item.is_some() {
            self.place = self.paths.enter(self.place, Child::Item(0));
        }
    }

    fn close(&mut self) {
        self.is_key = false;
        match self.n_deeper.checked_sub(1) {
            Some(less) => self.n_deeper = less,
            None => drop(self.open.pop()),
        }
        if self.open.is_empty() {
            self.place = self.paths.top();
        }
    }

    fn next(&mut self) {
        let paths = self.paths;
        match self.open.last_mut() {
            Some((place, Some(item))) => {
                *item += usize::from(self.n_deeper == 0);
                self.place = paths.enter(*place, Child::Item(*item));
                self.is_key = false;
            }
            Some((_, None)) => self.is_key = true,
            None => {}
        }
    }

    /// A text whose first character is at `start`. Returns what is after it.
    fn string(&mut self, text: &str, start: usize) -> usize {
        let end = end_of_string(text.as_bytes(), start);
        let content = text.get(start..end).unwrap_or_default();
        if !std::mem::take(&mut self.is_key) {
            self.value(start..end);
        } else if let (Some((place, None)), 0) = (self.open.last(), self.n_deeper) {
            self.place = self.paths.enter(*place, Child::Member(&unescaped(content)));
        }
        end + 1
    }

    fn number(&mut self, bytes: &[u8], start: usize) -> usize {
        let rest = bytes.get(start..).unwrap_or_default().iter();
        let is_part = |byte: &&u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let end = start + rest.take_while(is_part).count();
        self.value(start..end);
        end.max(start + 1)
    }

    fn value(&mut self, range: Range<usize>) {
        if !range.is_empty() && self.paths.reached(self.place).next().is_some() {
            self.found.push((self.place, range));
        }
    }
}

/// Where the text that starts at `start` ends: at its quote, or at the end of everything.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut position = start;
    loop {
        match bytes.get(position) {
            None => return bytes.len(),
            Some(b'"') => return position,
            Some(b'\\') => position += 2,
            Some(_) => position += 1,
        }
    }
}

/// A name without its escapes. Halves of surrogate pairs are none of it: no path has them.
fn unescaped(name: &str) -> Cow<'_, str> {
    if !name.contains('\\') {
        return Cow::Borrowed(name);
    }
    let mut plain = String::new();
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        let escaped = after.chars().next();
        rest = escaped.and_then(|ch| after.get(ch.len_utf8()..)).unwrap_or_default();
        match escaped {
            Some('u') => {
                let code = rest.get(..4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
                plain.extend(code.and_then(char::from_u32));
                rest = rest.get(4..).unwrap_or_default();
            }
            Some('b') => plain.push('\u{8}'),
            Some('f') => plain.push('\u{c}'),
            Some('n') => plain.push('\n'),
            Some('r') => plain.push('\r'),
            Some('t') => plain.push('\t'),
            escaped => plain.extend(escaped),
        }
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::custom::Kind;
    use crate::{Class, Confidence};

    fn found<'t>(path: &str, text: &'t str) -> Vec<&'t str> {
        let mut paths = Paths::default();
        let kind = Kind { class: Class::custom("acme.x"), confidence: Confidence::High };
        paths.add(path.parse().unwrap(), kind).unwrap();
        values(&paths, text).into_iter().map(|(_, range)| text.get(range).unwrap()).collect()
    }

    #[test]
    fn paths_lead_into_texts_that_are_documents() {
        for (path, text, want) in [
            ("$.a", r#"{"a":"x","b":"y"}"#, ["x"].as_slice()),
            ("$.a", r#" {"b" : {"a":1}, "a" : -1.5e3 }"#, &["-1.5e3"]),
            ("$..a", r#"{"b":[{"a":"x"},{"a":"y","c":"z"}],"a":true}"#, &["x", "y"]),
            ("$.a", r#"{"a":{"b":["x",{"c":7}]},"d":"y"}"#, &["x", "7"]),
            ("$[1].a", r#"[{"a":"x"},{"a":"y"}]"#, &["y"]),
            ("$.a[1]", r#"{"a":[["x","y"],"z"],"b":["u","v"]}"#, &["z"]),
            ("$.a", r#"{"\u0061":"x \" y","b":"\\"}"#, &[r#"x \" y"#]),
            ("$.a", "{\"a\":\"x\"}\n{\"a\":\"y\"}", &["x", "y"]),
            ("$.a", r#"{"a":"cut"#, &["cut"]),
            ("$.a", r#"{"b":"a","c":["a"]}"#, &[]),
            ("$.a", r#"about {"a":"x"}"#, &[]),
            ("$.a", "", &[]),
            ("$.a", r#"{"a":""}"#, &[]),
        ] {
            assert_eq!(found(path, text), want, "{path}: {text}");
        }
    }

    #[test]
    fn depth_takes_no_memory_and_hides_nothing_of_what_is_found() {
        let deep = format!("{{\"a\":{}\"x\"{},\"b\":\"y\"}}", "[".repeat(1000), "]".repeat(1000));
        assert_eq!(found("$.a", &deep), ["x"]);
        assert_eq!(found("$.b", &deep), ["y"]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_can_be_walked(text in "[\\[{]([\\[\\]{}:,\"a1.\\\\ué -]){0,60}") {
            for path in ["$..a", "$[0]", "$.*.a"] {
                let mut paths = Paths::default();
                let kind = Kind { class: Class::custom("acme.x"), confidence: Confidence::High };
                paths.add(path.parse().unwrap(), kind).unwrap();
                for (_, range) in values(&paths, &text) {
                    proptest::prop_assert!(text.get(range).is_some_and(|value| !value.is_empty()));
                }
            }
        }
    }
}
