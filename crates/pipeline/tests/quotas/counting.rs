//! What is counted, and when.

use std::pin::pin;
use std::rc::Rc;

use futures_util::FutureExt as _;
use portcullis_pipeline::{Answer, handle};
use serde_json::{Value, json};

use crate::office::{beside, call, check, pass, rows, told, usage_operations, vendor, world};
use crate::support::{
    self, Client, call_of, legacy_result, messages, notification, refusals, request, sent, stream, upstream,
    whole,
};
use crate::world::{End, World};

#[test]
fn a_vendor_at_its_limit_is_denied_and_told_nothing() {
    let world = world("day.calls >= 3");
    let vendor = vendor(&world);
    for _ in 0..3 {
        assert_eq!(told(&call(&vendor)), "hello");
    }
    sent(&world);
    let done = call(&vendor);
    assert_eq!((done.status, told(&done).as_str()), (200, "not allowed"));
    assert!(sent(&world).is_empty(), "nothing was forwarded");
    let refusal = refusals(&world).pop().unwrap();
    assert_eq!(refusal.kind, "denied");
    assert_eq!(refusal.decision.unwrap().policies[0].id, "quota");
    // It is the vendor's limit, and there.
    assert_eq!(told(&call(&Client::of(&world, "vera", "vendors"))), "hello");
    assert_eq!(told(&call(&Client::new(&world))), "hello");
    assert_eq!(told(&call(&vendor.clone().on("photos"))), "hello");
    // After a day it is over.
    pass(&world, 400_000);
    assert_eq!(told(&call(&vendor)), "not allowed");
}

#[test]
fn everything_that_goes_out_is_counted_masked_or_not() {
    let answer = rows(&json!([
        {"name": "Ana", "mail": "ana@example.com", "tags": ["a", "b"]},
        {"name": "Ben", "mail": "BEN@example.com"},
        {"name": "Ben again", "mail": "ben@Example.com"},
    ]));
    for (group, shown) in [("vendors", "[email]"), ("staff", "ana@example.com")] {
        let world = world("day.calls >= 99");
        let answer = answer.clone();
        upstream(&world, move |sent| whole(&sent.result(&answer)));
        let done = call(&Client::of(&world, "vic", group));
        assert!(done.text.contains(shown), "{}", done.text);
        let bytes = format!("{{}}.bytes == {}", done.text.len());
        for window in ["minute", "hour", "day"] {
            let condition = |text: &str| format!("{window}.{text}");
            let conditions = [
                condition("calls == 1"),
                condition("denials == 0"),
                condition("items == 4"),
                condition(r#"findings["pii.email"] == 3"#),
                condition(r#"distinct["pii.email"] == 2"#),
                condition(r#"distinct["pii.card"] == 0"#),
                bytes.replace("{}", window),
            ];
            check(&world, &conditions.each_ref().map(String::as_str));
        }
    }
}

#[test]
fn a_value_counts_once_however_often_and_wherever_it_is_seen() {
    let world = world("day.calls >= 99");
    let texts = ["card 4111 1111 1111 1111", "4111-1111-1111-1111 and ana@example.com", "ANA@example.com"];
    for text in texts {
        upstream(&world, move |sent| whole(&sent.result(&legacy_result(text))));
        call(&vendor(&world));
        // In another instance too.
        call(&vendor(&beside(&world, "day.calls >= 99")));
    }
    check(
        &world,
        &[
            r#"day.distinct["pii.card"] == 1"#,
            r#"day.findings["pii.card"] == 4"#,
            r#"day.distinct["pii.email"] == 1"#,
            r#"day.findings["pii.email"] == 4"#,
            "day.calls == 6",
            "day.items == 6",
        ],
    );
}

#[test]
fn a_limit_on_different_customers_lets_the_known_ones_pass() {
    let world = world(r#"day.distinct["pii.email"] >= 2"#);
    let customer = Rc::new(std::cell::Cell::new("ana"));
    let asked = Rc::clone(&customer);
    upstream(&world, move |sent| {
        whole(&sent.result(&legacy_result(&format!("{}@example.com", asked.get()))))
    });
    for (who, want) in [("ana", "[email]"), ("ana", "[email]"), ("ben", "[email]"), ("ana", "not allowed")] {
        customer.set(who);
        assert_eq!(told(&call(&vendor(&world))), want, "{who}");
    }
}

#[test]
fn denials_count_and_are_no_calls() {
    let world = world("day.denials >= 2 || day.calls >= 1");
    let vendor = vendor(&world);
    for want in ["hello", "not allowed", "not allowed"] {
        assert_eq!(told(&call(&vendor)), want);
    }
    check(&world, &["day.calls == 1", "day.denials == 2", "minute.denials == 2"]);
}

#[test]
fn each_resource_of_a_subscription_counts_as_a_call_or_a_denial() {
    let policies = r#"
        @id("all") permit (principal, action, resource);
        @id("secret") forbid (principal, action == Action::"subscribe", resource == Resource::"crm/crm://secret");
        @id("quota") forbid (principal, action == Action::"subscribe", resource) when { context.session.usage.day.calls >= 3 };"#;
    let world = World::of(support::SETTINGS, policies);
    upstream(&world, |_| stream(&[], End::Whole));
    let listen = |uris: Value| {
        let wanted = json!({"notifications": {"resourceSubscriptions": uris}});
        vendor(&world).send_modern(&request(1, "subscriptions/listen", wanted));
        let sent = sent(&world).pop().unwrap();
        sent.body["params"]["notifications"]["resourceSubscriptions"].clone()
    };
    let granted = listen(json!(["crm://1", "crm://2", "crm://1", "CRM://3", "crm://secret"]));
    assert_eq!(granted, json!(["crm://1", "crm://2"]));
    check(&world, &["day.calls == 2", "day.denials == 1"]);
    assert_eq!(listen(json!(["crm://3", "crm://4", "crm://5"])), json!(["crm://3"]));
    check(&world, &["day.calls == 3", "day.denials == 3"]);
}

#[test]
fn lists_are_no_calls_and_their_items_and_bytes_count() {
    let world = world("day.items >= 3");
    let tools = json!({"tools": [{"name": "a", "inputSchema": {}}, {"name": "b", "inputSchema": {}}, {"name": "c", "inputSchema": {}}]});
    upstream(&world, move |sent| whole(&sent.result(&tools)));
    let list = vendor(&world).send(&request(1, "tools/list", json!({})));
    let bytes = format!("day.bytes == {}", list.text.len());
    check(&world, &["day.calls == 0", "day.items == 3", &bytes]);
    // No quota hides a tool.
    let again = vendor(&world).send(&request(2, "tools/list", json!({})));
    assert_eq!(again.json()["result"]["tools"].as_array().unwrap().len(), 3);
    assert_eq!(told(&call(&vendor(&world))), "not allowed");
}

#[test]
fn each_element_of_a_batch_is_counted_by_itself() {
    let world = world("day.calls >= 2");
    let vendor = vendor(&world).in_session("2025-03-26");
    let done = vendor.send(&json!([call_of(1, "a"), call_of(2, "b"), call_of(3, "c")]));
    let mut told: Vec<(i64, String)> = messages(&done.text)
        .iter()
        .map(|answer| {
            let text = answer["result"]["content"][0]["text"].as_str().unwrap();
            (answer["id"].as_i64().unwrap(), text.to_owned())
        })
        .collect();
    told.sort();
    let want = [(1, "hello"), (2, "hello"), (3, "not allowed")].map(|(id, text)| (id, text.to_owned()));
    assert_eq!(told, want);
    check(&world, &["day.calls == 2", "day.denials == 1", "day.items == 2"]);
}

#[test]
fn embedded_resources_are_withheld_by_a_quota_on_reading() {
    let policies = r#"
        @id("all") permit (principal, action, resource);
        @id("quota") forbid (principal, action == Action::"read", resource) when { context.session.usage.day.calls >= 2 };"#;
    let world = World::of(support::SETTINGS, policies);
    let link = json!({"content": [{"type": "resource_link", "uri": "crm://1", "name": "one"}]});
    upstream(&world, move |sent| whole(&sent.result(&link)));
    // The call itself counts before its answer is judged.
    assert!(call(&vendor(&world)).text.contains("resource_link"));
    assert!(call(&vendor(&world)).text.contains("withheld"));
}

#[test]
fn if_no_policy_reads_usage_nothing_is_counted() {
    let world = support::world();
    upstream(&world, |sent| whole(&sent.result(&legacy_result("ana@example.com"))));
    for _ in 0..3 {
        call(&Client::new(&world));
        call(&Client::of(&world, "eve", "nobody"));
        Client::new(&world).send(&request(1, "tools/list", json!({})));
    }
    assert_eq!(usage_operations(&world), [""; 0]);
    assert!(world.ports.counters.borrow().keys().all(|key| !key.contains(":usage:")));
}

#[test]
fn only_calls_that_a_rule_about_usage_can_match_wait_for_what_was_used() {
    let world = world("day.calls >= 99");
    usage_operations(&world);
    for (client, reads) in
        [(vendor(&world), true), (Client::new(&world), false), (vendor(&world).on("photos"), false)]
    {
        call(&client);
        let operations = usage_operations(&world);
        assert_eq!(operations.iter().any(|operation| operation.starts_with("get")), reads, "{operations:?}");
        assert!(
            operations.iter().any(|operation| operation == "set usage:s"),
            "all are counted: {operations:?}"
        );
    }
}

#[test]
fn what_an_instance_knows_already_is_not_asked_again() {
    let world = world("day.calls >= 99");
    let vendor = vendor(&world);
    call(&vendor);
    usage_operations(&world);
    call(&vendor);
    assert_eq!(usage_operations(&world), ["set usage:s"], "one write, beside that of the outcome");
    pass(&world, 1500);
    call(&vendor);
    let again = usage_operations(&world);
    assert_eq!(again[0], "increment usage:n", "{again:?}");
    assert!(again.len() < 8, "the past is known: {again:?}");
}

#[test]
fn a_stream_counts_as_it_goes_and_publishes_although_nothing_ends() {
    let world = world("day.calls >= 99");
    let news = |text: &str| notification("notifications/message", json!({"level": "info", "data": text}));
    upstream(&world, move |_| stream(&[news("ana@example.com"), news("ben@example.com")], End::Silent));
    let vendor = vendor(&world);
    let request = vendor.request(&call_of(1, "read"));
    let response = pollster::block_on(handle(Rc::clone(&world.gateway), Rc::clone(&world.ports), request));
    let (_, Answer::Events(mut events)) = response.into_parts() else { panic!("no stream") };
    let mut bytes = 0;
    for _ in 0..2 {
        let event = pollster::block_on(events.next()).unwrap();
        let text = String::from_utf8(event.to_vec()).unwrap();
        bytes += text.lines().filter_map(|line| line.strip_prefix("data: ")).map(str::len).sum::<usize>();
    }
    check(&world, &["day.calls == 0", r#"day.distinct["pii.email"] == 0"#]);
    // A second later it is published, while the stream waits for what comes next.
    pass(&world, 1000);
    world.ports.patience.set(std::time::Duration::from_secs(2));
    {
        let mut next = pin!(events.next());
        for _ in 0..20 {
            assert!(next.as_mut().now_or_never().is_none());
        }
    }
    let bytes = format!("day.bytes == {bytes}");
    check(&world, &["day.calls == 1", r#"day.distinct["pii.email"] == 2"#, &bytes]);
    world.ports.patience.set(std::time::Duration::ZERO);
    drop(events);
}

#[test]
fn questions_of_a_server_are_held_to_quotas_too() {
    let policies = r#"
        @id("all") permit (principal, action, resource);
        @id("quota") forbid (principal, action == Action::"elicit", resource) when { context.session.usage.day.calls >= 2 };"#;
    let world = World::of(support::SETTINGS, policies);
    let question =
        |id: i64| request(id, "elicitation/create", json!({"message": "sure?", "requestedSchema": {}}));
    upstream(&world, move |sent| {
        let answer = sent.result(&legacy_result("done"));
        stream(&[question(7), answer], End::Whole)
    });
    let vendor = vendor(&world).in_session("2025-11-25");
    let asked = |text: &str| {
        messages(text).iter().filter(|message| message["method"] == "elicitation/create").count()
    };
    let counts: Vec<usize> = (0..2).map(|_| asked(&call(&vendor).text)).collect();
    assert_eq!(counts, [1, 0]);
}

#[test]
fn nothing_of_who_uses_what_is_in_the_store() {
    let world = world("day.calls >= 99");
    upstream(&world, |sent| whole(&sent.result(&legacy_result("4111 1111 1111 1111 ana@example.com"))));
    call(&vendor(&world));
    let store = world.ports.store.borrow();
    let usage: Vec<(&String, &Vec<u8>)> = store.iter().filter(|(key, _)| key.contains(":usage:")).collect();
    assert!(!usage.is_empty());
    for (key, value) in usage {
        let text = format!("{key} {}", String::from_utf8_lossy(value));
        for word in ["vic", "idp", "crm", "4111", "ana", "example"] {
            assert!(!text.contains(word), "{word} in {text}");
        }
    }
}

#[test]
fn a_modern_call_is_counted_as_a_legacy_one_is() {
    let world = world("day.calls >= 1");
    upstream(&world, |sent| {
        let mut result = legacy_result("hello");
        result["resultType"] = Value::from("complete");
        whole(&sent.result(&result))
    });
    assert_eq!(told(&vendor(&world).send_modern(&call_of(1, "read"))), "hello");
    assert_eq!(told(&call(&vendor(&world))), "not allowed");
}
