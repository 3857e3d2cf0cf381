//! The billing database: SQLite in memory, one connection that writes and one that cannot.
//!
//! The reading connection is opened read-only and its authorizer allows nothing but reads, so that a statement
//! which slips past one is stopped by the other. Neither connection reaches the machine: no other database can
//! be attached, and every statement has a budget of virtual-machine steps.
//!
//! What is not here: refunds ([`super::refunds`]) and free SQL ([`super::sql`]).

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::types::Value as SqlValue;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params};

use super::model::{Customer, Invoice, InvoiceStatus, Note, Payment, cents_to_amount};
use super::seed;

/// Virtual-machine steps that one statement may take, in units of [`STEPS_PER_CHECK`].
const STEP_CHECKS: u64 = 4_000;
const STEPS_PER_CHECK: i32 = 1_000;

/// Keeps the databases of one process apart: SQLite shares a memory database by its name.
static NEXT_DATABASE: AtomicU64 = AtomicU64::new(0);

/// Why the database did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite refused. Its words are for whoever wrote the statement.
    #[error("{0}")]
    Sqlite(#[from] rusqlite::Error),
}

/// The billing database. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Store(Arc<Mutex<Connections>>);

/// Both connections behind one lock: they never wait for each other inside SQLite.
#[derive(Debug)]
pub(super) struct Connections {
    pub(super) writer: Connection,
    pub(super) reader: Connection,
    budget: Budget,
}

/// The steps left to the running statement, counted down by SQLite's progress callback.
#[derive(Clone, Debug)]
struct Budget(Arc<AtomicU64>);

impl Budget {
    fn refill(&self) {
        self.0.store(STEP_CHECKS, Ordering::Relaxed);
    }

    /// Takes one unit and says whether the statement must stop.
    fn exhausted(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_err()
    }
}

impl Store {
    /// A new database with the rows of this seed.
    pub(super) fn seeded(seed: u64) -> Result<Self, StoreError> {
        let number = NEXT_DATABASE.fetch_add(1, Ordering::Relaxed);
        // A name with a leading slash is shared by the connections of this process and by nothing else.
        let name = format!("file:/portcullis-billing-{number}?vfs=memdb");
        let mut writer = Connection::open_with_flags(&name, OpenFlags::default())?;
        seed::fill(&mut writer, seed)?;
        let mut reader = Connection::open_with_flags(
            &name,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI,
        )?;
        reader.pragma_update(None, "query_only", true)?;
        let budget = Budget(Arc::new(AtomicU64::new(STEP_CHECKS)));
        confine(&mut writer, &budget, write_rule)?;
        confine(&mut reader, &budget, read_rule)?;
        Ok(Self(Arc::new(Mutex::new(Connections { writer, reader, budget }))))
    }

    /// Both connections, with a full budget. A panic elsewhere leaves SQLite consistent, so the lock is taken anyway.
    pub(super) fn connections(&self) -> MutexGuard<'_, Connections> {
        let connections = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        connections.budget.refill();
        connections
    }

    /// One customer.
    pub(super) fn customer(&self, customer_id: &str) -> Result<Option<Customer>, StoreError> {
        let sql = "SELECT * FROM customers WHERE customer_id = ?1";
        Ok(self.connections().reader.query_row(sql, [customer_id], customer).optional()?)
    }

    /// Customers in the order of their ids, after `after`, of one country or all, with `search` in name or e-mail.
    pub(super) fn customers(&self, filter: &CustomerFilter<'_>) -> Result<Vec<Customer>, StoreError> {
        let sql = "SELECT * FROM customers WHERE customer_id > ?1 AND (?2 IS NULL OR country = ?2)
            AND (?3 IS NULL OR instr(lower(name || ' ' || email), lower(?3)) > 0) ORDER BY customer_id LIMIT ?4";
        let parameters = params![filter.after, filter.country, filter.search, filter.limit];
        self.read(sql, parameters, customer)
    }

    /// One invoice.
    pub(super) fn invoice(&self, invoice_id: &str) -> Result<Option<Invoice>, StoreError> {
        let sql = "SELECT * FROM invoices WHERE invoice_id = ?1";
        Ok(self.connections().reader.query_row(sql, [invoice_id], invoice).optional()?)
    }

    /// Invoices in the order of their ids, after `after`, of one customer or all, in one status or all.
    pub(super) fn invoices(&self, filter: &InvoiceFilter<'_>) -> Result<Vec<Invoice>, StoreError> {
        let sql = "SELECT * FROM invoices WHERE invoice_id > ?1 AND (?2 IS NULL OR customer_id = ?2)
            AND (?3 IS NULL OR status = ?3) ORDER BY invoice_id LIMIT ?4";
        let status = filter.status.map(InvoiceStatus::as_str);
        self.read(sql, params![filter.after, filter.customer_id, status, filter.limit], invoice)
    }

    /// The payments of one invoice.
    pub(super) fn payments(&self, invoice_id: &str) -> Result<Vec<Payment>, StoreError> {
        let sql = "SELECT * FROM payments WHERE invoice_id = ?1 ORDER BY payment_id";
        self.read(sql, [invoice_id], |row| {
            Ok(Payment {
                payment_id: row.get("payment_id")?,
                method: row.get("method")?,
                amount: cents_to_amount(row.get("amount_cents")?),
                paid_on: row.get("paid_on")?,
                reference: row.get("reference")?,
            })
        })
    }

    /// The support notes about one customer, newest first.
    pub(super) fn notes(&self, customer_id: &str) -> Result<Vec<Note>, StoreError> {
        let sql = "SELECT * FROM notes WHERE customer_id = ?1 ORDER BY written_on DESC, note_id";
        self.read(sql, [customer_id], |row| {
            Ok(Note {
                note_id: row.get("note_id")?,
                author: row.get("author")?,
                written_on: row.get("written_on")?,
                body: row.get("body")?,
            })
        })
    }

    fn read<T>(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let connections = self.connections();
        let mut statement = connections.reader.prepare_cached(sql)?;
        let rows = statement.query_map(parameters, read)?.collect::<rusqlite::Result<Vec<_>>>()?;
        Ok(rows)
    }
}

/// Which customers to list.
#[derive(Debug)]
pub(super) struct CustomerFilter<'a> {
    pub(super) after: &'a str,
    pub(super) country: Option<&'a str>,
    pub(super) search: Option<&'a str>,
    pub(super) limit: u32,
}

/// Which invoices to list.
#[derive(Debug)]
pub(super) struct InvoiceFilter<'a> {
    pub(super) after: &'a str,
    pub(super) customer_id: Option<&'a str>,
    pub(super) status: Option<InvoiceStatus>,
    pub(super) limit: u32,
}

fn customer(row: &Row<'_>) -> rusqlite::Result<Customer> {
    Ok(Customer {
        customer_id: row.get("customer_id")?,
        name: row.get("name")?,
        email: row.get("email")?,
        phone: row.get("phone")?,
        iban: row.get("iban")?,
        card: row.get("card")?,
        country: row.get("country")?,
        api_key: row.get("api_key")?,
        created_on: row.get("created_on")?,
    })
}

pub(super) fn invoice(row: &Row<'_>) -> rusqlite::Result<Invoice> {
    Ok(Invoice {
        invoice_id: row.get("invoice_id")?,
        customer_id: row.get("customer_id")?,
        number: row.get("number")?,
        issued_on: row.get("issued_on")?,
        due_on: row.get("due_on")?,
        status: row.get::<_, String>("status")?,
        currency: row.get("currency")?,
        amount: cents_to_amount(row.get("amount_cents")?),
        refunded: cents_to_amount(row.get("refunded_cents")?),
        description: row.get("description")?,
    })
}

/// One SQL value as JSON. Blobs are described, not shown: there are none in this schema.
pub(super) fn json(value: SqlValue) -> serde_json::Value {
    match value {
        SqlValue::Null => serde_json::Value::Null,
        SqlValue::Integer(number) => number.into(),
        SqlValue::Real(number) => number.into(),
        SqlValue::Text(text) => text.into(),
        SqlValue::Blob(bytes) => format!("<{} bytes>", bytes.len()).into(),
    }
}

fn confine(
    connection: &mut Connection,
    budget: &Budget,
    rule: fn(AuthContext<'_>) -> Authorization,
) -> Result<(), StoreError> {
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, 4 * 1024 * 1024)?;
    connection.set_limit(Limit::SQLITE_LIMIT_SQL_LENGTH, 64 * 1024)?;
    let budget = budget.clone();
    connection.progress_handler(STEPS_PER_CHECK, Some(move || budget.exhausted()))?;
    connection.authorizer(Some(rule))?;
    Ok(())
}

/// What a read-only statement may do: select, read columns, call built-in functions.
fn read_rule(context: AuthContext<'_>) -> Authorization {
    #[expect(clippy::wildcard_enum_match_arm, reason = "an action that SQLite adds later is denied")]
    match context.action {
        AuthAction::Select | AuthAction::Read { .. } | AuthAction::Recursive => Authorization::Allow,
        AuthAction::Function { function_name } if !function_name.eq_ignore_ascii_case("load_extension") => {
            Authorization::Allow
        }
        _ => Authorization::Deny,
    }
}

/// What a writing statement may not do: reach outside this database, or change how the connection behaves.
fn write_rule(context: AuthContext<'_>) -> Authorization {
    #[expect(clippy::wildcard_enum_match_arm, reason = "this rule lists what is dangerous to the machine")]
    match context.action {
        AuthAction::Attach { .. }
        | AuthAction::Detach { .. }
        | AuthAction::Pragma { .. }
        | AuthAction::CreateVtable { .. }
        | AuthAction::Unknown { .. } => Authorization::Deny,
        AuthAction::Function { function_name } if function_name.eq_ignore_ascii_case("load_extension") => {
            Authorization::Deny
        }
        _ => Authorization::Allow,
    }
}
