//! What a receiver of webhooks gets over HTTP while nobody waits for it: from the data path and from the console.

use std::collections::BTreeMap;

use base64ct::{Base64, Encoding as _};
use hmac::{Hmac, Mac as _};
use portcullis_demo::oidc::Persona;
use portcullis_tests::scripted::{Received, Scripted, Step};
use portcullis_tests::{Gateway, Options, run};
use serde_json::{Value, json};
use sha2::Sha256;

const SECRET: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn header<'h>(head: &'h str, name: &str) -> &'h str {
    let found = head.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then_some(value.trim())
    });
    found.unwrap_or_else(|| panic!("no {name}: {head}"))
}

/// The event of a request, whose signature must be right.
fn event(Received { head, body }: &Received) -> Value {
    assert!(head.starts_with("POST /hook HTTP/1.1"), "{head}");
    let (id, timestamp) = (header(head, "webhook-id"), header(head, "webhook-timestamp"));
    let mac = Hmac::<Sha256>::new_from_slice(&Base64::decode_vec(SECRET).unwrap()).unwrap();
    let tag = mac.chain_update(format!("{id}.{timestamp}.{body}")).finalize().into_bytes();
    assert_eq!(header(head, "webhook-signature"), format!("v1,{}", Base64::encode_string(&tag)));
    serde_json::from_str(body).unwrap()
}

async fn receiver(status: &str) -> Scripted {
    let receiver = Scripted::start().await;
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    receiver.answer(vec![Step::Write(answer.into_bytes()), Step::Close]);
    receiver
}

async fn telling(receiver: &Scripted) -> Gateway {
    let origin = format!("http://{}", receiver.address);
    let variables = BTreeMap::from([
        ("webhook_url".to_owned(), format!("{origin}/hook")),
        ("webhook_origin".to_owned(), origin),
        ("webhook_secret".to_owned(), format!("whsec_{SECRET}")),
    ]);
    Gateway::start(Options { variables, ..Options::default() }).await
}

async fn dangerous(gateway: &Gateway) -> String {
    let params = json!({ "name": "dangerous", "arguments": { "n": 4711 } });
    let answer = gateway.call("scripted", Persona::Support, "tools/call", params).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.text
}

#[test]
fn a_receiver_is_told_of_a_held_call_and_of_what_people_say() {
    run(async {
        let receiver = receiver("204 No Content").await;
        let gateway = telling(&receiver).await;
        let text = dangerous(&gateway).await;
        receiver.ended(|ends| ends.whole == 1).await;
        let received = receiver.received();
        let asked = event(&received[0]);
        let (id, data) = (asked["data"]["request"].as_str().unwrap(), &asked["data"]);
        assert_eq!((&asked["type"], received.len()), (&json!("approval.requested"), 1));
        assert!(text.contains(id), "{text}");
        assert_eq!((&data["connection"], &data["name"]), (&json!("scripted"), &json!("dangerous")));
        assert!(!received[0].body.contains("4711"), "no argument is told");

        let body = Some(("application/json", json!({ "reason": "as agreed" }).to_string().into_bytes()));
        let said = gateway.api(Persona::Finance, &format!("/api/approvals/{id}/approve"), body).await;
        assert_eq!(said.status, 200, "{said:?}");
        receiver.ended(|ends| ends.whole == 2).await;
        let decided = event(&receiver.received()[0]);
        assert_eq!(
            (&decided["type"], &decided["data"]["state"]),
            (&json!("approval.decided"), &json!("approved"))
        );
    });
}

#[test]
fn a_receiver_that_never_answers_delays_no_call() {
    run(async {
        let receiver = Scripted::start().await;
        receiver.answer(vec![Step::Wait]);
        let gateway = telling(&receiver).await;
        let begun = tokio::time::Instant::now();
        for _ in 0..3 {
            dangerous(&gateway).await;
        }
        assert!(begun.elapsed().as_secs() < 5, "a receiver has 5 seconds, and no call waits for them");
    });
}
