//! Texts in blobs and in `data:` URLs are read as texts, in both directions; what is no text is binary.

use base64ct::{Base64, Encoding as _};
use serde_json::{Value, json};

use crate::leaks::{POLICIES, SETTINGS};
use crate::support::{
    Client, accepted, call_of, intents, legacy_result, messages, refusals, request, sent, stream, upstream,
    whole,
};
use crate::world::{End, World};

const CARD: &str = "4111 1111 1111 1111";
const REVISION: &str = "2025-11-25";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR";

fn base64(bytes: impl AsRef<[u8]>) -> String {
    Base64::encode_string(bytes.as_ref())
}

/// What the caller sees of a resource that is read. The connection lets binary content through, or not.
fn read(binary: &str, mut content: Value) -> (Value, World) {
    let settings = SETTINGS.replace("drift = \"log\"", &format!("drift = \"log\"\nbinary = \"{binary}\""));
    let world = World::of(&settings, POLICIES);
    content["uri"] = json!("crm://1");
    let result = json!({"contents": [content]});
    upstream(&world, move |sent| whole(&sent.result(&result)));
    let asked = request(1, "resources/read", json!({"uri": "crm://1"}));
    let done = Client::new(&world).in_session(REVISION).send(&asked).json();
    (done["result"]["contents"][0].clone(), world)
}

#[test]
fn a_blob_that_is_text_is_masked_and_one_that_is_not_is_withheld() {
    let nested = format!("{{\"inner\":\"data:text/plain;base64,{}\"}}", base64(CARD));
    for (kind, bytes, want) in [
        ("text/plain", "nothing in it".as_bytes().to_vec(), Some("nothing in it".to_owned())),
        ("text/plain", format!("card {CARD}").into_bytes(), Some("card [card]".to_owned())),
        (
            "application/json",
            format!("{{ \"a\": \"{CARD}\", \"n\": 1.0 }}").into_bytes(),
            Some(r#"{"a":"[card]","n":1.0}"#.to_owned()),
        ),
        // What nothing is masked in stays as it is written.
        ("application/json", b"{ \"a\": 1.0 }".to_vec(), Some("{ \"a\": 1.0 }".to_owned())),
        (
            "application/json",
            br#"{"a":"\u0034111 1111 1111 1111"}"#.to_vec(),
            Some(r#"{"a":"[card]"}"#.to_owned()),
        ),
        (
            "application/json",
            b"{\"card\":4111111111111111}".to_vec(),
            Some(r#"{"card":"[card]"}"#.to_owned()),
        ),
        ("application/json", format!("not JSON, {CARD}").into_bytes(), Some("not JSON, [card]".to_owned())),
        (
            "image/svg+xml",
            format!("<svg><text>{CARD}</text></svg>").into_bytes(),
            Some("<svg><text>[card]</text></svg>".to_owned()),
        ),
        ("application/json", nested.into_bytes(), None),
        ("image/svg+xml", b"<svg><image href=\"data:image/png;base64,iVBORw0KGgo=\"/></svg>".to_vec(), None),
        ("text/plain", PNG.to_vec(), None),
        ("text/plain; charset=utf-16", CARD.as_bytes().to_vec(), None),
        ("application/octet-stream", CARD.as_bytes().to_vec(), None),
        ("image/png", PNG.to_vec(), None),
    ] {
        let (seen, _) = read("deny", json!({"mimeType": kind, "blob": base64(&bytes)}));
        let told = String::from_utf8_lossy(&bytes).into_owned();
        match want {
            Some(text) => {
                assert_eq!(seen["blob"], base64(&text), "{kind} {told}: {seen}");
                assert_eq!(seen["mimeType"], kind);
            }
            None => assert_eq!(
                seen,
                json!({"uri": "crm://1", "mimeType": "text/plain", "text": "[binary content withheld by the gateway]"}),
                "{kind} {told}"
            ),
        }
    }
    for blob in [json!("not base64!"), json!([1, 2]), Value::Null] {
        let (seen, _) = read("deny", json!({"mimeType": "text/plain", "blob": blob}));
        assert!(seen.get("blob").is_none() && seen["text"].is_string(), "{seen}");
    }
}

/// That a connection lets binary content through does not mean that text goes unread in it, whatever it is called.
#[test]
fn where_binary_content_passes_what_is_text_is_masked_all_the_same() {
    let png = base64(PNG);
    for (kind, blob, want) in [
        ("image/png", png.clone(), png),
        ("text/plain", base64(CARD), base64("[card]")),
        ("application/octet-stream", base64(CARD), base64("[card]")),
        ("text/plain", "not base64!".to_owned(), "not base64!".to_owned()),
    ] {
        let (seen, _) = read("allow", json!({"mimeType": kind, "blob": blob}));
        assert_eq!(seen["blob"], want, "{kind}");
    }
}

#[test]
fn urls_that_carry_text_are_masked_and_others_are_withheld() {
    let card = base64(CARD);
    for (text, want) in [
        ("data:text/plain,one%20two".to_owned(), "data:text/plain,one%20two".to_owned()),
        (format!("data:text/plain;base64,{card}"), format!("data:text/plain;base64,{}", base64("[card]"))),
        ("data:text/plain,4111%201111%201111%201111".to_owned(), "data:text/plain,%5Bcard%5D".to_owned()),
        (format!(r#"{{"a":"\u0034{}"}}"#, CARD.get(1..).unwrap()), r#"{"a":"[card]"}"#.to_owned()),
        (r#"{ "a": "caf\u00e9" }"#.to_owned(), r#"{ "a": "caf\u00e9" }"#.to_owned()),
        // What is no more than a sentence.
        (format!("Data: one, two, {CARD}"), "Data: one, two, [card]".to_owned()),
        ("data: is a word".to_owned(), "data: is a word".to_owned()),
        (
            format!("data:image/png;base64,{}", base64(PNG)),
            "[binary content withheld by the gateway]".to_owned(),
        ),
        (format!("data:image/png;base64,{card}"), "[binary content withheld by the gateway]".to_owned()),
        ("data:text/plain;base64,!".to_owned(), "[binary content withheld by the gateway]".to_owned()),
    ] {
        let (seen, _) = read("deny", json!({"text": text}));
        assert_eq!(seen["text"], want, "{text}");
    }
}

#[test]
fn what_is_found_in_a_blob_is_counted_once_and_not_at_rest() {
    let (_, world) = read("deny", json!({"mimeType": "text/plain", "blob": base64(CARD)}));
    let outcome = world.outcomes().pop().unwrap();
    let counts = format!("{outcome:?}");
    assert!(counts.contains("\"pii.card\": 1"), "{counts}");
    let traces = world.traces();
    assert!(!traces.contains("4111") && !traces.contains(&base64(CARD)), "{traces}");
}

/// Texts in texts are followed as far as an instance's stack allows, and no text is too deep for it.
#[test]
fn what_is_carried_in_what_is_carried_is_read() {
    let wrap = |text: String| format!("data:text/plain;base64,{}", base64(text));
    let mut text = CARD.to_owned();
    for depth in 1..40 {
        text = wrap(text);
        if text.len() > 30_000 {
            break;
        }
        let (seen, _) = read("allow", json!({"text": text}));
        assert_eq!(seen["text"] != json!(text), depth <= 3, "depth {depth}");
    }
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    let blob = base64(deep);
    let (seen, _) = read("deny", json!({"mimeType": "application/json", "blob": blob}));
    assert_eq!(seen["blob"], blob);
}

/// A card that a caller sends, in every form in which it can be carried.
fn carried() -> Vec<(&'static str, Value)> {
    let card = base64(CARD);
    vec![
        ("a text", json!(CARD)),
        ("a URL", json!(format!("data:text/plain;base64,{card}"))),
        ("a URL with percent signs", json!("data:,4111%201111%201111%201111")),
        ("a blob", json!({"mimeType": "text/plain", "blob": card})),
        ("a blob without a type", json!({"blob": card})),
        ("a blob that is called something else", json!({"mimeType": "image/png", "blob": card})),
        (
            "a blob in a list",
            json!([{"resource": {"uri": "x:1", "blob": base64(format!("{{\"card\":\"{CARD}\"}}"))}}]),
        ),
        (
            "JSON with escapes in a URL",
            json!(format!("data:application/json;base64,{}", base64(r#"{"a":"\u0034111 1111 1111 1111"}"#))),
        ),
    ]
}

const RULE: &str = "\n[[deny]]\nid = \"no-cards\"\nlabels = [\"pii.card\"]\nconnections = [\"crm\"]\n";

#[test]
fn labels_see_what_a_call_carries() {
    let world = World::of(&format!("{SETTINGS}{RULE}"), POLICIES);
    upstream(&world, |sent| whole(&sent.result(&legacy_result("done"))));
    let client = Client::new(&world).in_session(REVISION);
    let call = |value: &Value| request(1, "tools/call", json!({"name": "read", "arguments": {"x": value}}));
    for (name, value) in carried() {
        let done = client.send(&call(&value));
        assert!(done.text.contains("not allowed"), "{name}: {done:?}");
        assert!(sent(&world).is_empty(), "{name}");
    }
    let clean = json!({"mimeType": "text/plain", "blob": base64("nothing")});
    assert!(client.send(&call(&clean)).text.contains("done"));
    // Nobody can read this, and policy is not told that somebody did.
    let picture = json!({"mimeType": "image/png", "blob": base64(PNG)});
    assert!(client.send(&call(&picture)).text.contains("done"));
    assert!(intents(&world).iter().all(|intent| intent.labels.is_empty()));
    assert!(refusals(&world).len() == carried().len() && !world.traces().contains(&base64(CARD)));
    // What a server would run is seen as well.
    let world = World::of(&format!("{SETTINGS}{}", RULE.replace("pii.card", "sql.destructive")), POLICIES);
    upstream(&world, |sent| whole(&sent.result(&legacy_result("done"))));
    let url = json!(format!("data:application/sql;base64,{}", base64("DROP TABLE customers")));
    assert!(Client::new(&world).in_session(REVISION).send(&call(&url)).text.contains("not allowed"));
}

#[test]
fn labels_see_what_the_client_s_answers_carry() {
    let sampling = || request(7, "sampling/createMessage", json!({"messages": [], "maxTokens": 9}));
    let form = || request(7, "elicitation/create", json!({"message": "x", "requestedSchema": {}}));
    for (name, value) in carried() {
        let block = json!({"type": "tool_result", "toolUseId": "u", "content": [
            {"type": "resource", "resource": {"uri": "x:1", "nested": value}}]});
        for (question, result) in [
            (form(), json!({"action": "accept", "content": {"x": value}})),
            (sampling(), json!({"role": "assistant", "model": "m", "content": [block]})),
        ] {
            let world = World::of(&format!("{SETTINGS}{RULE}"), POLICIES);
            let asked = question.clone();
            upstream(&world, move |sent| match sent.method() {
                "tools/call" => stream(&[asked.clone(), sent.result(&legacy_result("done"))], End::Whole),
                _ => accepted(),
            });
            let client = Client::new(&world).in_session(REVISION);
            let done = client.send(&call_of(1, "read"));
            let id = messages(&done.text)[0]["id"].clone();
            sent(&world);
            client.send(&json!({"jsonrpc": "2.0", "id": id, "result": result}));
            let told = sent(&world).pop().unwrap().body;
            assert_eq!(told["error"]["message"], "not allowed", "{name}: {told}");
        }
    }
}
