//! Ids that are not the caller's, calls that become no task, and what else is asked about one.

use serde_json::json;

use super::{
    Client, Done, EXTENSION, POLICIES, SETTINGS, World, able, about, approve, asked, created, get, held,
    later, patient, pay, refusals, request, sent, status, text_result, tool, world,
};
use crate::support::{stream, upstream, whole};
use crate::world::End;

fn is_unknown(world: &World, done: &Done, name: &str) {
    let error = done.json()["error"].clone();
    assert_eq!(error, json!({"code": -32602, "message": "invalid params: unknown task"}), "{name}: {done:?}");
    assert!(sent(world).is_empty(), "{name}");
    let refusal = refusals(world).pop().unwrap();
    assert_eq!((refusal.kind.as_str(), refusal.name), ("protocol", None), "{name}");
}

#[test]
fn a_task_is_for_its_caller_and_its_connection_until_it_expires() {
    type Ask = dyn Fn(&World, &str, &str) -> Done;
    let asks: [(&str, &Ask); 7] = [
        ("caller", &|world, method, id| able(world, "carl").send_modern(&about(method, id))),
        ("connection", &|world, method, id| able(world, "ada").on("photos").send_modern(&about(method, id))),
        ("altered", &|world, method, id| {
            let altered = format!("{}A{}", &id[..40], &id[41..]);
            able(world, "ada").send_modern(&about(method, &altered))
        }),
        ("cut", &|world, method, id| able(world, "ada").send_modern(&about(method, &id[..id.len() - 3]))),
        ("empty", &|world, method, _| able(world, "ada").send_modern(&about(method, "portcullis.task."))),
        ("handshake", &|world, method, id| {
            let method = if method == "tasks/update" { "tasks/result" } else { method };
            Client::of(world, "ada", "staff").in_session("2025-11-25").send(&about(method, id))
        }),
        ("expired", &|world, method, id| {
            later(world, 600);
            able(world, "ada").send_modern(&about(method, id))
        }),
    ];
    for (name, ask) in asks {
        for method in ["tasks/get", "tasks/cancel", "tasks/update"] {
            let settings = format!(
                "{SETTINGS}[connections.photos]\nurl = \"https://photos.example.com/mcp\"\nissuers = [\"idp\"]\ndrift = \"log\"\n"
            );
            let world = patient(World::of(&settings, POLICIES));
            let (id, task) = created(&able(&world, "ada").send_modern(&pay(json!({"amount": 1}))));
            approve(&world, id, "bob");
            is_unknown(&world, &ask(&world, method, &task), name);
            if name != "expired" {
                assert_eq!(status(&able(&world, "ada"), &task), "completed", "{name}: it is as it was");
            }
        }
    }
}

#[test]
fn whoever_asks_must_declare_the_extension_and_answers_go_nowhere() {
    let world = patient(world());
    let ada = able(&world, "ada");
    let (id, task) = created(&ada.send_modern(&pay(json!({"amount": 1}))));
    approve(&world, id, "bob");
    let without = Client::new(&world).send_modern(&about("tasks/get", &task));
    assert_eq!((without.status, &without.json()["error"]["code"]), (400, &json!(-32021)), "{without:?}");
    let mut update = about("tasks/update", &task);
    update["params"]["inputResponses"] = json!({"portcullis.approval": {"action": "accept"}});
    let done = ada.send_modern(&update);
    let error = json!({"code": -32602, "message": "invalid params: `inputResponses` does not belong to this request"});
    assert_eq!(done.json()["error"], error);
    let refusal = refusals(&world).pop().unwrap();
    assert_eq!((refusal.kind.as_str(), refusal.name), ("protocol", Some(id.to_string())));
    assert!(sent(&world).is_empty());
    assert_eq!(status(&ada, &task), "completed");
}

#[test]
fn without_the_extension_or_with_a_long_call_nothing_is_a_task() {
    let world = patient(world());
    let pages = Client::new(&world).able(json!({"elicitation": {"url": {}}}));
    asked(&pages.send_modern(&pay(json!({"amount": 1}))));
    held(&Client::new(&world).send_modern(&pay(json!({"amount": 1}))));
    held(&Client::new(&world).send(&pay(json!({"amount": 1}))));
    // Only tools have tasks.
    let prompt = request(1, "prompts/get", json!({"name": "held"}));
    asked(&able(&world, "ada").send_modern(&prompt));
    let no_pages = Client::new(&world).able(json!({"extensions": {EXTENSION: {}}}));
    let mut lengths = Vec::new();
    for length in [1, 1_000, 2_000, 2_400, 3_000, 3_700, 5_000] {
        let call = pay(json!({"amount": 1, "note": "n".repeat(length)}));
        let done = able(&world, "ada").send_modern(&call);
        if done.json()["result"]["resultType"] == "task" {
            let (id, task) = created(&done);
            assert!(task.len() <= 4096);
            approve(&world, id, "bob");
            assert_eq!(status(&able(&world, "ada"), &task), "completed", "{length}");
            lengths.push(length);
        } else {
            let id = asked(&done).0;
            assert_eq!(held(&no_pages.send_modern(&call)), id, "{length}");
        }
    }
    assert_eq!(lengths, [1, 1_000, 2_000, 2_400], "more than two thousand bytes of arguments fit");
}

#[test]
fn where_all_connections_are_served_a_call_is_a_task_as_well() {
    let world = patient(world());
    let link = json!({"resultType": "complete", "content": [{"type": "resource_link", "uri": "crm://a", "name": "a"}]});
    upstream(&world, move |sent| whole(&sent.result(&link)));
    let everywhere = able(&world, "ada").on("");
    let (id, task) = created(&everywhere.send_modern(&tool("crm__pay", json!({"amount": 1}))));
    assert!(task.starts_with("crm__portcullis.task."), "{task}");
    assert_eq!(super::waits_for(&get(&everywhere, &task)), id);
    approve(&world, id, "bob");
    for _ in 0..2 {
        let stands = get(&everywhere, &task);
        assert_eq!(stands["result"]["content"][0]["uri"], "crm+crm://a", "{stands}");
    }
    let received = sent(&world);
    assert_eq!((received.len(), &received[0].body["params"]["name"]), (1, &json!("pay")));
    let own = task.strip_prefix("crm__").unwrap();
    assert_eq!(
        get(&able(&world, "ada"), own)["result"]["content"][0]["uri"],
        "crm://a",
        "it is the same task there"
    );
    let foreign = able(&world, "carl").on("").send_modern(&about("tasks/get", &task));
    is_unknown(&world, &foreign, "foreign");
    let (_, task) = created(&everywhere.send_modern(&tool("crm__pay", json!({"amount": 2}))));
    super::cancel(&everywhere, &task);
    assert_eq!(status(&everywhere, &task), "cancelled");
}

#[test]
fn servers_neither_hear_of_such_tasks_nor_have_any() {
    let world = patient(world());
    let ada = able(&world, "ada");
    let (_, task) = created(&ada.send_modern(&pay(json!({"amount": 1}))));
    upstream(&world, |_| stream(&[], End::Whole));
    let wanted = json!({"toolsListChanged": true, "taskIds": [task]});
    ada.send_modern(&request(1, "subscriptions/listen", json!({"notifications": wanted})));
    let received = sent(&world).pop().unwrap();
    assert!(!received.body.to_string().contains("portcullis.task"), "{received:?}");
    assert_eq!(received.body["params"]["notifications"]["toolsListChanged"], true);
    let fake = json!({"resultType": "task", "taskId": task, "status": "working"});
    upstream(&world, move |sent| whole(&sent.result(&fake)));
    let done = ada.send_modern(&tool("harmless", json!({})));
    assert_eq!(done.json()["result"]["isError"], true, "{done:?}");
    upstream(&world, |sent| whole(&sent.result(&text_result("done"))));
    assert_eq!(ada.send_modern(&tool("harmless", json!({}))).json()["result"], text_result("done"));
}
