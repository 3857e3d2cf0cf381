//! Whatever a server says, in whichever member of whichever frame, a card number and the connection's own credential do not
//! come through it, and what the protocol needs unchanged does.
//!
//! The frames are data (`frames`): each is a message in which `@` stands where a text can, `@n` where a number can, `@k`
//! for the name of a member and `@b` for a blob. They are filled with each value in each disguise (`disguises`), sent in
//! both eras, as JSON and as a stream, and what the caller sees is read as a client and a person would read it (`seen`).

mod disguises;
mod frames;
mod seen;

use serde_json::{Value, json};

use crate::leaks::disguises::{Disguise, Secret, disguises};
use crate::leaks::frames::{Frame, Place, frames, frames_of_subscriptions};
use crate::leaks::seen::seen;
use crate::support::{Client, Sent, call_of, messages, raw_stream, request, response, sent, upstream, whole};
use crate::world::{End, Upstream, World};

pub(crate) const REVISION: &str = "2025-11-25";
const TASKS: &str = "io.modelcontextprotocol/tasks";

/// One connection with a credential, whose server may ask everything.
pub(crate) const SETTINGS: &str = r#"
public_url = "https://gw.example.com"
secret_key = "0123456789abcdef0123456789abcdef"
[limits]
depth = 24
[issuers.idp]
issuer = "https://idp.example.com"
jwks_url = "https://idp.example.com/keys"
[connections.crm]
url = "https://crm.example.com/mcp"
issuers = ["idp"]
drift = "log"
credential = { header = "Authorization", value = "Bearer q7K+9zR_p4/tW2x" }
client_features = ["elicitation", "roots", "sampling"]
elicitation_hosts = ["login.example.com"]
"#;

/// Everything is allowed but to see something in clear.
pub(crate) const POLICIES: &str = r#"
@id("staff") permit (principal in Group::"idp:staff", action, resource);
@id("no-unmask") forbid (principal, action == Action::"unmask", resource);
"#;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Era {
    Handshake,
    Modern,
}

/// How a server delivers what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Delivery {
    Json,
    Stream,
}

fn client(world: &World, era: Era) -> Client<'_> {
    match era {
        Era::Handshake => Client::new(world).in_session(REVISION),
        Era::Modern => Client::new(world).able(
            json!({"elicitation": {"form": {}, "url": {}}, "sampling": {}, "roots": {}, "extensions": {TASKS: {}}}),
        ),
    }
}

/// What the caller sees of a frame that is filled like this.
fn show(frame: &Frame, disguise: &Disguise, delivery: Delivery) -> (String, String) {
    let world = World::of(SETTINGS, POLICIES);
    let client = client(&world, frame.era);
    if let Some(task) = frame.task {
        own_task(&world, &client, (frame.era, task));
    }
    let (place, after) = (frame.place, frame.after.as_ref().map(Value::to_string));
    let message = disguise.fill(&frame.message);
    upstream(&world, move |sent| {
        let id = sent.body["id"].to_string();
        let done = match frame_is_modern(sent) {
            true => r#"{"resultType":"complete","content":[]}"#,
            false => r#"{"content":[]}"#,
        };
        let answer =
            |member: &str, value: &str| format!(r#"{{"jsonrpc":"2.0","id":{id},"{member}":{value}}}"#);
        let messages = match place {
            Place::Error => vec![answer("error", &message)],
            Place::Result => vec![answer("result", &message)],
            Place::Before => {
                after.clone().into_iter().chain([message.clone(), answer("result", done)]).collect()
            }
            Place::Subscription => vec![message.clone()],
        };
        match (delivery, messages.as_slice()) {
            (Delivery::Json, [only]) => {
                response(200, "application/json", vec![only.clone().into_bytes()], End::Whole)
            }
            (Delivery::Json | Delivery::Stream, several) => {
                let events: String = several.iter().map(|message| format!("data: {message}\n\n")).collect();
                raw_stream(&events, End::Whole)
            }
        }
    });
    let done = match frame.era {
        Era::Handshake if frame.request["method"] == "initialize" => Client::new(&world).send(&frame.request),
        Era::Handshake => client.send(&frame.request),
        Era::Modern => client.send_modern(&frame.request),
    };
    (done.text, world.traces())
}

fn frame_is_modern(sent: &Sent) -> bool {
    sent.header("mcp-method").is_some()
}

/// Lets the caller create a task of this id.
fn own_task(world: &World, client: &Client<'_>, (era, id): (Era, &'static str)) {
    let task = json!({"taskId": id, "status": "working"});
    let mut call = call_of(1, "work");
    let created = match era {
        Era::Handshake => {
            call["params"]["task"] = json!({"ttl": 1000});
            json!({"task": task})
        }
        Era::Modern => {
            let mut task = task;
            task["resultType"] = json!("task");
            task
        }
    };
    upstream(world, move |sent| whole(&sent.result(&created)));
    match era {
        Era::Handshake => client.send(&call),
        Era::Modern => client.send_modern(&call),
    };
}

/// Whether a frame has a place for a disguise.
fn fits(frame: &Frame, disguise: &Disguise) -> bool {
    let marks = frame.message.to_string();
    let has = |mark: &str| marks.contains(&format!("\"{mark}\""));
    match disguise.literal.starts_with('"') {
        true => has("@") || has("@b") || has("@k"),
        false => has("@n"),
    }
}

#[test]
fn neither_a_card_nor_the_credential_comes_through_any_frame() {
    let disguises = disguises();
    let mut n_shown = 0;
    for frame in frames().iter().chain(&frames_of_subscriptions()) {
        let deliveries: &[Delivery] = match frame.place {
            Place::Error | Place::Result => &[Delivery::Json, Delivery::Stream],
            Place::Before | Place::Subscription => &[Delivery::Stream],
        };
        for disguise in disguises.iter().filter(|disguise| fits(frame, disguise)) {
            for delivery in deliveries {
                let case = format!("{:?} {}: {} {delivery:?}", frame.era, frame.name, disguise.name);
                let (text, traces) = show(frame, disguise, *delivery);
                let seen = seen(&text);
                let bare = disguise.secret.bare();
                assert!(!seen.contains(bare), "{case}: {text}");
                assert!(seen.contains(disguise.secret.placeholder()), "{case}: {text}");
                assert!(seen.contains("kept"), "{case}: {text}");
                assert!(!seen::folded(&traces).contains(bare), "{case}: at rest: {traces}");
                n_shown += 1;
            }
        }
    }
    // Every frame has been seen with every disguise that it has a place for.
    assert!(n_shown > 1000, "{n_shown}");
}

/// Two values that both would be masked anywhere else.
#[test]
fn what_the_protocol_needs_unchanged_passes_as_it_is() {
    let card = "4111111111111111";
    let notified = |era, method: &str, params: Value| Frame::before(era, "opaque", method, params);
    for (name, frame, pointer) in [
        (
            "a cursor",
            Frame::result(Era::Modern, "opaque", "tools/list", json!({"tools": [], "nextCursor": card})),
            "/result/nextCursor",
        ),
        (
            "a cursor, before",
            Frame::result(
                Era::Handshake,
                "opaque",
                "resources/list",
                json!({"resources": [], "nextCursor": card}),
            ),
            "/result/nextCursor",
        ),
        (
            "a progress token",
            notified(Era::Modern, "notifications/progress", json!({"progressToken": card, "progress": 1})),
            "/params/progressToken",
        ),
        (
            "a number as a progress token",
            notified(Era::Handshake, "notifications/progress", json!({"progressToken": card, "progress": 1})),
            "/params/progressToken",
        ),
        (
            "the id of a page",
            notified(Era::Handshake, "notifications/elicitation/complete", json!({"elicitationId": card})),
            "/params/elicitationId",
        ),
    ] {
        let (text, _) = show(&frame, &Disguise::plain(Secret::Card), Delivery::Stream);
        let messages = messages(&text);
        let found = messages.iter().find_map(|message| message.pointer(pointer));
        assert_eq!(found, Some(&json!(card)), "{name}: {text}");
    }
    // The caller's own id, whatever it looks like.
    let world = World::of(SETTINGS, POLICIES);
    upstream(&world, |sent| whole(&sent.result(&json!({"content": []}))));
    let done = client(&world, Era::Handshake).send(&call_of(card, "read"));
    assert_eq!(done.json()["id"], card);
}

/// A state that looks like a card comes back to the server as it was.
#[test]
fn a_state_of_the_server_comes_back_to_it_unchanged() {
    let card = "4111111111111111";
    let world = World::of(SETTINGS, POLICIES);
    let result = json!({"resultType": "input_required", "requestState": card, "inputRequests": {
        "q": {"method": "elicitation/create", "params": {"message": "which?", "requestedSchema": {}}}
    }});
    upstream(&world, move |sent| whole(&sent.result(&result)));
    let client = client(&world, Era::Modern);
    let first = client.send_modern(&call_of(1, "read")).json();
    let state = first["result"]["requestState"].clone();
    assert!(state.is_string() && state != card, "{first}");
    sent(&world);
    let answer = json!({"name": "read", "arguments": {}, "requestState": state,
        "inputResponses": {"q": {"action": "accept", "content": {}}}});
    client.send_modern(&request(2, "tools/call", answer));
    assert_eq!(sent(&world)[0].body["params"]["requestState"], card);
}

/// A body that is neither JSON nor a stream is nothing that could be masked.
#[test]
fn nothing_else_that_a_server_sends_is_passed_on() {
    for (status, kind) in
        [(500, "text/plain"), (403, "text/html"), (200, "text/plain"), (502, "application/json")]
    {
        let world = World::of(SETTINGS, POLICIES);
        let body = b"4111 1111 1111 1111 q7K+9zR_p4/tW2x".to_vec();
        *world.ports.upstream.borrow_mut() = Upstream::Answers {
            status,
            headers: vec![("content-type", kind.to_owned()), ("x-card", "4111111111111111".to_owned())],
            chunks: vec![body],
            end: End::Whole,
        };
        let done = Client::new(&world).send_modern(&call_of(1, "read"));
        let all = format!("{:?} {}", done.headers, done.text);
        assert!(!all.contains("4111") && !all.contains("9zR_p4"), "{status} {kind}: {all}");
    }
}
