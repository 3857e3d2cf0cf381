use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::ballot::{CannotVote, Seen};
use crate::name::Reason;
use crate::person::Voter;
use crate::samples::{NOW, after, request, requirement};
use portcullis_identity::{Principal, PrincipalKind};

fn case_of(requirements: Vec<Requirement>) -> Case {
    let request = request(requirements);
    let digest = request.digest().unwrap();
    Case::new(request, digest)
}

fn vote(case: &Case, who: &str, groups: &[&str], at: UnixMillis) -> Vote {
    let groups = groups.iter().map(|group| group.parse().unwrap()).collect();
    let consent = Consent::Approve(groups);
    Vote { request: case.digest(), at, voter: who.parse().unwrap(), consent, reason: None }
}

fn force(case: &Case, who: &str, at: UnixMillis) -> Vote {
    Vote { consent: Consent::Force, ..vote(case, who, &[], at) }
}

fn reason() -> Reason {
    "because".parse().unwrap()
}

fn rejection(case: &Case, who: &str, groups: &[&str], at: UnixMillis) -> Rejection {
    let groups = groups.iter().map(|group| group.parse().unwrap()).collect();
    Rejection { request: case.digest(), at, voter: who.parse().unwrap(), groups, reason: reason() }
}

fn with(case: &Case, statements: Vec<Statement>) -> Case {
    let mut case = case.clone();
    statements.into_iter().for_each(|statement| case.add(statement));
    case
}

const FINANCE: &str = "okta:finance";
const LEGAL: &str = "okta:legal";

fn window(seconds: u64) -> Coverage {
    Coverage::Window(Duration::from_secs(seconds))
}

#[test]
fn states() {
    let case = case_of(vec![requirement("refunds", FINANCE, 2, Coverage::Once)]);
    let ben = vote(&case, "okta|ben", &[FINANCE], after(10));
    let cyd = vote(&case, "okta|cyd", &[FINANCE], after(20));
    let stranger = Vote { request: ContentDigest::from_bytes([9; 32]), ..cyd.clone() };
    let late = Vote { at: after(900), ..cyd.clone() };
    let approvals = || vec![Statement::Vote(ben.clone()), Statement::Vote(cyd.clone())];
    let and = |statement| [approvals(), vec![statement]].concat();
    let revoked = Statement::Revocation(Revocation {
        at: after(30),
        by: "okta|eve".parse().unwrap(),
        reason: reason(),
    });
    let call = portcullis_ledger::RecordId::new(NOW, [0; 10]);
    let used = Statement::Use(Use { at: after(30), call });
    let no = |who, groups: &[&str], at| Statement::Rejection(rejection(&case, who, groups, after(at)));
    for (name, statements, at, want) in [
        ("nobody answered", vec![], 899, "pending"),
        ("nobody answered in time", vec![], 900, "expired"),
        ("one of two", vec![Statement::Vote(ben.clone())], 20, "pending"),
        (
            "one of two, twice",
            vec![Statement::Vote(ben.clone()), Statement::Vote(Vote { at: after(11), ..ben.clone() })],
            20,
            "pending",
        ),
        ("two of two", approvals(), 20, "approved"),
        (
            "more than needed",
            and(Statement::Vote(vote(&case, "okta|dan", &[FINANCE], after(25)))),
            30,
            "approved",
        ),
        ("of something else", vec![Statement::Vote(ben.clone()), Statement::Vote(stranger)], 20, "pending"),
        ("too late", vec![Statement::Vote(ben.clone()), Statement::Vote(late)], 20, "pending"),
        (
            "of no group",
            vec![Statement::Vote(ben.clone()), Statement::Vote(vote(&case, "okta|cyd", &[LEGAL], NOW))],
            20,
            "pending",
        ),
        (
            "one's own",
            vec![Statement::Vote(ben.clone()), Statement::Vote(vote(&case, "okta|ada", &[FINANCE], NOW))],
            20,
            "pending",
        ),
        (
            "one's own by another issuer",
            vec![Statement::Vote(ben.clone()), Statement::Vote(vote(&case, "sso|ada", &[FINANCE], NOW))],
            20,
            "pending",
        ),
        (
            "the actor's own",
            vec![Statement::Vote(ben.clone()), Statement::Vote(vote(&case, "sso|bot", &[FINANCE], NOW))],
            20,
            "pending",
        ),
        ("forced", vec![Statement::Vote(force(&case, "okta|eve", after(5)))], 20, "approved"),
        ("forced by oneself", vec![Statement::Vote(force(&case, "okta|ada", after(5)))], 20, "pending"),
        ("grant still waits", approvals(), 919, "approved"),
        ("grant has ended", approvals(), 920, "expired"),
        ("one of many rejects", and(no("okta|dan", &[FINANCE], 15)), 20, "rejected"),
        ("crossed with the last approval", and(no("okta|dan", &[FINANCE], 21)), 25, "rejected"),
        ("first approved, then rejected", and(no("okta|ben", &[FINANCE], 21)), 25, "rejected"),
        ("rejected by nobody who was asked", and(no("okta|dan", &[LEGAL], 15)), 20, "approved"),
        ("rejected by the requester", and(no("okta|ada", &[FINANCE], 15)), 20, "approved"),
        ("taken back before", vec![revoked.clone()], 40, "revoked"),
        ("taken back after", and(revoked.clone()), 40, "revoked"),
        ("used", and(used.clone()), 40, "consumed"),
        ("used long ago", and(used.clone()), 9999, "consumed"),
        (
            "used and then taken back",
            [approvals(), vec![used.clone(), revoked.clone()]].concat(),
            40,
            "consumed",
        ),
    ] {
        assert_eq!(with(&case, statements).state(after(at)).as_str(), want, "case: {name}");
    }
}

#[test]
fn what_is_missing_is_told_by_policy() {
    let case = case_of(vec![
        requirement("export", LEGAL, 1, Coverage::Once),
        requirement("refunds", FINANCE, 2, Coverage::Once),
    ]);
    let case = with(&case, vec![Statement::Vote(vote(&case, "okta|ben", &[FINANCE, LEGAL], after(1)))]);
    let State::Pending(missing) = case.state(after(2)) else { panic!("{:?}", case.state(after(2))) };
    let told: Vec<_> = missing
        .iter()
        .map(|one| (one.policy.as_str(), one.group.as_str(), one.approved, one.needed))
        .collect();
    assert_eq!(told, [("refunds", FINANCE, 1, 2)]);
}

/// Counting votes and comparing with `==` kept such a request pending for ever.
#[test]
fn a_reviewer_in_two_groups_satisfies_both_and_counts_once_in_each() {
    let two = case_of(vec![
        requirement("export", LEGAL, 1, Coverage::Once),
        requirement("refunds", FINANCE, 1, Coverage::Once),
    ]);
    let ben = with(&two, vec![Statement::Vote(vote(&two, "okta|ben", &[FINANCE, LEGAL], after(1)))]);
    assert_eq!(ben.state(after(2)).as_str(), "approved");
    let of_two = case_of(vec![
        requirement("export", LEGAL, 2, Coverage::Once),
        requirement("refunds", FINANCE, 2, Coverage::Once),
    ]);
    let ben = vote(&of_two, "okta|ben", &[FINANCE, LEGAL], after(1));
    let again = Vote { at: after(2), ..ben.clone() };
    let alone = with(&of_two, vec![Statement::Vote(ben), Statement::Vote(again)]);
    assert_eq!(alone.state(after(3)).as_str(), "pending");
}

/// A window of hours of the day refused what began before midnight and went on after it.
#[test]
fn a_window_over_midnight_stays_open() {
    let case = case_of(vec![requirement("refunds", FINANCE, 1, window(3 * 3600))]);
    let before_midnight = UnixMillis(case.request.created.0 + 1000);
    let case = with(&case, vec![Statement::Vote(vote(&case, "okta|ben", &[FINANCE], before_midnight))]);
    for hours in 0..3 {
        assert_eq!(case.state(after(2 + hours * 3600)).as_str(), "approved", "after {hours} hours");
    }
    assert_eq!(case.state(after(1 + 3 * 3600)).as_str(), "expired");
}

#[test]
fn the_time_of_a_grant_begins_with_the_approval_that_completed_it() {
    let case = case_of(vec![requirement("refunds", FINANCE, 2, window(60))]);
    let votes = |times: &[(&str, u64)]| -> Vec<Statement> {
        times.iter().map(|(who, at)| Statement::Vote(vote(&case, who, &[FINANCE], after(*at)))).collect()
    };
    for (name, statements, at, until, authority) in [
        ("the second", votes(&[("okta|ben", 10), ("okta|cyd", 20)]), 20, 80, Authority::Approvers),
        (
            "a third",
            votes(&[("okta|ben", 10), ("okta|cyd", 20), ("okta|dan", 30)]),
            20,
            80,
            Authority::Approvers,
        ),
        (
            "again",
            votes(&[("okta|ben", 10), ("okta|ben", 50), ("okta|cyd", 20)]),
            20,
            80,
            Authority::Approvers,
        ),
        (
            "forced first",
            [
                votes(&[("okta|ben", 10), ("okta|cyd", 20)]),
                vec![Statement::Vote(force(&case, "okta|eve", after(15)))],
            ]
            .concat(),
            15,
            75,
            Authority::Force("okta|eve".parse().unwrap()),
        ),
        (
            "forced when it was approved",
            [
                votes(&[("okta|ben", 10), ("okta|cyd", 20)]),
                vec![Statement::Vote(force(&case, "okta|eve", after(25)))],
            ]
            .concat(),
            20,
            80,
            Authority::Approvers,
        ),
    ] {
        let want = Approval { at: after(at), until: after(until), coverage: window(60), authority };
        assert_eq!(with(&case, statements).state(after(40)), State::Approved(want), "case: {name}");
    }
}

#[test]
fn who_cannot_vote_is_told_why() {
    let case = case_of(vec![requirement("refunds", FINANCE, 2, Coverage::Once)]);
    let ben = vote(&case, "okta|ben", &[FINANCE], after(10));
    let voter = |subject, groups: &[&str]| {
        Voter::of(&Principal::for_test("okta", subject, PrincipalKind::User, groups)).unwrap()
    };
    let open = with(&case, vec![Statement::Vote(ben)]);
    let seen = Seen { request: case.digest(), at: after(20) };
    let other = Seen { request: ContentDigest::from_bytes([7; 32]), ..seen };
    let late = Seen { at: after(900), ..seen };
    for (name, who, groups, seen, approve, reject) in [
        ("an approver", "cyd", &["finance"][..], seen, None, None),
        ("has approved", "ben", &["finance"], seen, Some(CannotVote::AlreadyVoted), None),
        (
            "has seen another",
            "cyd",
            &["finance"],
            other,
            Some(CannotVote::Changed),
            Some(CannotVote::Changed),
        ),
        ("asks", "ada", &["finance"], seen, Some(CannotVote::Requester), Some(CannotVote::Requester)),
        (
            "acts for who asks",
            "bot",
            &["finance"],
            seen,
            Some(CannotVote::Requester),
            Some(CannotVote::Requester),
        ),
        (
            "in no such group",
            "cyd",
            &["legal"],
            seen,
            Some(CannotVote::NotAnApprover),
            Some(CannotVote::NotAnApprover),
        ),
        (
            "too late",
            "cyd",
            &["finance"],
            late,
            Some(CannotVote::Decided("expired")),
            Some(CannotVote::Decided("expired")),
        ),
    ] {
        let voter = voter(who, groups);
        assert_eq!(open.approve(&voter, seen, None).err(), approve, "case: {name}");
        assert_eq!(open.reject(&voter, seen, reason()).err(), reject, "case: {name}");
    }
    let forced = |who, seen| open.force(&voter(who, &[]), seen, reason()).err();
    assert_eq!(forced("eve", seen), None, "a right of its own");
    assert_eq!(forced("ada", seen), Some(CannotVote::Requester), "no right is above that");
    assert_eq!(forced("eve", late), Some(CannotVote::Decided("expired")));
}

#[test]
fn what_is_decided_takes_no_more_votes_and_only_what_is_open_can_be_revoked() {
    let case = case_of(vec![requirement("refunds", FINANCE, 1, Coverage::Once)]);
    let ben = Statement::Vote(vote(&case, "okta|ben", &[FINANCE], after(1)));
    let call = portcullis_ledger::RecordId::new(NOW, [0; 10]);
    let dan = Voter::of(&Principal::for_test("okta", "dan", PrincipalKind::User, &["finance"])).unwrap();
    let seen = Seen { request: case.digest(), at: after(10) };
    for (statements, state, can_revoke) in [
        (vec![ben.clone()], "approved", true),
        (vec![ben.clone(), Statement::Use(Use { at: after(2), call })], "consumed", false),
        (vec![Statement::Rejection(rejection(&case, "okta|cyd", &[FINANCE], after(2)))], "rejected", false),
        (
            vec![Statement::Revocation(Revocation {
                at: after(2),
                by: "okta|cyd".parse().unwrap(),
                reason: reason(),
            })],
            "revoked",
            false,
        ),
    ] {
        let case = with(&case, statements);
        let decided = Some(CannotVote::Decided(state));
        assert_eq!(case.approve(&dan, seen, None).err(), decided);
        assert_eq!(case.reject(&dan, seen, reason()).err(), decided);
        assert_eq!(case.force(&dan, seen, reason()).err(), decided);
        assert_eq!(
            case.revoke("okta|eve".parse().unwrap(), after(10), reason()).is_ok(),
            can_revoke,
            "{state}"
        );
    }
}

fn statement(case: &Case) -> impl Strategy<Value = Statement> + use<> {
    let case = case.clone();
    let call = portcullis_ledger::RecordId::new(NOW, [0; 10]);
    (0..5_u8, 0..6_u8, prop::sample::subsequence(vec![FINANCE, LEGAL, "okta:other"], 0..=3), 0..1000_u64)
        .prop_map(move |(kind, who, groups, at)| {
            let who =
                ["okta|ada", "sso|bot", "okta|ben", "okta|cyd", "okta|dan", "okta|eve"][usize::from(who)];
            match kind {
                0 | 1 => Statement::Vote(vote(&case, who, &groups, after(at))),
                2 => Statement::Vote(force(&case, who, after(at))),
                3 => Statement::Rejection(rejection(&case, who, &groups, after(at))),
                _ if at % 2 == 0 => Statement::Use(Use { at: after(at), call }),
                _ => Statement::Revocation(Revocation {
                    at: after(at),
                    by: who.parse().unwrap(),
                    reason: reason(),
                }),
            }
        })
}

fn sample_case() -> Case {
    case_of(vec![
        requirement("export", LEGAL, 1, Coverage::Once),
        requirement("refunds", FINANCE, 2, Coverage::Once),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_state_is_the_same_whatever_the_order_and_however_often(
        (statements, shuffled) in prop::collection::vec(statement(&sample_case()), 0..12)
            .prop_flat_map(|all| (Just(all.clone()), Just([all.clone(), all].concat()).prop_shuffle())),
        at in 0..2000_u64,
    ) {
        let case = sample_case();
        prop_assert_eq!(with(&case, statements).state(after(at)), with(&case, shuffled).state(after(at)));
    }

    #[test]
    fn what_is_over_stays_over_whatever_else_arrives(
        statements in prop::collection::vec(statement(&sample_case()), 0..12),
        n_arrived in 0..12_usize,
        at in 0..2000_u64,
    ) {
        let case = sample_case();
        let arrived = statements.iter().take(n_arrived).cloned().collect();
        let before = with(&case, arrived).state(after(at));
        let later = with(&case, statements).state(after(at));
        match before {
            State::Consumed => prop_assert_eq!(later, State::Consumed),
            State::Rejected | State::Revoked => prop_assert!(
                matches!(later, State::Consumed | State::Rejected | State::Revoked),
                "{:?}", later
            ),
            State::Approved(_) | State::Expired(_) | State::Pending(_) => {}
        }
    }

    #[test]
    fn nothing_is_approved_but_by_enough_different_people_who_did_not_ask(
        statements in prop::collection::vec(statement(&sample_case()), 0..12),
        at in 0..2000_u64,
    ) {
        let case = with(&sample_case(), statements);
        if let State::Approved(approval) = case.state(after(at)) {
            let mut by_group: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
            let mut forced = false;
            for vote in case.votes().filter(|vote| !["okta|ada", "sso|bot"].contains(&vote.voter().as_str())) {
                match vote.consent() {
                    Consent::Approve(groups) => groups.iter().for_each(|group| {
                        by_group.entry(group.as_str()).or_default().insert(vote.voter().as_str());
                    }),
                    Consent::Force => forced = true,
                }
            }
            let n = |group| by_group.get(group).map_or(0, BTreeSet::len);
            prop_assert!(forced || (n(LEGAL) >= 1 && n(FINANCE) >= 2));
            prop_assert!(approval.at < case.request().deadline() && after(at) < approval.until);
        }
    }
}
