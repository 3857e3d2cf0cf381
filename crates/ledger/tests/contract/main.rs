//! The suite of what the ledger makes of a store, on models of the stores and of their races.
//!
//! `cli/host/tests/key_value` runs the same suite on memory, SQLite and Redis.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a failing test is its report")]

mod model;
mod suite;

use portcullis_ledger::{AppName, Day, Fate, RecordingId, UnixMillis, Upkeep, Writer};
use proptest::prelude::*;

use crate::model::{COSMOS, DYNAMO, DYNAMO_EVENTUAL, Kind, Model, REDIS, SQLITE};
use crate::suite::export::Copy;
use crate::suite::laws::{advance, step};
use crate::suite::ledger::{author, item, record};
use crate::suite::{
    Faulty, Luck, NOON, Store as _, a_claim_is_won_by_one_at_most,
    a_crash_between_any_two_operations_leaves_a_ledger_that_verifies,
    an_index_of_many_chains_is_whole_whoever_derives_it, instances_at_once_leave_one_ledger, script,
    survives, values_are_as_they_were_set,
};

fn app() -> AppName {
    "portcullis".parse().unwrap()
}

#[test]
fn the_model_is_a_store() {
    let model = Model::new(0);
    values_are_as_they_were_set(&model, &app());
    a_claim_is_won_by_one_at_most(&model, &app());
    instances_at_once_leave_one_ledger(&model, &app());
    an_index_of_many_chains_is_whole_whoever_derives_it(&model, &"indexed".parse().unwrap());
}

#[test]
fn whoever_dies_between_any_two_operations_leaves_a_ledger_that_verifies() {
    let mut n = 0;
    let mut apps = || {
        n += 1;
        format!("app-{n}").parse().unwrap()
    };
    a_crash_between_any_two_operations_leaves_a_ledger_that_verifies(&Model::new(0), &mut apps, 1);
}

#[test]
fn an_increment_that_is_lost_or_doubled_makes_nobody_win_a_claim_that_another_has() {
    for luck in [Luck::Fails, Luck::Lies, Luck::Late, Luck::Shared, Luck::Twice] {
        let model = Model::new(0);
        let store = Faulty::new(&model, [Luck::Good, luck]);
        let claim = || {
            store.increment("claim", 0).ok()?;
            store.increment("claim", 1).ok()
        };
        let mut won: Vec<bool> = (0..4).map(|_| claim() == Some(1)).collect();
        while store.land() {}
        won.extend((0..2).map(|_| claim() == Some(1)));
        let n_won = won.iter().filter(|won| **won).count();
        // One that fails without a trace is won by whoever is next; else nobody knows of having won it.
        let expected = match luck {
            Luck::Fails | Luck::Late => 1,
            Luck::Good | Luck::Lies | Luck::Shared | Luck::Twice => 0,
        };
        assert_eq!(n_won, expected, "{luck:?}");
    }
}

/// Why 0 is added before 1.
#[test]
fn two_who_make_a_counter_at_once_would_both_win_it() {
    let model = Model::new(0);
    let store = Faulty::new(&model, [Luck::Shared]);
    assert_eq!([store.increment("claim", 1), store.increment("claim", 1)], [Ok(1), Ok(1)]);
}

/// Why a store must be told to read consistently.
#[test]
fn reads_that_are_minutes_behind_lose_nothing_but_what_is_listed() {
    for (lag, n_listed) in [(25_000, 6), (600_000, 1)] {
        let (model, app, day) = (Model::behind(lag), app(), Day::of(UnixMillis(NOON)));
        // Six sessions of one chain, one every 50 s.
        let mut writer = Writer::new(author(&app, 100));
        for n in 0..6 {
            let at = NOON + u64::from(n) * 50_000;
            model.pass_to(at);
            let (record, recording) = (record(n.into(), UnixMillis(at), 20), RecordingId::new([n; 16]));
            let ticket = writer.push(item(&record, recording, n.into())).unwrap();
            while writer.fate(ticket) == Fate::Pending {
                step(&mut writer, (&model, &app), at).unwrap();
            }
        }
        // Long after all of it, whoever derives the index sees the beginning of the chain, and that it is old.
        let later = NOON + 600_500;
        model.pass_to(later);
        let mut upkeep = Upkeep::new(app.clone(), day, 1, UnixMillis(later));
        while !advance(&mut upkeep, &model).unwrap() {}
        model.pass_to(NOON + 86_400_000);
        let copy = Copy::of(&model, &app, day);
        assert!(copy.verify(&[]).is_clean());
        assert_eq!((copy.records().len(), copy.listed(&model).len()), (6, n_listed), "{lag} ms behind");
    }
}

macro_rules! each_kind {
    ($($name:ident: $kind:expr,)*) => {
        proptest! {
            #![proptest_config(ProptestConfig { failure_persistence: None, cases: 32, ..ProptestConfig::default() })]

            $(
                #[test]
                fn $name(script in script($kind.wrong, $kind.skew)) {
                    const KIND: Kind = $kind;
                    survives(&Model::new(KIND.lag), &KIND.name.parse().unwrap(), &script);
                }
            )*
        }
    };
}

each_kind! {
    what_is_acknowledged_survives_on_a_store_like_sqlite: SQLITE,
    what_is_acknowledged_survives_on_a_store_like_redis: REDIS,
    what_is_acknowledged_survives_on_a_store_like_dynamo_with_consistent_reads: DYNAMO,
    what_is_acknowledged_survives_on_a_store_like_dynamo_whose_reads_are_behind: DYNAMO_EVENTUAL,
    what_is_acknowledged_survives_on_a_store_like_cosmos: COSMOS,
}
