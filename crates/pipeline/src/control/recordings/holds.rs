//! Legal holds: recordings that must not be deleted, because somebody has said so.
//!
//! What people say is a list of numbered entries, which only grows: who raises the counter has the number, and writes the
//! entry once. What is on hold is the fold over all of them. An entry is sealed and bound to its number, so whoever can
//! write to the store can neither make one nor move one; if one is missing, or was changed, nothing is deleted at all
//! until whoever next says something has noted that it is missing, which is told from then on.
//!
//! INVARIANT: retention and erasure look here before they delete, and a hold looks at tombstones after it is written. So
//! either they see the hold, or whoever holds is told what was pruned before.

mod entry;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use portcullis_approval::Reason;
use portcullis_ledger::{ChainId, Day, Held, Key, RecordingId, Tag};
use portcullis_mcp::json::{self, Bounds, Json};
use portcullis_policy::{Reasons, Target};
use serde_json::{Value, json};

use self::entry::{Entry, PURPOSE, Said};
use super::parts::{Parts, parts};
use super::query::Query;
use super::store::{pruned, upkeep};
use super::{Scope, Undone, close};
use crate::body;
use crate::control::Objection;
use crate::exchange::Exchange;
use crate::notes::{self, Noted};
use crate::ports::{Ports, StoreError, count, get_all};
use crate::record;
use crate::refusal::Refusal;

/// The most entries; each is read whenever something is to be deleted.
const MOST: u64 = 4_096;
/// How many more there may be to let go what is held.
const MORE_RELEASES: u64 = 4_096;
/// How many entries are tried for one that nobody else has claimed.
const CLAIMS: u32 = 8;
/// The longest body: a reason of the longest kind, all of it in escapes.
const BODY_BYTES: usize = 8 << 10;
/// How many chains an entry names. What else a recording is in is known from the index.
const CHAINS: usize = 2_048;

/// What is on hold, and what is not known of it.
#[derive(Debug, Default)]
pub(super) struct Holds {
    /// How many entries were begun.
    pub(super) n: u64,
    by_recording: BTreeMap<RecordingId, Entry>,
    /// The first entry that is missing or was changed, and of which nobody has noted so.
    pub(super) unknown: Option<u64>,
    /// Those of which somebody has.
    missing: Vec<u64>,
}

impl Holds {
    /// Reads all entries.
    pub(super) async fn read<P: Ports>(x: &Exchange<P>) -> Result<Self, StoreError> {
        let app = x.gateway.app();
        let n = count(&*x.ports, &Key::holds(app))?;
        if n > MOST.saturating_add(MORE_RELEASES) {
            return Err(StoreError(format!("the counter of legal holds is {n}, which cannot be")));
        }
        let read = get_all(&*x.ports, (1..=n).map(|n| Key::hold(app, n)).collect()).await?;
        let mut holds = Self { n, ..Self::default() };
        for (n, (key, value)) in (1..).zip(read) {
            match notes::opened::<Entry>(&x.gateway, PURPOSE, (&key, value.as_deref())) {
                Noted::There(entry) => holds.take(entry),
                Noted::Absent | Noted::Unreadable => holds.missing.push(n),
            }
        }
        let keys = holds.missing.iter().map(|n| Key::hold_missing(app, *n)).collect();
        let noted = get_all(&*x.ports, keys).await?;
        for (n, (key, value)) in holds.missing.iter().zip(noted) {
            let noted = notes::opened::<u64>(&x.gateway, PURPOSE, (&key, value.as_deref()));
            if noted.there().is_none() {
                holds.unknown.get_or_insert(*n);
            }
        }
        Ok(holds)
    }

    fn take(&mut self, entry: Entry) {
        match entry.said {
            Said::Hold => match self.by_recording.get_mut(&entry.recording()) {
                Some(held) => held.join(&entry),
                None => _ = self.by_recording.insert(entry.recording(), entry),
            },
            Said::Release => _ = self.by_recording.remove(&entry.recording()),
        }
    }

    /// What must not be deleted.
    pub(super) fn held(&self) -> Held {
        let chains = self.by_recording.values().flat_map(Entry::chains).collect();
        Held { recordings: self.by_recording.keys().copied().collect(), chains }
    }

    /// That nothing is unknown, and this recording not on hold.
    pub(super) fn lets_go(&self, recording: RecordingId) -> Result<(), Undone> {
        if let Some(n) = self.unknown {
            return Err(Undone::HoldsUnknown(n));
        }
        match self.by_recording.get(&recording) {
            None => Ok(()),
            Some(entry) => Err(Undone::Held { by: entry.by.clone(), reason: entry.reason.clone() }),
        }
    }

    /// What the operator should know: somebody may have removed a hold.
    pub(super) fn problems(&self) -> Vec<String> {
        let noted = self.missing.iter().filter(|n| Some(**n) != self.unknown);
        let noted = noted.map(|n| {
            format!("entry {n} of the legal holds is missing: look into `recordings/hold` on record")
        });
        noted.chain(self.unknown.map(|n| Undone::HoldsUnknown(n).to_string())).collect()
    }
}

/// Tells what is on hold, of what the caller may hold.
pub(super) async fn list<P: Ports>(x: &Exchange<P>) -> Result<Value, Refusal> {
    let scope = Scope::of(x, Target::LegalHold)?;
    let holds = Holds::read(x).await?;
    let visible = holds.by_recording.values().filter(|entry| covers(&scope, &entry.connections()));
    let told = visible.map(|entry| {
        json!({
            "recording": entry.recording().to_string(), "by": entry.by, "reason": entry.reason, "at": entry.at,
            "chains": entry.chains().map(|chain| chain.to_string()).collect::<Vec<_>>(),
        })
    });
    Ok(json!({ "holds": told.collect::<Vec<_>>(), "problems": holds.problems() }))
}

/// Keeps a recording from being deleted.
pub(super) async fn hold<P: Ports>(
    x: &mut Exchange<P>,
    recording: RecordingId,
    body: P::Body,
) -> Result<Value, Refusal> {
    let mut scope = Scope::of(x, Target::LegalHold)?;
    let reason = reason(x, body).await?;
    let days = days(x)?;
    let pruned_before = pruned(x, &days).await?;
    upkeep(x, &days, &pruned_before).await;
    let Parts { postings, problems, is_whole: _ } = parts(x, recording, &days, &pruned_before).await?;
    if postings.is_empty() {
        return Err(Objection::NoRecording(recording).into());
    }
    let connections: BTreeSet<Option<Tag>> = postings.iter().map(|posting| posting.connection).collect();
    let chains: BTreeSet<ChainId> = postings.iter().map(|posting| posting.chain).take(CHAINS).collect();
    allow(&mut scope, &connections)?;
    let holds = Holds::read(x).await?;
    if let Some(entry) = holds.by_recording.get(&recording) {
        return Err(Undone::Held { by: entry.by.clone(), reason: entry.reason.clone() }.into());
    }
    if holds.n >= MOST {
        return Err(Undone::TooMany(MOST).into());
    }
    let entry = Entry::new(Said::Hold, (recording, reason), by(x)?, x.now).of(&connections, &chains);
    let lost = |pruned: &super::store::Pruned| -> Vec<String> {
        let gone = chains.iter().filter(|chain| {
            let of_day = pruned.get(&chain.day);
            of_day.is_some_and(|one| chain.serial <= one.chains() && !one.keeps(chain.serial))
        });
        gone.map(|chain| format!("chain {chain} was pruned before it was held")).collect()
    };
    say(x, entry, &scope.reasons, async |x| {
        let mut problems = problems.clone();
        problems.extend(lost(&pruned(x, &days).await?));
        Ok(json!({
            "recording": recording.to_string(), "held": true, "problems": problems,
            "chains": chains.iter().map(ToString::to_string).collect::<Vec<_>>(),
        }))
    })
    .await
}

/// Lets a recording go again.
pub(super) async fn release<P: Ports>(
    x: &mut Exchange<P>,
    recording: RecordingId,
    body: P::Body,
) -> Result<Value, Refusal> {
    let mut scope = Scope::of(x, Target::LegalHold)?;
    let reason = reason(x, body).await?;
    let holds = Holds::read(x).await?;
    // Whoever may not release it on all of its connections does not learn whether it is on hold.
    let connections = holds.by_recording.get(&recording).map_or([None].into(), Entry::connections);
    allow(&mut scope, &connections)?;
    if !holds.by_recording.contains_key(&recording) {
        return Err(Undone::NotHeld.into());
    }
    if holds.n >= MOST.saturating_add(MORE_RELEASES) {
        return Err(Undone::TooMany(holds.n).into());
    }
    let entry = Entry::new(Said::Release, (recording, reason), by(x)?, x.now);
    let told = json!({ "recording": recording.to_string(), "held": false });
    say(x, entry, &scope.reasons, async |_| Ok(told)).await
}

/// Writes an entry: on record before and after.
async fn say<P: Ports>(
    x: &Exchange<P>,
    entry: Entry,
    reasons: &Reasons,
    told: impl AsyncFnOnce(&Exchange<P>) -> Result<Value, StoreError>,
) -> Result<Value, Refusal> {
    let method = x.deed.unwrap_or_default();
    let with = json!({ "reason": entry.reason });
    let record = record::administrative(x, (method, &entry.recording().to_string()), &with, reasons).await?;
    let said = async {
        write(x, &entry).await?;
        told(x).await
    };
    let said = said.await.map_err(|error: StoreError| {
        x.ports.log(&format!("it may not be written what is on legal hold: {error}"));
        Undone::Unknown.into()
    });
    close(x, record, said).await
}

async fn write<P: Ports>(x: &Exchange<P>, entry: &Entry) -> Result<(), StoreError> {
    let (app, n) = (x.gateway.app(), claim(x)?);
    // First what is missing is noted: whoever finds this entry need not look for what came before it. Whoever has claimed
    // one of those and is late still writes it, and it counts from then on.
    let holds = Holds::read(x).await?;
    for missing in holds.missing.iter().filter(|missing| **missing < n) {
        let key = Key::hold_missing(app, *missing);
        let noted = notes::read::<P, u64>((&x.gateway, &*x.ports), PURPOSE, &key).await?;
        if noted.there().is_none() {
            x.ports
                .log(&format!("entry {missing} of the legal holds is missing: a hold may have been removed"));
            notes::write((&x.gateway, &*x.ports), PURPOSE, (&key, &n)).await?;
        }
    }
    notes::write((&x.gateway, &*x.ports), PURPOSE, (&Key::hold(app, n), entry)).await
}

/// The number of the next entry. Some stores tell two who count at once the same number, and then one of them has it.
fn claim<P: Ports>(x: &Exchange<P>) -> Result<u64, StoreError> {
    let app = x.gateway.app();
    // Some stores make a counter when it is first added to, and some then forget what was added.
    let raise = |key: Key| {
        x.ports.increment(key.as_str(), 0)?;
        x.ports.increment(key.as_str(), 1)
    };
    for _ in 0..CLAIMS {
        let n = raise(Key::holds(app))?;
        if raise(Key::hold_claim(app, n))? == 1 {
            return Ok(n);
        }
    }
    Err(StoreError("no entry of the legal holds could be claimed".to_owned()))
}

/// That it is let on all of these; where something is of none, on all there are.
pub(super) fn allow(scope: &mut Scope, connections: &BTreeSet<Option<Tag>>) -> Result<(), Refusal> {
    if covers(scope, connections) {
        return Ok(());
    }
    Err(scope.denied.take().unwrap_or_else(|| Objection::NoConnection.into()))
}

fn covers(scope: &Scope, connections: &BTreeSet<Option<Tag>>) -> bool {
    connections.iter().all(|connection| scope.covers(*connection))
}

/// The days that a request names.
pub(super) fn days<P: Ports>(x: &Exchange<P>) -> Result<RangeInclusive<Day>, Refusal> {
    let query = Query::parse(x.parts.uri.query(), &["day", "from", "to"])?;
    Ok(query.days(x.now)?)
}

/// Who asks, as policies name them.
fn by<P: Ports>(x: &Exchange<P>) -> Result<String, Refusal> {
    Ok(x.caller()?.principal().id())
}

/// The reason that is given. It is masked before anything else: it is kept, and shown to others.
pub(super) async fn reason<P: Ports>(x: &mut Exchange<P>, mut body: P::Body) -> Result<Reason, Refusal> {
    let time = x.gateway.settings().limits.body_time;
    let bytes = body::read(&*x.ports, &mut body, BODY_BYTES, time).await?;
    x.request_bytes = bytes.len().try_into().unwrap_or(u64::MAX);
    let value = json::parse(&bytes, Bounds::request(8)).map_err(|_| Undone::Malformed)?;
    let Json::Object(members) = value else { return Err(Undone::Malformed.into()) };
    let mut reason = None;
    for (name, value) in members.iter() {
        let text = value.as_str().filter(|_| name == "reason").ok_or(Undone::Malformed)?;
        let mut text = std::borrow::Cow::Borrowed(text);
        x.masker().text(&mut text);
        reason = (!text.trim().is_empty()).then(|| text.into_owned());
    }
    let reason = reason.ok_or(Undone::NoReason)?;
    Ok(reason.parse().map_err(Undone::Reason)?)
}
