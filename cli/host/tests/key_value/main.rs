//! The contract of a key-value store, on every implementation and, where there is a `redis-server`, on Redis.
//!
//! Redis stands for what Spin offers beyond one machine. Where it differs from the stores of the host, a test says how.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod ledger;
#[cfg(unix)]
mod redis;

use std::future::Future;
use std::sync::Arc;

use portcullis_host::{
    Change, Changed, Key, KeyValue, KeyValueError, MAX_KEY_BYTES, MAX_PAGE, MAX_VALUE_BYTES, Memory, Sqlite,
    Value,
};

fn key(text: &str) -> Key {
    text.to_owned().try_into().unwrap()
}

fn set(pairs: &[(&str, &str)]) -> Change {
    let value = |text: &str| Value::try_from(text.as_bytes().to_vec()).unwrap();
    Change::Set(pairs.iter().map(|(name, text)| (key(name), value(text))).collect())
}

async fn get(store: &dyn KeyValue, label: &str, name: &str) -> Option<String> {
    let values = store.get(label, vec![key(name)]).await.unwrap();
    values.into_iter().next().unwrap().map(|value| String::from_utf8(value).unwrap())
}

/// Runs `test` on an empty store of each kind.
fn on_every_store<F: Future<Output = ()>>(test: impl Fn(Arc<dyn KeyValue>) -> F) {
    on_every_store_of_the_host(&test);
    on_redis(test);
}

/// Runs `test` on an empty store of each kind that the host has.
fn on_every_store_of_the_host<F: Future<Output = ()>>(test: impl Fn(Arc<dyn KeyValue>) -> F) {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(test(Arc::new(Memory::new())));
    runtime().block_on(test(Arc::new(Sqlite::open(folder.path().join("kv.db")).unwrap())));
}

/// Runs `test` on an empty Redis, if there is one.
fn on_redis<F: Future<Output = ()>>(test: impl Fn(Arc<dyn KeyValue>) -> F) {
    #[cfg(unix)]
    if let Some(server) = redis::Server::start() {
        runtime().block_on(test(Arc::new(server.store())));
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

#[test]
fn a_value_is_what_was_set_last() {
    on_every_store(|store| async move {
        assert_eq!(get(&*store, "default", "a").await, None);
        for text in ["one", "", "two"] {
            assert_eq!(store.change("default", set(&[("a", text)])).await, Ok(Changed::Done));
            assert_eq!(get(&*store, "default", "a").await.as_deref(), Some(text));
        }
        let binary: Vec<u8> = (0..=255).collect();
        let change = Change::Set(vec![(key("b"), binary.clone().try_into().unwrap())]);
        store.change("default", change).await.unwrap();
        assert_eq!(store.get("default", vec![key("b")]).await, Ok(vec![Some(binary)]));
    });
}

#[test]
fn labels_are_apart() {
    on_every_store_of_the_host(|store| async move {
        store.change("one", set(&[("a", "1")])).await.unwrap();
        store.change("two", set(&[("a", "2")])).await.unwrap();
        store.change("one", Change::Delete(vec![key("a")])).await.unwrap();
        assert_eq!(get(&*store, "one", "a").await, None);
        assert_eq!(get(&*store, "two", "a").await.as_deref(), Some("2"));
        assert_eq!(store.keys("one", None).await, Ok(vec![]));
    });
}

#[test]
fn many_keys_are_answered_in_order() {
    on_every_store(|store| async move {
        store.change("default", set(&[("a", "1"), ("b", "2"), ("c", "3")])).await.unwrap();
        store.change("default", Change::Delete(vec![key("b"), key("absent")])).await.unwrap();
        let values = store.get("default", vec![key("c"), key("b"), key("a"), key("c")]).await.unwrap();
        assert_eq!(values, [Some(b"3".to_vec()), None, Some(b"1".to_vec()), Some(b"3".to_vec())]);
        assert_eq!(store.get("default", vec![]).await, Ok(vec![]));
    });
}

#[test]
fn keys_are_paged_in_order() {
    on_every_store(|store| async move {
        let names: Vec<_> = (0..MAX_PAGE + 5).map(|n| format!("k{n:06}")).collect();
        let pairs: Vec<_> = names.iter().map(|name| (name.as_str(), "")).collect();
        store.change("default", set(&pairs)).await.unwrap();
        let mut seen: Vec<String> = Vec::new();
        loop {
            let after = seen.last().map(|name| key(name));
            let page = store.keys("default", after).await.unwrap();
            assert!(page.len() <= MAX_PAGE);
            if page.is_empty() {
                break;
            }
            seen.extend(page.into_iter().map(Key::into_string));
        }
        assert_eq!(seen, names);
    });
}

#[test]
fn counters_count() {
    on_every_store(|store| async move {
        for (delta, want) in [(0, 0), (1, 1), (41, 42), (-50, -8)] {
            let counted = store.change("default", Change::Increment(key("n"), delta)).await;
            assert_eq!(counted, Ok(Changed::Counter(want)));
        }
    });
}

#[test]
fn a_counter_is_stored_as_spin_stores_it() {
    on_every_store_of_the_host(|store| async move {
        store.change("default", Change::Increment(key("n"), -8)).await.unwrap();
        let stored = store.get("default", vec![key("n")]).await.unwrap();
        assert_eq!(stored, [Some((-8_i64).to_le_bytes().to_vec())]);
    });
}

#[test]
fn redis_has_one_key_space_and_counts_in_decimal() {
    on_redis(|store| async move {
        store.change("one", set(&[("a", "1")])).await.unwrap();
        store.change("two", Change::Increment(key("n"), -8)).await.unwrap();
        assert_eq!(get(&*store, "two", "a").await.as_deref(), Some("1"));
        assert_eq!(get(&*store, "one", "n").await.as_deref(), Some("-8"));
        assert_eq!(store.keys("three", None).await, Ok(vec![key("a"), key("n")]));
    });
}

#[test]
fn a_claim_is_won_once() {
    on_every_store(|store| async move {
        let claims = (0..200).map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(
                async move { store.change("default", Change::Increment(key("claim"), 1)).await.unwrap() },
            )
        });
        let mut counters = Vec::new();
        for claim in claims.collect::<Vec<_>>() {
            let Changed::Counter(counter) = claim.await.unwrap() else { panic!("not a counter") };
            counters.push(counter);
        }
        counters.sort_unstable();
        assert_eq!(counters, (1..=200).collect::<Vec<_>>());
    });
}

#[test]
fn a_failed_increment_changes_nothing_and_fails_nobody_else() {
    on_every_store(|store| async move {
        store.change("default", set(&[("text", "not a counter")])).await.unwrap();
        store.change("default", Change::Increment(key("full"), i64::MAX)).await.unwrap();
        let (bad, overflow, good) = tokio::join!(
            store.change("default", Change::Increment(key("text"), 1)),
            store.change("default", Change::Increment(key("full"), 1)),
            store.change("default", set(&[("other", "fine")])),
        );
        assert_eq!(bad, Err(KeyValueError::NotACounter));
        assert_eq!(overflow, Err(KeyValueError::Overflow));
        assert_eq!(good, Ok(Changed::Done));
        assert_eq!(get(&*store, "default", "text").await.as_deref(), Some("not a counter"));
        assert_eq!(get(&*store, "default", "other").await.as_deref(), Some("fine"));
    });
}

#[test]
fn a_swap_needs_the_expected_value() {
    on_every_store_of_the_host(|store| async move {
        let swap = |expected: Option<&str>, value: &str| Change::Swap {
            key: key("a"),
            expected: expected.map(|text| text.as_bytes().to_vec()),
            value: value.as_bytes().to_vec().try_into().unwrap(),
        };
        for (change, want) in [
            (swap(Some("x"), "never"), false),
            (swap(None, "one"), true),
            (swap(None, "never"), false),
            (swap(Some("two"), "never"), false),
            (swap(Some("one"), "two"), true),
        ] {
            assert_eq!(store.change("default", change).await, Ok(Changed::Swapped(want)));
        }
        assert_eq!(get(&*store, "default", "a").await.as_deref(), Some("two"));
    });
}

#[test]
fn an_absent_key_is_swapped_in_once() {
    on_every_store_of_the_host(|store| async move {
        let swaps = (0..50).map(|n: u8| {
            let store = Arc::clone(&store);
            let change = Change::Swap { key: key("a"), expected: None, value: vec![n].try_into().unwrap() };
            tokio::spawn(
                async move { store.change("default", change).await.unwrap() == Changed::Swapped(true) },
            )
        });
        let mut n_won = 0;
        for swap in swaps.collect::<Vec<_>>() {
            n_won += usize::from(swap.await.unwrap());
        }
        assert_eq!(n_won, 1);
    });
}

/// Why nothing of the gateway swaps.
#[test]
fn redis_says_that_a_swap_has_failed_also_when_it_was_made() {
    on_redis(|store| async move {
        let swap = |expected: Option<&str>, value: &str| Change::Swap {
            key: key("a"),
            expected: expected.map(|text| text.as_bytes().to_vec()),
            value: value.as_bytes().to_vec().try_into().unwrap(),
        };
        for (change, there) in [(swap(Some("x"), "never"), None), (swap(None, "one"), Some("one"))] {
            assert_eq!(store.change("default", change).await, Ok(Changed::Swapped(false)));
            assert_eq!(get(&*store, "default", "a").await.as_deref(), there);
        }
    });
}

#[test]
fn the_longest_keys_and_values_are_taken_whole() {
    on_every_store(|store| async move {
        let (long, value) = (key(&"k".repeat(MAX_KEY_BYTES)), vec![0xa5; MAX_VALUE_BYTES]);
        let change = Change::Set(vec![(long.clone(), value.clone().try_into().unwrap())]);
        store.change("default", change).await.unwrap();
        assert_eq!(store.get("default", vec![long]).await, Ok(vec![Some(value)]));
    });
}

#[test]
fn keys_and_values_have_limits() {
    assert!(Key::try_from("k".repeat(MAX_KEY_BYTES)).is_ok());
    let long = Key::try_from("é".repeat(MAX_KEY_BYTES / 2 + 1));
    assert_eq!(long, Err(KeyValueError::KeyTooLong { bytes: MAX_KEY_BYTES + 1 }));
    assert!(Value::try_from(vec![0; MAX_VALUE_BYTES]).is_ok());
    let long = Value::try_from(vec![0; MAX_VALUE_BYTES + 1]);
    assert_eq!(long, Err(KeyValueError::ValueTooLong { bytes: MAX_VALUE_BYTES + 1 }));
}

#[tokio::test]
async fn what_was_answered_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kv.db");
    let store = Arc::new(Sqlite::open(&path).unwrap());
    let writes: Vec<_> = (0..300)
        .map(|n| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.change("default", set(&[(&format!("k{n}"), "v")])).await })
        })
        .collect();
    for write in writes {
        assert_eq!(write.await.unwrap(), Ok(Changed::Done));
    }
    // A copy of the files as they are now is what a crash would leave.
    let crashed = tempfile::tempdir().unwrap();
    for file in ["kv.db", "kv.db-wal"] {
        std::fs::copy(folder.path().join(file), crashed.path().join(file)).unwrap();
    }
    for path in [crashed.path().join("kv.db"), path] {
        let reopened = Sqlite::open(path).unwrap();
        assert_eq!(reopened.keys("default", None).await.unwrap().len(), 300);
    }
}

#[cfg(unix)]
#[test]
fn what_redis_has_answered_is_there_after_it_was_killed() {
    let Some(mut server) = redis::Server::start() else { return };
    let write = |store: redis::Redis, n: usize| async move {
        let value = format!("k{n}");
        let set = store.change("default", set(&[(&value, "v")])).await;
        (set, store.change("default", Change::Increment(key("n"), 1)).await)
    };
    runtime().block_on(async {
        let store = server.store();
        let writes: Vec<_> = (0..100).map(|n| tokio::spawn(write(store.clone(), n))).collect();
        for done in writes {
            assert!(matches!(done.await.unwrap(), (Ok(Changed::Done), Ok(Changed::Counter(_)))));
        }
    });
    server.crash();
    runtime().block_on(async {
        let store = server.store();
        assert_eq!(store.keys("default", None).await.unwrap().len(), 101);
        assert_eq!(get(&store, "default", "n").await.as_deref(), Some("100"));
    });
}

#[tokio::test]
async fn a_flush_waits_for_what_came_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kv.db");
    let store = Arc::new(Sqlite::open(&path).unwrap());
    let change = store.change("default", set(&[("a", "1")]));
    let (changed, flushed) = tokio::join!(biased; change, store.flush());
    assert_eq!((changed, flushed), (Ok(Changed::Done), Ok(())));
}

#[tokio::test]
async fn the_table_is_spins() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kv.db");
    let other = rusqlite::Connection::open(&path).unwrap();
    other
        .execute_batch(
            "CREATE TABLE IF NOT EXISTS spin_key_value (
                store TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (store, key)
            );
            INSERT INTO spin_key_value VALUES ('default', 'from-spin', x'6869');",
        )
        .unwrap();
    let store = Sqlite::open(&path).unwrap();
    assert_eq!(get(&store, "default", "from-spin").await.as_deref(), Some("hi"));
    store.change("default", set(&[("from-here", "ho")])).await.unwrap();
    let value: Vec<u8> = other
        .query_row(
            "SELECT value FROM spin_key_value WHERE store = 'default' AND key = 'from-here'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(value, b"ho");
}

#[test]
fn a_file_that_is_no_store_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kv.db");
    std::fs::write(&path, "this is not a database, and long enough to be read as one ".repeat(100)).unwrap();
    let error = Sqlite::open(&path).unwrap_err().to_string();
    assert!(error.contains("kv.db") && error.contains("not a database"), "{error}");
}

#[cfg(unix)]
#[test]
fn the_file_is_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kv.db");
    let store = Sqlite::open(&path).unwrap();
    for file in ["kv.db", "kv.db-wal"] {
        let mode = std::fs::metadata(folder.path().join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{file}");
    }
    drop(store);
}
