//! What was called, day by day and by connection, from totals that are derived of the ledger. No record is opened for it.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_ledger::{Day, FoundTotals, Refusals, Tag, Total, Totals};
use portcullis_policy::Target;
use portcullis_settings::ConnectionName;
use serde_json::{Value, json};

use super::query::Query;
use super::store::{pruned, publish, sum_up, totals};
use super::{Scope, tags};
use crate::exchange::Exchange;
use crate::ports::Ports;
use crate::refusal::Refusal;

/// How many values one request reads for totals.
pub(super) const READS: usize = 16_384;

/// What a row is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Of<'s> {
    /// No connection, such as what is done at `/api`.
    None,
    /// A connection that there is.
    Connection(&'s ConnectionName),
    /// One that the settings no longer have.
    Removed(Tag),
}

/// Totals by connection.
pub(super) type Rows<'s> = BTreeMap<Of<'s>, Total>;

pub(super) async fn usage<P: Ports>(x: &Exchange<P>) -> Result<Value, Refusal> {
    let scope = Scope::of(x, Target::Audit)?;
    let query = Query::parse(x.parts.uri.query(), &["day", "from", "to", "connection"])?;
    let days = query.days(x.now)?;
    let wanted = query.text("connection");
    let wanted: Option<BTreeSet<Tag>> =
        wanted.map(|name| tags(x, |key| Tag::connection(key, name)).collect());
    sum_up(x, &days, &pruned(x, &days).await?).await;
    publish(x).await;
    let (mut told, mut problems, mut sum, mut left) = (Vec::new(), Vec::new(), Rows::new(), READS);
    let all = std::iter::successors(Some(*days.start()), |day| day.next());
    for day in all.take_while(|day| day <= days.end()) {
        let (claimed, found) = totals(x, day, &mut left).await?;
        problems.extend(problems_of(day, &found));
        let rows = rows(&scope, &found.totals, wanted.as_ref());
        for (of, total) in &rows {
            sum.entry(*of).or_default().join(total);
        }
        let ledger = scope.denied.is_none().then(|| ledger(claimed, &found));
        told.push(json!({
            "day": day.to_string(), "connections": listed(&rows), "all": numbers(&joined(&rows)), "ledger": ledger,
        }));
    }
    Ok(json!({
        "from": days.start().to_string(), "to": days.end().to_string(),
        "connections": scope.allowed.iter().map(ConnectionName::as_str).collect::<Vec<_>>(),
        "days": told,
        "totals": listed(&sum),
        "all": numbers(&joined(&sum)),
        "problems": problems,
    }))
}

/// The totals that the caller may see, of those connections that are asked for. A connection has a tag under each secret,
/// which are one row.
pub(super) fn rows<'s>(scope: &'s Scope, totals: &Totals, wanted: Option<&BTreeSet<Tag>>) -> Rows<'s> {
    let is_wanted = |tag: &Option<Tag>| wanted.is_none_or(|tags| tag.is_some_and(|tag| tags.contains(&tag)));
    let mut rows = Rows::new();
    for (tag, total) in &totals.by_connection {
        if !scope.covers(*tag) || !is_wanted(tag) {
            continue;
        }
        let of = match tag.map(|tag| (tag, scope.names.get(&tag))) {
            None => Of::None,
            Some((_, Some(name))) => Of::Connection(name),
            Some((tag, None)) => Of::Removed(tag),
        };
        rows.entry(of).or_default().join(total);
    }
    rows
}

/// What is missing in totals.
pub(super) fn problems_of(day: Day, found: &FoundTotals) -> Vec<String> {
    let pruned = found.is_pruned.then(|| format!("{day} was pruned; its totals are of what was kept"));
    let damaged = found.damaged.iter().map(|chain| {
        format!("a segment of chain {chain} is missing or cannot be read; what is in it is not counted")
    });
    pruned.into_iter().chain(damaged).collect()
}

fn joined(rows: &Rows<'_>) -> Total {
    let mut all = Total::default();
    rows.values().for_each(|total| all.join(total));
    all
}

fn listed(rows: &Rows<'_>) -> Vec<Value> {
    let one = |(of, total): (&Of<'_>, &Total)| {
        let mut told = numbers(total);
        let (name, tag) = match of {
            Of::None => (None, None),
            Of::Connection(name) => (Some(name.as_str()), None),
            Of::Removed(tag) => (None, Some(tag.to_string())),
        };
        if let Some(members) = told.as_object_mut() {
            members.insert("connection".to_owned(), name.into());
            members.insert("connection_tag".to_owned(), tag.into());
        }
        told
    };
    rows.iter().map(one).collect()
}

fn numbers(total: &Total) -> Value {
    let Total { calls, outcomes, refusals, drift, records, bytes, recordings, principals } = total;
    let Refusals { deny, hold, other } = refusals;
    json!({
        "calls": calls, "outcomes": outcomes, "open": total.open(),
        "refusals": { "deny": deny, "hold": hold, "other": other },
        "drift": drift, "records": records, "bytes": bytes,
        "recordings": recordings.count(), "principals": principals.count(),
        "is_exact": recordings.is_exact() && principals.is_exact(),
    })
}

fn ledger(claimed: u64, found: &FoundTotals) -> Value {
    let FoundTotals { totals, open, damaged, is_pruned: _ } = found;
    json!({
        "claimed": claimed, "chains": totals.chains, "open": open, "damaged": damaged.len(),
        "segments": totals.segments, "bytes": totals.bytes,
    })
}
