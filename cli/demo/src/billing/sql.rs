//! Free SQL: the read-only kind, and the dangerous kind.

use rusqlite::fallible_iterator::FallibleIterator as _;
use rusqlite::types::Value as SqlValue;
use rusqlite::{Batch, Connection, Statement};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::store::{Store, StoreError, json};

/// The most rows that one statement returns.
pub(super) const ROW_LIMIT: u32 = 500;

/// The rows of a statement.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(super) struct Rows {
    /// Column names, in order.
    pub(super) columns: Vec<String>,
    /// One array per row, values in the order of the columns.
    pub(super) rows: Vec<Vec<Value>>,
    /// True when there were more rows than the limit.
    pub(super) truncated: bool,
}

/// What a script did.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(super) struct Executed {
    /// How many statements ran.
    pub(super) statements: u32,
    /// How many rows were inserted, updated or deleted.
    pub(super) rows_changed: u64,
    /// The rows of the last statement that returned any.
    pub(super) last: Rows,
}

/// Runs one statement on the connection that cannot write.
///
/// # Errors
/// SQLite's own words: syntax, `not authorized` for anything but reading, `interrupted` beyond the step budget.
pub(super) fn query(store: &Store, sql: &str, limit: u32) -> Result<Rows, StoreError> {
    let connections = store.connections();
    let mut statement = connections.reader.prepare(sql)?;
    collect(&mut statement, limit.min(ROW_LIMIT))
}

/// Runs a script on the connection that can write, statement by statement. A transaction left open is rolled back.
///
/// # Errors
/// SQLite's own words. What earlier statements changed stays changed, unless the script opened a transaction.
pub(super) fn execute(store: &Store, sql: &str) -> Result<Executed, StoreError> {
    let connections = store.connections();
    let executed = run(&connections.writer, sql);
    if !connections.writer.is_autocommit() {
        connections.writer.execute_batch("ROLLBACK")?;
    }
    executed
}

fn run(connection: &Connection, sql: &str) -> Result<Executed, StoreError> {
    let mut executed = Executed::default();
    let before = connection.total_changes();
    let mut batch = Batch::new(connection, sql);
    while let Some(mut statement) = batch.next()? {
        executed.statements += 1;
        let rows = collect(&mut statement, ROW_LIMIT)?;
        if !rows.columns.is_empty() {
            executed.last = rows;
        }
    }
    executed.rows_changed = connection.total_changes().saturating_sub(before);
    Ok(executed)
}

fn collect(statement: &mut Statement<'_>, limit: u32) -> Result<Rows, StoreError> {
    let columns = statement.column_names().map(str::to_owned).collect::<Vec<_>>();
    let mut collected = Rows { columns, ..Rows::default() };
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if collected.rows.len() >= limit as usize {
            collected.truncated = true;
            break;
        }
        let values = (0..collected.columns.len())
            .map(|at| row.get::<_, SqlValue>(at).map(json))
            .collect::<rusqlite::Result<Vec<_>>>()?;
        collected.rows.push(values);
    }
    Ok(collected)
}

#[cfg(test)]
mod tests;
