//! Erasing a recording: the keys that its records are encrypted under are replaced by a mark, so that nobody reads them any
//! more, while every segment stays as it was signed and the ledger still verifies.
//!
//! A chain that may still be written to keeps its keys: its writer has them in memory, and would go on with them. So a
//! recording is erased once all of its chains on the days that were named have ended.

use std::collections::BTreeSet;

use portcullis_ledger::{ChainId, Day, Key, KeyValue, Posting, RecordingId, Size, SizeStep, UnixMillis};
use portcullis_policy::Target;
use serde_json::{Map, Value, json};

use super::holds::{Holds, allow, days, reason};
use super::parts::{Parts, parts};
use super::store::{pruned, upkeep};
use super::{Scope, Undone, close};
use crate::control::Objection;
use crate::exchange::Exchange;
use crate::ports::{Ports, StoreError, get_each};
use crate::record;
use crate::refusal::Refusal;

/// How long after its day an instance may still write to a chain that was claimed on it, at most.
const OVER_MILLIS: u64 = 2 * 60 * 60 * 1000;

/// Makes a recording unreadable for good.
pub(super) async fn erase<P: Ports>(
    x: &mut Exchange<P>,
    recording: RecordingId,
    body: P::Body,
) -> Result<Value, Refusal> {
    let mut scope = Scope::of(x, Target::Erase)?;
    let reason = reason(x, body).await?;
    let days = days(x)?;
    // What is next to these days is looked at too, so that it can be said if more must be named.
    let today = Day::of(UnixMillis(x.now));
    let first = days.start().previous().unwrap_or(*days.start());
    let last = days.end().next().filter(|day| *day <= today).unwrap_or(*days.end());
    let around = first..=last;
    let pruned = pruned(x, &around).await?;
    upkeep(x, &around, &pruned).await;
    let Parts { postings, mut problems, is_whole } = parts(x, recording, &around, &pruned).await?;
    let (postings, besides): (Vec<Posting>, Vec<Posting>) =
        postings.into_iter().partition(|posting| days.contains(&posting.chain.day));
    if postings.is_empty() {
        return Err(Objection::NoRecording(recording).into());
    }
    allow(&mut scope, &postings.iter().map(|posting| posting.connection).collect())?;
    if !is_whole {
        return Err(Undone::TooManyParts.into());
    }
    Holds::read(x).await?.lets_go(recording)?;
    let chains: BTreeSet<ChainId> = postings.iter().map(|posting| posting.chain).collect();
    for chain in &chains {
        if may_grow(x, *chain).await? {
            return Err(Undone::Written(*chain).into());
        }
    }
    let others: BTreeSet<Day> = besides.iter().map(|posting| posting.chain.day).collect();
    problems.extend(others.iter().map(|day| format!("it has records of {day} too, which were not named")));
    let method = x.deed.unwrap_or_default();
    let with = json!({
        "reason": reason.as_str(), "from": days.start().to_string(), "to": days.end().to_string(),
        "chains": chains.iter().map(ToString::to_string).collect::<Vec<_>>(),
    });
    let record = record::administrative(x, (method, &recording.to_string()), &with, &scope.reasons).await?;
    let done = match mark(x, recording, &chains).await {
        Ok(erased) => {
            let mut told = told(x, recording, (erased, problems)).await;
            told.insert("from".to_owned(), days.start().to_string().into());
            told.insert("to".to_owned(), days.end().to_string().into());
            Ok(Value::Object(told))
        }
        Err(undone) => Err(undone.into()),
    };
    close(x, record, done).await
}

/// What whoever erases is told.
async fn told<P: Ports>(
    x: &Exchange<P>,
    recording: RecordingId,
    (erased, mut problems): (usize, Vec<String>),
) -> Map<String, Value> {
    match Holds::read(x).await.map(|holds| holds.lets_go(recording)) {
        Ok(Ok(())) => {}
        Ok(Err(held)) => problems.push(format!("it came too late for what is erased, but: {held}")),
        Err(error) => problems.push(format!("whether somebody held it meanwhile is not known: {error}")),
    }
    let mut told = Map::new();
    told.insert("recording".to_owned(), recording.to_string().into());
    told.insert("erased".to_owned(), erased.into());
    told.insert("problems".to_owned(), problems.into());
    told
}

/// Replaces the keys of the recording in these chains. How many there were that were not erased before.
async fn mark<P: Ports>(
    x: &Exchange<P>,
    recording: RecordingId,
    chains: &BTreeSet<ChainId>,
) -> Result<usize, Undone> {
    let (app, ports) = (x.gateway.app(), &*x.ports);
    let erased = KeyValue::Erased { at: UnixMillis(x.now) }.encode();
    let mut done = 0;
    for chain in chains {
        let key = Key::recording(app, recording, *chain);
        let marked = async {
            let before = ports.get(key.as_str()).await?;
            let is_erased = before
                .as_deref()
                .map(KeyValue::decode)
                .is_some_and(|value| matches!(value, Ok(KeyValue::Erased { .. })));
            if !is_erased {
                ports.set(key.as_str(), &erased).await?;
            }
            Ok::<bool, StoreError>(!is_erased)
        };
        match marked.await {
            Ok(is_new) => done += usize::from(is_new),
            Err(error) => {
                ports.log(&format!("recording {recording} is erased in part: {error}"));
                return Err(Undone::PartlyErased { done, of: chains.len() });
            }
        }
    }
    Ok(done)
}

/// Whether an instance may still write to a chain. One that is damaged has no leaf either, but ends with its day.
async fn may_grow<P: Ports>(x: &Exchange<P>, chain: ChainId) -> Result<bool, StoreError> {
    if x.now > chain.day.end().0.saturating_add(OVER_MILLIS) {
        return Ok(false);
    }
    let mut size = Size::new(x.gateway.app().clone(), chain.day, chain.serial..=chain.serial);
    loop {
        match size.step() {
            SizeStep::Found { without_leaf, .. } => return Ok(without_leaf.is_some()),
            SizeStep::Get(keys) => {
                get_each(&*x.ports, &keys, |key, value| size.got(key, value)).await?;
            }
        }
    }
}
