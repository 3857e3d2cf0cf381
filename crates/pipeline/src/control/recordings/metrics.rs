//! What a monitoring system reads at intervals: how much is called and refused on this day, what waits for people, and how
//! old the last checkpoint is.
//!
//! Instances share no memory and live for a short time, so nothing is counted in one: all of it comes from the store, and
//! is the same whoever answers. Nobody is told less than there is: what cannot be read ends the scrape, which the
//! monitoring system notices, or has a metric of its own.

use std::collections::BTreeMap;

use portcullis_ledger::{Day, FoundTotals, Key, StoredCheckpoint, Total, UnixMillis};
use portcullis_policy::Target;
use portcullis_settings::ConnectionName;

use super::Scope;
use super::exposition::{Exposition, Kind};
use super::query::Query;
use super::store::{Pruned, publish, sum_up, totals};
use super::usage::{Of, READS, Rows, rows};
use crate::control::approvals;
use crate::exchange::Exchange;
use crate::ports::{Ports, StoreError, count};
use crate::refusal::Refusal;

/// How many serials without a checkpoint are passed over to find the latest one.
const MAX_BACK: u64 = 16;

/// A metric of a connection: its name, its kind, what it is, and what of a total.
type OfConnection = (&'static str, Kind, &'static str, fn(&Total) -> u64);

const OF_CONNECTIONS: [OfConnection; 6] = [
    (
        "portcullis_outcomes_total",
        Kind::Counter,
        "Outcomes of calls on record today (UTC); calls without one are open, or their outcome is unknown.",
        |total| total.outcomes,
    ),
    (
        "portcullis_drift_total",
        Kind::Counter,
        "Definitions that were not the approved ones, today (UTC).",
        |total| total.drift,
    ),
    ("portcullis_records_total", Kind::Counter, "Records written today (UTC).", |total| total.records),
    (
        "portcullis_record_bytes_total",
        Kind::Counter,
        "Bytes that the records written today (UTC) take in the store.",
        |total| total.bytes,
    ),
    (
        "portcullis_recordings",
        Kind::Gauge,
        "Different recordings with a record of today (UTC), to within some percent above 1023.",
        |total| total.recordings.count(),
    ),
    (
        "portcullis_principals",
        Kind::Gauge,
        "Different principals with a record of today (UTC), to within some percent above 1023.",
        |total| total.principals.count(),
    ),
];

/// All metrics that the caller may see.
pub(in crate::control) async fn metrics<P: Ports>(x: &mut Exchange<P>) -> Result<String, Refusal> {
    let scope = Scope::of(x, Target::Audit)?;
    Query::parse(x.parts.uri.query(), &[])?;
    let today = Day::of(UnixMillis(x.now));
    // Today is never pruned.
    sum_up(x, &(today..=today), &Pruned::new()).await;
    publish(x).await;
    let mut left = READS;
    let (_, found) = totals(x, today, &mut left).await?;
    let latest = latest(x).await?;
    let waiting = approvals::waiting(x).await?;
    let mut rows = rows(&scope, &found.totals, None);
    for name in &scope.allowed {
        rows.entry(Of::Connection(name)).or_default();
    }
    let mut exposition = Exposition::default();
    calls(&mut exposition, &rows);
    if scope.denied.is_none() {
        ledger(&mut exposition, &found);
    }
    checkpoint(&mut exposition, x.now, latest.as_ref());
    policies(&mut exposition, x);
    exposition.family(
        "portcullis_approvals_waiting",
        Kind::Gauge,
        "Requests for approval that wait for people, where the caller may look at them; absent where they are too many to count.",
    );
    for (connection, n) in waiting.unwrap_or_default() {
        let name = connection.as_ref().map_or("", ConnectionName::as_str);
        exposition.sample(&[("connection", name)], n);
    }
    Ok(exposition.finish())
}

fn calls(exposition: &mut Exposition, rows: &Rows<'_>) {
    let rows = by_label(rows);
    exposition.family(
        "portcullis_calls_total",
        Kind::Counter,
        "Calls by what policy decided, today (UTC); begins again at midnight.",
    );
    for (name, total) in &rows {
        let decided = [("allow", total.calls), ("deny", total.refusals.deny), ("hold", total.refusals.hold)];
        for (decision, n) in decided {
            exposition.sample(&[("connection", name), ("decision", decision)], n);
        }
    }
    exposition.family(
        "portcullis_refusals_total",
        Kind::Counter,
        "Requests that were not forwarded, by what policy said, today (UTC); `none` if that is not why.",
    );
    for (name, total) in &rows {
        let said =
            [("deny", total.refusals.deny), ("hold", total.refusals.hold), ("none", total.refusals.other)];
        for (decision, n) in said {
            exposition.sample(&[("connection", name), ("decision", decision)], n);
        }
    }
    for (metric, kind, help, of) in OF_CONNECTIONS {
        exposition.family(metric, kind, help);
        for (name, total) in &rows {
            exposition.sample(&[("connection", name)], of(total));
        }
    }
}

/// What is of no connection, and of those that the settings no longer have, has an empty label.
fn by_label<'r>(rows: &'r Rows<'r>) -> BTreeMap<&'r str, Total> {
    let mut labelled = BTreeMap::<&str, Total>::new();
    for (of, total) in rows {
        let name = match of {
            Of::None | Of::Removed(_) => "",
            Of::Connection(name) => name.as_str(),
        };
        labelled.entry(name).or_default().join(total);
    }
    labelled
}

fn ledger(exposition: &mut Exposition, found: &FoundTotals) {
    let FoundTotals { totals, open, damaged, is_pruned: _ } = found;
    exposition.family("portcullis_ledger_chains", Kind::Gauge, "Chains that were begun today (UTC).");
    exposition.sample(&[], totals.chains);
    exposition.family(
        "portcullis_ledger_open_chains",
        Kind::Gauge,
        "Chains of today (UTC) that may still grow, or have no total yet.",
    );
    exposition.sample(&[], open);
    exposition.family(
        "portcullis_ledger_damaged_chains",
        Kind::Gauge,
        "Chains of today (UTC) with a segment that is missing or cannot be read; what is in it is not counted.",
    );
    exposition.sample(&[], damaged.len());
    exposition.family(
        "portcullis_ledger_segment_bytes_total",
        Kind::Counter,
        "Bytes of all segments of chains that were begun today (UTC).",
    );
    exposition.sample(&[], totals.bytes);
}

fn checkpoint(exposition: &mut Exposition, now: u64, latest: Option<&StoredCheckpoint>) {
    let Some(latest) = latest.map(StoredCheckpoint::checkpoint) else { return };
    exposition.family("portcullis_checkpoint_serial", Kind::Gauge, "The serial of the latest checkpoint.");
    exposition.sample(&[], latest.serial());
    exposition.family(
        "portcullis_checkpoint_age_seconds",
        Kind::Gauge,
        "How old the latest checkpoint is. There is no new one while nothing new is recorded.",
    );
    exposition.sample(&[], now.saturating_sub(latest.at().0) / 1_000);
}

fn policies<P: Ports>(exposition: &mut Exposition, x: &Exchange<P>) {
    let release = x.active.release();
    let from = if release.is_some() { "pushed" } else { "files" };
    let digest = x.active.policies().bundle_digest().to_string();
    exposition.family(
        "portcullis_policies_in_force",
        Kind::Gauge,
        "Always 1, with which policies are in force. Without any, this is not served, and the status is 503.",
    );
    exposition.sample(&[("from", from), ("digest", &digest)], 1);
    exposition.family(
        "portcullis_policy_serial",
        Kind::Gauge,
        "The serial of the pushed policies in force; 0 if they are mounted files.",
    );
    exposition.sample(&[], release.map_or(0, |entry| entry.envelope.serial().0));
    exposition.family(
        "portcullis_policy_push_refused",
        Kind::Gauge,
        "1 if policies were pushed that are not put in force; the log says why.",
    );
    exposition.sample(&[], u8::from(x.gateway.releases.complaint().is_some()));
}

/// The latest checkpoint that this gateway has signed.
async fn latest<P: Ports>(x: &Exchange<P>) -> Result<Option<StoredCheckpoint>, StoreError> {
    let (app, ports) = (x.gateway.app(), &*x.ports);
    let claimed = count(ports, &Key::checkpoints(app))?;
    for back in 0..MAX_BACK {
        let Some(serial) = claimed.checked_sub(back).filter(|serial| *serial > 0) else { break };
        let value = ports.get(Key::checkpoint(app, serial).as_str()).await?;
        let stored = value.and_then(|value| StoredCheckpoint::decode(&value).ok());
        let is_ours = |stored: &StoredCheckpoint| {
            let checkpoint = stored.checkpoint();
            checkpoint.app() == app && checkpoint.verify(&x.gateway.ledger_keys().trusted).is_ok()
        };
        if let Some(stored) = stored.filter(is_ours) {
            return Ok(Some(stored));
        }
    }
    Ok(None)
}
