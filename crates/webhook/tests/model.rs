//! The laws of the outbox, over a store that fails where it is told to: nothing that is in it is lost, nothing is sent
//! without end, and of several instances one makes each attempt.
#![expect(clippy::unwrap_used, reason = "a failing test is its report")]

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use portcullis_identity::seal::Sealer;
use portcullis_ledger::UnixMillis;
use portcullis_settings::{Secret, WebhookEvent};
use portcullis_webhook::{ATTEMPTS, Failed, Key, Letter, Look, MessageId, Outbox, Receiver, Store};
use proptest::prelude::*;

const START: u64 = 1_800_000_000_000;
const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;

#[derive(Default)]
struct Fake {
    values: RefCell<BTreeMap<String, Vec<u8>>>,
    counters: RefCell<BTreeMap<String, u64>>,
    n_operations: Cell<usize>,
    /// Which operations fail; every other one of them has been done all the same.
    fails: RefCell<Vec<usize>>,
}

impl Fake {
    /// Whether the operation is done, and whether that is said.
    fn operation(&self) -> (bool, Result<(), Failed>) {
        let number = self.n_operations.get();
        self.n_operations.set(number + 1);
        match self.fails.borrow().contains(&number) {
            true => (number.is_multiple_of(2), Err(Failed("injected".into()))),
            false => (true, Ok(())),
        }
    }
}

impl Store for Fake {
    async fn get(&self, key: &Key) -> Result<Option<Vec<u8>>, Failed> {
        self.operation().1?;
        Ok(self.values.borrow().get(key.as_str()).cloned())
    }

    async fn set(&self, key: &Key, value: &[u8]) -> Result<(), Failed> {
        let (is_done, said) = self.operation();
        if is_done {
            self.values.borrow_mut().insert(key.as_str().to_owned(), value.to_vec());
        }
        said
    }

    fn add(&self, key: &Key, by: u64) -> Result<u64, Failed> {
        let (is_done, said) = self.operation();
        let mut counters = self.counters.borrow_mut();
        let counter = counters.entry(key.as_str().to_owned()).or_default();
        *counter += if is_done { by } else { 0 };
        said.map(|()| *counter)
    }
}

fn outbox() -> Outbox {
    let secret = Secret::new("0123456789abcdef0123456789abcdef".into());
    Outbox::new("a".parse().unwrap(), Sealer::new(&secret, &[]))
}

fn letter(number: u8, at: u64) -> Letter {
    let url = "https://hooks.example.com".parse().unwrap();
    let kind =
        if number.is_multiple_of(2) { WebhookEvent::CallDenied } else { WebhookEvent::ApprovalRequested };
    let body = format!("letter {number}");
    Letter { id: MessageId::of([number; 16]), to: Receiver::of(&url), kind, at: UnixMillis(at), body }
}

fn put(store: &Fake, letter: &Letter) -> bool {
    pollster::block_on(outbox().put(store, letter)).is_ok()
}

fn look(store: &Fake, now: u64) -> Look {
    pollster::block_on(outbox().look(store, UnixMillis(now), now / 7))
}

/// What an instance does when it comes by: looks, and sends what is due to a receiver that may be there.
fn come_by(store: &Fake, now: u64, is_there: bool, sent: &mut BTreeMap<String, Vec<bool>>) -> Look {
    let found = look(store, now);
    for due in &found.due {
        sent.entry(due.letter.body.clone()).or_default().push(is_there);
        if is_there {
            // Whether that is noted or not: it has arrived.
            _ = pollster::block_on(outbox().settle(store, due.ticket, UnixMillis(now)));
        }
    }
    found
}

#[test]
fn what_has_arrived_is_sent_once_and_what_has_not_is_tried_again() {
    let store = Fake::default();
    let mut sent = BTreeMap::new();
    assert!(put(&store, &letter(1, START)) && put(&store, &letter(2, START)));
    assert_eq!(look(&store, START + 29_000).due, [], "the first attempt is that of who saw it");
    come_by(&store, START + 30_000, false, &mut sent);
    come_by(&store, START + 31_000, false, &mut sent);
    assert_eq!(sent["letter 1"], [false], "one attempt in its time, whoever comes by");
    come_by(&store, START + 2 * MINUTE, true, &mut sent);
    come_by(&store, START + 3 * HOUR, true, &mut sent);
    assert_eq!((&sent["letter 1"], &sent["letter 2"]), (&vec![false, true], &vec![false, true]));
    assert!(!store.values.borrow().values().any(|value| String::from_utf8_lossy(value).contains("letter")));
}

#[test]
fn what_never_arrives_is_given_up_and_told_once() {
    let store = Fake::default();
    let mut sent = BTreeMap::new();
    assert!(put(&store, &letter(1, START)));
    let mut given_up = Vec::new();
    for minute in 0..30 * 60 {
        given_up.extend(come_by(&store, START + minute * MINUTE, false, &mut sent).given_up);
    }
    assert_eq!(given_up, [letter(1, START)]);
    assert_eq!(sent["letter 1"].len(), ATTEMPTS.len() - 1, "all but the first, which is not the outbox's");
    assert_eq!(outbox().n_given_up(&store), Ok(1));
    let before = store.n_operations.get();
    assert_eq!(look(&store, START + 40 * HOUR), Look::default());
    assert!(store.n_operations.get() - before < 8, "nothing is left to be read");
}

#[test]
fn what_nobody_has_sealed_for_its_place_is_never_sent() {
    let store = Fake::default();
    assert!(put(&store, &letter(1, START)) && put(&store, &letter(3, START)));
    let (one, three) = ("pc1:a:webhook:entry:urgent:1", "pc1:a:webhook:entry:urgent:2");
    let other = store.values.borrow()[three].clone();
    store.values.borrow_mut().insert(one.into(), other);
    let found = look(&store, START + MINUTE);
    let bodies: Vec<&str> = found.due.iter().map(|due| due.letter.body.as_str()).collect();
    assert_eq!((bodies, found.n_unreadable), (vec!["letter 3"], 1));
    assert_eq!(look(&store, START + 3 * MINUTE).n_unreadable, 0, "it is told once");
}

#[test]
fn a_number_without_a_letter_holds_nothing_up() {
    let store = Fake::default();
    // The write of the first one fails, and is not done.
    store.fails.replace(vec![2, 3]);
    store.n_operations.set(1);
    assert!(!put(&store, &letter(1, START)));
    store.fails.take();
    for number in [3, 5] {
        assert!(put(&store, &letter(number, START)));
    }
    let mut sent = BTreeMap::new();
    come_by(&store, START + MINUTE, true, &mut sent);
    assert_eq!(sent.len(), 2);
    look(&store, START + 10 * MINUTE);
    let floor = store.values.borrow()["pc1:a:webhook:floor:urgent"].clone();
    let count = store.counters.borrow()["pc1:a:webhook:count:urgent"];
    assert_eq!(String::from_utf8(floor).unwrap(), count.to_string());
}

#[test]
fn many_that_wait_are_all_found_and_too_many_are_told() {
    let store = Fake::default();
    for _ in 0..300 {
        assert!(put(&store, &letter(1, START)));
    }
    let mut n_sent = 0;
    for round in 0..600 {
        n_sent += look(&store, START + 3 * HOUR + round * 1000).due.len();
    }
    assert_eq!(n_sent, 300, "each is found, although the first ones are never settled");
    store.counters.borrow_mut().insert("pc1:a:webhook:count:urgent".into(), 5000);
    assert_eq!(look(&store, START + 4 * HOUR).n_overrun, 5000 - 4096);
    assert_eq!(look(&store, START + 4 * HOUR).n_overrun, 0, "it is told once");
}

#[test]
fn one_of_all_instances_looks_at_a_time() {
    let store = Fake::default();
    let is_time = |now| pollster::block_on(outbox().is_time(&store, UnixMillis(now))).unwrap();
    assert!(is_time(START) && !is_time(START + 9_999) && is_time(START + 10_000));
    assert!(is_time(START - HOUR), "a clock that was ahead stops nobody for long");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever fails: what the store has acknowledged arrives, or is told to have been given up, and the number of
    /// attempts is bounded.
    #[test]
    fn nothing_is_lost_or_sent_without_end(
        fails in proptest::collection::vec(0_usize..400, 0..40),
        // The receiver is there from this hour on.
        hour in 0_u64..40,
        instances in 1_u64..4,
    ) {
        let n_fails = fails.len();
        let store = Fake { fails: RefCell::new(fails), ..Fake::default() };
        let mut acknowledged = Vec::new();
        for number in 1..=6_u8 {
            if put(&store, &letter(number, START)) {
                acknowledged.push(format!("letter {number}"));
            }
        }
        let mut sent: BTreeMap<String, Vec<bool>> = BTreeMap::new();
        let mut given_up = Vec::new();
        for step in 0..60 * 12 {
            let now = START + 30_000 + step * 5 * MINUTE;
            for _ in 0..instances {
                let found = come_by(&store, now, now >= START + hour * HOUR, &mut sent);
                given_up.extend(found.given_up.into_iter().map(|letter| letter.body));
            }
        }
        let none = Vec::new();
        for body in &acknowledged {
            let attempts = sent.get(body).unwrap_or(&none);
            let has_arrived = attempts.contains(&true);
            prop_assert!(has_arrived || given_up.contains(body), "{body}: {attempts:?}");
        }
        for (body, attempts) in &sent {
            prop_assert!(attempts.len() < ATTEMPTS.len(), "{body}: {attempts:?}");
        }
        // It is told again only where the store did not take it that it was.
        prop_assert!(given_up.len() <= 6 + n_fails);
    }
}
