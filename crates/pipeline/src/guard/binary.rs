//! Images, audio and blobs: nothing can read what they show, so a connection must say that they may pass.

use portcullis_mcp::json::{Json, Object};

const NOTICE: &str = "[binary content withheld by the gateway]";

/// Replaces binary content anywhere below `object` by a text, and counts how often.
///
/// What counts as binary is the shape that MCP gives it: a content block of the type `image`, `audio` or `video`,
/// anything with a `blob`, a `text` whose `mimeType` says that it is none, and `data:` URLs. `data` of other types
/// stays: it is text or structure and is scanned.
pub(crate) fn withhold(object: &mut Object<'_>) -> u32 {
    if matches!(object.get_str("type"), Some("image" | "audio" | "video")) && object.get("data").is_some() {
        *object = Object::new().with("type", "text").with("text", NOTICE);
        return 1;
    }
    let unreadable = object.get("text").is_some() && object.get_str("mimeType").is_some_and(is_binary);
    let blob = u32::from(object.remove("blob").is_some() || unreadable);
    if blob > 0 {
        object.insert("text", NOTICE);
        object.insert("mimeType", "text/plain");
    }
    object.iter_mut().map(|(_, value)| withhold_in(value)).fold(blob, u32::saturating_add)
}

/// The same for any value.
pub(crate) fn withhold_in(value: &mut Json<'_>) -> u32 {
    match value {
        Json::Object(object) => withhold(object),
        Json::Array(items) => items.iter_mut().map(withhold_in).fold(0, u32::saturating_add),
        Json::String(text) if is_data_url(text) => {
            *text = NOTICE.into();
            1
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => 0,
    }
}

fn is_binary(kind: &str) -> bool {
    let kind = kind.trim_start().to_ascii_lowercase();
    ["image/", "audio/", "video/", "font/", "application/octet-stream", "application/pdf", "application/zip"]
        .iter()
        .any(|binary| kind.starts_with(binary))
        && !kind.starts_with("image/svg")
}

fn is_data_url(text: &str) -> bool {
    text.trim_start().get(..5).is_some_and(|start| start.eq_ignore_ascii_case("data:"))
}
