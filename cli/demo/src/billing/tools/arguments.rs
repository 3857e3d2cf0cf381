//! The arguments of each tool. Unknown names are refused: a typo in `limit` must not read as "no limit".
//!
//! Optional texts are declared as plain strings, not as "string or null", so that the published schema has one
//! type per argument.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::billing::model::InvoiceStatus;

/// The longest page.
pub(in crate::billing) const PAGE_LIMIT: u32 = 100;

const fn page() -> u32 {
    20
}

const fn rows() -> u32 {
    100
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::billing) struct ListCustomers {
    /// `next_cursor` of the page before.
    #[serde(default)]
    #[schemars(with = "String")]
    pub(in crate::billing) cursor: Option<String>,
    /// How many customers to return, 1 to 100.
    #[serde(default = "page")]
    #[schemars(range(min = 1, max = 100))]
    pub(in crate::billing) limit: u32,
    /// Only customers of this country (ISO 3166-1 alpha-2).
    #[serde(default)]
    #[schemars(with = "String")]
    pub(in crate::billing) country: Option<String>,
    /// Only customers with this text in name or e-mail.
    #[serde(default)]
    #[schemars(with = "String")]
    pub(in crate::billing) search: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::billing) struct GetCustomer {
    /// Identifier such as `cus_0001`.
    pub(in crate::billing) customer_id: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::billing) struct ListInvoices {
    /// Only invoices of this customer.
    #[serde(default)]
    #[schemars(with = "String")]
    pub(in crate::billing) customer_id: Option<String>,
    /// Only invoices in this state.
    #[serde(default)]
    #[schemars(with = "InvoiceStatus")]
    pub(in crate::billing) status: Option<InvoiceStatus>,
    /// `next_cursor` of the page before.
    #[serde(default)]
    #[schemars(with = "String")]
    pub(in crate::billing) cursor: Option<String>,
    /// How many invoices to return, 1 to 100.
    #[serde(default = "page")]
    #[schemars(range(min = 1, max = 100))]
    pub(in crate::billing) limit: u32,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::billing) struct GetInvoice {
    /// Identifier such as `inv_0001`.
    pub(in crate::billing) invoice_id: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::billing) struct Query {
    /// One SELECT statement.
    pub(in crate::billing) sql: String,
    /// How many rows to return, 1 to 500.
    #[serde(default = "rows")]
    #[schemars(range(min = 1, max = 500))]
    pub(in crate::billing) limit: u32,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::billing) struct RefundArguments {
    /// The paid invoice, such as `inv_0001`.
    pub(in crate::billing) invoice_id: String,
    /// How much to pay back, in the invoice's currency, at most two decimals.
    pub(in crate::billing) amount: f64,
    /// Why, in a sentence.
    pub(in crate::billing) reason: String,
    /// Repeating a call with the same key pays once.
    #[serde(default)]
    #[schemars(with = "String")]
    pub(in crate::billing) idempotency_key: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::billing) struct ExecuteSql {
    /// One or more SQL statements.
    pub(in crate::billing) sql: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::billing) struct ExportCustomers {
    /// Only customers of this country (ISO 3166-1 alpha-2).
    #[serde(default)]
    #[schemars(with = "String")]
    pub(in crate::billing) country: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::billing) struct ReconcileArguments {
    /// How long to take, in seconds, 0 to 60.
    #[schemars(range(min = 0, max = 60))]
    pub(in crate::billing) seconds: f64,
}
