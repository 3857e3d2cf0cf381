//! Images, audio and other binary: nothing can read what they show, so a connection must say that they may pass.
//!
//! Blobs and `data:` URLs that are called text and are it stay: they are masked as the text that they carry.

use portcullis_mcp::carried::{Carried, is_data_url};
use portcullis_mcp::json::{Json, Object};

const NOTICE: &str = "[binary content withheld by the gateway]";

/// Replaces binary content anywhere below `object` by a text, and counts how often.
///
/// What counts as binary is the shape that MCP gives it: a content block of the type `image`, `audio` or `video`,
/// a `blob` or a `data:` URL that is no text, and a `text` whose `mimeType` says that it is none. `data` of other types
/// stays: it is text or structure and is scanned.
pub(crate) fn withhold(object: &mut Object<'_>) -> u32 {
    let shape = Shape::of(object);
    if shape.is_media && shape.has_data {
        *object = Object::new().with("type", "text").with("text", NOTICE);
        return 1;
    }
    let unreadable = shape.has_text && shape.is_binary;
    let hides = shape.has_blob && !Carried::of_blob(object).is_some_and(|blob| is_read(&blob));
    let blob = u32::from(hides || unreadable);
    if blob > 0 {
        object.remove("blob");
        object.insert("text", NOTICE);
        object.insert("mimeType", "text/plain");
    }
    object.iter_mut().map(|(_, value)| withhold_in(value)).fold(blob, u32::saturating_add)
}

/// What an object has of what content has, found in one pass: most objects have nothing.
#[derive(Default)]
struct Shape {
    has_blob: bool,
    has_data: bool,
    has_text: bool,
    is_binary: bool,
    is_media: bool,
}

impl Shape {
    fn of(object: &Object<'_>) -> Self {
        let mut shape = Self::default();
        for (key, value) in object.iter() {
            match key {
                "blob" => shape.has_blob = true,
                "data" => shape.has_data = true,
                "mimeType" => shape.is_binary = value.as_str().is_some_and(is_binary),
                "text" => shape.has_text = true,
                "type" => shape.is_media = matches!(value.as_str(), Some("image" | "audio" | "video")),
                _ => {}
            }
        }
        shape
    }
}

/// The same for any value.
pub(crate) fn withhold_in(value: &mut Json<'_>) -> u32 {
    match value {
        Json::Object(object) => withhold(object),
        Json::Array(items) => items.iter_mut().map(withhold_in).fold(0, u32::saturating_add),
        Json::String(text)
            if is_data_url(text) && !Carried::of_url(text).is_some_and(|url| is_read(&url)) =>
        {
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

/// Whether masking reads all of it. A type that is not that of text is believed: such content may be made so that a text is
/// read in it where clients show something else.
fn is_read(carried: &Carried) -> bool {
    carried.is_called_text() && !carried.has_data_urls()
}
