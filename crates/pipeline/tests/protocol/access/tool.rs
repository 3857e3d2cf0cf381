//! The tool that the gateway offers to ask for a group.

use serde_json::{Value, json};

use super::{ACCESS, POLICIES, approve, later, restart, settings, world};
use crate::support::{
    Client, call_of, intents, legacy_result, messages, refusals, request, sent, text_result, upstream, whole,
};
use crate::world::World;

pub(super) const NAME: &str = "portcullis.request_access";

fn ask() -> Value {
    let arguments = json!({"group": "idp:on-call", "for": "2m", "reason": "the pager rang"});
    request(1, "tools/call", json!({"name": NAME, "arguments": arguments}))
}

fn text(message: &Value) -> String {
    message["result"]["content"][0]["text"].as_str().unwrap_or_default().to_owned()
}

fn id(text: &str) -> String {
    let (_, rest) = text.split_once("(request ").unwrap_or_else(|| panic!("nothing is asked: {text}"));
    rest.split(')').next().unwrap().to_owned()
}

fn listing(world: &World, tools: Value, cursor: Value) {
    upstream(world, move |sent| {
        let mut result = json!({"resultType": "complete", "tools": tools});
        if !cursor.is_null() {
            result["nextCursor"] = cursor.clone();
        }
        whole(&sent.result(&result))
    });
}

fn listed(client: &Client<'_>) -> Vec<Value> {
    let done = client.send_modern(&request(1, "tools/list", json!({}))).json();
    done["result"]["tools"].as_array().unwrap_or_else(|| panic!("{done}")).clone()
}

#[test]
fn an_agent_asks_by_a_tool_and_goes_on_once_people_agree() {
    let world = world();
    let ada = Client::new(&world);
    for (name, modern) in [("modern", true), ("legacy", false)] {
        let send = || if modern { ada.send_modern(&ask()) } else { ada.send(&ask()) };
        let message = send().json();
        let told = text(&message);
        let id = id(&told);
        assert!(told.contains("people are asked to let you be in idp:on-call for 120 s"), "{told}");
        assert!(told.contains(&format!("https://gw.example.com/approve/{id} ")), "{told}");
        assert_eq!(message["result"]["isError"], Value::Null, "{name}");
        let kind = &message["result"]["resultType"];
        assert_eq!(*kind, if modern { json!("complete") } else { Value::Null });
        assert_eq!(self::id(&text(&send().json())), id, "asking again asks nobody");
        let intent = intents(&world).pop().unwrap();
        assert_eq!((intent.method.as_str(), intent.name.as_deref()), ("tools/call", Some(NAME)));
        assert_eq!((intent.connection.as_str(), intent.decision.policies[0].id.as_str()), ("crm", "ask"));
        assert!(intent.arguments.text.text().contains("the pager rang"));
        let outcome = world.outcomes().pop().unwrap();
        assert_eq!(outcome.id, intent.id);
        assert!(outcome.text.text().contains("people are asked"), "{}", outcome.text.text());
        assert_eq!(sent(&world).len(), 0, "the upstream knows nothing of it");
        approve(&world, &id);
        assert!(restart(&ada).starts_with("done"));
        assert!(text(&send().json()).contains("you are in idp:on-call for another 120 s"), "{name}");
        sent(&world);
        later(&world, 120);
        assert_eq!(restart(&ada), "not allowed");
    }
}

#[test]
fn what_cannot_be_asked_for_is_an_error_of_the_tool() {
    let world = world();
    let with = |group: &str, time: &str| {
        let arguments = json!({"group": group, "for": time, "reason": "x"});
        request(1, "tools/call", json!({"name": NAME, "arguments": arguments}))
    };
    let staff = Client::new(&world);
    let guest = Client::of(&world, "eve", "others");
    for (name, client, call, want) in [
        ("not listed", &staff, with("idp:gods", "1m"), "not allowed"),
        ("not theirs", &staff, with("idp:root", "1m"), "not allowed"),
        ("nobody's", &guest, with("idp:on-call", "1m"), "not allowed"),
        (
            "too long",
            &staff,
            with("idp:on-call", "6m"),
            "the group `idp:on-call` can be asked for from 1 second to 300 seconds, in whole seconds",
        ),
        ("nothing", &staff, call_of(1, NAME), "say `group`, `for`"),
        ("no arguments", &staff, request(1, "tools/call", json!({"name": NAME})), "say `group`, `for`"),
    ] {
        let message = client.send(&call).json();
        assert_eq!(message["result"]["isError"], true, "case: {name}: {message}");
        assert!(text(&message).starts_with(want), "case: {name}: {message}");
        assert!(matches!(refusals(&world).pop().unwrap().kind.as_str(), "denied" | "not_asked"), "{name}");
    }
    assert!(intents(&world).is_empty() && sent(&world).is_empty());
}

#[test]
fn a_list_shows_it_at_its_end_to_who_may_ask() {
    let world = world();
    let look = json!({"name": "look", "inputSchema": {"type": "object"}});
    listing(&world, json!([look]), Value::Null);
    let tools = listed(&Client::new(&world));
    let [_, own] = tools.as_slice() else { panic!("{tools:?}") };
    assert_eq!(own["name"], NAME);
    let properties = &own["inputSchema"]["properties"];
    assert_eq!(properties["group"]["enum"], json!(["idp:on-call"]), "only what this caller may ask for");
    assert_eq!(own["inputSchema"]["required"], json!(["group", "for", "reason"]));
    // Who is in the group, or may ask for nothing, has no use for it.
    for (name, group, want) in [("eve", "others", 0), ("olga", "on-call", 1), ("gus", "guests", 1)] {
        let n_own =
            listed(&Client::of(&world, name, group)).iter().filter(|tool| tool["name"] == NAME).count();
        assert_eq!(n_own, want, "{group}");
    }
    // Another page follows.
    listing(&world, json!([look]), json!("more"));
    assert_eq!(listed(&Client::new(&world)).len(), 1);
    let off = World::of(&settings().replace("tool = true", "tool = false"), POLICIES);
    listing(&off, json!([look]), Value::Null);
    assert_eq!(listed(&Client::new(&off)).len(), 1);
}

#[test]
fn a_tool_of_the_upstream_with_its_name_is_neither_seen_nor_called() {
    let policies =
        format!("{POLICIES}@id(\"all\") permit (principal, action in Action::\"call\", resource);");
    let world = World::of(&settings(), &policies);
    let theirs = json!({"name": NAME, "description": "theirs", "inputSchema": {"type": "object"}});
    listing(&world, json!([theirs]), Value::Null);
    let tools = listed(&Client::new(&world));
    let [own] = tools.as_slice() else { panic!("{tools:?}") };
    assert!(own["description"].as_str().unwrap().starts_with("Asks people"), "{own}");
    assert!(listed(&Client::of(&world, "eve", "others")).is_empty());
    let log = world.ports.log.borrow().join("\n");
    assert!(log.contains("a tool of the upstream is hidden"), "{log}");
    sent(&world);
    Client::of(&world, "eve", "others").send(&call_of(1, NAME));
    assert_eq!(sent(&world).len(), 0);
    // Where the gateway offers none, it is a tool like any other.
    let off = World::of(&settings().replace(ACCESS, ""), &policies);
    listing(&off, json!([theirs]), Value::Null);
    assert_eq!(listed(&Client::new(&off))[0]["description"], "theirs");
    upstream(&off, |sent| whole(&sent.result(&legacy_result("theirs"))));
    assert_eq!(text(&Client::new(&off).send(&call_of(1, NAME)).json()), "theirs");
}

#[test]
fn it_is_there_once_where_all_connections_are_served() {
    let world = world();
    listing(&world, json!([{"name": "look", "inputSchema": {"type": "object"}}]), Value::Null);
    let everywhere = Client::new(&world).on("");
    let names: Vec<Value> = listed(&everywhere).iter().map(|tool| tool["name"].clone()).collect();
    assert_eq!(names, [json!("crm__look"), json!(NAME)]);
    sent(&world);
    let told = text(&everywhere.send_modern(&ask()).json());
    let id = id(&told);
    assert_eq!(sent(&world).len(), 0);
    approve(&world, &id);
    upstream(&world, |sent| whole(&sent.result(&text_result("done"))));
    let done = everywhere.send_modern(&call_of(1, "crm__restart")).json();
    assert_eq!(text(&done), "done", "{done}");
}

#[test]
fn it_can_be_called_in_a_batch() {
    let world = world();
    let ada = Client::new(&world).in_session("2025-03-26");
    upstream(&world, |sent| whole(&sent.result(&legacy_result("done"))));
    let mut asks = ask();
    asks["id"] = json!(2);
    let done = world.send(ada.request(&json!([call_of(1, "look"), asks])));
    let answers = messages(&done.text);
    let own = answers.iter().find(|answer| answer["id"] == 2).unwrap();
    assert!(text(own).starts_with("people are asked"), "{own}");
    assert_eq!((answers.len(), sent(&world).len()), (2, 1));
}
