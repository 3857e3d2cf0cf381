//! A store as an SQLite file that nobody else has open.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use rusqlite::{Connection, OptionalExtension as _, params};

/// The file. Changes are there for others once it is closed.
pub(crate) struct File {
    connection: Connection,
    /// Where it is until it is closed, and then.
    paths: (PathBuf, PathBuf),
}

/// As Spin has it, and the host too.
const SCHEMA: &str = "
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    CREATE TABLE spin_key_value (store TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (store, key));
    BEGIN;
";
const LABEL: &str = "default";

impl File {
    pub(crate) fn create(path: &Path) -> anyhow::Result<Self> {
        let part = path.with_extension("part");
        if part.exists() {
            fs::remove_file(&part)?;
        }
        let connection = Connection::open(&part).with_context(|| format!("`{}`", part.display()))?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self { connection, paths: (part, path.to_owned()) })
    }

    pub(crate) fn get(&self, key: &str) -> anyhow::Result<Option<Vec<u8>>> {
        let query = "SELECT value FROM spin_key_value WHERE store = ? AND key = ?";
        let mut statement = self.connection.prepare_cached(query)?;
        Ok(statement.query_row(params![LABEL, key], |row| row.get(0)).optional()?)
    }

    pub(crate) fn set(&self, key: &str, value: &[u8]) -> anyhow::Result<()> {
        let mut statement = self.connection.prepare_cached("REPLACE INTO spin_key_value VALUES (?, ?, ?)")?;
        statement.execute(params![LABEL, key, value])?;
        Ok(())
    }

    pub(crate) fn increment(&self, key: &str, by: i64) -> anyhow::Result<u64> {
        let present = self.get(key)?.unwrap_or_else(|| vec![0; 8]);
        let bytes = present.try_into().map_err(|_| anyhow::anyhow!("`{key}` is not a counter"))?;
        let counter = i64::from_le_bytes(bytes).saturating_add(by);
        self.set(key, &counter.to_le_bytes())?;
        Ok(counter.try_into()?)
    }

    pub(crate) fn commit(&self) -> anyhow::Result<()> {
        Ok(self.connection.execute_batch("COMMIT; BEGIN;")?)
    }

    pub(crate) fn close(self) -> anyhow::Result<()> {
        self.connection.execute_batch("COMMIT;")?;
        self.connection.close().map_err(|(_, error)| error)?;
        let (part, path) = self.paths;
        Ok(fs::rename(part, path)?)
    }
}
