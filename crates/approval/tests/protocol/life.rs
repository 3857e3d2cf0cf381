//! The life of a request, step by step.

use std::num::NonZeroU8;
use std::time::Duration;

use portcullis_approval::{
    AccessRule, Ask, Asked, Authority, CannotAsk, CannotVote, Case, Cast, Consume, ContentDigest, Coverage,
    Covered, Create, Find, Found, HoldRefused, HoldState, Lost, NotAVoter, NotCovered, Operation,
    PrincipalId, Protocol, Read, RequestId, Requester, Requirement, Requirements, Seen, State, StoreTrouble,
    Subject, Unusable, Use, Vault, Voter,
};
use portcullis_identity::seal::Sealer;
use portcullis_identity::{Principal, PrincipalKind};
use portcullis_ledger::{KeyedDigest, RecordId};
use portcullis_settings::Secret;

use crate::world::*;

fn used(seconds: u64) -> Use {
    Use { at: after(seconds), call: RecordId::new(after(seconds), [7; 10]) }
}

/// Uses a grant, as a call does.
fn consume(store: &mut Store, covered: Covered, seconds: u64) -> Result<(), Lost> {
    let Covered::Once(grant) = covered else { panic!("not for one call") };
    let mut consume = Consume::new(&vault(), grant, used(seconds)).unwrap();
    store.run(&mut consume);
    let (_cleared, trace) = consume.finish()?;
    store.write(Some(trace));
    Ok(())
}

fn granted(found: Result<Found, StoreTrouble>) -> Covered {
    let Ok(Found::Granted { covered, .. }) = found else { panic!("{}", word(&found)) };
    covered
}

#[test]
fn a_call_is_held_approved_and_made_once() {
    let (mut store, asked) = (Store::default(), asked(once()));
    let id = store.request(&asked, NOW);
    assert_eq!(word(&store.find(&asked, after(1))), "pending");
    store.approve(id, "ben", after(2));
    let covered = granted(store.find(&asked, after(3)));
    assert_eq!(consume(&mut store, covered, 3), Ok(()));
    // The same call again is another call, and needs another approval.
    let Ok(Found::MustCreate { id: second, after: Some(case) }) = store.find(&asked, after(4)) else {
        panic!()
    };
    assert_eq!((second, case.state(after(4))), (id.next(), State::Consumed));
    assert_eq!(store.request(&asked, after(4)), second);
    assert_eq!(word(&store.find(&asked, after(5))), "pending");
}

#[test]
fn a_retry_after_rejection_is_told_so_until_the_time_to_approve_is_over() {
    let (mut store, asked) = (Store::default(), asked(once()));
    let id = store.request(&asked, NOW);
    store.reject(id, "ben", after(2));
    let Ok(Found::Rejected { case, next }) = store.find(&asked, after(899)) else { panic!() };
    assert_eq!((case.request().id, next), (id, id.next()));
    assert_eq!(case.rejections().next().map(|one| one.reason().as_str()), Some("because"));
    assert_eq!(word(&store.find(&asked, after(900))), "must create");
}

#[test]
fn what_nobody_answers_expires() {
    let (mut store, asked) = (Store::default(), asked(once()));
    let id = store.request(&asked, NOW);
    assert_eq!(word(&store.find(&asked, after(899))), "pending");
    assert_eq!(word(&store.find(&asked, after(900))), "must create");
    let case = store.read(id, after(900));
    let voter = Voter::of(&person("ben", &["finance"])).unwrap();
    let seen = Seen { request: case.digest(), at: after(900) };
    assert_eq!(case.approve(&voter, seen, None).err(), Some(CannotVote::Decided("expired")));
}

#[test]
fn revoking_a_window_ends_it_on_the_next_call() {
    let (mut store, asked) = (Store::default(), asked(window(1800)));
    let id = store.request(&asked, NOW);
    store.approve(id, "ben", after(2));
    for seconds in [3, 900, 1801] {
        let covered = granted(store.find(&asked, after(seconds)));
        assert!(matches!(covered, Covered::Window(_)), "after {seconds} s");
    }
    store.revoke(id, after(1801));
    assert_eq!(word(&store.find(&asked, after(1801))), "must create");
}

/// An approved reconnect got a fresh timer of the full duration.
#[test]
fn calling_again_does_not_start_the_time_anew() {
    let (mut store, asked) = (Store::default(), asked(window(60)));
    let id = store.request(&asked, NOW);
    store.approve(id, "ben", after(10));
    for seconds in [11, 40, 69] {
        let Covered::Window(cleared) = granted(store.find(&asked, after(seconds))) else { panic!() };
        assert_eq!((cleared.approval().until, cleared.request()), (after(70), id), "after {seconds} s");
    }
    assert_eq!(word(&store.find(&asked, after(70))), "must create");
}

#[test]
fn forcing_satisfies_all_and_cannot_be_overlooked() {
    let two = vec![
        requirement("export", "okta:legal", 2, Coverage::Once),
        requirement("refunds", "okta:finance", 2, Coverage::Once),
    ];
    let (mut store, asked, vault) = (Store::default(), asked(two), vault());
    let id = store.request(&asked, NOW);
    let case = store.read(id, after(1));
    let eve = Voter::of(&person("eve", &[])).unwrap();
    let vote = case.force(&eve, Seen { request: case.digest(), at: after(1) }, reason()).unwrap();
    store.cast(Cast::vote(&vault, &case, vote));
    let Covered::Once(_) = granted(store.find(&asked, after(2))) else { panic!() };
    let State::Approved(approval) = store.read(id, after(2)).state(after(2)) else { panic!() };
    assert_eq!(approval.authority, Authority::Force("okta|eve".parse().unwrap()));
}

/// An administrator could approve what they had asked for themselves.
#[test]
fn an_admin_cannot_approve_or_force_their_own_request() {
    let (mut store, asked) = (Store::default(), asked(once()));
    let id = store.request(&asked, NOW);
    let case = store.read(id, after(1));
    let ada = Voter::of(&person("ada", &["finance", "admins"])).unwrap();
    let seen = Seen { request: case.digest(), at: after(1) };
    assert_eq!(case.approve(&ada, seen, None).err(), Some(CannotVote::Requester));
    assert_eq!(case.force(&ada, seen, reason()).err(), Some(CannotVote::Requester));
    assert_eq!(case.reject(&ada, seen, reason()).err(), Some(CannotVote::Requester));
}

#[test]
fn programs_do_not_vote() {
    let bot = Principal::for_test("ci", "bot", PrincipalKind::Workload, &["finance"]);
    assert_eq!(Voter::of(&bot).err(), Some(NotAVoter::Workload));
}

/// An agent that acts for two people would answer for one what it asks for the other.
#[test]
fn nobody_votes_through_an_agent_nor_does_the_agent() {
    let delegated = person_with_actor("ben", "finance", "agent");
    assert_eq!(Voter::of(&delegated).err(), Some(NotAVoter::Delegated));
    let mut asked = asked(once());
    let Subject::Call(call) = &mut asked.subject else { panic!() };
    call.requester = Requester::of(&person_with_actor("ada", "support", "agent")).unwrap();
    let mut store = Store::default();
    let id = store.request(&asked, NOW);
    let case = store.read(id, after(1));
    let seen = Seen { request: case.digest(), at: after(1) };
    for subject in ["agent", "ada"] {
        let voter = Voter::of(&person(subject, &["finance"])).unwrap();
        assert_eq!(case.approve(&voter, seen, None).err(), Some(CannotVote::Requester), "{subject}");
    }
    // What was approved for one agent is not approved for another, nor for the person alone.
    store.approve(id, "ben", after(2));
    assert_eq!(word(&store.find(&asked, after(3))), "granted");
    for other in [person_with_actor("ada", "support", "other"), person("ada", &["support"])] {
        let Subject::Call(call) = &mut asked.subject else { panic!() };
        call.requester = Requester::of(&other).unwrap();
        assert_eq!(word(&store.find(&asked, after(3))), "must create");
    }
}

/// Groups of an earlier sign-in were kept when a token named none.
#[test]
fn a_vote_counts_only_the_groups_of_the_token_it_came_with() {
    let (mut store, asked) = (Store::default(), asked(once()));
    let id = store.request(&asked, NOW);
    let case = store.read(id, after(1));
    let seen = Seen { request: case.digest(), at: after(1) };
    let before = Voter::of(&person("ben", &["finance"])).unwrap();
    assert!(case.approve(&before, seen, None).is_ok());
    let now = Voter::of(&person("ben", &[])).unwrap();
    assert_eq!(case.approve(&now, seen, None).err(), Some(CannotVote::NotAnApprover));
}

fn approved() -> (Store, Asked, RequestId, Case) {
    let (mut store, asked) = (Store::default(), asked(window(600)));
    let id = store.request(&asked, NOW);
    store.approve(id, "ben", after(1));
    let case = store.read(id, after(2));
    (store, asked, id, case)
}

#[test]
fn any_difference_needs_a_new_approval() {
    let (mut store, asked, _, case) = approved();
    let Subject::Call(ours) = asked.subject.clone() else { panic!() };
    let with = |change: &dyn Fn(&mut Operation)| {
        let mut call = ours.clone();
        change(&mut call);
        Asked { subject: Subject::Call(call), ..asked.clone() }
    };
    let policies = |requirements: Vec<Requirement>| Asked {
        requirements: Requirements::new(requirements).unwrap(),
        ..asked.clone()
    };
    let mut edited = window(600);
    edited[0].policy.digest = ContentDigest::from_bytes([8; 32]);
    let more = [window(600), vec![requirement("export", "okta:legal", 1, Coverage::Once)]].concat();
    let access = Subject::Access(portcullis_approval::Access {
        requester: ours.requester.clone(),
        group: "okta:dba".parse().unwrap(),
    });
    let workload = Principal::for_test("okta", "ada", PrincipalKind::Workload, &[]);
    for (want, asked) in [
        (NotCovered::Principal, with(&|call| call.requester = Requester::of(&person("ben", &[])).unwrap())),
        (NotCovered::Principal, with(&|call| call.requester = Requester::of(&workload).unwrap())),
        (NotCovered::Connection, with(&|call| call.connection = "crm".parse().unwrap())),
        (NotCovered::Method, with(&|call| call.method = "prompts/get".to_owned())),
        (NotCovered::Name, with(&|call| call.name = "refund_all".to_owned())),
        (
            NotCovered::Arguments,
            with(&|call| call.arguments = operation(r#"{"amount":5001,"customer":"c1"}"#).arguments),
        ),
        (NotCovered::Arguments, with(&|call| call.arguments = vault().arguments(None))),
        (NotCovered::Definition, with(&|call| call.definition = Some(ContentDigest::from_bytes([9; 32])))),
        (NotCovered::Definition, with(&|call| call.definition = None)),
        (NotCovered::Kind, Asked { subject: access, ..asked.clone() }),
        (NotCovered::PolicyChanged("refunds".parse().unwrap()), policies(edited)),
        (NotCovered::PolicyMissing("export".parse().unwrap()), policies(more)),
    ] {
        assert_eq!(case.covers(&asked, after(2)).err(), Some(want.clone()), "{want}");
        assert_eq!(word(&store.find(&asked, after(2))), "must create", "{want}");
    }
    // What differs in nothing that counts is the same call.
    let same = with(&|call| call.arguments = operation(r#"{ "customer":"c1", "amount":5.0e3 }"#).arguments);
    assert_eq!(word(&store.find(&same, after(2))), "granted");
}

#[test]
fn what_has_ended_covers_nothing() {
    for (name, want, end, seconds) in [
        ("nobody approved", NotCovered::Pending, "", 5),
        ("expired", NotCovered::Expired, "", 900),
        ("rejected", NotCovered::Rejected, "reject", 5),
        ("revoked", NotCovered::Revoked, "approve and revoke", 5),
        ("used", NotCovered::Consumed, "approve and use", 5),
    ] {
        let (mut store, asked) = (Store::default(), asked(once()));
        let id = store.request(&asked, NOW);
        if end.starts_with("approve") {
            store.approve(id, "ben", after(1));
        }
        match end {
            "reject" => store.reject(id, "ben", after(1)),
            "approve and revoke" => store.revoke(id, after(1)),
            "approve and use" => {
                let covered = granted(store.find(&asked, after(1)));
                consume(&mut store, covered, 1).unwrap();
            }
            _ => {}
        }
        let case = store.read(id, after(seconds));
        assert_eq!(case.covers(&asked, after(seconds)).err(), Some(want), "case: {name}");
    }
}

/// Editing one policy leaves alone what another has asked for.
#[test]
fn a_policy_that_no_longer_holds_is_not_needed() {
    let both = || {
        vec![
            requirement("export", "okta:finance", 1, Coverage::Window(Duration::from_secs(600))),
            requirement("refunds", "okta:finance", 1, Coverage::Window(Duration::from_secs(600))),
        ]
    };
    let (mut store, asked_both) = (Store::default(), asked(both()));
    let id = store.request(&asked_both, NOW);
    store.approve(id, "ben", after(1));
    let fewer = asked(both().into_iter().take(1).collect());
    assert_eq!(word(&store.find(&fewer, after(2))), "granted");
}

#[test]
fn a_vote_is_for_the_request_that_was_shown() {
    let (mut store, one, other) = (Store::default(), asked(once()), asked_with("{}", once()));
    let (id, other) = (store.request(&one, NOW), store.request(&other, NOW));
    let (case, shown) = (store.read(id, after(1)), store.read(other, after(1)));
    let ben = Voter::of(&person("ben", &["finance"])).unwrap();
    let seen = Seen { request: shown.digest(), at: after(1) };
    assert_eq!(case.approve(&ben, seen, None).err(), Some(CannotVote::Changed));
    // Even where it is put with another request, it does not count there.
    let vote = shown.approve(&ben, seen, None).unwrap();
    store.cast(Cast::vote(&vault(), &case, vote));
    assert_eq!(word(&store.find(&one, after(2))), "pending");
}

#[test]
fn a_vote_that_is_copied_to_another_request_is_trouble_and_no_approval() {
    let (mut store, one, other) = (Store::default(), asked(once()), asked_with("{}", once()));
    let (id, other) = (store.request(&one, NOW), store.request(&other, NOW));
    store.approve(other, "ben", after(1));
    let copies: Vec<_> = store
        .values
        .iter()
        .filter(|(key, _)| key.contains(&other.to_string()))
        .map(|(key, value)| (key.replace(&other.to_string(), &id.to_string()), value.clone()))
        .filter(|(key, _)| key.contains(":vote:") || key.contains(":settled:"))
        .collect();
    assert_eq!(copies.len(), 2);
    store.values.extend(copies);
    store.counters.extend([(format!("pc1:gateway:approval:seats:{id}"), 1)]);
    let told = store.find(&one, after(2)).unwrap_err();
    assert!(matches!(told, StoreTrouble::Unusable { why: Unusable::Forged, .. }), "{told}");
}

#[test]
fn nothing_is_granted_while_the_store_fails_or_answers_nonsense() {
    let (mut store, asked, id, _) = approved();
    store.is_down = true;
    assert_eq!(word(&store.find(&asked, after(2))), "trouble");
    store.is_down = false;
    let vault = vault();
    let mut unanswered = Find::new(&vault, asked.clone(), after(2));
    unanswered.learn(Vec::new());
    assert!(matches!(unanswered.finish(), Err(StoreTrouble::Failed(_))));
    assert!(Find::new(&vault, asked.clone(), after(2)).finish().is_err(), "nobody has asked the store");
    for kind in ["request", "revoked", "rejected", "used"] {
        let key = format!("pc1:gateway:approval:{kind}:{id}");
        let kept = store.values.insert(key.clone(), b"anything".to_vec());
        assert_eq!(word(&store.find(&asked, after(2))), "trouble", "{kind}");
        store.values.remove(&key);
        store.values.extend(kept.map(|value| (key, value)));
    }
    for kind in [format!("settled:{id}"), format!("latest:{}", id.subject)] {
        store.values.insert(format!("pc1:gateway:approval:{kind}"), b"anything".to_vec());
        assert_eq!(word(&store.find(&asked, after(2))), "granted", "{kind} only helps");
    }
}

#[test]
fn another_key_finds_nothing_and_opens_nothing() {
    let (mut store, asked, id, _) = approved();
    let secrets = ["another secret key of this length", "0123456789abcdef0123456789abcdef"];
    let [new, old] = secrets.map(|secret| Secret::new(secret.to_owned()));
    let rotated = Vault::new("gateway".parse().unwrap(), Sealer::new(&new, &[old]));
    let mut read = Read::new(&rotated, id);
    store.run(&mut read);
    assert!(read.finish(after(2)).unwrap().is_some(), "by its id it can be read");
    let mut find = Find::new(&rotated, asked, after(2));
    store.run(&mut find);
    assert_eq!(word(&find.finish()), "must create", "a new key asks again");
    let foreign = Vault::new("gateway".parse().unwrap(), Sealer::new(&new, &[]));
    let mut read = Read::new(&foreign, id);
    store.run(&mut read);
    assert!(read.finish(after(2)).is_err());
}

/// What a call costs: gets only, and one wait, where a first request was approved.
#[test]
fn finding_is_short_however_long_the_history_is() {
    let (mut store, asked) = (Store::default(), asked(once()));
    let cost = |store: &mut Store, seconds| {
        (store.n_waits, store.n_adds) = (0, 0);
        let found = store.find(&asked, after(seconds));
        (word(&found), store.n_waits, store.n_adds)
    };
    assert_eq!(cost(&mut store, 0), ("must create", 1, 0));
    let id = store.request(&asked, NOW);
    assert_eq!(cost(&mut store, 1), ("pending", 2, 1));
    store.approve(id, "ben", after(1));
    assert_eq!(cost(&mut store, 2), ("granted", 1, 0));
    for round in 1..100 {
        let at = round * 1000;
        let id = store.request(&asked, after(at));
        assert_eq!(u64::from(id.generation.number()), round + 1);
        store.approve(id, "ben", after(at + 1));
    }
    assert_eq!(cost(&mut store, 99_002), ("granted", 2, 0));
    store.values.remove(&format!("pc1:gateway:approval:latest:{}", id.subject));
    assert_eq!(cost(&mut store, 99_002), ("granted", 8, 0), "without its pointer");
}

#[test]
fn a_request_that_does_not_fit_the_store_is_not_asked() {
    let mut huge = operation("{}");
    huge.name = "x".repeat(300 << 10);
    let asked = Asked { subject: Subject::Call(huge), ..asked(once()) };
    let vault = vault();
    let id = RequestId {
        subject: vault.subject(&asked.subject),
        generation: portcullis_approval::Generation::FIRST,
    };
    assert_eq!(Create::new(&vault, (id, asked), context(), NOW).err(), Some(Unusable::TooLong));
}

#[test]
fn no_text_of_anybody_is_in_the_store() {
    let (store, _, _, _) = approved();
    for (key, value) in &store.values {
        let value = String::from_utf8_lossy(value);
        for text in ["ada", "ben", "refund", "billing", "5000"] {
            assert!(!key.contains(text) && !value.contains(&format!("\"{text}")), "{key} tells {text}");
        }
    }
}

fn rule() -> AccessRule {
    AccessRule {
        group: "okta:dba".parse().unwrap(),
        approvers: "okta:finance".parse().unwrap(),
        n_approvers: NonZeroU8::MIN,
        ttl: Duration::from_secs(900),
        longest: Duration::from_secs(3600),
    }
}

#[test]
fn access_is_granted_for_the_time_that_was_asked_and_not_longer() {
    let (mut store, ada) = (Store::default(), person("ada", &["support"]));
    let hour = Duration::from_secs(3600);
    let id = store.request(&rule().ask(&ada, hour / 2).unwrap(), NOW);
    store.approve(id, "ben", after(60));
    let held = rule().held(&ada).unwrap();
    for (seconds, want) in [(61, "granted"), (60 + 1799, "granted"), (60 + 1800, "must create")] {
        assert_eq!(word(&store.find(&held, after(seconds))), want, "after {seconds} s");
    }
    let other = rule().held(&person("cyd", &["support"])).unwrap();
    assert_eq!(word(&store.find(&other, after(61))), "must create");
    let changed = AccessRule { longest: hour / 4, ..rule() };
    assert_eq!(
        word(&store.find(&changed.held(&ada).unwrap(), after(61))),
        "must create",
        "the rule has changed"
    );
}

/// Revoking access blocked new connections and left live sessions open.
#[test]
fn revoking_access_ends_it_on_the_next_call() {
    let (mut store, ada) = (Store::default(), person("ada", &["support"]));
    let id = store.request(&rule().ask(&ada, Duration::from_secs(3600)).unwrap(), NOW);
    store.approve(id, "ben", after(1));
    let held = rule().held(&ada).unwrap();
    assert_eq!(word(&store.find(&held, after(2))), "granted");
    store.revoke(id, after(2));
    assert_eq!(word(&store.find(&held, after(2))), "must create");
}

#[test]
fn what_cannot_be_asked_for_is_told() {
    let seconds = Duration::from_secs;
    let ada = person("ada", &["support"]);
    let dba = person("dan", &["dba"]);
    let time = |longest_s| CannotAsk::Time { group: rule().group, longest_s };
    let endless = AccessRule { longest: seconds(u64::MAX), ..rule() };
    let hasty = AccessRule { ttl: seconds(0), ..rule() };
    for (name, rule, who, duration, want) in [
        ("has it", rule(), &dba, seconds(60), CannotAsk::AlreadyIn(rule().group)),
        ("no time", rule(), &ada, seconds(0), time(3600)),
        ("too long", rule(), &ada, seconds(3601), time(3600)),
        ("too long for any rule", endless, &ada, seconds(8 * 24 * 3600), time(7 * 24 * 3600)),
        ("parts of a second", rule(), &ada, Duration::from_millis(1500), time(3600)),
        ("no time to approve", hasty, &ada, seconds(60), CannotAsk::Rule(rule().group)),
    ] {
        assert_eq!(rule.ask(who, duration).err(), Some(want), "case: {name}");
    }
}

#[test]
fn a_request_state_is_for_its_caller_its_call_and_its_time() {
    let (_, asked, id, _) = approved();
    let subject = vault().subject(&asked.subject);
    let ada: PrincipalId = "okta|ada".parse().unwrap();
    let upstream = Some("{\"step\":2}".to_owned());
    let state = HoldState { request: id, principal: ada.clone(), expires: after(60), n_holds: 1, upstream };
    let bytes = state.encode().unwrap();
    let golden = include_str!("../golden/hold.v1.json").trim_end();
    assert_eq!(String::from_utf8(bytes.clone()).unwrap(), golden);
    assert_eq!(HoldState::decode(&bytes), Ok(state.clone()));
    let check = |principal: &str, subject, seconds| {
        state.clone().check(&principal.parse().unwrap(), subject, after(seconds)).err()
    };
    assert_eq!(check("okta|ada", subject, 59), None);
    assert_eq!(check("okta|ada", subject, 60), Some(HoldRefused::Expired));
    assert_eq!(check("okta|ben", subject, 59), Some(HoldRefused::Foreign));
    assert_eq!(check("okta|ada", KeyedDigest::new([0; 32]), 59), Some(HoldRefused::OtherCall));
    for (name, text) in [
        ("newer", golden.replace("\"v\":1", "\"v\":2,\"x\":0")),
        ("unknown field", golden.replace("\"v\":1", "\"v\":1,\"x\":0")),
        ("no id", golden.replace("-1\"", "-0\"")),
        ("version 0", golden.replace("\"v\":1", "\"v\":0")),
        ("nothing", String::new()),
        ("trailing", format!("{golden}{golden}")),
    ] {
        assert!(HoldState::decode(text.as_bytes()).is_err(), "case: {name}");
    }
}

#[test]
fn every_key_is_of_this_application() {
    let (mut store, asked) = (Store::default(), asked(once()));
    let vault = vault();
    let find = Find::new(&vault, asked.clone(), NOW);
    let is_ours = |ask: &Ask| match ask {
        Ask::Add(key, _) | Ask::Get(key) | Ask::Set(key, _) => {
            key.as_str().starts_with("pc1:gateway:approval:")
        }
    };
    assert!(!find.asks().is_empty() && find.asks().iter().all(is_ours));
    store.request(&asked, NOW);
    let mut keys = store.values.keys().chain(store.counters.keys());
    assert!(keys.all(|key| key.starts_with("pc1:gateway:approval:")));
}
