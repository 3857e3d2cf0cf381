//! Refunds: the one tool whose effect costs money, so the one whose effect tests count.

use rusqlite::{OptionalExtension, TransactionBehavior, params};
use schemars::JsonSchema;
use serde::Serialize;

use super::model::{InvoiceStatus, cents_to_amount};
use super::store::{Store, StoreError};

/// A refund that was made.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Refund {
    /// Identifier such as `ref_0001`.
    pub refund_id: String,
    /// The invoice it belongs to.
    pub invoice_id: String,
    /// What was paid back, in the invoice's currency.
    pub amount: f64,
    /// Why.
    pub reason: String,
    /// The invoice's status afterwards.
    pub invoice_status: String,
}

/// What is to be refunded.
#[derive(Debug)]
pub(super) struct RefundOrder<'a> {
    pub(super) invoice_id: &'a str,
    pub(super) cents: i64,
    pub(super) reason: &'a str,
    pub(super) idempotency_key: Option<&'a str>,
}

/// What became of an order.
#[derive(Debug)]
pub(super) enum Refunded {
    /// Money moved.
    Made(Refund),
    /// The same key was used before for the same order; nothing moved.
    Repeated(Refund),
}

/// Why nothing was refunded.
#[derive(Debug, thiserror::Error)]
pub(super) enum RefundError {
    #[error("no invoice `{0}`")]
    NoInvoice(String),
    #[error("invoice `{invoice_id}` is {status}, so there is nothing to refund")]
    NotPaid { invoice_id: String, status: String },
    #[error("at most {left:.2} can still be refunded")]
    TooMuch { left: f64 },
    #[error("this idempotency_key was used for a different refund")]
    KeyReused,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for RefundError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Pays back part or all of a paid invoice, in one transaction.
pub(super) fn refund(store: &Store, order: &RefundOrder<'_>) -> Result<Refunded, RefundError> {
    let mut connections = store.connections();
    let transaction = connections.writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if let Some(earlier) = earlier(&transaction, order)? {
        return Ok(Refunded::Repeated(earlier));
    }
    let invoice = transaction
        .query_row(
            "SELECT status, amount_cents, refunded_cents FROM invoices WHERE invoice_id = ?1",
            [order.invoice_id],
            |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)),
        )
        .optional()?;
    let Some((status, amount, refunded)) = invoice else {
        return Err(RefundError::NoInvoice(order.invoice_id.to_owned()));
    };
    let refundable = [InvoiceStatus::Paid, InvoiceStatus::PartiallyRefunded].map(InvoiceStatus::as_str);
    if !refundable.contains(&status.as_str()) {
        return Err(RefundError::NotPaid { invoice_id: order.invoice_id.to_owned(), status });
    }
    let left = amount - refunded;
    if order.cents > left {
        return Err(RefundError::TooMuch { left: cents_to_amount(left) });
    }
    let after =
        if order.cents == left { InvoiceStatus::Refunded } else { InvoiceStatus::PartiallyRefunded }.as_str();
    let number = transaction.query_row("SELECT count(*) + 1 FROM refunds", [], |row| row.get::<_, i64>(0))?;
    let refund_id = format!("ref_{number:04}");
    transaction.execute(
        "INSERT INTO refunds VALUES (?1, ?2, ?3, ?4, ?5)",
        params![refund_id, order.invoice_id, order.cents, order.reason, order.idempotency_key],
    )?;
    transaction.execute(
        "UPDATE invoices SET status = ?2, refunded_cents = refunded_cents + ?3 WHERE invoice_id = ?1",
        params![order.invoice_id, after, order.cents],
    )?;
    transaction.commit()?;
    Ok(Refunded::Made(Refund {
        refund_id,
        invoice_id: order.invoice_id.to_owned(),
        amount: cents_to_amount(order.cents),
        reason: order.reason.to_owned(),
        invoice_status: after.to_owned(),
    }))
}

/// The refund that was made under the same key, if it is the same order.
fn earlier(
    connection: &rusqlite::Connection,
    order: &RefundOrder<'_>,
) -> Result<Option<Refund>, RefundError> {
    let Some(key) = order.idempotency_key else { return Ok(None) };
    let sql = "SELECT refund_id, invoice_id, refunds.amount_cents, reason, status
        FROM refunds JOIN invoices USING (invoice_id) WHERE idempotency_key = ?1";
    let found = connection
        .query_row(sql, [key], |row| {
            let cents = row.get::<_, i64>(2)?;
            let refund = Refund {
                refund_id: row.get(0)?,
                invoice_id: row.get(1)?,
                amount: cents_to_amount(cents),
                reason: row.get(3)?,
                invoice_status: row.get(4)?,
            };
            Ok((refund, cents))
        })
        .optional()?;
    match found {
        None => Ok(None),
        Some((refund, cents)) if refund.invoice_id == order.invoice_id && cents == order.cents => {
            Ok(Some(refund))
        }
        Some(_other) => Err(RefundError::KeyReused),
    }
}
