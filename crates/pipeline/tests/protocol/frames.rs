//! What a caller sees of a server's frames: lists, reads, completions and notifications.

use serde_json::{Value, json};

use crate::support::{
    CARD, Client, POLICIES, SETTINGS, call_of, legacy_result, messages, notification, request, sent, stream,
    text_result, upstream, whole, world,
};
use crate::world::{End, World};

/// A server that answers everything with this.
fn answering(result: Value) -> World {
    let world = world();
    upstream(&world, move |sent| whole(&sent.result(&result)));
    world
}

fn modern(world: &World, group: &str, body: &Value) -> Value {
    Client::of(world, "ada", group).send_modern(body).json()["result"].clone()
}

/// A stream of these before its answer, in either era.
fn streaming(before: Vec<Value>) -> World {
    let world = world();
    upstream(&world, move |sent| {
        let answer = sent.result(&if sent.header("mcp-method").is_some() {
            text_result("done")
        } else {
            legacy_result("done")
        });
        stream(&[before.clone(), vec![answer]].concat(), End::Whole)
    });
    world
}

fn methods(text: &str) -> Vec<String> {
    let all = messages(text);
    all.iter().filter_map(|message| message["method"].as_str()).map(ToOwned::to_owned).collect()
}

#[test]
fn log_messages_come_only_to_modern_calls_that_ask_for_them() {
    let log = notification("notifications/message", json!({"level": "info", "data": {"to": CARD}}));
    for (meta, seen) in [
        (json!({}), false),
        (json!({"io.modelcontextprotocol/logLevel": "debug"}), true),
        (json!({"logLevel": "debug"}), false),
    ] {
        let world = streaming(vec![log.clone()]);
        let mut call = call_of(1, "read");
        call["params"]["_meta"] = meta.clone();
        let done = Client::new(&world).send_modern(&call);
        assert_eq!(methods(&done.text).len(), usize::from(seen), "{meta}: {done:?}");
        assert!(!done.text.contains("4111"));
        assert_eq!(done.text.contains("[card]"), seen);
    }
    // Before, the level is set for the session.
    let world = streaming(vec![log]);
    let done = Client::new(&world).in_session("2025-11-25").send(&call_of(1, "read"));
    assert_eq!(methods(&done.text), ["notifications/message"]);
}

#[test]
fn a_modern_call_carries_only_what_belongs_to_it() {
    let all: Vec<_> = [
        "notifications/cancelled",
        "notifications/elicitation/complete",
        "notifications/prompts/list_changed",
        "notifications/resources/list_changed",
        "notifications/resources/updated",
        "notifications/subscriptions/acknowledged",
        "notifications/tasks",
        "notifications/tasks/status",
        "notifications/tools/list_changed",
        "notifications/unheard_of",
        "notifications/progress",
    ]
    .into_iter()
    .map(|method| {
        notification(
            method,
            json!({"uri": "crm://1", "progressToken": "p", "message": "for ada@example.com"}),
        )
    })
    .collect();
    let world = streaming(all.clone());
    let done = Client::new(&world).send_modern(&call_of(1, "read"));
    assert_eq!(methods(&done.text), ["notifications/progress"]);
    assert_eq!(messages(&done.text)[0]["params"]["message"], "for [email]");

    let world = streaming(all);
    let done = Client::new(&world).in_session("2025-11-25").send(&call_of(1, "read"));
    assert_eq!(
        methods(&done.text),
        [
            "notifications/elicitation/complete",
            "notifications/prompts/list_changed",
            "notifications/resources/list_changed",
            "notifications/resources/updated",
            "notifications/tools/list_changed",
            "notifications/progress",
        ]
    );
    assert!(!done.text.contains("ada@"), "{done:?}");
}

#[test]
fn what_the_protocol_needs_unchanged_is_not_masked_and_what_it_does_not_is() {
    let token = "4111111111111111";
    let progress = |token: Value| {
        notification("notifications/progress", json!({"progressToken": token, "_meta": {"x": CARD}}))
    };
    let world =
        streaming(vec![progress(json!(token)), progress(json!([token])), progress(json!("4".repeat(2000)))]);
    let done = Client::new(&world).in_session("2025-11-25").send(&call_of(1, "read"));
    let seen = messages(&done.text);
    assert_eq!(
        (&seen[0]["params"]["progressToken"], &seen[0]["params"]["_meta"]["x"]),
        (&json!(token), &json!("[card]"))
    );
    assert_eq!(seen[1]["params"]["progressToken"], json!(["[card]"]), "a token is no list");
}

#[test]
fn updates_of_resources_are_heard_by_who_may_read_them() {
    let updated = |uri: &str| notification("notifications/resources/updated", json!({"uri": uri}));
    for (group, want) in [("staff", 1), ("callers", 0)] {
        let world = streaming(vec![
            updated("crm://1"),
            updated("crm://secret"),
            updated("crm://1/../secret"),
            notification("notifications/resources/updated", json!({})),
        ]);
        let done = Client::of(&world, "ada", group).in_session("2025-11-25").send(&call_of(1, "read"));
        assert_eq!(methods(&done.text).len(), want, "{group}: {done:?}");
    }
}

fn completion(reference: Value, argument: Value, context: Value) -> Value {
    let mut params = json!({"ref": reference, "argument": argument});
    if !context.is_null() {
        params["context"] = json!({"arguments": context});
    }
    request(1, "completion/complete", params)
}

#[test]
fn values_are_completed_that_lead_to_what_may_be_read() {
    let values = ["1", "secret", "a b", "../secret", "x/secret", "Grüße"];
    let result =
        json!({"resultType": "complete", "completion": {"values": values, "total": 6, "hasMore": true}});
    let argument = json!({"name": "id", "value": ""});
    let resource = |uri: &str| json!({"type": "ref/resource", "uri": uri});
    let all: Vec<&str> = values.to_vec();
    for (name, reference, context, want) in [
        ("one variable", resource("crm://{id}"), Value::Null, vec!["1", "a b", "x/secret", "Grüße"]),
        ("reserved characters", resource("crm://{+id}"), Value::Null, vec!["1", "a b", "x/secret", "Grüße"]),
        (
            "another place",
            resource("crm://x/{id}"),
            Value::Null,
            vec!["1", "secret", "a b", "x/secret", "Grüße"],
        ),
        (
            "what else is filled in",
            resource("crm://{kind}{id}"),
            json!({"kind": ""}),
            vec!["1", "a b", "x/secret", "Grüße"],
        ),
        ("something else is open", resource("crm://{kind}/{id}"), Value::Null, all.clone()),
        ("another variable", resource("crm://{other}"), Value::Null, all.clone()),
        ("a prompt", json!({"type": "ref/prompt", "name": "p"}), Value::Null, all.clone()),
    ] {
        let world = answering(result.clone());
        let body = completion(reference, argument.clone(), context);
        let completed = modern(&world, "staff", &body)["completion"].clone();
        assert_eq!(completed["values"], json!(want), "{name}");
        let total = (want.len() == all.len()).then(|| json!(6));
        assert_eq!(completed.get("total"), total.as_ref(), "{name}: a total would tell what is hidden");
        assert_eq!(completed["hasMore"], true, "{name}");
    }
}

#[test]
fn completions_are_masked_and_not_endless() {
    let many: Vec<_> = (0..150).map(|index| index.to_string()).chain([CARD.to_owned()]).collect();
    let world = answering(json!({"resultType": "complete", "completion": {"values": many}}));
    let body = completion(
        json!({"type": "ref/prompt", "name": "p"}),
        json!({"name": "a", "value": ""}),
        Value::Null,
    );
    assert_eq!(modern(&world, "staff", &body)["completion"]["values"].as_array().unwrap().len(), 100);
    let world = answering(json!({"resultType": "complete", "completion": {"values": [CARD]}}));
    assert_eq!(modern(&world, "staff", &body)["completion"]["values"], json!(["[card]"]));
}

#[test]
fn completion_needs_a_permit_for_what_is_completed() {
    let world = answering(json!({"resultType": "complete", "completion": {"values": []}}));
    for (name, reference) in [
        ("nothing", Value::Null),
        ("an unknown kind", json!({"type": "ref/tool", "name": "t"})),
        ("no name", json!({"type": "ref/prompt"})),
        ("no URI", json!({"type": "ref/resource", "name": "x"})),
        ("two readings", json!({"type": "ref/resource", "uri": "crm://a/../b"})),
    ] {
        let body = completion(reference, json!({"name": "a", "value": ""}), Value::Null);
        let done = Client::new(&world).send_modern(&body);
        assert_eq!(done.json()["error"]["code"], -32602, "{name}: {done:?}");
        assert!(sent(&world).is_empty(), "{name}");
    }
    let body = completion(
        json!({"type": "ref/prompt", "name": "p"}),
        json!({"name": "a", "value": ""}),
        Value::Null,
    );
    let done = Client::of(&world, "ada", "callers").send_modern(&body);
    assert_eq!(done.json()["error"]["code"], 40301, "{done:?}");
    assert!(sent(&world).is_empty());
}

#[test]
fn resources_that_could_be_read_in_two_ways_are_withheld_from_everybody() {
    let uris = [
        "crm://1",
        "crm://a/../secret",
        "CRM://1",
        "crm://a b",
        "crm://a/%2e%2e/secret",
        "no scheme",
        "",
        "crm://secret",
    ];
    let embedded =
        |uri: &&str| json!({"type": "resource", "resource": {"uri": uri, "text": format!("text of {uri}")}});
    let link = |uri: &&str| json!({"type": "resource_link", "uri": uri, "name": "n"});
    let blocks: Vec<_> = uris.iter().map(embedded).chain(uris.iter().map(link)).collect();
    let sneaky = json!([
        {"type": "resource", "resource": {"text": "no uri"}},
        {"type": "resource", "uri": "crm://1"},
        {"type": "resource_link", "name": "n"},
        {"type": "resource", "resource": {"uri": "crm://secret", "text": "top secret"}, "content": {"type": "text", "text": "x"}},
    ]);
    let all: Vec<Value> = blocks.into_iter().chain(sneaky.as_array().unwrap().clone()).collect();
    let world = answering(json!({"resultType": "complete", "content": all}));
    let content = modern(&world, "staff", &call_of(1, "read"))["content"].clone();
    let shown: Vec<_> = content
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
        .filter(|(_, block)| block["type"] != "text")
        .map(|(index, _)| index)
        .collect();
    assert_eq!(shown, [0, uris.len()], "{content}");
    assert!(!content.to_string().contains("secret"), "{content}");

    let messages: Vec<_> = uris.iter().map(|uri| json!({"role": "user", "content": embedded(uri)})).collect();
    let world = answering(json!({"resultType": "complete", "messages": messages}));
    let messages =
        modern(&world, "staff", &request(1, "prompts/get", json!({"name": "p"})))["messages"].clone();
    let shown =
        messages.as_array().unwrap().iter().filter(|message| message["content"]["type"] == "resource");
    assert_eq!(shown.count(), 1, "{messages}");

    let contents: Vec<_> = uris.iter().map(|uri| json!({"uri": uri, "text": uri})).collect();
    let world = answering(json!({"resultType": "complete", "contents": contents}));
    let contents =
        modern(&world, "staff", &request(1, "resources/read", json!({"uri": "crm://2"})))["contents"].clone();
    assert_eq!(contents, json!([{"uri": "crm://1", "text": "crm://1"}]));
}

#[test]
fn what_may_be_reused_is_the_caller_s_own_and_not_for_long() {
    for (method, member) in [
        ("tools/list", "tools"),
        ("prompts/list", "prompts"),
        ("resources/list", "resources"),
        ("resources/templates/list", "resourceTemplates"),
        ("resources/read", "contents"),
    ] {
        for (ttl, want) in
            [(json!(5), 5), (json!(86_400_000), 60_000), (json!(-1), 0), (json!("long"), 0), (Value::Null, 0)]
        {
            let world = answering(
                json!({"resultType": "complete", member: [], "ttlMs": ttl, "cacheScope": "public"}),
            );
            let result = modern(&world, "staff", &request(1, method, json!({"uri": "crm://1"})));
            assert_eq!(
                (&result["ttlMs"], &result["cacheScope"]),
                (&json!(want), &json!("private")),
                "{method} {ttl}"
            );
        }
    }
    // Calls are not reused at all, and before 2026-07-28 there is no such thing.
    let world = answering(json!({"resultType": "complete", "content": []}));
    assert_eq!(modern(&world, "staff", &call_of(1, "read")).get("cacheScope"), None);
    let world = answering(json!({"tools": []}));
    let done = Client::new(&world).in_session("2025-11-25").send(&request(1, "tools/list", json!({})));
    assert_eq!(done.json()["result"], json!({"tools": []}));
}

#[test]
fn cursors_pass_as_they_are_even_with_an_empty_page() {
    let cursor = "4111111111111111";
    for (method, member) in
        [("tools/list", "tools"), ("prompts/list", "prompts"), ("resources/list", "resources")]
    {
        let item = json!({"name": "write", "uri": "crm://secret"});
        let world =
            answering(json!({"resultType": "complete", member: [item, {}, "x"], "nextCursor": cursor}));
        let result = modern(&world, "callers", &request(1, method, json!({"cursor": ""})));
        assert_eq!((&result[member], &result["nextCursor"]), (&json!([]), &json!(cursor)), "{method}");
        assert_eq!(
            sent(&world).pop().unwrap().body["params"]["cursor"],
            "",
            "{method}: an empty cursor is one"
        );
    }
}

#[test]
fn templates_are_shown_to_who_may_read_something() {
    let templates =
        json!([{"uriTemplate": "crm://{id}", "name": "n", "description": format!("like {CARD}")}]);
    for (group, shown) in [("staff", 1), ("callers", 0)] {
        let world = answering(json!({"resultType": "complete", "resourceTemplates": templates}));
        let result = modern(&world, group, &request(1, "resources/templates/list", json!({})));
        assert_eq!(result["resourceTemplates"].as_array().unwrap().len(), shown, "{group}");
        assert!(!result.to_string().contains("4111"));
    }
}

#[test]
fn results_that_clients_check_stay_valid() {
    let tool = json!({"name": "read", "inputSchema": {}, "outputSchema": {"type": "object"}});
    for (policies, there) in [
        (POLICIES.to_owned(), false),
        (
            POLICIES
                .replace(r#"@id("no-unmask") forbid (principal, action == Action::"unmask", resource);"#, ""),
            true,
        ),
    ] {
        let world = World::of(SETTINGS, &policies);
        let result = json!({"resultType": "complete", "tools": [tool]});
        upstream(&world, move |sent| whole(&sent.result(&result)));
        let tools = modern(&world, "staff", &request(1, "tools/list", json!({})))["tools"].clone();
        assert_eq!(tools[0].get("outputSchema").is_some(), there, "a masked value no longer fits a schema");
    }
}

#[test]
fn a_list_that_is_none_is_an_error() {
    for (method, member) in [
        ("tools/list", "tools"),
        ("resources/read", "contents"),
        ("resources/templates/list", "resourceTemplates"),
    ] {
        for wrong in [Value::Null, json!({}), json!("x")] {
            let world = answering(json!({"resultType": "complete", member: wrong}));
            let done = Client::new(&world).send_modern(&request(1, method, json!({"uri": "crm://1"})));
            assert_eq!(done.json()["error"]["code"], 50201, "{method} {wrong}: {done:?}");
        }
    }
}
