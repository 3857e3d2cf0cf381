//! What each kind of SQL can and cannot do.

use super::*;

fn store() -> Store {
    Store::seeded(1).unwrap()
}

fn invoices(store: &Store) -> Value {
    query(store, "SELECT count(*), sum(amount_cents) FROM invoices", 1).unwrap().rows.concat().into()
}

#[test]
fn reading_returns_typed_rows_up_to_the_limit() {
    let rows =
        query(&store(), "SELECT customer_id, 1 AS n, NULL AS gap FROM customers ORDER BY 1", 2).unwrap();
    assert_eq!(rows.columns, ["customer_id", "n", "gap"]);
    assert_eq!(
        rows.rows,
        [["cus_0001".into(), 1.into(), Value::Null], ["cus_0002".into(), 1.into(), Value::Null]]
    );
    assert!(rows.truncated);
}

#[test]
fn reading_refuses_whatever_is_not_a_read() {
    let (store, before) = (store(), invoices(&store()));
    for sql in [
        "DELETE FROM invoices",
        "UPDATE invoices SET amount_cents = 0",
        "INSERT INTO notes VALUES ('n', 'cus_0001', 'a', '2026-01-01', 'b')",
        "DROP TABLE invoices",
        "CREATE TEMP TABLE t (x)",
        "PRAGMA query_only = 0",
        "PRAGMA database_list",
        "ATTACH ':memory:' AS other",
        "VACUUM INTO '/nonexistent/copy.db'",
        "BEGIN IMMEDIATE",
        "SELECT 1; DELETE FROM invoices",
        "WITH x AS (SELECT 1) DELETE FROM invoices",
        "SELECT load_extension('x')",
        "EXPLAIN DELETE FROM invoices",
        "not sql",
    ] {
        assert!(query(&store, sql, 10).is_err(), "sql: {sql}");
    }
    assert_eq!(invoices(&store), before);
}

#[test]
fn an_endless_statement_is_interrupted_and_the_next_one_runs() {
    let store = store();
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
    assert!(query(&store, endless, 1).unwrap_err().to_string().contains("interrupt"));
    assert!(query(&store, "SELECT 1", 1).is_ok());
}

#[test]
fn executing_changes_state_and_counts_rows() {
    let store = store();
    let executed = execute(
        &store,
        "UPDATE invoices SET description = 'x' WHERE invoice_id < 'inv_0004'; SELECT 7 AS seven",
    )
    .unwrap();
    assert_eq!((executed.statements, executed.rows_changed), (2, 3));
    assert_eq!((executed.last.columns, executed.last.rows), (vec!["seven".to_owned()], vec![vec![7.into()]]));
}

#[test]
fn an_open_transaction_is_rolled_back() {
    let (store, before) = (store(), invoices(&store()));
    execute(&store, "BEGIN; DELETE FROM payments; DELETE FROM invoices").unwrap();
    assert_eq!(invoices(&store), before);
    assert!(execute(&store, "BEGIN; DELETE FROM notes; SELECT * FROM nowhere").is_err());
    assert_eq!(query(&store, "SELECT count(*) > 0 FROM notes", 1).unwrap().rows, [[1]]);
}

#[test]
fn executing_cannot_leave_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("copy.db");
    let store = store();
    for sql in [
        format!("ATTACH '{}' AS other", file.display()),
        format!("VACUUM INTO '{}'", file.display()),
        "PRAGMA journal_mode = DELETE".to_owned(),
        "SELECT load_extension('x')".to_owned(),
    ] {
        assert!(execute(&store, &sql).is_err(), "sql: {sql}");
    }
    assert!(!file.exists());
}
