//! Detectors that came with a bundle of policies: what they find is a label, and masked, like anything else.
#![expect(clippy::unwrap_used, reason = "a failing test is its report")]

#[expect(dead_code, reason = "other tests use more of it")]
mod world;

use std::collections::BTreeMap;
use std::rc::Rc;

use portcullis_detectors::DetectorsFile;
use portcullis_pipeline::{Active, Gateway, UnusableSection};
use portcullis_policy::{Bundle, PolicySet, Section, Source};
use portcullis_settings::Draft;
use serde_json::{Value, json};

use crate::world::{POLICIES, SETTINGS, World, legacy_call, post, token};

const DETECTORS: &str = "
[[detector]]
class = 'acme.contract'
regex = 'AC-[0-9]{4}'
[[detector]]
class = 'acme.note'
json_path = '$.customer.note'
[[detector]]
class = 'acme.project'
words = ['falcon']
[[detector]]
class = 'acme.word'
regex = '[a-p]{20,}'
";

const RULES: &str = r#"
@id("no-projects") forbid (principal, action in Action::"call", resource)
when { context.session.labels.contains("acme.project") };
@id("notes-in") forbid (principal, action in Action::"call", resource)
when { context.session.labels.contains("acme.note") };
@id("no-words") forbid (principal, action in Action::"call", resource)
when { context.session.labels.contains("acme.word") };
"#;

const QUOTA: &str = r#"
@id("contracts-a-day") forbid (principal, action in Action::"call", resource)
when { context.session.usage.day.distinct["acme.contract"] >= 2 };
"#;

fn active(detectors: &[u8], rules: &str) -> Result<Active, UnusableSection> {
    let policies = format!("{POLICIES}{rules}");
    let sections = [Section { name: portcullis_detect::SECTION, bytes: detectors }];
    let bundle = Bundle::build(&[Source { file: "t.cedar", text: &policies }], &sections).unwrap();
    Active::of_bundle(PolicySet::from_bundle(bundle.into_bytes()).unwrap())
}

fn world() -> World {
    world_of(SETTINGS, RULES)
}

fn world_of(settings: &str, rules: &'static str) -> World {
    let compiled = DetectorsFile::parse(DETECTORS, "d.toml").unwrap().to_bytes();
    let settings = Draft::parse(settings, "t").unwrap().resolve(&BTreeMap::new()).unwrap();
    let mounted = move || active(&compiled, rules).map_err(|error| error.to_string());
    let gateway = Gateway::new("portcullis".parse().unwrap(), settings, mounted).unwrap();
    World { gateway: Rc::new(gateway), ports: World::new().ports }
}

fn call(world: &World, arguments: &Value) -> world::Done {
    world.send(post("crm", Some(&token("ada", "staff")), legacy_call("read", arguments)))
}

#[test]
fn what_they_find_is_masked_wherever_it_stands() {
    let world = world();
    let document = json!({"customer": {"id": 7, "note": "owes AC-2041 much"}}).to_string();
    world.upstream_answers_json(&json!({"jsonrpc": "2.0", "id": 1, "result": {
        "content": [{"type": "text", "text": document}, {"type": "text", "text": "AC-2041 and Falcon"}],
        "structuredContent": {"customer": {"id": 7, "note": ["owes", "much"]}, "AC-2042": 1},
    }}));
    let result = call(&world, &json!({"q": 1})).json()["result"].take();
    assert_eq!(result["content"][0]["text"], r#"{"customer":{"id":7,"note":"[note]"}}"#);
    assert_eq!(result["content"][1]["text"], "[contract] and [project]");
    let structured = json!({"customer": {"id": 7, "note": ["[note]", "[note]"]}, "[contract]": 1});
    assert_eq!(result["structuredContent"], structured);
    let traces = world.traces();
    assert!(!traces.contains("2041") && !traces.contains("Falcon"), "{traces}");
}

#[test]
fn what_they_find_is_a_label_for_policies() {
    let world = world();
    for (arguments, want) in [
        (json!({"q": "status"}), true),
        (json!({"q": "status of FALCON"}), false),
        (json!({"customer": {"note": "x"}}), false),
        (json!({"customer": {"name": "x"}}), true),
    ] {
        world.upstream_answers_json(&world::result("hello"));
        let done = call(&world, &arguments);
        assert_eq!(done.text.contains("hello"), want, "{arguments}: {}", done.text);
    }
}

#[test]
fn nothing_is_found_in_a_token_of_the_callers_own() {
    const WORD: &str = "abcdefghijklmnopabcdefgh";
    let world = world_of(&format!("{SETTINGS}[masking]\nstrategies = {{ pii = \"token\" }}\n"), RULES);
    let call = |arguments: &Value| {
        let call = legacy_call("read", arguments);
        world.send(post("crm", Some(&token("ada", "callers")), call))
    };
    let shown = |text: &str| {
        world.upstream_answers_json(&world::result(text));
        call(&json!({})).json()["result"]["content"][0]["text"].as_str().unwrap().to_owned()
    };
    let token = shown("4111 1111 1111 1111");
    assert!(token.starts_with("[card:") && token.len() > 40, "{token}");
    assert_eq!(shown(&format!("{token} {WORD}")), format!("{token} [word]"));
    // Of somebody else it is a text like any other.
    let other = token.replace("[card:", "[iban:");
    assert_eq!(shown(&other), "[iban:[word]]");
    for (text, passes) in [(token.as_str(), true), (WORD, false), (&other, false)] {
        world.upstream_answers_json(&world::result("hello"));
        let done = call(&json!({"q": text}));
        assert_eq!(done.text.contains("hello"), passes, "{text}: {}", done.text);
    }
    let traces = world.traces();
    assert!(traces.contains(&token) && !traces.contains(WORD), "{traces}");
}

#[test]
fn what_they_find_counts_for_quotas() {
    let world = world_of(SETTINGS, QUOTA);
    for (contract, want) in [("AC-2041", true), ("AC-2041", true), ("AC-2042", true), ("AC-2043", false)] {
        world.upstream_answers_json(&world::result(contract));
        let done = call(&world, &json!({"q": 1}));
        assert_eq!(done.text.contains("[contract]"), want, "{contract}: {}", done.text);
    }
}

#[test]
fn detectors_that_cannot_be_read_are_not_left_out() {
    let mut bytes = DetectorsFile::parse(DETECTORS, "d.toml").unwrap().to_bytes();
    bytes[8] = 9;
    let error = active(&bytes, RULES).unwrap_err().to_string();
    assert!(
        error.starts_with("the detectors in the policy bundle: the compiled detectors have format 9"),
        "{error}"
    );
}
