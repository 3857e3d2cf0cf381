//! Signing in on the page of a request, step by step as a browser does it: the page, the issuer, back, the token, a vote.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use http::{Method, Request};
use portcullis_demo::oidc::Persona;
use portcullis_ledger::Record;
use portcullis_tests::client::{self, Answer, full};
use portcullis_tests::{Gateway, Options, run};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const VERIFIER: &str = "a-verifier-that-only-this-tab-knows-0123456789";
const STATE: &str = "a-state-that-only-this-tab-knows";

/// One request as the page makes it, or the browser for it.
async fn send(
    address: std::net::SocketAddr,
    method: Method,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let mut request = Request::builder().method(method).uri(target).header("host", address.to_string());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    client::send(address, request.body(full(body.to_owned())).unwrap()).await
}

fn encoded(value: &str) -> String {
    value.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn decoded(value: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        let mut digit = || char::from(rest.next().unwrap()).to_digit(16).unwrap();
        bytes.push(match byte {
            b'%' => u8::try_from(digit() * 16 + digit()).unwrap(),
            b'+' => b' ',
            other => other,
        });
    }
    String::from_utf8(bytes).unwrap()
}

/// A field of a query.
fn field(query: &str, name: &str) -> Option<String> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| decoded(value))
}

/// What the page does when its button is pressed: where the browser goes.
async fn begin(gateway: &Gateway) -> (Value, String) {
    let told = send(gateway.address, Method::GET, "/api/sign-in", &[], "").await;
    assert_eq!(told.status, 200, "{told:?}");
    let told: Value = serde_json::from_str(&told.text).unwrap();
    let challenge = Base64UrlUnpadded::encode_string(&Sha256::digest(VERIFIER.as_bytes()));
    let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
    let target = [
        ("response_type", "code".to_owned()),
        ("client_id", text("client_id")),
        ("redirect_uri", text("redirect_uri")),
        ("scope", text("scope")),
        ("resource", text("resource")),
        ("code_challenge", challenge),
        ("code_challenge_method", "S256".to_owned()),
        ("state", STATE.to_owned()),
    ];
    let query = target.map(|(name, value)| format!("{name}={}", encoded(&value))).join("&");
    let endpoint = text("authorization_endpoint");
    let origin = format!("http://{}", gateway.provider.addr);
    let path = endpoint.strip_prefix(&origin).expect("the demo's provider").to_owned();
    (told, format!("{path}?{query}"))
}

/// Picks somebody on the issuer's page, and gives the address that the browser is sent back to.
async fn pick(gateway: &Gateway, target: &str, persona: Persona) -> String {
    let issuer = gateway.provider.addr;
    let page = send(issuer, Method::GET, target, &[], "").await;
    assert_eq!(page.status, 200, "{page:?}");
    let ticket = page.text.split("name=\"request\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let form = format!("request={}&persona={persona}", encoded(ticket));
    let kind = [("content-type", "application/x-www-form-urlencoded")];
    let picked = send(issuer, Method::POST, "/authorize", &kind, &form).await;
    assert_eq!(picked.status, 303, "{picked:?}");
    picked.header("location").to_owned()
}

/// What the page sends when its reader is back.
async fn finish(gateway: &Gateway, code: &str, verifier: &str) -> Answer {
    let origin = format!("http://{}", gateway.address);
    let headers = [
        ("content-type", "application/json"),
        ("origin", origin.as_str()),
        ("sec-fetch-site", "same-origin"),
    ];
    let body = json!({ "code": code, "code_verifier": verifier }).to_string();
    send(gateway.address, Method::POST, "/api/sign-in", &headers, &body).await
}

#[test]
fn a_reviewer_opens_the_link_signs_in_and_approves() {
    run(async {
        let gateway = Gateway::start(Options::default()).await;
        let asked = gateway.api(
            Persona::Support,
            "/api/access-requests",
            Some((
                "application/json",
                json!({"group": "demo:incident", "for": "10m", "reason": "disk is full"})
                    .to_string()
                    .into_bytes(),
            )),
        );
        let asked: Value = serde_json::from_str(&asked.await.text).unwrap();
        let id = asked["id"].as_str().unwrap_or_else(|| panic!("{asked}")).to_owned();

        let page = send(gateway.address, Method::GET, &format!("/approve/{id}"), &[], "").await;
        assert!(
            page.status == 200 && page.text.contains("id=\"begin\"") && !page.text.contains("{{"),
            "{page:?}"
        );
        assert!(!page.text.contains("id=\"with-browser\" hidden"), "{page:?}");
        let (told, target) = begin(&gateway).await;
        let back = pick(&gateway, &target, Persona::Finance).await;

        let own = format!("http://{}", gateway.address);
        let (path, query) = back.strip_prefix(&own).unwrap().split_once('?').unwrap();
        assert_eq!((path, field(query, "state").as_deref()), ("/approve/signed-in", Some(STATE)));
        assert_eq!(field(query, "iss").as_deref(), told["issuer"].as_str());
        let page = send(gateway.address, Method::GET, &format!("{path}?{query}"), &[], "").await;
        assert_eq!((page.status.as_u16(), page.header("referrer-policy")), (200, "no-referrer"), "{page:?}");
        assert_eq!(page.header("cache-control"), "no-store");

        let code = field(query, "code").unwrap();
        let done = finish(&gateway, &code, VERIFIER).await;
        assert!(done.status == 200 && done.header("cache-control") == "no-store", "{done:?}");
        let done: Value = serde_json::from_str(&done.text).unwrap();
        assert_eq!(done["principal"], "demo|m.tanaka@acme.example");
        let token = done["access_token"].as_str().unwrap();
        let path = format!("/api/approvals/{id}");
        let shown = client::console(gateway.address, Some(token), &path, None).await;
        let shown: Value = serde_json::from_str(&shown.text).unwrap();
        assert_eq!((&shown["state"], &shown["may"][0]), (&json!("pending"), &json!("approve")), "{shown}");
        let digest = json!({ "digest": shown["digest"] }).to_string().into_bytes();
        let vote = Some(("application/json", digest));
        let voted = client::console(gateway.address, Some(token), &format!("{path}/approve"), vote).await;
        assert!(voted.status == 200 && voted.text.contains("approved"), "{voted:?}");

        let again = finish(&gateway, &code, VERIFIER).await;
        assert!(again.status == 400 && again.text.contains("\"rejected\""), "a code is good once: {again:?}");
        let signed_in = gateway.records().into_iter().filter_map(|record| match record {
            Record::Intent(intent) if intent.method == "sign-in" => Some(intent.principal.subject),
            Record::Drift(_) | Record::Intent(_) | Record::Outcome(_) | Record::Refusal(_) => None,
        });
        assert_eq!(signed_in.collect::<Vec<_>>(), ["m.tanaka@acme.example"]);
        for secret in [code.as_str(), VERIFIER, token] {
            assert!(!gateway.store_text().contains(secret) && !gateway.log().contains(secret), "{secret}");
        }
    });
}

#[test]
fn a_code_without_its_verifier_signs_nobody_in() {
    run(async {
        let gateway = Gateway::start(Options::default()).await;
        let (_, target) = begin(&gateway).await;
        let back = pick(&gateway, &target, Persona::Finance).await;
        let code = field(back.split_once('?').unwrap().1, "code").unwrap();
        let stolen = finish(&gateway, &code, "another-verifier-that-somebody-else-has-made-up").await;
        assert!(stolen.status == 400 && stolen.text.contains("\"rejected\""), "{stolen:?}");
        assert!(!stolen.text.contains("access_token"));
        let refused = gateway.records().into_iter().any(|record| match record {
            Record::Refusal(refusal) => refusal.kind == "not_signed_in",
            Record::Drift(_) | Record::Intent(_) | Record::Outcome(_) => false,
        });
        assert!(refused && !gateway.store_text().contains(&code));
    });
}
