//! Policies that are pushed to a gateway that runs.

use std::time::{Duration, Instant};

use portcullis_demo::oidc::Persona;
use portcullis_identity::UnixSeconds;
use portcullis_ledger::Record;
use portcullis_policy::{Bundle, KeyId, Serial, SignedBundle, SigningKey, Source};
use portcullis_settings::PolicyKey;
use portcullis_tests::client::Answer;
use portcullis_tests::{Gateway, Options, components, run};
use serde_json::{Value, json};

/// Nobody but who writes policies may do anything.
const CLOSED: &str =
    r#"@id("writers") permit (principal in Group::"demo:policy-writers", action, resource);"#;

fn key() -> SigningKey {
    SigningKey::from_seed([9; 32])
}

async fn gateway() -> Gateway {
    let key = PolicyKey::from(key().verifying_key().as_bytes()).to_string();
    Gateway::start(Options { variables: [("policy_key".to_owned(), key)].into(), ..Options::default() }).await
}

fn bundle(text: &str) -> Bundle {
    Bundle::build(&[Source { file: "tests.cedar", text }], &[]).unwrap()
}

fn mounted() -> String {
    std::fs::read_to_string(components::workspace().join("tests/fixtures/policies/tests.cedar")).unwrap()
}

fn signed(bundle: &Bundle, serial: u64) -> Vec<u8> {
    let id = KeyId::parse("tests").unwrap();
    SignedBundle::sign(bundle, (Serial(serial), UnixSeconds(1)), (id, &key())).to_json().into_bytes()
}

async fn push(gateway: &Gateway, persona: Persona, text: &str, serial: u64) -> Answer {
    let bundle = bundle(text);
    let body = [signed(&bundle, serial).as_slice(), b"\n", bundle.as_bytes()].concat();
    gateway.api(persona, "/api/policy", Some(("application/octet-stream", body))).await
}

async fn status(gateway: &Gateway) -> Value {
    let answer = gateway.api(Persona::Writer, "/api/policy", None).await;
    serde_json::from_str(&answer.text).unwrap_or_else(|_| panic!("{answer:?}"))
}

async fn is_allowed(gateway: &Gateway) -> bool {
    let params = json!({ "name": "get_customer", "arguments": { "customer_id": "cus_0001" } });
    let answer = gateway.call("billing", Persona::Vendor, "tools/call", params).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    !answer.text.contains("not allowed")
}

/// How long it takes until calls are decided like this. One that comes a second later or more must be.
#[expect(clippy::disallowed_methods, reason = "what is pushed must be in force within a second")]
async fn settled(gateway: &Gateway, allowed: bool) -> Duration {
    let pushed = Instant::now();
    loop {
        let begun = pushed.elapsed();
        if is_allowed(gateway).await == allowed {
            return pushed.elapsed();
        }
        assert!(begun < Duration::from_secs(1), "a call that began {begun:?} after the push");
    }
}

#[test]
fn a_pushed_policy_decides_within_a_second_without_a_restart_and_is_taken_back_as_fast() {
    run(async {
        let gateway = gateway().await;
        assert!(is_allowed(&gateway).await, "the mounted policies are in force until something was pushed");
        let refused = push(&gateway, Persona::Finance, CLOSED, 1).await;
        assert_eq!(refused.status, 403, "{refused:?}");
        let pushed = push(&gateway, Persona::Writer, CLOSED, 1).await;
        assert_eq!(pushed.status, 200, "{pushed:?}");
        let to_deny = settled(&gateway, false).await;
        let records = gateway.records();
        let mut decided = records.iter().filter_map(|record| match record {
            Record::Refusal(refusal) if refusal.method.as_deref() == Some("tools/call") => {
                refusal.decision.as_ref()
            }
            Record::Drift(_) | Record::Intent(_) | Record::Outcome(_) | Record::Refusal(_) => None,
        });
        let bundle_of_last = decided.next_back().and_then(|decision| decision.bundle.clone());
        assert_eq!(bundle_of_last, Some(bundle(CLOSED).digest().to_string()));

        assert_eq!(push(&gateway, Persona::Writer, &mounted(), 2).await.status, 200);
        let to_allow = settled(&gateway, true).await;
        let back = signed(&bundle(CLOSED), 3);
        let back =
            gateway.api(Persona::Writer, "/api/policy/rollback", Some(("application/json", back))).await;
        assert_eq!(back.status, 200, "{back:?}");
        let to_roll_back = settled(&gateway, false).await;
        println!("in force after {to_deny:?}, {to_allow:?}, {to_roll_back:?}");

        let told = status(&gateway).await;
        assert_eq!(told["active"]["entry"]["serial"], json!(3));
        assert_eq!(told["active"]["entry"]["by"], json!("demo|w.lindqvist@acme.example"));
        assert_eq!(told["entries"].as_array().map(Vec::len), Some(3));
        let methods: Vec<String> = gateway
            .records()
            .into_iter()
            .filter_map(|record| match record {
                Record::Intent(intent) => Some(intent.method).filter(|method| method.starts_with("policy/")),
                Record::Drift(_) | Record::Outcome(_) | Record::Refusal(_) => None,
            })
            .collect();
        assert_eq!(methods, ["policy/push", "policy/push", "policy/rollback"]);
    });
}

#[test]
fn what_is_pushed_is_larger_than_one_value_of_the_store() {
    run(async {
        let gateway = gateway().await;
        let mut text = mounted();
        for number in 0..3000 {
            text += &format!(
                "@id(\"more.{number}\") @reason(\"A policy about something else, which is there to be large\")\n\
                 permit (principal in Group::\"demo:team-{number}\", action == Action::\"billing/tool-{number}\", resource);\n"
            );
        }
        let pushed = push(&gateway, Persona::Writer, &text, 1).await;
        assert_eq!(pushed.status, 200, "{pushed:?}");
        assert!(settled(&gateway, true).await < Duration::from_secs(60));
        let entry = status(&gateway).await["active"]["entry"].clone();
        assert!(entry["length"].as_u64().is_some_and(|length| length > 600_000), "{entry}");
        assert_eq!(push(&gateway, Persona::Writer, CLOSED, 2).await.status, 200);
        settled(&gateway, false).await;
    });
}

#[test]
fn where_nobody_is_trusted_nothing_is_pushed() {
    run(async {
        let gateway = Gateway::shared();
        let refused = push(gateway, Persona::Writer, CLOSED, 1).await;
        assert_eq!(refused.status, 403, "{refused:?}");
        assert!(refused.text.contains("unknown_key"), "{refused:?}");
        assert!(is_allowed(gateway).await);
    });
}
