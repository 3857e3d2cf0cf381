//! What a client says of itself, as a server gets it.
//!
//! It only says how requests are meant and is on no record, so nothing of it may be longer than an id: else it would be
//! a way for a caller to tell a server what nobody can read later.

use portcullis_mcp::era::{Call, META_CLIENT_INFO};
use portcullis_mcp::json::{Json, Object};
use portcullis_mcp::message::LONGEST_ID;
use portcullis_mcp::method::Method;
use portcullis_settings::ClientFeature;

/// What of a client's description of itself goes to servers.
const INFO: [&str; 3] = ["name", "title", "version"];

/// Leaves name, title and version of the client, cut to the length of an id.
pub(crate) fn shorten_info(call: &mut Call<'_>) {
    let Some(params) = call.params.as_mut() else { return };
    if call.method == Method::Initialize {
        shorten(params, "clientInfo");
    }
    if let Some(meta) = params.get_mut("_meta").and_then(Json::as_object_mut) {
        shorten(meta, META_CLIENT_INFO);
    }
}

fn shorten(holder: &mut Object<'_>, member: &'static str) {
    let Some(info) = holder.get(member) else { return };
    let Some(info) = info.as_object() else {
        holder.remove(member);
        return;
    };
    let mut short = Object::new();
    for part in INFO {
        let text = info.get_str(part).and_then(|text| text.get(..text.floor_char_boundary(LONGEST_ID)));
        if let Some(text) = text {
            short.insert(part, text.to_owned());
        }
    }
    holder.insert(member, short);
}

/// What MCP defines of the capability of a feature, and nothing else. `pages`: whether the user may be asked to open
/// one. `None` if nothing is left of it.
pub(crate) fn capability(
    feature: ClientFeature,
    declared: &Object<'_>,
    pages: bool,
) -> Option<Object<'static>> {
    let has = |member: &str| declared.get(member).is_some();
    let with = |members: &[&'static str]| {
        let present = members.iter().filter(|member| has(member));
        present.fold(Object::new(), |object, member| object.with(*member, Object::new()))
    };
    match feature {
        // MCP 2025-11-25, elicitation: an empty object would mean that the client shows forms.
        ClientFeature::Elicitation if has("url") && !has("form") => pages.then(|| with(&["url"])),
        ClientFeature::Elicitation if pages => Some(with(&["form", "url"])),
        ClientFeature::Elicitation => Some(with(&["form"])),
        ClientFeature::Roots => Some(match declared.get("listChanged") {
            Some(Json::Bool(tells)) => Object::new().with("listChanged", *tells),
            Some(_) | None => Object::new(),
        }),
        ClientFeature::Sampling => Some(with(&["context", "tools"])),
    }
}

/// Takes out of capabilities what is longer together than an id.
pub(crate) fn keep_short(capabilities: &mut Object<'_>) {
    let length: usize = capabilities.iter().map(|(name, value)| name.len() + value.to_string().len()).sum();
    if length > LONGEST_ID {
        capabilities.retain(|_| false);
    }
}
