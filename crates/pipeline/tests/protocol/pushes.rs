//! Streams that stay open while policies are pushed: each frame is judged by what is in force when it comes.

use http::Method;
use portcullis_identity::UnixSeconds;
use portcullis_policy::{Bundle, KeyId, Serial, SignedBundle, SigningKey, Source};
use portcullis_settings::PolicyKey;
use serde_json::{Value, json};

use crate::support::{
    CARD, Client, SETTINGS, call_of, legacy_result, notification, request, set, stream, upstream, whole,
};
use crate::world::{End, World, post, token_for};

/// Everybody may do everything.
const OPEN: &str = r#"@id("all") permit (principal, action, resource);"#;

fn signing_key() -> SigningKey {
    SigningKey::from_seed([7; 32])
}

/// A gateway that policies are pushed to; these are the first.
fn world(policies: &str) -> World {
    let key = PolicyKey::from(signing_key().verifying_key().as_bytes());
    let settings =
        format!("{SETTINGS}[policy]\nkeys = {{ ops = \"{key}\" }}\n[console]\nissuers = [\"idp\"]\n");
    World::of(&settings, policies)
}

/// Adds a rule to [`OPEN`] and lets it be found.
fn push(world: &World, rule: &str) {
    let text = format!("{OPEN}\n{rule}");
    let bundle = Bundle::build(&[Source { file: "p.cedar", text: &text }], &[]).unwrap();
    let key = (KeyId::parse("ops").unwrap(), &signing_key());
    let envelope = SignedBundle::sign(&bundle, (Serial(1), UnixSeconds(1)), key).to_json();
    let body = [envelope.as_bytes(), b"\n", bundle.as_bytes()].concat();
    let token = token_for("ada", "staff", &["https://gw.example.com/api"]);
    let mut request = post("crm", Some(&token), body);
    *request.method_mut() = Method::POST;
    *request.uri_mut() = "https://gw.example.com/api/policy".parse().unwrap();
    set(&mut request, "content-type", "application/octet-stream");
    let done = world.control(request);
    assert_eq!(done.status, 200, "{done:?}");
    world.ports.monotonic.set(world.ports.monotonic.get() + 500_000);
}

fn log(text: &str) -> Value {
    notification("notifications/message", json!({"level": "info", "data": text}))
}

#[test]
fn who_may_no_longer_see_a_class_sees_it_no_more_on_an_open_stream() {
    let world = world(OPEN);
    let client = Client::new(&world).in_session("2025-11-25");
    upstream(&world, |_| stream(&[log(CARD), log(CARD)], End::Silent));
    let mut reading = client.open(client.get(None));
    assert_eq!(reading.message().unwrap()["params"]["data"], CARD);
    push(
        &world,
        r#"@id("no-cards") forbid (principal, action == Action::"unmask", resource == DataClass::"pii.card");"#,
    );
    assert_eq!(reading.message().unwrap()["params"]["data"], "[card]");
    reading.leave();
}

#[test]
fn a_list_that_comes_again_is_shown_by_what_was_pushed() {
    let world = world(OPEN);
    let client = Client::new(&world);
    let tools = json!([{"name": "pay", "description": CARD}, {"name": "read", "description": "Reads"}]);
    upstream(&world, move |sent| whole(&sent.result(&json!({"tools": tools}))));
    let list = || client.send(&request(1, "tools/list", json!({}))).json()["result"]["tools"].clone();
    let before = [list(), list()];
    for tools in &before {
        assert_eq!(tools[0]["description"], CARD);
        assert_eq!(tools[1]["name"], "read");
    }
    push(
        &world,
        r#"@id("no-cards") forbid (principal, action == Action::"unmask", resource == DataClass::"pii.card");
        @id("no-reading") forbid (principal, action == Action::"crm/read", resource);"#,
    );
    for _ in 0..2 {
        assert_eq!(list(), json!([{"name": "pay", "description": "[card]"}]));
    }
}

#[test]
fn who_may_no_longer_subscribe_hears_no_more() {
    let world = world(OPEN);
    let client = Client::new(&world);
    let updated =
        |uri: &str| notification("notifications/resources/updated", json!({"uri": format!("crm://{uri}")}));
    upstream(&world, move |_| stream(&[updated("1"), updated("1"), updated("2")], End::Silent));
    let wanted = json!({"notifications": {"resourceSubscriptions": ["crm://1", "crm://2"]}});
    let mut reading = client.open(client.modern_request(&request(1, "subscriptions/listen", wanted)));
    let mut heard = || reading.message().map(|message| message["params"]["uri"].clone());
    assert_eq!(heard(), Some(json!("crm://1")));
    push(
        &world,
        r#"@id("no-one") forbid (principal, action == Action::"subscribe", resource == Resource::"crm/crm://1");"#,
    );
    assert_eq!(heard(), Some(json!("crm://2")), "the next news of the first is not for the caller");
}

#[test]
fn what_an_open_stream_brings_is_counted_as_soon_as_a_policy_reads_usage() {
    let world = world(OPEN);
    let client = Client::new(&world).in_session("2025-11-25");
    upstream(&world, |sent| match sent.verb {
        Method::GET => stream(&[log("one"), log("ana@example.com")], End::Silent),
        _ => whole(&sent.result(&legacy_result("hello"))),
    });
    let mut reading = client.open(client.get(None));
    reading.message().unwrap();
    push(
        &world,
        r#"@id("quota") forbid (principal, action in Action::"crm", resource)
            when { context.session.usage.day.distinct["pii.email"] >= 1 };"#,
    );
    let call = || client.send(&call_of(1, "read")).json()["result"]["content"][0]["text"].clone();
    assert_eq!(call(), "hello", "what passed before was not counted");
    assert!(reading.message().is_some());
    assert_eq!(call(), "not allowed");
    // And is there for the other instances when the stream ends.
    reading.leave();
    assert!(world.ports.store.borrow().keys().any(|key| key.contains(":usage:")));
}

#[test]
fn what_can_no_longer_be_counted_is_withheld_on_an_open_stream() {
    let world = world(OPEN);
    let client = Client::new(&world).in_session("2025-11-25");
    upstream(&world, |sent| match sent.verb {
        Method::GET => stream(&[log("one"), log("two")], End::Silent),
        _ => whole(&sent.result(&legacy_result("hello"))),
    });
    let mut reading = client.open(client.get(None));
    reading.message().unwrap();
    push(
        &world,
        r#"@id("quota") forbid (principal, action == Action::"crm/pay", resource) when { context.session.usage.day.calls >= 1 };"#,
    );
    world.ports.store_fails.set(Some(":usage:"));
    // What another request counts cannot be published for so long that nothing more is counted.
    assert_eq!(client.send(&call_of(1, "read")).json()["result"]["content"][0]["text"], "hello");
    world.ports.now.set(world.ports.now.get() + 6_000);
    world.ports.monotonic.set(world.ports.monotonic.get() + 6_000_000);
    assert_eq!(reading.next(), None);
    let log = world.ports.log.borrow().join("\n");
    assert!(log.contains("an answer is given up"), "{log}");
}
