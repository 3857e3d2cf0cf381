//! The records of one recording, in the order in which they were written, chain by chain.

use std::collections::BTreeMap;
use std::str::FromStr;

use portcullis_ledger::{
    ChainId, Continuation, Key, MAX_RECORD_BYTES, Posting, Read, Record, RecordingId, SegmentId, ocsf_events,
};
use portcullis_policy::Target;
use serde_json::{Value, json};

use super::chain::Chain;
use super::parts::{Parts, parts};
use super::query::Query;
use super::store::{pruned, upkeep};
use super::{Scope, close};
use crate::control::Objection;
use crate::exchange::Exchange;
use crate::ports::{Ports, get_all};
use crate::record;
use crate::refusal::Refusal;

/// How many segments are read at once.
const AHEAD: u32 = 16;
/// How many segments one request reads.
const MAX_SEGMENTS: u32 = 2_048;
/// After how many bytes of records an answer ends.
const ANSWER_BYTES: usize = 512 << 10;

/// Where the next page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Begin(SegmentId);

/// The form in which records are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// As they are stored.
    Records,
    /// As events of OCSF.
    Ocsf,
}

impl FromStr for Format {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "records" => Ok(Self::Records),
            "ocsf" => Ok(Self::Ocsf),
            _ => Err("the format is records or ocsf"),
        }
    }
}

/// What is read of a recording.
struct Reading<'x, P: Ports> {
    x: &'x Exchange<P>,
    recording: RecordingId,
    format: Format,
    /// Those of the format that is asked for.
    told: Vec<Value>,
    /// What is yet to be told, where several become one.
    untold: Vec<Record>,
    n_records: u64,
    problems: Vec<String>,
    erased: u64,
    n_bytes: usize,
    n_segments: u32,
}

pub(super) async fn one<P: Ports>(x: &Exchange<P>, recording: RecordingId) -> Result<Value, Refusal> {
    let mut scope = Scope::of(x, Target::Review)?;
    let query = Query::parse(x.parts.uri.query(), &["day", "from", "to", "cursor", "format"])?;
    let days = query.days(x.now)?;
    let format = query.get::<Format>("format")?.unwrap_or(Format::Records);
    let from = query.get::<Begin>("cursor")?;
    let pruned = pruned(x, &days).await?;
    upkeep(x, &days, &pruned).await;
    let Parts { postings, mut problems, is_whole } = parts(x, recording, &days, &pruned).await?;
    if !is_whole {
        problems.push("it has more parts than are read at once: ask for fewer days".to_owned());
    }
    if postings.is_empty() && problems.is_empty() {
        return Err(Objection::NoRecording(recording).into());
    }
    if !postings.iter().all(|posting| scope.covers(posting.connection))
        && let Some(denied) = scope.denied.take()
    {
        return Err(denied);
    }
    let told = json!({ "from": days.start().to_string(), "to": days.end().to_string() });
    let method = x.deed.unwrap_or_default();
    let record = record::administrative(x, (method, &recording.to_string()), &told, &scope.reasons).await?;
    let read = read(x, (recording, format), &postings, (from, problems)).await;
    let mut value = close(x, record, read).await?;
    if let Some(members) = value.as_object_mut() {
        members.insert("from".to_owned(), days.start().to_string().into());
        members.insert("to".to_owned(), days.end().to_string().into());
    }
    Ok(value)
}

async fn read<P: Ports>(
    x: &Exchange<P>,
    (recording, format): (RecordingId, Format),
    postings: &[Posting],
    (from, problems): (Option<Begin>, Vec<String>),
) -> Result<Value, Refusal> {
    let mut chains: BTreeMap<ChainId, u32> = BTreeMap::new();
    for posting in postings {
        let n_records = chains.entry(posting.chain).or_default();
        *n_records = n_records.saturating_add(posting.records);
    }
    let (told, untold) = (Vec::new(), Vec::new());
    let (n_records, erased, n_bytes, n_segments) = (0, 0, 0, 0);
    let mut reading =
        Reading { x, recording, format, told, untold, n_records, problems, erased, n_bytes, n_segments };
    let mut next = None;
    for (chain, n_records) in chains {
        let begin = match from {
            Some(Begin(from)) if from.chain > chain => continue,
            Some(Begin(from)) if from.chain == chain => from.n,
            Some(_) | None => 0,
        };
        let before = reading.n_read();
        next = reading.chain(SegmentId { chain, n: begin }).await?;
        if next.is_some() {
            break;
        }
        let n_read = reading.n_read().saturating_sub(before);
        if begin == 0 && n_read < u64::from(n_records) {
            let text =
                format!("chain {chain} had {n_records} records of it when it was indexed, and has {n_read}");
            reading.problems.push(text);
        }
    }
    let Reading { mut told, untold, problems, erased, .. } = reading;
    told.extend(ocsf_events(&untold));
    let name = match format {
        Format::Records => "records",
        Format::Ocsf => "events",
    };
    Ok(json!({
        "recording": recording.to_string(), name: told, "erased": erased, "problems": problems,
        "next": next.map(|next| Begin(next).to_string()),
    }))
}

impl<P: Ports> Reading<'_, P> {
    fn n_read(&self) -> u64 {
        self.n_records.saturating_add(self.erased)
    }

    /// Reads a chain from a segment on. Where the next answer has to begin, if this one is long enough.
    async fn chain(&mut self, begin: SegmentId) -> Result<Option<SegmentId>, Refusal> {
        let app = self.x.gateway.app();
        let chain = begin.chain;
        let mut reading = Chain::starting_at(self.x, begin);
        let mut n = begin.n;
        loop {
            let keys = (n..n.saturating_add(AHEAD)).map(|n| Key::segment(app, SegmentId { chain, n }));
            let values = get_all(&*self.x.ports, keys.collect()).await?;
            for (index, (_, value)) in values.iter().enumerate() {
                let at = SegmentId { chain, n };
                let Some(value) = value else {
                    let later = values.iter().skip(index).any(|(_, value)| value.is_some());
                    if later || self.is_there_after(at).await? {
                        self.problems.push(format!("segment {at} is missing: what follows it is not shown"));
                    } else if n == 0 {
                        self.problems.push(format!("chain {chain} is missing, though the index has it"));
                    }
                    return Ok(None);
                };
                let ended = match self.segment(&mut reading, (at, value)).await? {
                    Ok(ended) => ended,
                    Err(problem) => {
                        self.problems.push(format!("{problem}; what follows in chain {chain} is not shown"));
                        return Ok(None);
                    }
                };
                if ended == Continuation::Ends {
                    return Ok(None);
                }
                n = n.saturating_add(1);
                self.n_segments = self.n_segments.saturating_add(1);
                let is_enough = self.n_bytes >= ANSWER_BYTES || self.n_segments >= MAX_SEGMENTS;
                if is_enough && !reading.has_begun() {
                    return Ok(Some(SegmentId { chain, n }));
                }
            }
        }
    }

    /// Whether there are segments after one that is not there.
    async fn is_there_after(&self, SegmentId { chain, n }: SegmentId) -> Result<bool, Refusal> {
        let ids = (n..n.saturating_add(AHEAD)).map(|n| SegmentId { chain, n: n.saturating_add(1) });
        let keys = ids.map(|id| Key::segment(self.x.gateway.app(), id)).collect();
        Ok(get_all(&*self.x.ports, keys).await?.iter().any(|(_, value)| value.is_some()))
    }

    /// Takes what a segment has of the recording; the inner error is what is wrong with it.
    async fn segment(
        &mut self,
        chain: &mut Chain,
        (at, value): (SegmentId, &[u8]),
    ) -> Result<Result<Continuation, String>, Refusal> {
        let segment = match chain.check(self.x, at, value) {
            Ok(segment) => segment,
            Err(problem) => return Ok(Err(problem)),
        };
        let recording = self.recording;
        if let Err(error) = chain.unlock(self.x, &segment, |label| label.recording == recording).await? {
            return Ok(Err(error.to_string()));
        }
        let read = match chain.read(&segment) {
            Ok(read) => read,
            Err(error) => return Ok(Err(error.to_string())),
        };
        for read in read {
            match read {
                Read::Erased(label) if label.recording == recording => {
                    self.erased = self.erased.saturating_add(1);
                }
                // Its key was not asked for: it is of another recording.
                Read::Erased(_) => {}
                Read::Record(_, record) => self.take(*record),
            }
        }
        Ok(Ok(segment.header().continuation))
    }

    fn take(&mut self, record: Record) {
        let bytes = record.encode_for_chain(MAX_RECORD_BYTES);
        self.n_bytes = self.n_bytes.saturating_add(bytes.len());
        self.n_records = self.n_records.saturating_add(1);
        match self.format {
            Format::Ocsf => self.untold.push(record),
            Format::Records => match serde_json::from_slice(&bytes) {
                Ok(value) => self.told.push(value),
                Err(error) => self.problems.push(format!("record {}: {error}", record.id())),
            },
        }
    }
}

impl std::fmt::Display for Begin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(SegmentId { chain: ChainId { day, serial }, n }) = self;
        write!(f, "{day}.{serial}.{n}")
    }
}

impl FromStr for Begin {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('.');
        let mut next = || parts.next().ok_or("the cursor is not one that was given out");
        let wrong = "the cursor is not one that was given out";
        let day = next()?.parse().map_err(|_| wrong)?;
        let serial = next()?.parse().map_err(|_| wrong)?;
        let n = next()?.parse().map_err(|_| wrong)?;
        match parts.next() {
            None => Ok(Self(SegmentId { chain: ChainId { day, serial }, n })),
            Some(_) => Err(wrong),
        }
    }
}
