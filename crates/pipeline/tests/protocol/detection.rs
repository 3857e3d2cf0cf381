//! What is found in what passes, and what becomes of it.

use serde_json::{Value, json};

use crate::support::{
    CARD, Client, POLICIES, SETTINGS, legacy_result, request, sent_methods, upstream, whole,
};
use crate::world::World;

const SECRET: &str = "q7K+9zR_p4/tW2x";

/// A caller of `crm`, whose server answers every call with this.
fn answer(settings: &str, policies: &str, result: Value) -> (World, String) {
    let world = World::of(settings, policies);
    upstream(&world, move |sent| whole(&sent.result(&result)));
    let call = request(1, "tools/call", json!({"name": "read", "arguments": {}}));
    let answer = Client::new(&world).in_session("2025-06-18").send(&call).text;
    (world, answer)
}

#[test]
fn the_credential_of_the_connection_comes_back_to_nobody() {
    let credential = format!(
        "drift = \"log\"\ncredential = {{ header = \"X-Api-Key\", value = \"{SECRET}\" }}\nclient_features"
    );
    let settings = SETTINGS.replacen("drift = \"log\"\nclient_features", &credential, 1);
    assert_ne!(settings, SETTINGS);
    // Who may see everything does not see this, nor where nothing is masked.
    let policies = POLICIES.replace(
        "forbid (principal, action == Action::\"unmask\", resource)",
        "permit (principal, action == Action::\"unmask\", resource)",
    );
    for settings in [settings.clone(), format!("{settings}\n[masking]\nclasses = []")] {
        for text in [
            format!("401: bad key {SECRET}"),
            format!("{{\"headers\":{{\"x-api-key\":\"{}\"}}}}", SECRET.replace('/', "\\/")),
            "https://crm/?key=q7K%2B9zR_p4%2FtW2x".to_owned(),
            "cTdLKzl6Ul9wNC90VzJ4".to_owned(),
        ] {
            let (world, answer) = answer(&settings, &policies, legacy_result(&text));
            assert!(answer.contains("[credential]"), "text: {text}, answer: {answer}");
            assert!(!answer.contains("9zR_p4") && !answer.contains("Ul9wNC90"), "answer: {answer}");
            assert!(!world.traces().contains("9zR_p4"));
        }
    }
}

#[test]
fn what_stands_in_the_place_of_a_value_is_as_the_settings_say() {
    let result = json!({
        "content": [{"type": "text", "text": format!("card {CARD}")}],
        "structuredContent": {"card": 4_111_111_111_111_111_u64},
    });
    for (strategy, text, number) in [
        ("replace", "card [card]", json!("[card]")),
        ("partial", "card **** **** **** 1111", json!("************1111")),
        ("dummy", "card 0000 0000 0000 0000", json!(0)),
        ("drop", "card ", json!("")),
    ] {
        let settings = format!("{SETTINGS}\n[masking]\nstrategies = {{ pii = \"{strategy}\" }}");
        let (_, answer) = answer(&settings, POLICIES, result.clone());
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["result"]["content"][0]["text"], text, "strategy: {strategy}");
        assert_eq!(answer["result"]["structuredContent"]["card"], number, "strategy: {strategy}");
    }
}

#[test]
fn a_digest_is_the_same_for_the_same_value_only() {
    let text = "a 4111 1111 1111 1111, b 4111-1111-1111-1111, c 5500 0000 0000 0004";
    let settings = format!("{SETTINGS}\n[masking]\nstrategies = {{ \"pii.card\" = \"hash\" }}");
    let (_, answer) = answer(&settings, POLICIES, legacy_result(text));
    let digests: Vec<&str> =
        answer.split("[card:").skip(1).map(|rest| rest.split(']').next().unwrap()).collect();
    assert_eq!(digests.len(), 3, "{answer}");
    assert_eq!(digests[0], digests[1]);
    assert_ne!(digests[0], digests[2]);
    assert!(digests.iter().all(|digest| digest.len() == 16));
}

#[test]
fn what_a_call_would_do_is_a_label() {
    let policies = format!(
        r#"{POLICIES}
        @id("no-destruction") forbid (principal, action in Action::"call", resource)
            when {{ context.session.labels.containsAny(["sql.destructive", "shell.delete", "path.traversal"]) }};"#
    );
    for (argument, passes) in [
        ("select name from customers where id = 7", true),
        ("please drop the table reservation", true),
        ("DROP TABLE customers", false),
        ("select 1; delete from customers", false),
        ("rm -rf /var/lib/data", false),
        ("../../etc/passwd", false),
    ] {
        let world = World::of(SETTINGS, &policies);
        upstream(&world, |sent| whole(&sent.result(&legacy_result("done"))));
        let call = request(1, "tools/call", json!({"name": "run", "arguments": {"what": argument}}));
        let done = Client::new(&world).in_session("2025-06-18").send(&call);
        assert_eq!(sent_methods(&world).contains(&"tools/call".to_owned()), passes, "{argument}: {done:?}");
    }
}
