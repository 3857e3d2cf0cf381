//! The one thread that writes, and its group commit.

use std::sync::Mutex;
use std::thread::JoinHandle;

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};
use tokio::sync::{mpsc, oneshot};

use super::super::{Change, Changed, Key, KeyValueError, incremented};

/// Changes that may wait; more callers wait for room.
const QUEUE: usize = 1_024;

/// Most changes in one transaction, so that the first of them does not wait for all of a long queue.
const GROUP: usize = 256;

type Answer<T> = oneshot::Sender<Result<T, KeyValueError>>;

enum Order {
    Change { label: String, change: Change, answer: Answer<Changed> },
    Flush(Answer<()>),
}

/// A handle to the writing thread, which ends after its last order when the handle is dropped.
#[derive(Debug)]
pub(super) struct Writer {
    /// `None` only while it is dropped.
    orders: Option<mpsc::Sender<Order>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub(super) fn start(connection: Connection) -> std::io::Result<Self> {
        let (orders, waiting) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("key-value".to_owned())
            .spawn(move || write(connection, waiting))?;
        Ok(Self { orders: Some(orders), thread: Mutex::new(Some(thread)) })
    }

    pub(super) async fn change(&self, label: &str, change: Change) -> Result<Changed, KeyValueError> {
        let label = label.to_owned();
        self.order(|answer| Order::Change { label, change, answer }).await
    }

    pub(super) async fn flush(&self) -> Result<(), KeyValueError> {
        self.order(Order::Flush).await
    }

    async fn order<T>(&self, order: impl FnOnce(Answer<T>) -> Order) -> Result<T, KeyValueError> {
        let (answer, answered) = oneshot::channel();
        let orders = self.orders.as_ref().ok_or(KeyValueError::Closed)?;
        orders.send(order(answer)).await.map_err(|_| KeyValueError::Closed)?;
        answered.await.map_err(|_| KeyValueError::Closed)?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.orders.take();
        let thread = self.thread.lock().ok().and_then(|mut thread| thread.take());
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

/// Takes orders until all handles are gone.
fn write(mut connection: Connection, mut waiting: mpsc::Receiver<Order>) {
    while let Some(first) = waiting.blocking_recv() {
        let more = std::iter::from_fn(|| waiting.try_recv().ok());
        let mut group = Vec::new();
        let mut flushes = Vec::new();
        for order in std::iter::once(first).chain(more).take(GROUP) {
            match order {
                Order::Change { label, change, answer } => group.push((label, change, answer)),
                Order::Flush(answer) => flushes.push(answer),
            }
        }
        if !group.is_empty() {
            commit(&mut connection, group);
        }
        // Everything before these has just been committed: the queue keeps its order.
        for answer in flushes {
            let _ = answer.send(Ok(()));
        }
    }
}

/// Makes the changes of `group` in one transaction and then answers.
fn commit(connection: &mut Connection, group: Vec<(String, Change, Answer<Changed>)>) {
    let (changes, answers): (Vec<_>, Vec<_>) =
        group.into_iter().map(|(label, change, answer)| ((label, change), answer)).unzip();
    match in_transaction(connection, changes) {
        Ok(results) => {
            for (answer, result) in answers.into_iter().zip(results) {
                let _ = answer.send(result);
            }
        }
        Err(error) => {
            let error = KeyValueError::from(error);
            for answer in answers {
                let _ = answer.send(Err(error.clone()));
            }
        }
    }
}

fn in_transaction(
    connection: &mut Connection,
    changes: Vec<(String, Change)>,
) -> rusqlite::Result<Vec<Result<Changed, KeyValueError>>> {
    let mut transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let results =
        changes.into_iter().map(|(label, change)| in_savepoint(&mut transaction, &label, change)).collect();
    transaction.commit()?;
    Ok(results)
}

fn in_savepoint(
    transaction: &mut Transaction<'_>,
    label: &str,
    change: Change,
) -> Result<Changed, KeyValueError> {
    let savepoint = transaction.savepoint()?;
    let changed = apply(&savepoint, label, change)?;
    savepoint.commit()?;
    Ok(changed)
}

fn apply(connection: &Connection, label: &str, change: Change) -> Result<Changed, KeyValueError> {
    match change {
        Change::Delete(keys) => {
            let mut delete =
                connection.prepare_cached("DELETE FROM spin_key_value WHERE store = ?1 AND key = ?2")?;
            for key in keys {
                delete.execute(params![label, key.as_str()])?;
            }
            Ok(Changed::Done)
        }
        Change::Increment(key, delta) => {
            let present = get(connection, label, &key)?;
            let counter = incremented(present.as_deref(), delta)?;
            set(connection, label, &key, &counter.to_le_bytes())?;
            Ok(Changed::Counter(counter))
        }
        Change::Set(pairs) => {
            for (key, value) in pairs {
                set(connection, label, &key, value.as_bytes())?;
            }
            Ok(Changed::Done)
        }
        Change::Swap { key, expected, value } => {
            let swapped = get(connection, label, &key)? == expected;
            if swapped {
                set(connection, label, &key, value.as_bytes())?;
            }
            Ok(Changed::Swapped(swapped))
        }
    }
}

fn get(connection: &Connection, label: &str, key: &Key) -> rusqlite::Result<Option<Vec<u8>>> {
    connection
        .prepare_cached("SELECT value FROM spin_key_value WHERE store = ?1 AND key = ?2")?
        .query_row(params![label, key.as_str()], |row| row.get(0))
        .optional()
}

fn set(connection: &Connection, label: &str, key: &Key, value: &[u8]) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO spin_key_value (store, key, value) VALUES (?1, ?2, ?3)
             ON CONFLICT (store, key) DO UPDATE SET value = ?3",
        )?
        .execute(params![label, key.as_str(), value])
        .map(drop)
}
