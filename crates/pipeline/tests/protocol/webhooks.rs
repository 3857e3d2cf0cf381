//! Webhooks: who is told what, that what is told arrives, and that nobody waits for it.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use base64ct::{Base64, Encoding as _};
use bytes::Bytes;
use hmac::{Hmac, Mac as _};
use http::{Method, Request};
use portcullis_identity::UnixSeconds;
use portcullis_pipeline::{deliver, handle, has_work};
use portcullis_policy::{Bundle, KeyId, Serial, SignedBundle, SigningKey, Source};
use portcullis_settings::PolicyKey;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::{
    CARD, Client, SETTINGS, call_of, intents, legacy_result, refusals, request, response, set, whole,
};
use crate::world::{Done, End, Upstream, World, legacy_call, post, token, token_for};

const API: &str = "https://gw.example.com/api";
const SECRET: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const PREVIOUS: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const POLICIES: &str = r#"
@id("staff") permit (principal in Group::"idp:staff", action, resource);
@id("boss") permit (principal in Group::"idp:boss", action in [Action::"approve", Action::"review", Action::"revoke"], resource);
@id("ops") permit (principal in Group::"idp:ops", action == Action::"configure", resource);
@id("pay") @approval("idp:boss") @ttl("5m") @grant("5m") forbid (principal, action == Action::"crm/pay", resource);
@id("never") forbid (principal, action == Action::"crm/never", resource);
"#;

fn settings() -> String {
    let key = PolicyKey::from(signing_key().verifying_key().as_bytes());
    format!(
        "{SETTINGS}[policy]\nsource = \"files\"\nkeys = {{ ops = \"{key}\" }}\n[console]\nissuers = [\"idp\"]\n\
         [[webhooks]]\nurl = \"https://hooks.example.com/T0?to=ops\"\nsecret = \"whsec_{SECRET}\"\n\
         previous_secret = \"whsec_{PREVIOUS}\"\n\
         events = [\"approval.*\", \"call.denied\", \"definition.drift\", \"policy.pushed\"]\n"
    )
}

/// A gateway with a receiver.
struct Told {
    world: World,
    receiver: Rc<RefCell<Upstream>>,
    /// How many requests the receiver has had.
    n_heard: Cell<usize>,
}

impl Told {
    fn new() -> Self {
        Self::of(&settings(), POLICIES)
    }

    fn of(settings: &str, policies: &str) -> Self {
        let told = Self::silent(World::of(settings, policies));
        // What an instance does first is not what the tests are about.
        told.client().send(&call_of(0, "harmless"));
        told.deliver();
        told
    }

    fn silent(world: World) -> Self {
        let receiver = Rc::new(RefCell::new(answers(204)));
        let script = Rc::clone(&receiver);
        let answer = move |request: &Request<Bytes>| match request.uri().host() {
            Some("hooks.example.com") => script.borrow().clone(),
            _ => {
                let body: Value = serde_json::from_slice(request.body()).unwrap();
                let tools = json!({"tools": [{"name": "search", "description": "x"}]});
                let result = match body["method"].as_str() {
                    Some("tools/list") => tools,
                    _ => legacy_result("done"),
                };
                whole(&json!({"jsonrpc": "2.0", "id": body["id"], "result": result}))
            }
        };
        *world.ports.upstream.borrow_mut() = Upstream::Scripted(Rc::new(answer));
        Self { world, receiver, n_heard: Cell::new(0) }
    }

    fn client(&self) -> Client<'_> {
        Client::new(&self.world)
    }

    fn answers(&self, upstream: Upstream) {
        *self.receiver.borrow_mut() = upstream;
    }

    fn courier(&self) -> impl Future<Output = ()> + use<> {
        deliver(Rc::clone(&self.world.gateway), Rc::clone(&self.world.ports))
    }

    fn deliver(&self) {
        pollster::block_on(self.courier());
    }

    fn later(&self, seconds: u64) {
        self.world.ports.now.set(self.world.ports.now.get() + seconds * 1000);
        self.world.ports.monotonic.set(self.world.ports.monotonic.get() + seconds * 1_000_000);
    }

    /// What has come to the receiver since it was last asked, verified, each with its id.
    fn heard(&self) -> Vec<(String, Value)> {
        let sent = self.world.ports.sent.borrow();
        let of_receiver = sent.iter().filter(|request| request.uri().host() == Some("hooks.example.com"));
        let news: Vec<_> = of_receiver.skip(self.n_heard.get()).map(verified).collect();
        self.n_heard.set(self.n_heard.get() + news.len());
        news
    }

    /// Delivers, and takes the only event that comes of it.
    fn only(&self, kind: &str) -> Value {
        self.deliver();
        let heard = self.heard();
        let [(_, event)] = heard.as_slice() else { panic!("not one event: {heard:?}") };
        assert_eq!(event["type"], kind);
        event.clone()
    }

    fn post(&self, (name, group): (&str, &str), path: &str, (kind, body): (&str, Vec<u8>)) -> Done {
        let mut request = post("crm", Some(&token_for(name, group, &[API])), body);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = format!("https://gw.example.com{path}").parse().unwrap();
        set(&mut request, "content-type", kind);
        self.world.control(request)
    }

    fn say(&self, name: &str, path: &str, body: &Value) -> Done {
        let body = body.to_string().into_bytes();
        self.post((name, "boss"), &format!("/api/approvals/{path}"), ("application/json", body))
    }

    fn maintain(&self) -> Done {
        self.post(("olga", "ops"), "/api/maintenance", ("application/json", Vec::new()))
    }

    fn log(&self) -> String {
        self.world.ports.log.borrow().join("\n")
    }
}

fn answers(status: u16) -> Upstream {
    response(status, "", vec![], End::Whole)
}

fn signing_key() -> SigningKey {
    SigningKey::from_seed([7; 32])
}

fn pay(arguments: Value) -> Value {
    request(1, "tools/call", json!({"name": "pay", "arguments": arguments}))
}

/// The request that a held call waits for.
fn held(done: &Done) -> String {
    let (_, rest) = done.text.split_once("(request ").unwrap_or_else(|| panic!("not held: {done:?}"));
    rest.split(')').next().unwrap().to_owned()
}

/// What a receiver does: checks the signatures before anything else.
fn verified(request: &Request<Bytes>) -> (String, Value) {
    let header = |name: &str| request.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(
        (request.method(), request.uri().path_and_query().unwrap().as_str()),
        (&Method::POST, "/T0?to=ops")
    );
    assert_eq!(header("content-type"), "application/json");
    let (id, timestamp) = (header("webhook-id"), header("webhook-timestamp"));
    let signed = [format!("{id}.{timestamp}.").as_bytes(), request.body()].concat();
    let expected = [SECRET, PREVIOUS].map(|secret| {
        let mac = Hmac::<Sha256>::new_from_slice(&Base64::decode_vec(secret).unwrap()).unwrap();
        format!("v1,{}", Base64::encode_string(&mac.chain_update(&signed).finalize().into_bytes()))
    });
    assert_eq!(header("webhook-signature"), expected.join(" "));
    let body: Value = serde_json::from_slice(request.body()).unwrap();
    assert!(body["text"].as_str().unwrap().contains(' '), "{body}");
    (id, body)
}

/// The output of a future that does not wait for anything from outside.
fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    (0..10_000).find_map(|_| match future.as_mut().poll(&mut context) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    })
}

#[test]
fn a_held_call_and_what_people_say_of_it_are_told() {
    let told = Told::new();
    let call = pay(json!({"amount": 100, "to": "somebody in particular", "card": CARD}));
    let id = held(&told.client().send(&call));
    assert_eq!(told.heard(), [], "nobody waits for a receiver");
    assert!(has_work(&told.world.gateway, &*told.world.ports));
    let event = told.only("approval.requested");
    let data = &event["data"];
    assert_eq!((&data["request"], &data["name"]), (&json!(id), &json!("pay")));
    assert_eq!((&data["connection"], &data["requester"]), (&json!("crm"), &json!("idp|ada")));
    assert_eq!(data["policies"], json!(["pay"]));
    assert_eq!(data["url"], json!(format!("https://gw.example.com/approve/{id}")));
    for secret in ["100", "somebody", "4111", "amount"] {
        assert!(!data.to_string().contains(secret), "{secret} in {data}");
    }

    held(&told.client().send(&call));
    told.deliver();
    assert_eq!(told.heard(), [], "asked again for the same, nobody is told again");

    assert_eq!(told.say("ada", &format!("{id}/approve"), &json!({})).status, 403);
    told.deliver();
    let kinds: Vec<Value> = told.heard().into_iter().map(|(_, event)| event["type"].clone()).collect();
    assert_eq!(kinds, Vec::<Value>::new(), "what nobody may say is not said");

    let reason = json!({"reason": format!("card {CARD} is fine")});
    assert_eq!(told.say("bob", &format!("{id}/approve"), &reason).status, 200);
    let data = told.only("approval.decided")["data"].clone();
    assert_eq!((&data["decision"], &data["state"]), (&json!("approve"), &json!("approved")));
    assert_eq!((&data["by"], &data["reason"]), (&json!("idp|bob"), &json!("card [card] is fine")));

    assert_eq!(told.say("bob", &format!("{id}/revoke"), &json!({"reason": "no more"})).status, 200);
    let data = told.only("approval.revoked")["data"].clone();
    assert_eq!((&data["state"], &data["reason"]), (&json!("revoked"), &json!("no more")));
    told.deliver();
    assert_eq!(told.heard(), []);
}

#[test]
fn denials_are_told_masked_and_not_without_end() {
    let told = Told::new();
    told.client().send(&request(1, "tools/call", json!({"name": "never", "arguments": {"x": "who knows"}})));
    let event = told.only("call.denied");
    let want = json!({
        "principal": "idp|ada", "connection": "crm", "method": "tools/call", "name": "never", "policies": ["never"],
    });
    assert_eq!(event["data"], want);
    let nobody = Client::of(&told.world, "eve", "nobody");
    nobody.send(&request(1, "resources/read", json!({"uri": format!("crm://card/{CARD}").replace(' ', "")})));
    let data = told.only("call.denied")["data"].clone();
    assert_eq!((&data["name"], &data["policies"]), (&json!("crm://card/[card]"), &json!([])));
    for _ in 0..30 {
        nobody.send(&call_of(1, "x"));
    }
    told.deliver();
    assert_eq!(told.heard().len(), 7, "eight of one principal in a minute");
    told.client().send(&call_of(1, "never"));
    assert_eq!(told.only("call.denied")["data"]["principal"], "idp|ada");
}

#[test]
fn drift_and_pushed_policies_are_told() {
    let told = Told::of(&settings().replace("drift = \"log\"", "drift = \"block\""), POLICIES);
    told.heard();
    told.client().send(&request(1, "tools/list", json!({})));
    told.deliver();
    let heard = told.heard();
    let data = &heard.iter().find(|(_, event)| event["type"] == "definition.drift").unwrap().1["data"];
    assert_eq!((&data["connection"], &data["setting"]), (&json!("crm"), &json!("block")));
    assert_eq!((&data["kind"], &data["name"]), (&json!("tool"), &json!("search")));

    let bundle = Bundle::build(&[Source { file: "p.cedar", text: POLICIES }], &[]).unwrap();
    let key = (KeyId::parse("ops").unwrap(), &signing_key());
    let envelope = SignedBundle::sign(&bundle, (Serial(1), UnixSeconds(1)), key).to_json();
    let body = [envelope.as_bytes(), b"\n", bundle.as_bytes()].concat();
    let done = told.post(("olga", "ops"), "/api/policy", ("application/octet-stream", body));
    assert_eq!(done.status, 200, "{done:?}");
    let data = told.only("policy.pushed")["data"].clone();
    assert_eq!((&data["serial"], &data["by"]), (&json!(1), &json!("idp|olga")));
    assert_eq!((&data["key_id"], &data["rollback"]), (&json!("ops"), &json!(false)));
}

#[test]
fn what_does_not_arrive_is_sent_again_by_another_instance_under_the_same_id() {
    let told = Told::new();
    for (receiver, why) in [
        (answers(503), "HTTP 503"),
        (answers(302), "HTTP 302; redirects are not followed"),
        (crate::support::unreachable(), "unreachable: refused"),
    ] {
        told.answers(receiver);
        told.client().send(&call_of(1, "never"));
        told.deliver();
        let (id, first) = told.heard().pop().unwrap();
        assert!(
            told.log().contains(&format!(
                "call.denied {id} did not reach hooks.example.com, attempt 1 of 11: {why}"
            )),
            "{}",
            told.log()
        );
        assert!(!told.log().contains("/T0"), "some receivers have a secret in their URL");
        told.answers(answers(200));
        told.later(31);
        let other = Told {
            world: told.world.instance(&settings(), POLICIES),
            receiver: Rc::clone(&told.receiver),
            n_heard: Cell::new(told.n_heard.get()),
        };
        other.deliver();
        assert_eq!(other.heard(), [(id, first)], "{why}");
        told.n_heard.set(other.n_heard.get());
        told.later(60);
        other.deliver();
        assert_eq!(other.heard(), []);
    }
}

#[test]
fn a_receiver_that_hangs_delays_no_call() {
    let told = Told::new();
    told.answers(Upstream::Hangs);
    told.client().send(&call_of(1, "never"));
    let mut courier = pin!(told.courier());
    assert!(at_once(courier.as_mut()).is_none(), "the courier waits");
    let (gateway, ports) = (&told.world.gateway, &told.world.ports);
    for tool in ["never", "pay", "harmless"] {
        let request = post("crm", Some(&token("ada", "staff")), legacy_call(tool, &json!({"for": tool})));
        let answered = at_once(handle(Rc::clone(gateway), Rc::clone(ports), request));
        assert_eq!(answered.unwrap().status(), 200, "{tool}");
    }
    // At most two tasks of an instance wait for receivers.
    let mut second = pin!(told.courier());
    assert!(at_once(second.as_mut()).is_none());
    assert!(!has_work(gateway, &**ports));
    assert!(at_once(told.courier()).is_some());
}

#[test]
fn a_receiver_that_hangs_is_let_go_after_a_while() {
    let told = Told::new();
    told.answers(Upstream::Hangs);
    told.client().send(&call_of(1, "never"));
    told.world.ports.patience.set(Duration::from_secs(5));
    assert!(at_once(told.courier()).is_some());
    assert!(told.log().contains("attempt 1 of 11: no answer in time"), "{}", told.log());
}

#[test]
fn nothing_is_lost_whatever_operation_of_the_store_fails() {
    let mut n = 0;
    loop {
        let told = Told::new();
        told.answers(answers(500));
        told.world.ports.patience.set(Duration::from_secs(1));
        told.world.ports.operations.borrow_mut().clear();
        told.world.ports.fails_at.set(Some(n));
        let done = told.client().send(&pay(json!({"amount": 1})));
        told.deliver();
        let n_operations = told.world.ports.operations.borrow().len();
        told.world.ports.fails_at.set(None);
        told.answers(answers(200));
        told.heard();
        for _ in 0..3 {
            told.later(600);
            told.deliver();
        }
        let heard = told.heard();
        let is_told = told.log().contains("is not in the outbox") && told.log().contains("is lost");
        if done.text.contains("who is asked now") {
            assert!(heard.len() == 1 || is_told, "operation {n}: {heard:?}\n{}", told.log());
        } else {
            assert!(heard.len() <= 1 && !done.text.contains("done"), "operation {n}: {done:?}");
        }
        if n_operations <= n {
            assert!(n > 15, "{n}");
            return;
        }
        n += 1;
    }
}

#[test]
fn maintenance_is_for_operators_and_sends_what_is_due() {
    let told = Told::new();
    told.answers(answers(500));
    told.client().send(&call_of(1, "never"));
    told.deliver();
    told.heard();
    let denied = told.post(("bob", "boss"), "/api/maintenance", ("application/json", Vec::new()));
    assert_eq!((denied.status, &denied.json()["error"]), (403, &json!("denied")));
    assert_eq!(refusals(&told.world).pop().unwrap().method.as_deref(), Some("maintenance"));
    told.later(120);
    told.answers(answers(200));
    told.deliver();
    told.heard();
    told.client().send(&call_of(1, "never"));
    let done = told.maintain();
    assert_eq!(done.status, 200, "{done:?}");
    let report = done.json();
    assert_eq!(report["approvals"], json!({"expired": 0, "complete": true}));
    assert_eq!(
        report["webhooks"],
        json!({"delivered": 1, "failed": 0, "waiting": 0, "given_up": 0, "given_up_in_all": 0})
    );
    assert_eq!(intents(&told.world).pop().unwrap().method, "maintenance");
    let mut request = post("crm", Some(&token_for("olga", "ops", &[API])), "");
    *request.method_mut() = Method::GET;
    *request.uri_mut() = "https://gw.example.com/api/maintenance".parse().unwrap();
    assert_eq!(told.world.control(request).status, 405);
}

#[test]
fn maintenance_tells_once_of_requests_that_nobody_has_answered() {
    let told = Told::new();
    let id = held(&told.client().send(&pay(json!({"amount": 1}))));
    let approved = held(&told.client().send(&pay(json!({"amount": 2}))));
    told.say("bob", &format!("{approved}/approve"), &json!({}));
    told.deliver();
    told.heard();
    assert_eq!(told.maintain().json()["approvals"]["expired"], 0, "its time is not over");
    told.later(301);
    assert_eq!(told.maintain().json()["approvals"], json!({"expired": 1, "complete": true}));
    let heard = told.heard();
    let [(first, event)] = heard.as_slice() else { panic!("{heard:?}") };
    assert_eq!((&event["type"], &event["data"]["request"]), (&json!("approval.expired"), &json!(id)));
    assert_eq!(told.maintain().json()["approvals"]["expired"], 0);
    told.later(200);
    assert_eq!(told.maintain().json()["approvals"]["expired"], 0);
    assert_eq!(told.heard(), []);
    // Who forgets that it was told tells it under the same id.
    told.world
        .ports
        .store
        .borrow_mut()
        .retain(|key, _| !key.contains(":told:") && !key.ends_with(":expired"));
    assert_eq!(told.maintain().json()["approvals"]["expired"], 1);
    assert_eq!(&told.heard().pop().unwrap().0, first);
}

#[test]
fn who_tells_nobody_asks_the_store_for_nothing() {
    let (head, _) = settings().split_once("[[webhooks]]").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let told = Told::silent(World::of(&head, POLICIES));
    held(&told.client().send(&pay(json!({}))));
    told.client().send(&call_of(1, "never"));
    // An instance looks once whether a checkpoint is due.
    told.deliver();
    assert!(!has_work(&told.world.gateway, &*told.world.ports));
    told.deliver();
    let report = told.maintain();
    assert_eq!(report.status, 200, "{report:?}");
    assert!(!told.world.ports.store.borrow().keys().any(|key| key.contains(":webhook:")));
}
