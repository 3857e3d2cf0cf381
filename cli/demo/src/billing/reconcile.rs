//! The slow tool: it takes as long as it is told and reports progress on the way.

use std::time::Duration;

use rmcp::RoleServer;
use rmcp::model::ProgressNotificationParam;
use rmcp::service::RequestContext;
use schemars::JsonSchema;
use serde::Serialize;

use super::model::cents_to_amount;
use super::store::StoreError;
use super::tools::{Desk, Reconcile, ToolFailure};

/// The longest run.
const LONGEST: Duration = Duration::from_secs(60);

/// How many progress notifications a run sends.
const STEPS: u32 = 10;

/// What the comparison found.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Reconciled {
    /// How many payments were compared.
    payments: i64,
    /// Their sum in euros.
    paid: f64,
    /// Payments whose amount is not that of their invoice.
    mismatches: i64,
}

/// Waits for the asked time in [`STEPS`] steps, then compares. A cancelled request stops at the next step.
pub(super) async fn run(
    desk: &Desk,
    arguments: &Reconcile,
    context: &RequestContext<RoleServer>,
) -> Result<Reconciled, ToolFailure> {
    let whole = Duration::try_from_secs_f64(arguments.seconds)
        .ok()
        .filter(|asked| *asked <= LONGEST)
        .ok_or_else(|| ToolFailure::Arguments("seconds must be between 0 and 60".to_owned()))?;
    for step in 1..=STEPS {
        tokio::select! {
            () = tokio::time::sleep(whole / STEPS) => {}
            () = context.ct.cancelled() => return Err(ToolFailure::Cancelled),
        }
        if let Some(token) = context.meta.get_progress_token() {
            let progress = ProgressNotificationParam::new(token, f64::from(step))
                .with_total(f64::from(STEPS))
                .with_message(format!("compared batch {step} of {STEPS}"));
            // A client that no longer listens does not stop the comparison.
            let _delivered = context.peer.notify_progress(progress).await;
        }
    }
    compare(desk).map_err(ToolFailure::Store)
}

fn compare(desk: &Desk) -> Result<Reconciled, StoreError> {
    let sql = "SELECT count(*), coalesce(sum(payments.amount_cents), 0),
        count(*) FILTER (WHERE payments.amount_cents <> invoices.amount_cents)
        FROM payments JOIN invoices USING (invoice_id)";
    let connections = desk.store.connections();
    Ok(connections.reader.query_row(sql, [], |row| {
        Ok(Reconciled { payments: row.get(0)?, paid: cents_to_amount(row.get(1)?), mismatches: row.get(2)? })
    })?)
}
