//! What a list says of what nobody may do alone.
//!
//! A caller who does not know that people must approve a call takes the waiting for a fault and tries again. So an item
//! that is never allowed without approval says so twice: to the model in its description, to programs in `_meta`. Who
//! may approve it stays with the gateway.

use portcullis_mcp::json::{Json, Object};

/// Whether people must approve before it happens, whatever the arguments (MCP, `_meta`).
const NEEDS_APPROVAL: &str = "portcullis/needs-approval";
const SENTENCE: &str = "Needs approval by a person before it happens.";

/// Marks an item of a list.
pub(super) fn mark(item: &mut Object<'_>) {
    let description = match item.get_str("description") {
        Some(text) if !text.is_empty() => format!("{text}\n\n{SENTENCE}"),
        Some(_) | None => SENTENCE.to_owned(),
    };
    item.insert("description", description);
    match item.get_mut("_meta").and_then(Json::as_object_mut) {
        Some(meta) => meta.insert(NEEDS_APPROVAL, true),
        None => item.insert("_meta", Object::new().with(NEEDS_APPROVAL, true)),
    }
}

/// Takes out what only the gateway may say.
pub(super) fn unmark(item: &mut Object<'_>) {
    if let Some(meta) = item.get_mut("_meta").and_then(Json::as_object_mut) {
        meta.remove(NEEDS_APPROVAL);
    }
}

#[cfg(test)]
mod tests {
    use portcullis_mcp::json::{self, Bounds};

    use super::*;

    fn marked(text: &str) -> String {
        let Json::Object(mut item) = json::parse(text.as_bytes(), Bounds::answer(8)).unwrap() else {
            panic!()
        };
        mark(&mut item);
        Json::from(item).to_string()
    }

    #[test]
    fn a_marked_item_says_so_to_models_and_to_programs() {
        for (item, want) in [
            (
                r#"{"name":"a"}"#,
                r#"{"name":"a","description":"Needs approval by a person before it happens.","_meta":{"portcullis/needs-approval":true}}"#,
            ),
            (
                r#"{"name":"a","description":"Pays.","_meta":{"x":1}}"#,
                r#"{"name":"a","description":"Pays.\n\nNeeds approval by a person before it happens.","_meta":{"x":1,"portcullis/needs-approval":true}}"#,
            ),
            (
                r#"{"_meta":7,"description":""}"#,
                r#"{"_meta":{"portcullis/needs-approval":true},"description":"Needs approval by a person before it happens."}"#,
            ),
        ] {
            assert_eq!(marked(item), want);
        }
    }

    #[test]
    fn a_server_cannot_say_it_or_deny_it() {
        let text = r#"{"_meta":{"portcullis/needs-approval":false,"x":1}}"#;
        let Json::Object(mut item) = json::parse(text.as_bytes(), Bounds::answer(8)).unwrap() else {
            panic!()
        };
        unmark(&mut item);
        assert_eq!(Json::from(item).to_string(), r#"{"_meta":{"x":1}}"#);
    }
}
