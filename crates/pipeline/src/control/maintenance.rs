//! `/api/maintenance`: what has to be done now and then, since nothing here happens by itself. A cron job asks for it.
//!
//! Each duty is done as far as it goes in one request, and says what came of it under its own name; one that fails keeps
//! no other from being done.

use portcullis_policy::Target;
use portcullis_settings::Records;
use serde_json::{Value, json};

use crate::control::{on_all, recordings};
use crate::exchange::Exchange;
use crate::ports::Ports;
use crate::record::{self, End};
use crate::refusal::Refusal;
use crate::webhooks;

/// Does all that is due. It is on record before and after.
pub(super) async fn maintain<P: Ports>(x: &mut Exchange<P>) -> Result<Value, Refusal> {
    let reasons = on_all(x, Target::Configure)?;
    let method = x.deed.unwrap_or_default();
    let Records { keep_days, keep_bytes } = x.gateway.settings().records;
    let with = json!({ "keep_days": keep_days, "keep_bytes": keep_bytes });
    let record = record::administrative(x, (method, "all"), &with, &reasons).await?;
    // What has expired is told at once.
    let approvals = webhooks::expire(x).await;
    let webhooks = webhooks::catch_up(&x.gateway, &*x.ports).await;
    let records = recordings::retain(x).await;
    let report = json!({ "approvals": approvals, "records": records, "webhooks": webhooks });
    let end = End::Answered { failed: false, text: report.to_string() };
    record.close_here(x, end).await.map_err(Refusal::Withheld)?;
    Ok(report)
}
