//! The store on disk: one SQLite file with Spin's own table, so that `spin up` can go on with the same data.
//!
//! One thread writes. It takes every change that is waiting, makes them in one transaction and answers each only
//! after the commit has reached the disk (WAL, synchronous FULL), so a burst of changes costs one flush. Each change
//! runs in a savepoint: one that fails is undone and told so, and the others are not affected. Reads use their own
//! connections and never wait for the writer.

mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};
use tokio::sync::Semaphore;

use self::writer::Writer;
use super::{Change, Changed, Key, KeyValue, KeyValueError, MAX_PAGE, Pending};

/// Reads at the same time, each on a connection of its own.
const READERS: usize = 4;

/// How long a statement waits for another process that holds the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Prepared statements kept per connection.
const STATEMENTS: usize = 16;

/// The table as Spin creates it.
const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS spin_key_value (
    store TEXT NOT NULL,
    key   TEXT NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (store, key)
)";

/// Why the file could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot open the key-value store `{}`: {reason}", .path.display())]
pub struct OpenError {
    path: PathBuf,
    reason: Box<dyn std::error::Error + Send + Sync>,
}

/// Key-value data in an SQLite file.
///
/// Changes that were handed over are finished when it is dropped.
#[derive(Debug)]
pub struct Sqlite {
    writer: Writer,
    readers: Arc<Readers>,
}

impl Sqlite {
    /// Opens the file at `path`, making it, readable by its owner only, if it is not there.
    ///
    /// # Errors
    /// The file cannot be made or opened, is not an SQLite file, or its file system cannot keep a WAL.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, OpenError> {
        let path = path.into();
        Self::try_open(&path).map_err(|reason| OpenError { path, reason })
    }

    fn try_open(path: &Path) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        private(std::fs::OpenOptions::new().create(true).append(true)).open(path)?;
        let connection = connect(path)?;
        let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
        if mode != "wal" {
            return Err(format!("the file system cannot keep a write-ahead log (mode `{mode}`)").into());
        }
        connection.execute_batch("PRAGMA synchronous = FULL")?;
        connection.execute_batch(SCHEMA)?;
        let readers =
            Readers { path: path.to_owned(), idle: Mutex::new(Vec::new()), permits: Semaphore::new(READERS) };
        Ok(Self { writer: Writer::start(connection)?, readers: Arc::new(readers) })
    }
}

#[cfg(unix)]
fn private(options: &mut std::fs::OpenOptions) -> &mut std::fs::OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600)
}

#[cfg(not(unix))]
fn private(options: &mut std::fs::OpenOptions) -> &mut std::fs::OpenOptions {
    options
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

impl From<rusqlite::Error> for KeyValueError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl KeyValue for Sqlite {
    fn get<'a>(&'a self, label: &'a str, keys: Vec<Key>) -> Pending<'a, Vec<Option<Vec<u8>>>> {
        Box::pin(self.readers.read(label, move |connection, label| {
            let mut get = connection
                .prepare_cached("SELECT value FROM spin_key_value WHERE store = ?1 AND key = ?2")?;
            keys.iter()
                .map(|key| get.query_row(params![label, key.as_str()], |row| row.get(0)).optional())
                .collect()
        }))
    }

    fn keys<'a>(&'a self, label: &'a str, after: Option<Key>) -> Pending<'a, Vec<Key>> {
        Box::pin(self.readers.read(label, move |connection, label| {
            let mut page = connection.prepare_cached(
                "SELECT key FROM spin_key_value WHERE store = ?1 AND (?2 IS NULL OR key > ?2) ORDER BY key LIMIT ?3",
            )?;
            let limit = i64::try_from(MAX_PAGE).unwrap_or(i64::MAX);
            let rows = page.query_map(params![label, after.as_ref().map(Key::as_str), limit], |row| {
                // A longer key, written by another program, is listed all the same.
                Ok(Key(row.get(0)?))
            })?;
            rows.collect()
        }))
    }

    fn change<'a>(&'a self, label: &'a str, change: Change) -> Pending<'a, Changed> {
        Box::pin(self.writer.change(label, change))
    }

    fn flush(&self) -> Pending<'_, ()> {
        Box::pin(self.writer.flush())
    }
}

/// Connections for reading, opened as they are needed.
#[derive(Debug)]
struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    permits: Semaphore,
}

impl Readers {
    /// Runs `action` with a connection on a thread that may block.
    async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        label: &str,
        action: impl FnOnce(&Connection, &str) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, KeyValueError> {
        let _permit = self.permits.acquire().await.map_err(|_| KeyValueError::Closed)?;
        let readers = Arc::clone(self);
        let label = label.to_owned();
        let read = move || {
            let connection = match readers.idle().pop() {
                Some(connection) => connection,
                None => connect(&readers.path)?,
            };
            let result = action(&connection, &label);
            // A connection that failed may be broken for good; the next reader opens a fresh one.
            if result.is_ok() {
                readers.idle().push(connection);
            }
            Ok(result?)
        };
        let failed = |error: tokio::task::JoinError| KeyValueError::Failed(error.to_string());
        tokio::task::spawn_blocking(read).await.map_err(failed)?
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
