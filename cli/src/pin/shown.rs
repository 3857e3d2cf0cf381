//! Changes of definitions as lines for a reviewer, who must see what a model would be told.

use portcullis_mcp::json::Json;
use portcullis_pins::{Change, Changes, Definition, escaped, is_invisible};

use crate::terminal::Style;

/// Each definition that is new, gone or different, in lines. Nothing in them is invisible.
pub(super) fn lines(changes: &Changes<'_>, style: Style) -> Vec<String> {
    let Changes { added, changed, removed } = changes;
    let mut lines = Vec::new();
    for definition in removed {
        lines.push(String::new());
        lines.push(style.removed(&format!("- {}", named(definition))));
    }
    for Change { before: _, after, members } in changed {
        lines.push(String::new());
        lines.push(style.bold(&format!("~ {}", named(after))));
        for member in members {
            lines.push(format!("    {}", escaped(&member.path)));
            lines.extend(
                member.before.iter().map(|value| style.removed(&format!("      - {}", shown(value)))),
            );
            lines.extend(member.after.iter().map(|value| style.added(&format!("      + {}", shown(value)))));
        }
    }
    for definition in added {
        lines.push(String::new());
        lines.push(style.added(&format!("+ {}", named(definition))));
        let key = definition.kind().key();
        let members = definition.members().iter().filter(|(name, _)| *name != key);
        lines.extend(members.map(|(name, value)| format!("    {}: {}", escaped(name), shown(value))));
    }
    lines
}

fn named(definition: &Definition) -> String {
    format!("{} {}", definition.kind().as_str(), escaped(definition.name()))
}

/// A text as it is, anything else as JSON; what a reader would not see is written out in both.
fn shown(value: &Json<'_>) -> String {
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

#[cfg(test)]
mod tests {
    use portcullis_mcp::json::{self, Bounds};

    use super::*;

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
}
