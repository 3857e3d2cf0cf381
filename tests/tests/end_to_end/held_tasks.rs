//! A held call whose client knows tasks: it asks how its task stands, and the call is made once.

use std::collections::BTreeSet;

use portcullis_demo::oidc::Persona;
use portcullis_tests::client::Answer;
use portcullis_tests::scripted::DONE;
use portcullis_tests::{Gateway, Options, run};
use serde_json::{Value, json};

/// Parameters with what the client can do.
fn able(mut params: Value) -> Value {
    let capabilities = json!({ "extensions": { "io.modelcontextprotocol/tasks": {} } });
    params["_meta"] = json!({ "io.modelcontextprotocol/clientCapabilities": capabilities });
    params
}

/// Makes the call, and says which request it waits for and what its task is.
async fn created(gateway: &Gateway) -> (String, String) {
    let call = able(json!({ "name": "dangerous", "arguments": { "n": 1 } }));
    let answer = gateway.call("scripted", Persona::Support, "tools/call", call).await;
    let result = answer.message()["result"].clone();
    assert_eq!((&result["resultType"], &result["status"]), (&json!("task"), &json!("working")), "{answer:?}");
    let (_, page) = result["statusMessage"].as_str().unwrap().split_once("/approve/").unwrap();
    (page.split(' ').next().unwrap().to_owned(), result["taskId"].as_str().unwrap().to_owned())
}

async fn asked(gateway: &Gateway, persona: Persona, method: &str, task: &str) -> Answer {
    gateway.call("scripted", persona, method, able(json!({ "taskId": task }))).await
}

#[test]
fn a_task_waits_is_carried_out_once_by_many_who_ask_and_is_told_again() {
    run(async {
        let gateway = Gateway::start(Options::default()).await;
        gateway.scripted.answer_json(DONE);
        let (id, task) = created(&gateway).await;
        let waiting = asked(&gateway, Persona::Support, "tasks/get", &task).await;
        assert_eq!(waiting.message()["result"]["status"], "working", "{waiting:?}");
        assert_eq!(gateway.say(Persona::Finance, &id, "approve").await.status, 200);
        let others = asked(&gateway, Persona::Vendor, "tasks/get", &task).await;
        assert_eq!(others.message()["error"]["code"], -32602, "{others:?}");
        assert!(gateway.scripted.received().is_empty());
        let many = (0..16).map(|_| asked(&gateway, Persona::Support, "tasks/get", &task));
        let many = futures_util::future::join_all(many).await;
        let stands = |answer: &Answer| answer.message()["result"]["status"].as_str().unwrap().to_owned();
        let told: BTreeSet<String> = many.iter().map(stands).collect();
        assert!(told.contains("completed") && !told.contains("failed"), "{told:?}");
        let again = asked(&gateway, Persona::Support, "tasks/get", &task).await;
        assert_eq!(again.message()["result"]["result"]["content"][0]["text"], "done", "{again:?}");
        assert_eq!(gateway.scripted.received().len(), 1);
    });
}

#[test]
fn a_task_that_is_rejected_or_cancelled_ends_without_its_call() {
    run(async {
        let gateway = Gateway::start(Options::default()).await;
        let (id, task) = created(&gateway).await;
        let (same, other) = created(&gateway).await;
        assert_eq!(id, same);
        let cancelled = asked(&gateway, Persona::Support, "tasks/cancel", &other).await;
        assert_eq!(cancelled.message()["result"], json!({ "resultType": "complete" }), "{cancelled:?}");
        // Support may not take requests back, so people are still asked for the first one.
        assert_eq!(gateway.say(Persona::Finance, &id, "reject").await.status, 200);
        for (task, status) in [(&task, "failed"), (&other, "cancelled")] {
            let stands = asked(&gateway, Persona::Support, "tasks/get", task).await;
            assert_eq!(stands.message()["result"]["status"], status, "{stands:?}");
            let code = stands.message()["result"]["error"]["code"].as_i64();
            assert_eq!(code, (status == "failed").then_some(40303), "{stands:?}");
        }
        assert!(gateway.scripted.received().is_empty());
    });
}
