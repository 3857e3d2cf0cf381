//! Definitions and their changes as text for a reviewer, who must see what a model would be told.

use portcullis_mcp::json::Json;

use crate::change::MemberChange;
use crate::visible::{escaped, is_invisible};

/// A text as it is, anything else as JSON; what a reader would not see is written out in both.
#[must_use]
pub fn shown(value: &Json<'_>) -> String {
    match value {
        Json::String(text) => format!("\"{}\"", escaped(text)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => {
            let json = value.to_string();
            json.chars().flat_map(visible).collect()
        }
    }
}

/// A character of JSON, which escapes quotes and control characters by itself.
fn visible(character: char) -> Vec<char> {
    if is_invisible(character) { character.escape_unicode().collect() } else { vec![character] }
}

impl MemberChange {
    /// The change in one line.
    #[must_use]
    pub fn line(&self) -> String {
        let Self { path, before, after } = self;
        let path = escaped(path);
        match (before, after) {
            (Some(before), Some(after)) => format!("{path}: {} became {}", shown(before), shown(after)),
            (Some(before), None) => format!("{path}: {} is gone", shown(before)),
            (None, Some(after)) => format!("{path}: {} is new", shown(after)),
            (None, None) => path,
        }
    }
}

#[cfg(test)]
mod tests {
    use portcullis_mcp::json::{self, Bounds};

    use super::*;
    use crate::change::changed_members;

    #[test]
    fn what_a_reader_would_not_see_is_written_out() {
        for (text, want) in [
            ("\"a\u{200b}b\"", "\"a\\u{200b}b\""),
            ("{\"a\":\"x\u{202e}y\\n\"}", "{\"a\":\"x\\u{202e}y\\n\"}"),
            ("[1.50,true,null]", "[1.50,true,null]"),
            ("\"\\u001b[2J\"", "\"\\u{1b}[2J\""),
        ] {
            let value = json::parse(text.as_bytes(), Bounds::answer(8)).unwrap();
            assert_eq!(shown(&value), want);
        }
    }

    #[test]
    fn each_change_is_one_line_that_says_what_was_and_what_is() {
        let object = |text: &'static str| {
            let value = json::parse(text.as_bytes(), Bounds::answer(8)).unwrap().into_owned();
            let Json::Object(object) = value else { panic!("{text}") };
            object
        };
        let before = object(r#"{"name":"a","description":"Pays","old":1,"s":{"type":"x"}}"#);
        let after =
            object("{\"name\":\"a\",\"description\":\"Pays\\nall\",\"s\":{\"type\":\"y\"},\"n\u{200b}\":[]}");
        let lines: Vec<String> = changed_members(&before, &after).iter().map(MemberChange::line).collect();
        assert_eq!(
            lines,
            [
                "description: \"Pays\" became \"Pays\\nall\"",
                "n\\u{200b}: [] is new",
                "old: 1 is gone",
                "s.type: \"x\" became \"y\"",
            ]
        );
    }
}
