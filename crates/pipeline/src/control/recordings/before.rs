//! The last calls of a principal on a connection, for who decides on another one: when, what, and what policy said. What
//! was in them is for who may read recordings.

use std::collections::BTreeSet;

use portcullis_ledger::{
    Access, ChainId, ChainReader, Day, Filter, Key, Posting, Query as Finding, Read, Record, Segment,
    SegmentId, Tag, UnixMillis, Verdict,
};
use portcullis_settings::ConnectionName;
use serde_json::{Value, json};

use super::store::{page, pruned, upkeep};
use crate::exchange::Exchange;
use crate::ports::{Ports, get_all};
use crate::refusal::Refusal;

/// How many days are looked back.
const DAYS: u32 = 7;
/// How many calls are told.
const MOST: usize = 20;
/// In how many of the latest recordings calls are looked for.
const RECORDINGS: usize = 20;
/// How many segments are read at once.
const AHEAD: u32 = 16;
/// How many segments are read for it.
const SEGMENTS: u32 = 256;

/// A call, or that one was refused.
struct Call {
    at: UnixMillis,
    told: Value,
    verdict: Option<Verdict>,
}

/// What is read.
struct Looking<'x, P: Ports> {
    x: &'x Exchange<P>,
    principal: Tag,
    connection: Tag,
    calls: Vec<Call>,
    left: u32,
    is_whole: bool,
}

/// What a principal did on a connection in the last days: the latest calls, and how often policy said what to those that
/// were read for it.
pub(in crate::control) async fn before<P: Ports>(
    x: &Exchange<P>,
    connection: &ConnectionName,
    (issuer, subject): (&str, &str),
) -> Result<Value, Refusal> {
    let today = Day::of(UnixMillis(x.now));
    let days = Day::new(today.number().saturating_sub(DAYS)).unwrap_or(today)..=today;
    let keys = &x.gateway.ledger_keys().names;
    let (principal, tag) =
        (Tag::principal(keys, issuer, subject), Tag::connection(keys, connection.as_str()));
    let pruned = pruned(x, &days).await?;
    upkeep(x, &days, &pruned).await;
    let filter = Filter { principal: Some(principal), connection: Some(tag), ..Filter::default() };
    let finding = Finding::new(x.gateway.app().clone(), &days, filter, None);
    let mut finding = finding.with_size(RECORDINGS).without(pruned.into_values());
    let found = page(x, &mut finding).await?;
    let is_whole = found.next.is_none() && finding.damaged().next().is_none();
    let mut looking = Looking { x, principal, connection: tag, calls: Vec::new(), left: SEGMENTS, is_whole };
    let mut chains = BTreeSet::new();
    for Posting { chain, .. } in found.postings {
        if chains.insert(chain) {
            looking.chain(chain).await?;
        }
    }
    let Looking { mut calls, is_whole, .. } = looking;
    calls.sort_by_key(|call| std::cmp::Reverse(call.at));
    let n_of = |verdict: Verdict| calls.iter().filter(|call| call.verdict == Some(verdict)).count();
    let decisions = json!({
        "allow": n_of(Verdict::Allow), "deny": n_of(Verdict::Deny), "hold": n_of(Verdict::Hold),
    });
    Ok(json!({
        "days": DAYS,
        "n_read": calls.len(),
        "is_whole": is_whole,
        "decisions": decisions,
        "calls": calls.into_iter().take(MOST).map(|call| call.told).collect::<Vec<_>>(),
    }))
}

impl<P: Ports> Looking<'_, P> {
    /// Takes the calls of a chain, from its beginning on: an instance writes one, and lives for a short time.
    async fn chain(&mut self, chain: ChainId) -> Result<(), Refusal> {
        let app = self.x.gateway.app();
        let mut reader = ChainReader::new(app.clone(), chain);
        let mut n: u32 = 0;
        loop {
            let Some(left) = self.left.checked_sub(AHEAD) else {
                self.is_whole = false;
                return Ok(());
            };
            self.left = left;
            let ids = (n..n.saturating_add(AHEAD)).map(|n| Key::segment(app, SegmentId { chain, n }));
            for (_, value) in get_all(&*self.x.ports, ids.collect()).await? {
                let Some(value) = value else { return Ok(()) };
                if !self.segment(&mut reader, &value).await? {
                    // What is wrong with it is told to whoever reads the recording.
                    self.is_whole = false;
                    return Ok(());
                }
            }
            n = n.saturating_add(AHEAD);
        }
    }

    /// Takes the calls of a segment; whether it could be read.
    async fn segment(&mut self, reader: &mut ChainReader, value: &[u8]) -> Result<bool, Refusal> {
        let keys = self.x.gateway.ledger_keys();
        let Ok(segment) = Segment::parse(value) else { return Ok(false) };
        let chain = segment.header().id.chain;
        for entry in segment.entries() {
            let recording = entry.label.recording;
            let is_theirs = entry.label.principal == Some(self.principal)
                && entry.label.connection == Some(self.connection);
            if is_theirs && reader.wanted(&segment).contains(&recording) {
                let key =
                    self.x.ports.get(Key::recording(self.x.gateway.app(), recording, chain).as_str()).await?;
                if let Ok(access) = Access::of(key.as_deref(), (recording, chain), &keys.wrapping) {
                    reader.allow(recording, access);
                }
            }
        }
        let Ok(read) = reader.read(&segment) else { return Ok(false) };
        for read in read {
            match read {
                Read::Record(label, record)
                    if label.principal == Some(self.principal)
                        && label.connection == Some(self.connection) =>
                {
                    self.calls.extend(call(&record));
                }
                Read::Erased(_) | Read::Record(..) => {}
            }
        }
        Ok(true)
    }
}

/// What is told of a record; its name was masked when it was written.
fn call(record: &Record) -> Option<Call> {
    let (at, method, name, verdict, what, approval) = match record {
        Record::Intent(intent) => {
            let verdict = Some(intent.decision.outcome);
            (intent.at, Some(&intent.method), &intent.name, verdict, "allowed", &intent.approval)
        }
        Record::Refusal(refusal) => {
            let verdict = refusal.decision.as_ref().map(|decision| decision.outcome);
            (
                refusal.at,
                refusal.method.as_ref(),
                &refusal.name,
                verdict,
                refusal.kind.as_str(),
                &refusal.approval,
            )
        }
        Record::Drift(_) | Record::Outcome(_) => return None,
    };
    let told = json!({ "at": at.0, "method": method, "name": name, "decision": what, "approval": approval });
    Some(Call { at, told, verdict })
}
