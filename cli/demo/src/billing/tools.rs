//! The tools: their definitions, and what each does.
//!
//! A tool is a typed function from arguments to a result. The definition that clients see is derived from those
//! types, and an argument that does not fit them is a tool error with a helpful text, so that a model can mend it.
//! `reconcile` is the one tool that is not a plain function; it lives in [`super::reconcile`].

mod arguments;
mod schema;

use std::collections::BTreeMap;

use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use self::arguments::{
    ExecuteSql, ExportCustomers, GetCustomer, GetInvoice, ListCustomers, ListInvoices, Query,
    ReconcileArguments, RefundArguments,
};
use super::changes::{Change, Changes};
use super::effects::Effects;
use super::model::{Customer, CustomerSummary, Invoice, Note, Payment, amount_to_cents};
use super::refunds::{self, Refund, RefundOrder, Refunded};
use super::sql::{self, Executed, Rows};
use super::store::{CustomerFilter, InvoiceFilter, Store, StoreError};

pub(super) use self::arguments::ReconcileArguments as Reconcile;

/// What tools work on.
#[derive(Clone, Debug)]
pub(super) struct Desk {
    pub(super) store: Store,
    pub(super) effects: Effects,
    pub(super) changes: Changes,
}

/// Why a tool has no result. The text is for the model, so it says what to do instead.
#[derive(Debug, thiserror::Error)]
pub(super) enum ToolFailure {
    #[error("the arguments do not fit: {0}")]
    Arguments(String),
    #[error("no customer `{0}`; list_customers shows the ids")]
    NoCustomer(String),
    #[error("no invoice `{0}`; list_invoices shows the ids")]
    NoInvoice(String),
    #[error("amount must be positive, at most 1000000, with at most two decimals")]
    Amount,
    #[error("SQL: {0}")]
    Sql(StoreError),
    #[error("{0}")]
    Refund(#[from] refunds::RefundError),
    #[error("the billing database failed: {0}")]
    Store(#[from] StoreError),
    #[error("cancelled")]
    Cancelled,
    #[error("the result could not be written")]
    Unwritable,
}

type Plain = Box<dyn Fn(&Desk, JsonObject) -> Result<Value, ToolFailure> + Send + Sync>;

/// How a tool runs.
pub(super) enum Run {
    /// At once.
    Plain(Plain),
    /// Slowly, with progress.
    Reconcile,
}

/// Every tool by its name. Lists follow the order of the names.
pub(super) struct Toolbox(BTreeMap<&'static str, (Tool, Run)>);

impl Toolbox {
    /// The definitions, in the order of their names.
    pub(super) fn definitions(&self) -> Vec<Tool> {
        self.0.values().map(|(definition, _run)| definition.clone()).collect()
    }

    /// One tool.
    pub(super) fn tool(&self, name: &str) -> Option<&(Tool, Run)> {
        self.0.get(name)
    }

    fn add<A, R>(
        &mut self,
        name: &'static str,
        (title, description): (&'static str, &'static str),
        annotations: ToolAnnotations,
        run: fn(&Desk, A) -> Result<R, ToolFailure>,
    ) where
        A: DeserializeOwned + JsonSchema + 'static,
        R: Serialize + JsonSchema + 'static,
    {
        let plain = move |desk: &Desk, raw: JsonObject| {
            let result = run(desk, parse(raw)?)?;
            serde_json::to_value(result).map_err(|_unwritable| ToolFailure::Unwritable)
        };
        let definition =
            define::<A>(name, title, description, annotations).with_raw_output_schema(schema::output::<R>());
        self.0.insert(name, (definition, Run::Plain(Box::new(plain))));
    }
}

/// Reads the arguments of a tool.
pub(super) fn parse<A: DeserializeOwned>(raw: JsonObject) -> Result<A, ToolFailure> {
    serde_json::from_value(Value::Object(raw)).map_err(|error| ToolFailure::Arguments(error.to_string()))
}

fn define<A: JsonSchema + 'static>(
    name: &'static str,
    title: &'static str,
    description: &'static str,
    annotations: ToolAnnotations,
) -> Tool {
    Tool::new(name, description, schema::input::<A>()).with_title(title).with_annotations(annotations)
}

/// All tools.
pub(super) fn toolbox() -> Toolbox {
    let reads = || ToolAnnotations::new().read_only(true).open_world(false);
    let writes =
        || ToolAnnotations::new().read_only(false).destructive(true).idempotent(false).open_world(false);
    let mut tools = Toolbox(BTreeMap::new());
    let text =
        ("List customers", "Lists customers, a page at a time, by country or by a part of name or e-mail.");
    tools.add("list_customers", text, reads(), list_customers);
    let text = ("Get a customer", "Everything about one customer, with the support notes.");
    tools.add("get_customer", text, reads(), get_customer);
    let text = ("List invoices", "Lists invoices, a page at a time, by customer or status.");
    tools.add("list_invoices", text, reads(), list_invoices);
    let text = ("Get an invoice", "One invoice with its payments.");
    tools.add("get_invoice", text, reads(), get_invoice);
    let text = (
        "Query the database",
        "Runs one read-only SQL statement (SQLite). Tables: customers, invoices, payments, refunds, notes. Money is in cents.",
    );
    tools.add("query", text, reads(), query);
    let text = (
        "Refund an invoice",
        "Pays back part or all of a paid invoice. Money moves at once and cannot be called back.",
    );
    tools.add("refund", text, writes(), refund);
    let text = (
        "Execute SQL",
        "Runs any SQL script against the billing database, writes included. For maintenance only.",
    );
    tools.add("execute_sql", text, writes(), execute_sql);
    let text = ("Export customers", "Returns every customer with every field, for a migration or a backup.");
    tools.add("export_customers", text, reads(), export_customers);
    let definition = define::<ReconcileArguments>(
        "reconcile",
        "Reconcile payments",
        "Compares payments with invoices. Slow; reports progress.",
        reads(),
    )
    .with_raw_output_schema(schema::output::<super::reconcile::Reconciled>());
    tools.0.insert("reconcile", (definition, Run::Reconcile));
    tools
}

#[derive(Debug, Serialize, JsonSchema)]
struct CustomerPage {
    /// The customers of this page.
    customers: Vec<CustomerSummary>,
    /// Pass it as `cursor` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

fn list_customers(desk: &Desk, arguments: ListCustomers) -> Result<CustomerPage, ToolFailure> {
    let limit = arguments.limit.clamp(1, arguments::PAGE_LIMIT);
    let mut found = desk.store.customers(&CustomerFilter {
        after: arguments.cursor.as_deref().unwrap_or_default(),
        country: arguments.country.as_deref(),
        search: arguments.search.as_deref(),
        limit: limit + 1,
    })?;
    let next_cursor = cut(&mut found, limit, |customer| &customer.customer_id);
    let summarise = |customer: Customer| CustomerSummary {
        customer_id: customer.customer_id,
        name: customer.name,
        email: customer.email,
        country: customer.country,
    };
    Ok(CustomerPage { customers: found.into_iter().map(summarise).collect(), next_cursor })
}

#[derive(Debug, Serialize, JsonSchema)]
struct CustomerRecord {
    /// The customer.
    customer: Customer,
    /// Support notes, newest first.
    notes: Vec<Note>,
}

fn get_customer(desk: &Desk, arguments: GetCustomer) -> Result<CustomerRecord, ToolFailure> {
    match desk.store.customer(&arguments.customer_id)? {
        Some(customer) => Ok(CustomerRecord { notes: desk.store.notes(&customer.customer_id)?, customer }),
        None => Err(ToolFailure::NoCustomer(arguments.customer_id)),
    }
}

#[derive(Debug, Serialize, JsonSchema)]
struct InvoicePage {
    /// The invoices of this page.
    invoices: Vec<Invoice>,
    /// Pass it as `cursor` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

fn list_invoices(desk: &Desk, arguments: ListInvoices) -> Result<InvoicePage, ToolFailure> {
    let limit = arguments.limit.clamp(1, arguments::PAGE_LIMIT);
    let mut invoices = desk.store.invoices(&InvoiceFilter {
        after: arguments.cursor.as_deref().unwrap_or_default(),
        customer_id: arguments.customer_id.as_deref(),
        status: arguments.status,
        limit: limit + 1,
    })?;
    let next_cursor = cut(&mut invoices, limit, |invoice| &invoice.invoice_id);
    Ok(InvoicePage { invoices, next_cursor })
}

/// Cuts a list that was read one row too far, and says where the next page starts.
fn cut<T>(found: &mut Vec<T>, limit: u32, id: fn(&T) -> &String) -> Option<String> {
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    found.last().filter(|_| more).map(|last| id(last).clone())
}

#[derive(Debug, Serialize, JsonSchema)]
struct InvoiceRecord {
    /// The invoice.
    invoice: Invoice,
    /// Its payments.
    payments: Vec<Payment>,
}

fn get_invoice(desk: &Desk, arguments: GetInvoice) -> Result<InvoiceRecord, ToolFailure> {
    match desk.store.invoice(&arguments.invoice_id)? {
        Some(invoice) => Ok(InvoiceRecord { payments: desk.store.payments(&invoice.invoice_id)?, invoice }),
        None => Err(ToolFailure::NoInvoice(arguments.invoice_id)),
    }
}

fn query(desk: &Desk, arguments: Query) -> Result<Rows, ToolFailure> {
    sql::query(&desk.store, &arguments.sql, arguments.limit).map_err(ToolFailure::Sql)
}

fn refund(desk: &Desk, arguments: RefundArguments) -> Result<Refund, ToolFailure> {
    let cents = amount_to_cents(arguments.amount).ok_or(ToolFailure::Amount)?;
    let order = RefundOrder {
        invoice_id: &arguments.invoice_id,
        cents,
        reason: &arguments.reason,
        idempotency_key: arguments.idempotency_key.as_deref(),
    };
    match refunds::refund(&desk.store, &order)? {
        Refunded::Made(refund) => {
            desk.effects.refunded(refund.clone());
            desk.changes.announce(Change::Resource(format!("billing://invoices/{}", refund.invoice_id)));
            Ok(refund)
        }
        Refunded::Repeated(refund) => Ok(refund),
    }
}

fn execute_sql(desk: &Desk, arguments: ExecuteSql) -> Result<Executed, ToolFailure> {
    sql::execute(&desk.store, &arguments.sql).map_err(ToolFailure::Sql)
}

#[derive(Debug, Serialize, JsonSchema)]
struct Export {
    /// How many customers there are.
    count: usize,
    /// All of them.
    customers: Vec<Customer>,
}

fn export_customers(desk: &Desk, arguments: ExportCustomers) -> Result<Export, ToolFailure> {
    let filter = CustomerFilter {
        after: "",
        country: arguments.country.as_deref(),
        search: None,
        limit: i32::MAX.unsigned_abs(),
    };
    let customers = desk.store.customers(&filter)?;
    Ok(Export { count: customers.len(), customers })
}

#[cfg(test)]
mod tests;
