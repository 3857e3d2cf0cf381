//! The suite of what the ledger makes of a store, on the stores that there are.
//!
//! The suite itself is in `crates/ledger/tests/contract`, which runs it on models of stores.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use portcullis_host::{Change, Changed, Key, KeyValue, KeyValueError, Memory, Sqlite};
use portcullis_ledger::AppName;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Runtime;

use self::suite::{
    Lost, Luck, Store, a_claim_is_won_by_one_at_most,
    a_crash_between_any_two_operations_leaves_a_ledger_that_verifies,
    an_index_of_many_chains_is_whole_whoever_derives_it, instances_at_once_leave_one_ledger, script,
    survives, values_are_as_they_were_set,
};

#[path = "../../../../crates/ledger/tests/contract/suite/mod.rs"]
mod suite;

/// A store of the host, as the ledger uses it.
struct Hosted<'r> {
    store: Arc<dyn KeyValue>,
    runtime: &'r Runtime,
}

impl Store for Hosted<'_> {
    fn set(&self, key: &str, value: &[u8]) -> Result<(), Lost> {
        let pair = (name(key), value.to_vec().try_into().unwrap());
        self.change(Change::Set(vec![pair])).map(drop)
    }

    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Lost> {
        let read = self.runtime.block_on(self.store.get("default", vec![name(key)]));
        Ok(read.map_err(lost)?.into_iter().next().flatten())
    }

    fn increment(&self, key: &str, by: u64) -> Result<u64, Lost> {
        match self.change(Change::Increment(name(key), by.try_into().unwrap()))? {
            Changed::Counter(counter) => Ok(counter.try_into().unwrap()),
            Changed::Done | Changed::Swapped(_) => Err(Lost),
        }
    }
}

impl Hosted<'_> {
    fn change(&self, change: Change) -> Result<Changed, Lost> {
        self.runtime.block_on(self.store.change("default", change)).map_err(lost)
    }
}

fn lost(_: KeyValueError) -> Lost {
    Lost
}

fn name(key: &str) -> Key {
    key.to_owned().try_into().unwrap()
}

/// Runs `test` on a store of each kind.
fn on_every_store(test: impl Fn(&Hosted<'_>)) {
    let folder = tempfile::tempdir().unwrap();
    let runtime = super::runtime();
    let on = |store| test(&Hosted { store, runtime: &runtime });
    on(Arc::new(Memory::new()));
    on(Arc::new(Sqlite::open(folder.path().join("kv.db")).unwrap()));
    #[cfg(unix)]
    if let Some(server) = super::redis::Server::start() {
        on(Arc::new(server.store()));
    }
}

/// A ledger of its own: stores are shared by applications.
fn app() -> AppName {
    static N: AtomicU32 = AtomicU32::new(0);
    format!("app-{}", N.fetch_add(1, Ordering::Relaxed)).parse().unwrap()
}

#[test]
fn values_are_set_and_claims_are_won_as_the_ledger_needs_it() {
    on_every_store(|store| {
        values_are_as_they_were_set(store, &app());
        a_claim_is_won_by_one_at_most(store, &app());
    });
}

#[test]
fn instances_at_once_leave_one_ledger_on_every_store() {
    on_every_store(|store| instances_at_once_leave_one_ledger(store, &app()));
}

#[test]
fn an_index_is_whole_on_every_store_whoever_derives_it() {
    on_every_store(|store| an_index_of_many_chains_is_whole_whoever_derives_it(store, &app()));
}

#[test]
fn a_crash_leaves_a_ledger_that_verifies_on_every_store() {
    on_every_store(|store| {
        a_crash_between_any_two_operations_leaves_a_ledger_that_verifies(store, &mut app, 7);
    });
}

#[test]
fn what_is_acknowledged_survives_on_every_store_whatever_fails() {
    const WRONG: &[Luck] = &[Luck::Fails, Luck::Lies, Luck::Late, Luck::Shared, Luck::Twice];
    on_every_store(|store| {
        let config = Config { failure_persistence: None, cases: 8, ..Config::default() };
        let survived = TestRunner::new(config).run(&script(WRONG, 60_000), |script| {
            survives(store, &app(), &script);
            Ok(())
        });
        survived.unwrap();
    });
}
