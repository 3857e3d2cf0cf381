//! Following records as they are written.

use std::future::Future as _;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use portcullis_ledger::{CallResult, Outcome, Record};
use portcullis_mcp::sse::{Decoder, Event, Item};
use portcullis_pipeline::{Answer, EventStream, control};
use serde_json::{Value, json};

use super::{API, MINUTE, ask, call, keys, pass, recording, request, world};
use crate::world::{Fake, World, token_for};

const FOLLOW: &str = "/api/recordings/follow";
/// How often a stream is asked before it counts as silent; a round takes two.
const POLLS: usize = 64;

struct Stream(Box<EventStream<Fake>>);

impl Stream {
    fn open(world: &World, group: &str, query: &str) -> Self {
        world.ports.patience.set(Duration::from_secs(1));
        let request = request(&format!("{FOLLOW}{query}"), Some(&token_for("audra", group, &[API])));
        let served = control(Rc::clone(&world.gateway), Rc::clone(&world.ports), request);
        let (head, answer) = pollster::block_on(served).into_parts();
        assert_eq!(
            (head.status.as_u16(), &head.headers["content-type"]),
            (200, &"text/event-stream".parse().unwrap())
        );
        match answer {
            Answer::Events(events) => Self(events),
            Answer::Full(text) => panic!("no stream: {text:?}"),
        }
    }

    /// The next event; `None` while there is none.
    fn next(&mut self) -> Option<(String, Value)> {
        let mut next = pin!(self.0.next());
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..POLLS {
            if let Poll::Ready(bytes) = next.as_mut().poll(&mut context) {
                return bytes.map(|bytes| event(&bytes));
            }
        }
        None
    }

    /// Everything until nothing is new.
    fn all(&mut self) -> Vec<(String, Value)> {
        std::iter::from_fn(|| self.next()).collect()
    }

    /// The kinds of the records among it, with their methods.
    fn told(&mut self) -> Vec<String> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let shown = |(kind, value): (String, Value)| match kind.as_str() {
            "record" => format!("{} {}", text(&value["record"]["kind"]), text(&value["record"]["name"]))
                .trim()
                .to_owned(),
            _ => kind,
        };
        self.all().into_iter().map(shown).collect()
    }
}

fn event(bytes: &[u8]) -> (String, Value) {
    let items = Decoder::new(1 << 20).push(bytes).unwrap();
    let [Item::Event(Event { kind: Some(kind), data: Some(data), .. })] = &items[..] else {
        panic!("{items:?}")
    };
    (kind.clone(), serde_json::from_str(data).unwrap())
}

/// How following ended, on record.
fn ends(world: &World) -> Vec<CallResult> {
    let records = world.ports.records();
    let is_following = |id| {
        records.iter().any(|record| {
            matches!(record, Record::Intent(intent) if intent.id == id && intent.method == "recordings/follow")
        })
    };
    let result = |outcome: Outcome| is_following(outcome.id).then_some(outcome.result);
    world.outcomes().into_iter().filter_map(result).collect()
}

#[test]
fn a_recording_is_followed_from_what_may_still_grow_to_what_is_new() {
    let world = world();
    call(&world, "crm", "ada", "read");
    call(&world, "crm", "bo", "read");
    let id = recording(&world, "ada", "crm");
    let mut stream = Stream::open(&world, "auditors", &format!("?recording={id}"));
    assert_eq!(stream.told(), ["intent read", "outcome", "caught-up"]);
    call(&world, "crm", "bo", "read");
    assert_eq!(stream.told(), [""; 0]);
    call(&world, "crm", "ada", "pay");
    let told = stream.all();
    let [(kind, value)] = &told[..] else { panic!("{told:?}") };
    assert_eq!((kind.as_str(), &value["recording"]), ("record", &json!(id)));
    assert_eq!((&value["record"]["kind"], &value["record"]["error"]), (&json!("refusal"), &json!("denied")));
    assert_eq!(ends(&world), []);
    pollster::block_on(stream.0.abandon());
    assert_eq!(ends(&world), [CallResult::Interrupted]);
    assert_eq!(stream.told(), [""; 0]);
}

#[test]
fn without_a_recording_it_is_what_is_new_where_policy_lets_the_caller_review() {
    let world = world();
    call(&world, "crm", "ada", "read");
    pass(&world, 1);
    let mut all = Stream::open(&world, "auditors", "");
    let mut of_crm = Stream::open(&world, "crm", "");
    let mut of_bo = Stream::open(&world, "auditors", "?principal=idp%7Cbo&connection=photos");
    all.all();
    assert_eq!((of_crm.told(), of_bo.told()), (vec!["caught-up".to_owned()], vec!["caught-up".to_owned()]));
    call(&world, "crm", "ada", "read");
    call(&world, "photos", "ada", "look");
    call(&world, "photos", "bo", "look");
    assert_eq!(all.told(), ["intent read", "outcome", "intent look", "outcome", "intent look", "outcome"]);
    assert_eq!(of_crm.told(), ["intent read", "outcome"]);
    assert_eq!(of_bo.told(), ["intent look", "outcome"]);
    for (group, query, status) in [
        ("staff", "", 403),
        ("listers", "", 403),
        ("auditors", "?recording=x", 400),
        ("auditors", "?day=2027-01-15", 400),
        ("auditors", "?principal=bo", 400),
    ] {
        assert_eq!(ask(&world, group, &format!("{FOLLOW}{query}")).status, status, "{group} {query}");
    }
}

#[test]
fn a_stream_ends_with_the_token_and_says_why() {
    let world = world();
    let mut stream = Stream::open(&world, "auditors", "");
    stream.all();
    pass(&world, 11 * MINUTE);
    let told = stream.all();
    let [.., (kind, value)] = &told[..] else { panic!("{told:?}") };
    assert_eq!((kind.as_str(), &value["error"]), ("end", &json!("unauthenticated")));
    assert_eq!(ends(&world), [CallResult::Failed { kind: "unauthenticated".to_owned() }]);
}

#[test]
fn a_store_that_fails_ends_it_and_nobody_follows_what_cannot_be_recorded() {
    let world = world();
    let mut stream = Stream::open(&world, "auditors", "");
    stream.all();
    world.ports.store_fails.set(Some(":segment:"));
    let told = stream.all();
    let [(kind, value)] = &told[..] else { panic!("{told:?}") };
    assert_eq!((kind.as_str(), &value["error"]), ("end", &json!("store_unavailable")));
    let refused = ask(&world, "auditors", FOLLOW);
    assert_eq!(refused.status, 503, "{}", refused.text);
}

#[test]
fn what_is_damaged_is_told_and_the_rest_goes_on() {
    let world = world();
    call(&world, "crm", "ada", "read");
    let id = recording(&world, "ada", "crm");
    let mut stream = Stream::open(&world, "auditors", &format!("?recording={id}"));
    stream.all();
    let before = keys(&world, ":segment:");
    call(&world, "crm", "ada", "read");
    for key in keys(&world, ":segment:").into_iter().filter(|key| !before.contains(key)) {
        *world.ports.store.borrow_mut().get_mut(&key).unwrap().last_mut().unwrap() ^= 1;
    }
    let told = stream.all();
    let [(kind, value)] = &told[..] else { panic!("{told:?}") };
    assert!(kind == "problem" && value["problem"].as_str().unwrap().contains("is not shown"), "{told:?}");
    // Another instance writes another chain.
    let other = super::instance(&world);
    call(&other, "crm", "ada", "read");
    assert_eq!(stream.told(), ["intent read", "outcome"]);
}

#[test]
fn a_key_that_comes_late_is_waited_for_and_one_that_never_comes_is_not() {
    let world = world();
    let mut stream = Stream::open(&world, "auditors", "?connection=crm");
    stream.all();
    call(&world, "crm", "ada", "read");
    let late: Vec<_> = keys(&world, ":l2:key:")
        .into_iter()
        .map(|key| {
            let value = world.ports.store.borrow_mut().remove(&key).unwrap();
            (key, value)
        })
        .collect();
    assert_eq!(stream.told(), [""; 0]);
    world.ports.store.borrow_mut().extend(late);
    assert_eq!(stream.told(), ["intent read", "outcome"]);
    call(&world, "crm", "bo", "read");
    for key in keys(&world, ":l2:key:") {
        world.ports.store.borrow_mut().remove(&key);
    }
    pass(&world, 11_000);
    assert_eq!(stream.told(), [""; 0]);
    call(&world, "crm", "ada", "read");
    assert_eq!(stream.told(), ["intent read", "outcome"]);
}
