//! Many at the same time, over stores that answer as the real ones may.
//!
//! | store | what it may do with an increment |
//! |---|---|
//! | SQLite | fail |
//! | Redis | fail, or do it and fail |
//! | DynamoDB | the same, or do it twice, since its client tries again |
//! | Cosmos | the same, and it reads the answer after it has added, so that it may be that of somebody else |

use std::collections::{BTreeMap, BTreeSet};

use portcullis_approval::{
    Answer, Ask, Asked, Cast, Consume, Coverage, Covered, Create, Creation, Filter, Find, Found, Inbox,
    Protocol, RequestId, Seen, Use, Vault, Voter, Which,
};
use portcullis_ledger::{RecordId, UnixMillis};
use proptest::prelude::*;

use crate::world::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Backend {
    Cosmos,
    Dynamo,
    Redis,
    Sqlite,
}

impl Backend {
    const ALL: [Self; 4] = [Self::Cosmos, Self::Dynamo, Self::Redis, Self::Sqlite];

    /// What this store may make of it.
    fn luck(self, luck: Luck) -> Luck {
        match (self, luck) {
            (Self::Sqlite, Luck::Doubled | Luck::Lies) | (Self::Redis, Luck::Doubled) => Luck::Fails,
            _ => luck,
        }
    }
}

/// A call that has found its grant, one step of the store at a time.
struct Consumer {
    consume: Consume,
    /// Added and not answered.
    added: Option<String>,
}

impl Consumer {
    fn new(store: &mut Store, vault: &Vault, asked: &Asked, number: u8) -> Self {
        let Ok(Found::Granted { covered: Covered::Once(grant), .. }) = store.find(asked, after(3)) else {
            panic!()
        };
        let used = Use { at: after(3), call: RecordId::new(after(3), [number; 10]) };
        Self { consume: Consume::new(vault, grant, used).unwrap(), added: None }
    }

    fn is_over(&self) -> bool {
        self.consume.asks().is_empty()
    }

    fn step(&mut self, store: &mut Store, backend: Backend, luck: Luck) {
        if let Some(key) = self.added.take() {
            let count = store.counters.get(&key).copied().unwrap_or(0);
            return self.consume.learn(vec![Answer::Count(count)]);
        }
        let Some(ask) = self.consume.asks().into_iter().next() else { return };
        let answer = store.perform(&ask, backend.luck(luck));
        match (&ask, backend, &answer) {
            (Ask::Add(key, _), Backend::Cosmos, Answer::Count(_)) => {
                self.added = Some(key.as_str().to_owned())
            }
            _ => self.consume.learn(vec![answer]),
        }
    }
}

fn approved(requirements: Vec<portcullis_approval::Requirement>) -> (Store, Asked, RequestId) {
    let (mut store, asked) = (Store::default(), asked(requirements));
    let id = store.request(&asked, NOW);
    store.approve(id, "ben", after(1));
    (store, asked, id)
}

fn luck() -> impl Strategy<Value = Luck> {
    prop_oneof![
        6 => Just(Luck::Good),
        1 => Just(Luck::Doubled),
        1 => Just(Luck::Fails),
        1 => Just(Luck::Late),
        1 => Just(Luck::Lies),
    ]
}

const CONSUMERS: usize = 200;

/// How many of 200 get the grant, in this order of steps and with this luck; the others go on at the end.
fn winners(backend: Backend, steps: &[(usize, Luck)]) -> usize {
    let vault = vault();
    let (mut store, asked, _) = approved(once());
    let mut consumers: Vec<Consumer> =
        (0..CONSUMERS).map(|n| Consumer::new(&mut store, &vault, &asked, u8::try_from(n).unwrap())).collect();
    for (who, luck) in steps {
        consumers[*who].step(&mut store, backend, *luck);
    }
    while consumers.iter().any(|consumer| !consumer.is_over()) {
        consumers.iter_mut().for_each(|consumer| consumer.step(&mut store, backend, Luck::Good));
    }
    consumers.into_iter().filter_map(|consumer| consumer.consume.finish().ok()).count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn of_200_calls_at_most_one_gets_a_grant_for_one_call(
        steps in prop::collection::vec((0..CONSUMERS, luck()), 0..1200),
    ) {
        for backend in Backend::ALL {
            let n = winners(backend, &steps);
            prop_assert!(n <= 1, "{n} on {backend:?}");
        }
    }

    #[test]
    fn of_200_calls_exactly_one_gets_it_where_nothing_fails(
        order in prop::collection::vec(0..CONSUMERS, 0..1200),
    ) {
        let steps: Vec<(usize, Luck)> = order.into_iter().map(|who| (who, Luck::Good)).collect();
        for backend in [Backend::Dynamo, Backend::Redis, Backend::Sqlite] {
            prop_assert_eq!(winners(backend, &steps), 1, "{:?}", backend);
        }
        prop_assert!(winners(Backend::Cosmos, &steps) <= 1);
    }
}

/// In these orders it is known who gets it.
#[test]
fn one_after_the_other_the_first_gets_it() {
    for backend in Backend::ALL {
        let steps: Vec<(usize, Luck)> = (0..CONSUMERS).flat_map(|who| [(who, Luck::Good); 4]).collect();
        assert_eq!(winners(backend, &steps), 1, "{backend:?}");
        // Whoever was told nothing does not have it, and nobody else gets it after that.
        let mut lost = vec![(0, Luck::Good); if backend == Backend::Cosmos { 2 } else { 1 }];
        lost.push((0, Luck::Lies));
        let want = usize::from(backend == Backend::Sqlite);
        assert_eq!(winners(backend, &lost), want, "{backend:?}");
    }
}

#[test]
fn a_grant_that_was_lost_or_taken_is_asked_for_anew() {
    let vault = vault();
    let (mut store, asked, id) = approved(once());
    let mut dead = Consumer::new(&mut store, &vault, &asked, 1);
    dead.step(&mut store, Backend::Redis, Luck::Good);
    dead.step(&mut store, Backend::Redis, Luck::Lies);
    assert_eq!(dead.consume.finish().err(), Some(portcullis_approval::Lost::Unknown));
    // Nobody has said that it is used.
    let mut next = Consumer::new(&mut store, &vault, &asked, 2);
    next.step(&mut store, Backend::Redis, Luck::Good);
    assert_eq!(next.consume.finish().err(), Some(portcullis_approval::Lost::Taken));
    let mut find = Find::new(&vault, asked.clone(), after(4)).past(id);
    store.run(&mut find);
    let Ok(Found::MustCreate { id: second, .. }) = find.finish() else { panic!() };
    assert_eq!(second, id.next());
    let mut create = Create::new(&vault, (second, asked.clone()), context(), after(4)).unwrap();
    store.run(&mut create);
    assert!(matches!(create.finish(), Ok(Creation::Created(_))));
    assert_eq!(word(&store.find(&asked, after(5))), "pending");
}

/// Both have voted before either has looked, so neither has found the request approved.
#[test]
fn approvals_that_cross_are_both_counted() {
    let vault = vault();
    let (mut store, asked) =
        (Store::default(), asked(vec![requirement("refunds", "okta:finance", 2, Coverage::Once)]));
    let id = store.request(&asked, NOW);
    let case = store.read(id, after(1));
    let seen = Seen { request: case.digest(), at: after(1) };
    let mut casts: Vec<Cast<'_>> = ["ben", "cyd"]
        .map(|who| {
            let voter = Voter::of(&person(who, &["finance"])).unwrap();
            Cast::vote(&vault, &case, case.approve(&voter, seen, None).unwrap())
        })
        .into();
    while casts.iter().any(|cast| !cast.asks().is_empty()) {
        for cast in &mut casts {
            let answers = cast.asks().iter().map(|ask| store.perform(ask, Luck::Good)).collect();
            cast.learn(answers);
        }
    }
    let Ok(Found::Granted { settle, .. }) = store.find(&asked, after(2)) else { panic!() };
    assert!(settle.is_some(), "the next call finds it at once");
    store.write(settle);
    let Ok(Found::Granted { settle: None, .. }) = store.find(&asked, after(2)) else { panic!() };
}

/// A write of which nothing was heard arrives when the same person has decided otherwise.
#[test]
fn a_late_approval_does_not_undo_a_rejection() {
    let vault = vault();
    let (mut store, asked) = (Store::default(), asked(once()));
    let id = store.request(&asked, NOW);
    let case = store.read(id, after(1));
    let ben = Voter::of(&person("ben", &["finance"])).unwrap();
    let seen = Seen { request: case.digest(), at: after(1) };
    let mut vote = Cast::vote(&vault, &case, case.approve(&ben, seen, None).unwrap());
    while let Some(ask) = vote.asks().into_iter().next() {
        let answer = store.perform(&ask, if matches!(ask, Ask::Set(..)) { Luck::Late } else { Luck::Good });
        vote.learn(vec![answer]);
    }
    store.reject(id, "ben", after(2));
    store.settle();
    assert_eq!(word(&store.find(&asked, after(3))), "rejected");
}

fn run_with(store: &mut Store, protocol: &mut impl Protocol, luck: &mut impl Iterator<Item = Luck>) {
    while !protocol.asks().is_empty() {
        let asks = protocol.asks();
        let answers = asks.iter().map(|ask| store.perform(ask, luck.next().unwrap_or(Luck::Good))).collect();
        protocol.learn(answers);
    }
}

/// A call that finds its request or writes one, one step of the store at a time.
enum Caller<'v> {
    Finding(Find<'v>),
    Creating(Create<'v>),
    /// The request that it tells its client of, and whether it has written it.
    Over(Option<(RequestId, bool)>),
}

impl<'v> Caller<'v> {
    fn new(vault: &'v Vault, asked: &Asked, now: UnixMillis) -> Self {
        Self::Finding(Find::new(vault, asked.clone(), now))
    }

    fn step(self, store: &mut Store, (vault, asked): (&'v Vault, &Asked), luck: Luck) -> Self {
        match self {
            Self::Finding(mut find) => {
                let answers = find.asks().iter().map(|ask| store.perform(ask, luck)).collect();
                find.learn(answers);
                if !find.asks().is_empty() {
                    return Self::Finding(find);
                }
                match find.finish() {
                    Ok(Found::MustCreate { id, .. }) => {
                        Self::Creating(Create::new(vault, (id, asked.clone()), context(), NOW).unwrap())
                    }
                    Ok(Found::Pending(case)) => Self::Over(Some((case.request().id, false))),
                    Ok(Found::Granted { .. } | Found::Rejected { .. }) => panic!("nobody has decided"),
                    Err(_) => Self::Over(None),
                }
            }
            Self::Creating(mut create) => {
                let answers = create.asks().iter().map(|ask| store.perform(ask, luck)).collect();
                create.learn(answers);
                if !create.asks().is_empty() {
                    return Self::Creating(create);
                }
                match create.finish() {
                    Ok(Creation::Created(request)) => Self::Over(Some((request.id, true))),
                    Ok(Creation::Raced(id)) => Self::Over(Some((id, false))),
                    Err(_) => Self::Over(None),
                }
            }
            Self::Over(result) => Self::Over(result),
        }
    }
}

const CALLERS: usize = 12;

fn callers(store: &mut Store, steps: &[(usize, Luck)], dead: &[bool]) -> Vec<Option<(RequestId, bool)>> {
    let (vault, asked) = (vault(), asked(once()));
    let mut callers: Vec<Caller<'_>> = (0..CALLERS).map(|_| Caller::new(&vault, &asked, NOW)).collect();
    // Those who live go on to their end.
    let last = (0..CALLERS).filter(|who| !dead[*who]).flat_map(|who| vec![(who, Luck::Good); 20]);
    for (who, luck) in steps.iter().copied().chain(last) {
        let caller = std::mem::replace(&mut callers[who], Caller::Over(None));
        callers[who] = caller.step(store, (&vault, &asked), luck);
    }
    callers
        .into_iter()
        .map(|caller| match caller {
            Caller::Over(result) => result,
            Caller::Finding(_) | Caller::Creating(_) => None,
        })
        .collect()
}

/// The ids of all that reviewers see.
fn listed(store: &mut Store, now: UnixMillis) -> BTreeSet<RequestId> {
    let vault = vault();
    let filter = Filter { which: Which::Pending, groups: None };
    let mut inbox = Inbox::new(&vault, filter, None, now);
    store.run(&mut inbox);
    inbox.finish().unwrap().cases.iter().map(|case| case.request().id).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn of_those_who_ask_for_the_same_at_the_same_time_one_does(
        order in prop::collection::vec(0..CALLERS, 0..150),
    ) {
        let mut store = Store::default();
        let steps: Vec<(usize, Luck)> = order.into_iter().map(|who| (who, Luck::Good)).collect();
        let results = callers(&mut store, &steps, &[false; CALLERS]);
        let ids: BTreeSet<Option<RequestId>> = results.iter().map(|one| one.map(|(id, _)| id)).collect();
        prop_assert_eq!(ids.len(), 1, "all tell of one request");
        prop_assert_eq!(results.iter().flatten().filter(|(_, has_written)| *has_written).count(), 1);
        prop_assert_eq!(listed(&mut store, after(1)).len(), 1, "reviewers are asked once");
    }

    #[test]
    fn whatever_fails_a_retry_gets_people_asked_in_the_end(
        steps in prop::collection::vec((0..CALLERS, luck()), 0..150),
        dead in prop::collection::vec(any::<bool>(), CALLERS),
    ) {
        let mut store = Store::default();
        callers(&mut store, &steps, &dead);
        store.settle();
        let (vault, asked) = (vault(), asked(once()));
        let mut found = None;
        // A client that calls again and again, every eleven seconds.
        for attempt in 1..=4 {
            let now = after(attempt * 11);
            match store.find(&asked, now) {
                Ok(Found::Pending(case)) => found = Some(case.request().id),
                Ok(Found::MustCreate { id, .. }) => {
                    let mut create = Create::new(&vault, (id, asked.clone()), context(), now).unwrap();
                    store.run(&mut create);
                    prop_assert!(create.finish().is_ok());
                }
                other => prop_assert!(false, "{}", word(&other)),
            }
        }
        let found = found.expect("people are asked");
        prop_assert!(listed(&mut store, after(45)).contains(&found), "and they can see it");
    }
}

/// What happens next.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// Somebody calls, and uses what they find.
    Call,
    /// One of three approvers looks and approves, if they may.
    Approve(usize),
    /// One of them rejects.
    Reject(usize),
    Revoke,
    /// What was late can be seen.
    Settle,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => Just(Event::Call),
        6 => (0..3_usize).prop_map(Event::Approve),
        1 => (0..3_usize).prop_map(Event::Reject),
        1 => Just(Event::Revoke),
        2 => Just(Event::Settle),
    ]
}

/// What is known from outside about one request.
#[derive(Default)]
struct Facts {
    /// Who has tried to approve it.
    approvers: BTreeSet<usize>,
    /// A rejection or revocation was acknowledged and could be seen.
    is_over: bool,
    n_uses: usize,
}

/// One history of a call, its approvers and a store that fails.
struct History {
    store: Store,
    vault: Vault,
    asked: Asked,
    ids: BTreeSet<RequestId>,
    facts: BTreeMap<RequestId, Facts>,
}

impl History {
    fn new() -> Self {
        let asked = asked(vec![requirement("refunds", "okta:finance", 2, Coverage::Once)]);
        Self { store: Store::default(), vault: vault(), asked, ids: BTreeSet::new(), facts: BTreeMap::new() }
    }

    fn happen(&mut self, event: Event, luck: &mut impl Iterator<Item = Luck>, now: UnixMillis) {
        match event {
            Event::Call => self.call(luck, now),
            Event::Approve(who) => self.decide(who, luck, now, |case, voter, seen, vault| {
                case.approve(voter, seen, None).ok().map(|vote| Cast::vote(vault, case, vote))
            }),
            Event::Reject(who) => self.decide(who, luck, now, |case, voter, seen, vault| {
                case.reject(voter, seen, reason()).ok().map(|one| Cast::reject(vault, case, one).unwrap())
            }),
            Event::Revoke => self.decide(9, luck, now, |case, _, _, vault| {
                let revocation = case.revoke("okta|eve".parse().unwrap(), NOW, reason()).ok()?;
                Cast::revoke(vault, case, revocation).ok()
            }),
            Event::Settle => self.store.settle(),
        }
    }

    fn call(&mut self, luck: &mut impl Iterator<Item = Luck>, now: UnixMillis) {
        let vault = self.vault.clone();
        let mut find = Find::new(&vault, self.asked.clone(), now);
        run_with(&mut self.store, &mut find, luck);
        match find.finish() {
            Ok(Found::Granted { covered: Covered::Once(grant), settle }) => {
                if let Some(write) = settle {
                    let _ = self.store.perform(&write.into(), luck.next().unwrap_or(Luck::Good));
                }
                let id = grant.request();
                let used = Use { at: now, call: RecordId::new(now, [1; 10]) };
                let mut consume = Consume::new(&vault, grant, used).unwrap();
                run_with(&mut self.store, &mut consume, luck);
                let facts = self.facts.entry(id).or_default();
                if let Ok((_cleared, trace)) = consume.finish() {
                    facts.n_uses += 1;
                    assert!(facts.approvers.len() >= 2, "without two approvers");
                    assert!(!facts.is_over, "after it was taken back");
                    assert_eq!(facts.n_uses, 1, "used twice");
                    let _ = self.store.perform(&trace.into(), luck.next().unwrap_or(Luck::Good));
                }
            }
            Ok(Found::Granted { covered: Covered::Window(_), .. }) => panic!("it is for one call"),
            Ok(Found::MustCreate { id, .. } | Found::Rejected { next: id, .. }) => {
                self.ids.insert(id);
                let mut create = Create::new(&vault, (id, self.asked.clone()), context(), now).unwrap();
                run_with(&mut self.store, &mut create, luck);
                let _ = create.finish();
            }
            Ok(Found::Pending(_)) | Err(_) => {}
        }
    }

    fn decide(
        &mut self,
        who: usize,
        luck: &mut impl Iterator<Item = Luck>,
        now: UnixMillis,
        cast: impl for<'v> Fn(&portcullis_approval::Case, &Voter, Seen, &'v Vault) -> Option<Cast<'v>>,
    ) {
        let vault = self.vault.clone();
        let Some(id) = self.ids.last().copied() else { return };
        let mut read = portcullis_approval::Read::new(&vault, id);
        run_with(&mut self.store, &mut read, luck);
        let Ok(Some(reading)) = read.finish(now) else { return };
        let voter =
            Voter::of(&person(["ben", "cyd", "dan"].get(who).unwrap_or(&"eve"), &["finance"])).unwrap();
        let seen = Seen { request: reading.case.digest(), at: now };
        let Some(mut cast) = cast(&reading.case, &voter, seen, &vault) else { return };
        let is_ending = cast.asks().iter().any(|ask| matches!(ask, Ask::Set(..)));
        let n_late = self.store.late.len();
        run_with(&mut self.store, &mut cast, luck);
        let facts = self.facts.entry(id).or_default();
        if is_ending {
            facts.is_over |= cast.finish().is_ok() && self.store.late.len() == n_late;
        } else {
            facts.approvers.insert(who);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_history_lets_a_call_pass_that_people_have_not_approved(
        events in prop::collection::vec((event(), 0..30_u64), 0..60),
        luck in prop::collection::vec(luck(), 0..400),
    ) {
        let mut history = History::new();
        let mut luck = luck.into_iter();
        let mut seconds = 0;
        for (event, passed) in events {
            seconds += passed;
            history.happen(event, &mut luck, after(seconds));
        }
    }
}

/// The histories above would show nothing if no call ever passed.
#[test]
fn a_history_without_faults_lets_calls_pass() {
    let mut history = History::new();
    let round = [Event::Call, Event::Approve(0), Event::Approve(1), Event::Call];
    for (seconds, event) in (1..).zip(round.into_iter().cycle().take(40)) {
        history.happen(event, &mut std::iter::empty(), after(seconds));
    }
    assert_eq!(history.facts.values().map(|facts| facts.n_uses).sum::<usize>(), 10);
}
