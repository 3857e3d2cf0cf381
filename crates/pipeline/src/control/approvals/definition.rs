//! Definitions as reviewers see them, and how they stand to what is pinned now.

use portcullis_approval::{Definition, Operation};
use portcullis_mcp::json::Json;
use portcullis_pins::{Kind, Pin};
use portcullis_settings::ConnectionName;
use serde_json::{Value, json};

use crate::exchange::Exchange;
use crate::ports::Ports;

/// What is called: the definition that is pinned now if that is what the request was made under, and whether it is.
pub(super) fn of_call<P: Ports>(x: &Exchange<P>, operation: &Operation) -> Value {
    let Operation { connection, method, name, definition, .. } = operation;
    let kind = match method.as_str() {
        "tools/call" => Kind::Tool,
        "prompts/get" => Kind::Prompt,
        "resources/read" => Kind::Resource,
        _ => return Value::Null,
    };
    let digest = definition.map(|digest| digest.to_string());
    let pin = x.active.approved().pin(connection, kind, name);
    let is_pinned =
        matches!((pin, &digest), (Pin::Approved(pin), Some(digest)) if pin.to_string() == *digest);
    let standing = match pin {
        Pin::Approved(_) if is_pinned => "pinned",
        Pin::Approved(_) => "drifted",
        Pin::Missing => "unpinned",
        Pin::Unpinned => "not_checked",
    };
    let pinned = if is_pinned { pinned(x, (connection, kind, name)) } else { Value::Null };
    json!({ "digest": digest, "pinned": pinned, "standing": standing })
}

/// A definition that waits for its owners; what it says is with the arguments of the request, as it is on record.
pub(super) fn held<P: Ports>(x: &Exchange<P>, held: &Definition) -> Value {
    let Definition { requester: _, connection, kind, name, digest, pinned: differs_from } = held;
    let (digest, differs_from) = (digest.to_string(), differs_from.map(|digest| digest.to_string()));
    let kind = Kind::ALL.into_iter().find(|known| known.as_str() == kind);
    let pin = kind.map_or(Pin::Unpinned, |kind| x.active.approved().pin(connection, kind, name));
    let standing = match pin {
        Pin::Approved(pin) if pin.to_string() == digest => "pinned",
        Pin::Approved(_) => "drifted",
        Pin::Missing => "unpinned",
        Pin::Unpinned => "not_checked",
    };
    // What it is to be compared with, if that is still pinned.
    let before = match (kind, pin) {
        (Some(kind), Pin::Approved(pin)) if Some(pin.to_string()) == differs_from => {
            pinned(x, (connection, kind, name))
        }
        (Some(_) | None, Pin::Approved(_) | Pin::Missing | Pin::Unpinned) => Value::Null,
    };
    json!({ "digest": digest, "differs_from": differs_from, "pinned": before, "standing": standing })
}

fn pinned<P: Ports>(x: &Exchange<P>, (connection, kind, name): (&ConnectionName, Kind, &str)) -> Value {
    let pinned = x.active.approved().definition(connection, kind, name).ok().flatten();
    let pinned = pinned.and_then(|pinned| serde_json::from_str(&Json::from(pinned).to_string()).ok());
    pinned.unwrap_or(Value::Null)
}
