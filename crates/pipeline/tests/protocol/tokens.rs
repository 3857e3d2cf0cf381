//! Masking tokens: what an answer has in the place of a value leads back to it, for one caller and the tools that policy
//! names.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{
    CARD, Client, MODERN, POLICIES, SETTINGS, intents, refusals, request, sent, set, text_result, upstream,
    whole,
};
use crate::world::{Done, World};

const SSN: &str = "078051120";
const REVISION: &str = "2025-11-25";

/// Callers may call every tool, and one of them gets what tokens stand for.
const RULES: &str = r#"
@id("refunds") permit (principal in Group::"idp:callers", action == Action::"detokenize", resource in DataClass::"pii")
    when { context.tool == Tool::"crm/refund" && context.connection == Connection::"crm" };
"#;

fn settings() -> String {
    format!("{SETTINGS}\n[masking]\nstrategies = {{ pii = \"token\", secret = \"token\" }}")
}

/// `read` answers with `data`, `list_tools` has a tool with a header, everything else says what it was called with.
fn server(settings: &str, rules: &str, data: Value) -> World {
    let settings = settings.replace("[limits]", "[limits]\nrequest_burst = 1000");
    let world = World::of(&settings, &format!("{POLICIES}{rules}"));
    upstream(&world, move |sent| match (sent.method(), sent.body["params"]["name"].as_str()) {
        ("tools/call", Some("read")) => {
            let mut result = text_result("read");
            result["structuredContent"] = data.clone();
            whole(&sent.result(&result))
        }
        ("tools/list", _) => {
            let card = json!({"type": "string", "x-mcp-header": "Card"});
            let schema = json!({"type": "object", "properties": {"card": card}});
            let tools = json!([{"name": "refund", "inputSchema": schema}]);
            let list = json!({"resultType": "complete", "tools": tools, "ttlMs": 0, "cacheScope": "private"});
            whole(&sent.result(&list))
        }
        _ => whole(&sent.result(&text_result(&format!("did {}", sent.body["params"]["arguments"])))),
    });
    world
}

/// The server of a customer with a card, a number and an address.
fn crm(rules: &str) -> World {
    let data = json!({
        "card": CARD,
        "ssn": SSN,
        "number": 4_111_111_111_111_111_u64,
        "note": format!("ana@example.com paid with {CARD}"),
    });
    server(&settings(), rules, data)
}

fn call(tool: &str, arguments: &Value) -> Value {
    request(1, "tools/call", json!({"name": tool, "arguments": arguments}))
}

/// What a caller reads; the token of the card, of the number and so on.
fn read(client: &Client<'_>) -> Value {
    let answer = client.send(&call("read", &json!({}))).json();
    answer["result"]["structuredContent"].clone()
}

fn text<'v>(data: &'v Value, member: &str) -> &'v str {
    data[member].as_str().unwrap_or_else(|| panic!("{member}: {data}"))
}

/// The arguments that the server got last.
fn got(world: &World) -> Value {
    sent(world).last().map(|sent| sent.body["params"]["arguments"].clone()).unwrap_or_default()
}

fn ada(world: &World) -> Client<'_> {
    Client::of(world, "ada", "callers").in_session(REVISION)
}

/// The labels of the call that was recorded last.
fn labels(world: &World) -> Vec<String> {
    intents(world).pop().map(|intent| intent.labels.into_iter().collect()).unwrap_or_default()
}

fn shown(done: &Done) -> String {
    done.json()["result"]["content"][0]["text"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_value_that_a_caller_never_sees_comes_back_to_the_tool_that_may_have_it() {
    let world = crm(RULES);
    let client = ada(&world);
    let customer = read(&client);
    let (card, ssn) = (text(&customer, "card"), text(&customer, "ssn"));
    assert!(card.starts_with("[card:") && ssn.starts_with("[us_ssn:"), "{customer}");
    assert_eq!(card.len(), "[card:]".len() + 2 * (17 + CARD.len()), "short enough for a model");
    assert!(text(&customer, "note").ends_with(card), "stable: {customer}");
    assert_eq!(read(&client), customer);

    let arguments = json!({
        "to": [{"card": card}], "ssn": ssn, "number": customer["number"], "note": customer["note"], "amount": 5.50,
        "text": format!("<{}>", text(&customer, "number")),
    });
    let done = client.send(&call("refund", &arguments));
    let want = json!({
        "to": [{"card": CARD}], "ssn": SSN, "number": 4_111_111_111_111_111_u64,
        "note": format!("ana@example.com paid with {CARD}"), "amount": 5.50, "text": "<4111111111111111>",
    });
    assert_eq!(got(&world), want);
    // The server says what it got, and the caller sees of it what it has seen before.
    assert!(shown(&done).contains(card) && shown(&done).contains(ssn), "{}", shown(&done));

    let intent = intents(&world).pop().unwrap();
    let stored: Value = serde_json::from_str(intent.arguments.text.text()).unwrap();
    assert_eq!(stored, arguments, "on record is what the caller has sent");
    let restored: Vec<(&str, u32)> =
        intent.arguments.restored.iter().map(|(class, n)| (class.as_str(), *n)).collect();
    assert_eq!(restored, [("pii.card", 4), ("pii.email", 1), ("pii.us_ssn", 1)]);
    assert_eq!(labels(&world), ["pii.card", "pii.email", "pii.us_ssn"]);
    for original in ["4111", SSN, "ana@"] {
        assert!(!done.text.contains(original), "{original}: {}", done.text);
        assert!(!world.traces().contains(original), "{original}: {}", world.traces());
    }
}

#[test]
fn without_a_permit_for_the_class_and_the_tool_a_token_stays_what_it_is() {
    let soft =
        r#"@id("soft") @approval("idp:boss") forbid (principal, action == Action::"detokenize", resource);"#;
    let errs = r#"@id("errs") forbid (principal, action == Action::"detokenize", resource) when { context.input.x };"#;
    let other = RULES.replace("DataClass::\"pii\"", "DataClass::\"secret\"");
    for (name, rules, tool) in [
        ("no permit", String::new(), "refund"),
        ("a permit for another class", other, "refund"),
        ("a permit for another tool", RULES.to_owned(), "mail"),
        ("a permit that needs approval", format!("{RULES}{soft}"), "refund"),
        ("a rule that errs", format!("{RULES}{errs}"), "refund"),
        ("a forbid", format!("{RULES}{}", soft.replace("@approval(\"idp:boss\")", "")), "refund"),
    ] {
        let world = crm(&rules);
        let client = ada(&world);
        let arguments = json!({"card": read(&client)["card"]});
        client.send(&call(tool, &arguments));
        assert_eq!(got(&world), arguments, "case: {name}");
        assert_eq!(labels(&world), ["token.withheld"], "case: {name}");
        assert!(intents(&world).pop().unwrap().arguments.restored.is_empty(), "case: {name}");
    }
}

#[test]
fn a_token_opens_for_its_caller_connection_and_session_and_nowhere_else() {
    let world = crm(&RULES.replace(" && context.connection == Connection::\"crm\"", "").replace(
        "context.tool == Tool::\"crm/refund\"",
        "[Tool::\"crm/refund\", Tool::\"photos/refund\"].contains(context.tool)",
    ));
    let token = read(&ada(&world))["card"].clone();
    let of = |subject, connection, session| {
        Client::of(&world, subject, "callers").on(connection).in_session_of(REVISION, session)
    };
    for (name, client, opens) in [
        ("its owner", of("ada", "crm", "upstream-session"), true),
        ("another caller", of("bob", "crm", "upstream-session"), false),
        ("another connection", of("ada", "photos", "upstream-session"), false),
        ("another session", of("ada", "crm", "another"), false),
    ] {
        client.send(&call("refund", &json!({"card": token})));
        let (card, label) = if opens { (json!(CARD), "pii.card") } else { (token.clone(), "token.unopened") };
        assert_eq!(
            (got(&world)["card"].clone(), labels(&world)),
            (card, vec![label.to_owned()]),
            "case: {name}"
        );
    }
    // What is changed is none, nor is the same under the name of another class.
    let token = token.as_str().unwrap();
    let last = if token.ends_with("a]") { "b]" } else { "a]" };
    for other in [format!("{}{last}", &token[..token.len() - 2]), token.replace("[card:", "[iban:")] {
        ada(&world).send(&call("refund", &json!({"card": other})));
        assert_eq!(
            (got(&world)["card"].as_str(), labels(&world)),
            (Some(other.as_str()), vec!["token.unopened".to_owned()])
        );
    }
}

#[test]
fn tokens_outlive_a_change_of_the_key_for_as_long_as_the_old_one_is_there() {
    let world = crm(RULES);
    let modern = |world: &World, call: &Value| Client::of(world, "ada", "callers").send_modern(call);
    let answer = modern(&world, &call("read", &json!({}))).json();
    let token = answer["result"]["structuredContent"]["card"].clone();
    let (old, new) = ("0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210");
    let rotated = settings().replace(old, new);
    let kept = rotated.replace("[limits]", &format!("previous_secret_keys = [\"{old}\"]\n[limits]"));
    for (settings, want) in [(kept, json!(CARD)), (rotated, token.clone())] {
        let instance = world.instance(&settings, &format!("{POLICIES}{RULES}"));
        modern(&instance, &call("refund", &json!({"card": token})));
        assert_eq!(got(&instance)["card"], want);
    }
}

#[test]
fn policy_decides_on_what_is_forwarded_and_tells_nothing_of_it() {
    for (condition, passes) in [
        ("context.input.x == \"078051120\"", false),
        ("context.session.labels.contains(\"pii.us_ssn\")", false),
        ("context.session.labels.contains(\"token.withheld\")", true),
        // Cedar quotes what it cannot read.
        ("decimal(context.input.x).lessThan(decimal(\"1.0\"))", false),
    ] {
        let rule = format!(
            "@id(\"rule\") forbid (principal, action == Action::\"crm/refund\", resource) when {{ {condition} }};"
        );
        let world = crm(&format!("{RULES}{rule}"));
        let client = ada(&world);
        let arguments = json!({"x": read(&client)["ssn"]});
        let n_sent = sent(&world).len();
        let done = client.send(&call("refund", &arguments));
        assert_eq!((n_sent, sent(&world).len()), (1, usize::from(passes)), "case: {condition}");
        assert_eq!(refusals(&world).len(), usize::from(!passes), "case: {condition}");
        assert!(
            !done.text.contains(SSN) && !world.traces().contains(SSN),
            "case: {condition}: {}",
            world.traces()
        );
    }
}

#[test]
fn a_value_that_was_put_in_is_masked_in_the_answer_wherever_it_stands() {
    let world = crm(RULES);
    let client = ada(&world);
    let customer = read(&client);
    // Nine digits by themselves are nothing that a detector would know.
    let done = client.send(&call("refund", &json!({"x": customer["ssn"]})));
    assert_eq!(shown(&done), format!("did {{\"x\":\"{}\"}}", text(&customer, "ssn")));
    let done = client.send(&call("refund", &json!({"x": SSN})));
    assert_eq!(shown(&done), format!("did {{\"x\":\"{SSN}\"}}"), "which a caller who knows it may well send");
}

#[test]
fn only_texts_in_the_arguments_of_tools_are_opened() {
    let world = crm(&format!(
        "{RULES}@id(\"get\") permit (principal in Group::\"idp:callers\", action == Action::\"prompt:crm/refund\", resource);"
    ));
    let client = ada(&world);
    let token = text(&read(&client), "card").to_owned();
    client.send(&call("refund", &json!({token.as_str(): 1})));
    assert_eq!(got(&world), json!({token.as_str(): 1}), "a key");
    assert_eq!(labels(&world), ["token.withheld"]);
    client.send(&request(1, "prompts/get", json!({"name": "refund", "arguments": {"card": token}})));
    assert_eq!(got(&world), json!({"card": token}), "a prompt");
    assert_eq!(labels(&world), ["token.withheld"]);
}

#[test]
fn keys_get_tokens_and_what_is_long_gets_a_placeholder() {
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----",
        "MIIEvQIBADANBgkqhkiG9w0B".repeat(8)
    );
    let world = server(&settings(), RULES, json!({"ana@example.com": 1, "ben@example.com": 2, "pem": pem}));
    let client = ada(&world);
    let data = read(&client);
    let keys: Vec<&String> = data.as_object().unwrap().keys().filter(|key| *key != "pem").collect();
    assert!(keys.iter().all(|key| key.starts_with("[email:")) && keys.len() == 2, "{data}");
    assert_eq!(data["pem"], "[private_key]");
    client.send(&call("refund", &json!({"who": keys})));
    let mut who: Vec<String> = serde_json::from_value(got(&world)["who"].clone()).unwrap();
    who.sort();
    assert_eq!(who, ["ana@example.com", "ben@example.com"]);
}

#[test]
fn headers_that_repeat_arguments_are_compared_with_the_token_and_written_with_the_value() {
    let world = crm(RULES);
    let client = Client::of(&world, "ada", "callers");
    let answer = client.send_modern(&call("read", &json!({}))).json();
    let token = text(&answer["result"]["structuredContent"], "card").to_owned();
    for (header, passes) in [(token.as_str(), true), (CARD, false)] {
        sent(&world);
        let mut request = client.modern_request(&call("refund", &json!({"card": token})));
        set(&mut request, "mcp-param-card", header);
        let done = world.send(request);
        let forwarded = sent(&world).into_iter().find(|sent| sent.method() == "tools/call");
        assert_eq!(forwarded.is_some(), passes, "{header}: {}", done.text);
        if let Some(forwarded) = forwarded {
            assert_eq!(forwarded.header("mcp-param-card"), Some(CARD));
            assert_eq!(forwarded.header("mcp-protocol-version"), Some(MODERN));
        }
    }
}

#[test]
fn where_no_class_has_tokens_nothing_is_one() {
    let token = text(&read(&ada(&crm(RULES))), "card").to_owned();
    let hashed = settings().replace("\"token\"", "\"hash\"");
    let world = server(&hashed, RULES, json!({}));
    ada(&world).send(&call("refund", &json!({"card": token})));
    assert_eq!((got(&world), labels(&world).len()), (json!({"card": token}), 0));
}

#[test]
fn a_list_of_tools_has_no_schemas_that_tokens_would_break() {
    let world = crm(RULES);
    upstream(&world, |sent| {
        let tools = json!([{"name": "refund", "inputSchema": {"type": "object"}, "outputSchema": {"type": "object"}}]);
        whole(&sent.result(&json!({"tools": tools})))
    });
    let answer = ada(&world).send(&request(1, "tools/list", json!({}))).json();
    assert_eq!(answer["result"]["tools"][0]["name"], "refund");
    assert_eq!(answer["result"]["tools"][0]["outputSchema"], Value::Null);
}

/// A value of a class that is masked.
fn value() -> impl Strategy<Value = String> {
    let card = prop::sample::select(vec!["4111 1111 1111 1111", "5500-0000-0000-0004", "378282246310005"]);
    let account = prop::sample::select(vec!["DE89370400440532013000", "GB29 NWBK 6016 1331 9268 19"]);
    prop_oneof![
        card.prop_map(str::to_owned),
        account.prop_map(str::to_owned),
        "[a-z]{3,9}@[a-z]{3,9}\\.example\\.com",
        Just("ghp_aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY1z2A".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_masked_hides_the_value_stays_as_it_is_and_leads_back(
        values in prop::collection::vec(value(), 1..4), around in "[\\PC\n]{0,12}", between in "[ ,;\"\\\\\n]{1,3}",
    ) {
        let original = format!("{around}{between}{}{between}", values.join(&between));
        let rules = RULES.replace("resource in DataClass::\"pii\"", "resource");
        let world = server(&settings(), &rules, json!({"note": original, "again": [original]}));
        let client = ada(&world);
        let masked = read(&client);
        let note = text(&masked, "note").to_owned();
        for value in &values {
            prop_assert!(!masked.to_string().contains(value), "{}", masked);
        }
        prop_assert_eq!(&masked["again"][0], &masked["note"]);

        // Where a value lies in another one, only the placeholder tells, and does not lead back.
        let whole = !["[card]", "[iban]", "[email]", "[github token]"].iter().any(|short| note.contains(short));
        client.send(&call("refund", &json!({"note": note})));
        if whole && !original.contains('[') {
            let got = got(&world);
            prop_assert_eq!(got["note"].as_str(), Some(original.as_str()));
        }
        Client::of(&world, "bob", "callers").in_session(REVISION).send(&call("refund", &json!({"note": note})));
        let got = got(&world);
        prop_assert_eq!(got["note"].as_str(), Some(note.as_str()));

        // A server that says what is masked already.
        upstream(&world, move |sent| whole_note(sent, &note));
        let again = read(&client);
        prop_assert_eq!(again["note"].as_str(), masked["note"].as_str());
        for value in &values {
            prop_assert!(!world.traces().contains(value.as_str()));
        }
    }
}

fn whole_note(sent: &crate::support::Sent, note: &str) -> crate::world::Upstream {
    let mut result = text_result("read");
    result["structuredContent"] = json!({"note": note});
    whole(&sent.result(&result))
}
