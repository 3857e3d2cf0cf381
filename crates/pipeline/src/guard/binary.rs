//! Images, audio and blobs: nothing can read what they show, so a connection must say that they may pass.

use portcullis_mcp::json::{Json, Object};

const NOTICE: &str = "[binary content withheld by the gateway]";

/// Replaces binary content anywhere below `object` by a text, and counts how often.
///
/// What counts as binary is the shape that MCP gives it: a content block of the type `image` or `audio`, and
/// anything with a `blob`. `data` of other types stays: it is text or structure and is scanned.
pub(crate) fn withhold(object: &mut Object<'_>) -> u32 {
    if matches!(object.get_str("type"), Some("image" | "audio")) && object.get("data").is_some() {
        *object = Object::new().with("type", "text").with("text", NOTICE);
        return 1;
    }
    let blob = u32::from(object.remove("blob").is_some());
    if blob > 0 {
        object.insert("text", NOTICE);
        object.insert("mimeType", "text/plain");
    }
    blob + object.iter_mut().map(|(_, value)| withhold_in(value)).sum::<u32>()
}

fn withhold_in(value: &mut Json<'_>) -> u32 {
    match value {
        Json::Object(object) => withhold(object),
        Json::Array(items) => items.iter_mut().map(withhold_in).sum(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => 0,
    }
}
