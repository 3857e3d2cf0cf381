//! Definitions that nobody has approved: one request for all who call them, and an approval that lasts.

use std::time::Duration;

use portcullis_approval::{
    Asked, CannotVote, ContentDigest, Coverage, Definition, Filter, Found, Inbox, Pinned, RequestId,
    Requester, Requirement, Requirements, Seen, Subject, Voter, Which,
};
use portcullis_ledger::UnixMillis;

use crate::world::*;

const YEAR: u64 = 365 * 24 * 60 * 60;

fn owners(group: &str) -> Requirement {
    let ttl = Duration::from_secs(900);
    Requirement { ttl, ..requirement("portcullis/definition", group, 1, Coverage::Lasting) }
}

/// A call of a tool with this definition, by somebody.
fn called_by(who: &str, name: &str, digest: u8) -> Asked {
    Asked {
        subject: Subject::Definition(Definition {
            requester: Requester::of(&person(who, &[])).unwrap(),
            connection: "billing".parse().unwrap(),
            kind: "tool".to_owned(),
            name: name.to_owned(),
            digest: ContentDigest::from_bytes([digest; 32]),
            pinned: None,
        }),
        requirements: Requirements::new(vec![owners("okta:finance")]).unwrap(),
    }
}

fn is_granted(store: &mut Store, asked: &Asked, now: UnixMillis) -> bool {
    matches!(store.find(asked, now), Ok(Found::Granted { .. }))
}

fn pinned(store: &mut Store, asked: &[Asked], now: UnixMillis) -> Vec<bool> {
    let vault = vault();
    let mut pinned = Pinned::new(&vault, asked.to_vec(), now);
    store.run(&mut pinned);
    pinned.finish().unwrap()
}

fn listed(store: &mut Store, which: Which, now: UnixMillis) -> Vec<RequestId> {
    let vault = vault();
    let mut inbox = Inbox::new(&vault, Filter { which, groups: None }, None, now);
    store.run(&mut inbox);
    let page = inbox.finish().unwrap();
    assert_eq!(page.next, None);
    page.cases.iter().map(|case| case.request().id).collect()
}

#[test]
fn all_who_call_a_definition_ask_for_the_same_and_have_the_same_answer() {
    let mut store = Store::default();
    let (ada, bob) = (called_by("ada", "refund", 1), called_by("bob", "refund", 1));
    let id = store.request(&ada, NOW);
    assert!(matches!(store.find(&bob, NOW), Ok(Found::Pending(case)) if case.request().id == id));
    store.approve(id, "ben", after(1));
    assert!(is_granted(&mut store, &ada, after(2)) && is_granted(&mut store, &bob, after(2)));
}

#[test]
fn an_approved_definition_stays_approved_until_it_is_taken_back() {
    let mut store = Store::default();
    let asked = called_by("ada", "refund", 1);
    let id = store.request(&asked, NOW);
    store.approve(id, "ben", after(1));
    assert!(is_granted(&mut store, &asked, after(YEAR)));
    store.n_waits = 0;
    assert!(is_granted(&mut store, &asked, after(YEAR)));
    assert_eq!(store.n_waits, 1, "what is approved is found at once");
    store.revoke(id, after(YEAR));
    assert!(!is_granted(&mut store, &asked, after(YEAR + 1)));
    assert_eq!(pinned(&mut store, &[asked], after(YEAR + 1)), [false]);
}

#[test]
fn an_approval_of_a_definition_is_for_nothing_else() {
    let mut store = Store::default();
    let asked = called_by("ada", "refund", 1);
    let id = store.request(&asked, NOW);
    store.approve(id, "ben", after(1));
    let changed = |change: fn(&mut Definition)| {
        let mut other = asked.clone();
        let Subject::Definition(definition) = &mut other.subject else { panic!() };
        change(definition);
        other
    };
    let others = [
        changed(|it| it.digest = ContentDigest::from_bytes([2; 32])),
        changed(|it| it.pinned = Some(ContentDigest::from_bytes([2; 32]))),
        changed(|it| it.name = "pay".to_owned()),
        changed(|it| it.kind = "prompt".to_owned()),
        changed(|it| it.connection = "crm".parse().unwrap()),
        Asked {
            requirements: Requirements::new(vec![Requirement {
                policy: portcullis_approval::PolicyRef {
                    digest: ContentDigest::from_bytes([7; 32]),
                    ..owners("okta:finance").policy
                },
                ..owners("okta:legal")
            }])
            .unwrap(),
            ..asked.clone()
        },
    ];
    for other in &others {
        assert!(!is_granted(&mut store, other, after(2)), "{other:?}");
        assert_eq!(pinned(&mut store, &[asked.clone(), other.clone()], after(2)), [true, false], "{other:?}");
    }
    // A call of it is another thing too, whatever its digests are.
    let case = store.read(id, after(2));
    assert!(case.covers(&asked_with("{}", once()), after(2)).is_err());
}

#[test]
fn who_was_the_first_to_call_does_not_approve_and_others_do() {
    let mut store = Store::default();
    let id = store.request(&called_by("ada", "refund", 1), NOW);
    let case = store.read(id, NOW);
    let approves = |who| {
        let voter = Voter::of(&person(who, &["finance"])).unwrap();
        case.approve(&voter, Seen { request: case.digest(), at: NOW }, None).map(|_| ())
    };
    assert_eq!(approves("ada"), Err(CannotVote::Requester));
    assert_eq!(approves("bob"), Ok(()));
}

#[test]
fn lists_learn_of_many_definitions_at_once() {
    let mut store = Store::default();
    let all: Vec<Asked> = (0..40).map(|n| called_by("ada", &format!("tool{n}"), n)).collect();
    assert_eq!(pinned(&mut store, &all, NOW), vec![false; 40]);
    store.n_waits = 0;
    pinned(&mut store, &all, NOW);
    assert_eq!(store.n_waits, 1, "nobody was ever asked");
    let ids: Vec<RequestId> = all[..20].iter().map(|asked| store.request(asked, NOW)).collect();
    ids[..10].iter().for_each(|id| store.approve(*id, "ben", after(1)));
    let want: Vec<bool> = (0..40).map(|n| n < 10).collect();
    store.n_waits = 0;
    assert_eq!(pinned(&mut store, &all, after(2)), want);
    assert!(store.n_waits <= 5, "{}", store.n_waits);
    store.is_down = true;
    let vault = vault();
    let mut down = Pinned::new(&vault, all, after(2));
    store.run(&mut down);
    assert!(down.finish().is_err());
}

#[test]
fn of_requests_about_the_same_definition_the_last_one_counts() {
    let mut store = Store::default();
    let asked = called_by("ada", "refund", 1);
    let first = store.request(&asked, NOW);
    store.reject(first, "ben", after(1));
    assert_eq!(pinned(&mut store, std::slice::from_ref(&asked), after(2)), [false]);
    // The time of the first one is over.
    let second = store.request(&asked, after(1000));
    store.approve(second, "ben", after(1001));
    assert_eq!((second, pinned(&mut store, &[asked], after(1002))), (first.next(), vec![true]));
}

#[test]
fn what_lasts_is_listed_as_long_as_it_does() {
    let mut store = Store::default();
    let id = store.request(&called_by("ada", "refund", 1), NOW);
    let pending = store.request(&called_by("ada", "pay", 2), NOW);
    store.approve(id, "ben", after(1));
    for (seconds, which, want) in [
        (2, Which::Approved, vec![id]),
        (2, Which::Pending, vec![pending]),
        (2, Which::All, vec![pending, id]),
        (YEAR, Which::Approved, vec![id]),
        (YEAR, Which::Pending, vec![]),
        (YEAR, Which::All, vec![pending, id]),
    ] {
        assert_eq!(listed(&mut store, which, after(seconds)), want, "{which:?} after {seconds} s");
    }
    store.revoke(id, after(YEAR));
    assert_eq!(listed(&mut store, Which::Approved, after(YEAR + 1)), []);
}
