//! A group that somebody is let into for a time. That the time ends is tried where the clock is a value.

use portcullis_demo::oidc::Persona;
use portcullis_ledger::Record;
use portcullis_tests::client::Answer;
use portcullis_tests::scripted::DONE;
use portcullis_tests::{Gateway, Options, run};
use serde_json::{Value, json};

const PATH: &str = "/api/access-requests";

async fn incident(gateway: &Gateway) -> String {
    let params = json!({ "name": "incident", "arguments": {} });
    let answer = gateway.call("scripted", Persona::Support, "tools/call", params).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.message()["result"]["content"][0]["text"].as_str().unwrap().to_owned()
}

async fn ask(gateway: &Gateway, persona: Persona, time: &str) -> Answer {
    let wish = json!({ "group": "demo:incident", "for": time, "reason": "mail is stuck" });
    gateway.api(persona, PATH, Some(("application/json", wish.to_string().into_bytes()))).await
}

fn told(answer: &Answer, member: &str) -> String {
    let value: Value = serde_json::from_str(&answer.text).unwrap();
    value[member].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
}

#[test]
fn somebody_is_let_into_a_group_for_a_time() {
    run(async {
        let gateway = Gateway::start(Options::default()).await;
        gateway.scripted.answer_json(DONE);
        assert_eq!(incident(&gateway).await, "not allowed");
        assert_eq!(ask(&gateway, Persona::Vendor, "10m").await.status, 403);
        assert_eq!(ask(&gateway, Persona::Support, "2h").await.status, 400);
        let asked = ask(&gateway, Persona::Support, "10m").await;
        assert!(asked.status == 200 && told(&asked, "state") == "pending", "{asked:?}");
        let id = told(&asked, "id");
        assert_eq!(incident(&gateway).await, "not allowed");

        assert_eq!(gateway.say(Persona::Support, &id, "approve").await.status, 403, "not one's own");
        let approved = gateway.say(Persona::Finance, &id, "approve").await;
        assert!(approved.status == 200 && told(&approved, "state") == "approved", "{approved:?}");
        assert_eq!(incident(&gateway).await, "done");
        let granted = gateway.records().into_iter().find_map(|record| match record {
            Record::Intent(intent) if intent.method == "tools/call" => {
                intent.principal.granted.first().cloned()
            }
            Record::Drift(_) | Record::Intent(_) | Record::Outcome(_) | Record::Refusal(_) => None,
        });
        assert_eq!(
            granted.map(|granted| (granted.group, granted.request)),
            Some(("demo:incident".to_owned(), id))
        );
        let listed = gateway.api(Persona::Support, PATH, None).await;
        assert!(listed.status == 200 && listed.text.contains("demo:incident"), "{listed:?}");
    });
}
