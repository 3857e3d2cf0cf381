//! Following the ledger: records as they are written, for whoever may review them.
//!
//! An answer that does not end by itself. It looks for new segments once a second; who asks, what policy lets them and
//! what is in force is asked again every few seconds, and when any of it is no longer so, the stream ends and says why.
//! It shows what is there and proves nothing.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use portcullis_ledger::{
    ChainId, Continuation, Day, Follow, FollowStep, Label, MAX_RECORD_BYTES, Read, Record, RecordingId,
    SegmentId, UnixMillis, is_over,
};
use portcullis_mcp::sse::Event;
use portcullis_policy::Target;
use serde_json::{Value, json};

use super::chain::Chain;
use super::list::{Names, names};
use super::query::{Query, wrong};
use super::store::{pruned, upkeep};
use super::{Scope, recording_id};
use crate::control::refused;
use crate::edge::Place;
use crate::exchange::Exchange;
use crate::ports::{Ports, count, get_all};
use crate::record::{self, End, Open};
use crate::refusal::Refusal;

/// How long until it is looked again.
const PAUSE: Duration = Duration::from_secs(1);
/// After how many rounds it is asked again who may see what.
const ROUNDS: u32 = 5;
/// How long the key of a recording may take to reach the store after a segment that needs it.
const KEY_MS: u64 = 10_000;

/// What is followed.
struct Wanted {
    recording: Option<RecordingId>,
    names: Names,
    /// Of what is older, nothing is told.
    since: UnixMillis,
}

impl Wanted {
    fn matches(&self, label: &Label) -> bool {
        self.recording.is_none_or(|recording| recording == label.recording)
            && self.names.matches(label.principal, label.connection)
            && label.at >= self.since
    }
}

/// What is needed to begin.
pub(in crate::control) struct Begun {
    wanted: Wanted,
    scope: Scope,
    record: Open,
}

/// The records that are written from now on; of one recording, also those of chains that may still grow.
pub(crate) struct Following<P: Ports> {
    x: Exchange<P>,
    wanted: Wanted,
    scope: Scope,
    /// That somebody follows, on record.
    record: Option<Open>,
    follow: Follow,
    chains: BTreeMap<ChainId, Watched>,
    ready: VecDeque<Bytes>,
    n_rounds: u32,
}

/// A chain, and what of it was found and not told.
struct Watched {
    /// `None` once something is wrong with it.
    chain: Option<Chain>,
    waiting: VecDeque<(SegmentId, Vec<u8>)>,
    latest: UnixMillis,
}

/// Looks whether it may be followed, and records that it is.
pub(in crate::control) async fn begin<P: Ports>(x: &Exchange<P>) -> Result<Begun, Refusal> {
    let scope = Scope::of(x, Target::Review)?;
    let query = Query::parse(x.parts.uri.query(), &["recording", "principal", "connection"])?;
    let recording = query.text("recording").map(|text| {
        recording_id(text).ok_or_else(|| wrong("`recording` is 32 hexadecimal digits".to_owned()))
    });
    let recording = recording.transpose()?;
    let names = names(x, &query)?;
    let told = json!({
        "recording": query.text("recording"), "principal": query.text("principal"),
        "connection": query.text("connection"),
    });
    let name = query.text("recording").unwrap_or_default();
    let record = record::administrative(x, (x.deed.unwrap_or_default(), name), &told, &scope.reasons).await?;
    let since = if recording.is_some() { UnixMillis(0) } else { UnixMillis(x.now) };
    let today = Day::of(UnixMillis(x.now));
    let days = today.previous().unwrap_or(today)..=today;
    upkeep(x, &days, &pruned(x, &days).await?).await;
    Ok(Begun { wanted: Wanted { recording, names, since }, scope, record })
}

impl<P: Ports> Following<P> {
    pub(in crate::control) fn new(x: Exchange<P>, begun: Begun) -> Self {
        let Begun { wanted, scope, record } = begun;
        let follow = Follow::new(x.gateway.app().clone(), UnixMillis(x.now));
        let (chains, ready) = (BTreeMap::new(), VecDeque::new());
        Self { x, wanted, scope, record: Some(record), follow, chains, ready, n_rounds: 0 }
    }

    /// The next event; `None` once the stream has ended.
    pub(crate) async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(bytes) = self.ready.pop_front() {
                return Some(bytes);
            }
            self.record.as_ref()?;
            if let Err(refusal) = self.step().await {
                self.end(&refusal).await;
            }
        }
    }

    /// Whoever follows has left.
    pub(crate) async fn abandon(&mut self) {
        self.ready.clear();
        self.close(End::Abandoned).await;
    }

    async fn step(&mut self) -> Result<(), Refusal> {
        let ports = &*self.x.ports;
        match self.follow.step() {
            FollowStep::Count(key) => {
                let n = count(ports, &key)?;
                self.follow.counted(n);
            }
            FollowStep::Get(keys) => {
                for (key, value) in get_all(ports, keys).await? {
                    self.follow.got(&key, value.as_deref());
                }
            }
            FollowStep::Missing(id) => {
                self.tell(
                    "problem",
                    &problem(&format!("segment {id} is missing: what follows it is not shown")),
                );
            }
            FollowStep::Segment(id, value) => {
                let begin = || Watched::starting_at(&self.x, id);
                let watched = self.chains.entry(id.chain).or_insert_with(begin);
                watched.waiting.push_back((id, value));
                self.work(id.chain).await?;
            }
            FollowStep::TooMany => return Err(wrong(TOO_MANY.to_owned()).into()),
            FollowStep::Quiet => self.rest().await?,
        }
        Ok(())
    }

    /// Nothing is new: waits, and begins another round.
    async fn rest(&mut self) -> Result<(), Refusal> {
        if self.n_rounds == 0 {
            self.tell("caught-up", &json!({}));
        }
        self.n_rounds = self.n_rounds.saturating_add(1);
        let waiting = self.chains.iter().filter(|(_, watched)| !watched.waiting.is_empty());
        for chain in waiting.map(|(chain, _)| *chain).collect::<Vec<_>>() {
            self.work(chain).await?;
        }
        if !self.ready.is_empty() {
            return Ok(());
        }
        self.x.ports.sleep(PAUSE).await;
        if self.n_rounds.is_multiple_of(ROUNDS) {
            self.ask_again().await?;
        }
        let now = UnixMillis(self.x.ports.now());
        self.chains.retain(|_, watched| !watched.waiting.is_empty() || !is_over(watched.latest, now));
        self.follow.again(now);
        Ok(())
    }

    /// Who follows, what is in force, and what they may see now.
    async fn ask_again(&mut self) -> Result<(), Refusal> {
        let x = &mut self.x;
        (x.now, x.lapped) = (x.ports.now(), x.ports.monotonic());
        x.authenticate(Place::Console).await?;
        x.active = x.gateway.look(&*x.ports).await?;
        x.token = crate::access::joined(x).await.or(x.token.take());
        self.scope = Scope::of(x, Target::Review)?;
        Ok(())
    }

    /// Tells what was found of a chain, as far as it can be read.
    async fn work(&mut self, id: ChainId) -> Result<(), Refusal> {
        let (x, wanted, scope) = (&self.x, &self.wanted, &self.scope);
        let is_wanted = |label: &Label| wanted.matches(label) && scope.covers(label.connection);
        let Some(watched) = self.chains.get_mut(&id) else { return Ok(()) };
        let mut told = Vec::new();
        while let Some((at, value)) = watched.waiting.pop_front() {
            let Some(chain) = &mut watched.chain else { break };
            let wrong = match chain.check(x, at, &value) {
                Err(problem) => problem,
                Ok(segment) => {
                    watched.latest = segment.header().at;
                    let is_young = x.ports.now().saturating_sub(watched.latest.0) < KEY_MS;
                    let read = match chain.unlock(x, &segment, is_wanted).await? {
                        Ok(false) if is_young => {
                            watched.waiting.push_front((at, value));
                            break;
                        }
                        Ok(_) => chain.read(&segment),
                        Err(error) => Err(error),
                    };
                    match read {
                        Ok(read) => {
                            told.extend(read.into_iter().filter_map(|read| shown(read, is_wanted)));
                            if segment.header().continuation == Continuation::Ends {
                                watched.chain = None;
                            }
                            continue;
                        }
                        Err(error) => error.to_string(),
                    }
                }
            };
            let text = format!("{wrong}; what follows in chain {id} is not shown");
            told.push(("problem", problem(&text)));
            watched.chain = None;
        }
        if watched.chain.is_none() {
            watched.waiting.clear();
        }
        told.iter().for_each(|(kind, value)| self.tell(kind, value));
        Ok(())
    }

    fn tell(&mut self, kind: &str, value: &Value) {
        self.ready.push_back(event(kind, value.to_string()));
    }

    /// Ends the stream, and says why.
    async fn end(&mut self, refusal: &Refusal) {
        self.x.note(refusal).await;
        let told = refused(refusal, self.x.deed).into_body();
        self.ready.push_back(event("end", String::from_utf8_lossy(&told).into_owned()));
        self.close(End::Refused(refusal)).await;
    }

    async fn close(&mut self, end: End<'_>) {
        let Some(record) = self.record.take() else { return };
        if let Err(error) = record.close_here(&self.x, end).await {
            self.x.ports.log(&format!("that nobody follows any more is not on record: {error}"));
        }
    }
}

impl Watched {
    fn starting_at<P: Ports>(x: &Exchange<P>, id: SegmentId) -> Self {
        let chain = Some(Chain::starting_at(x, id));
        Self { chain, waiting: VecDeque::new(), latest: UnixMillis(x.ports.now()) }
    }
}

fn shown(read: Read, is_wanted: impl Fn(&Label) -> bool) -> Option<(&'static str, Value)> {
    match read {
        Read::Record(label, record) if is_wanted(&label) => Some(told(label.recording, &record)),
        // Of what is not wanted, no key was asked for.
        Read::Erased(_) | Read::Record(..) => None,
    }
}

fn told(recording: RecordingId, record: &Record) -> (&'static str, Value) {
    match serde_json::from_slice::<Value>(&record.encode_for_chain(MAX_RECORD_BYTES)) {
        Ok(value) => ("record", json!({ "recording": recording.to_string(), "record": value })),
        Err(error) => ("problem", problem(&format!("record {}: {error}", record.id()))),
    }
}

fn problem(text: &str) -> Value {
    json!({ "problem": text })
}

fn event(kind: &str, data: String) -> Bytes {
    Event { kind: Some(kind.to_owned()), data: Some(data), ..Event::default() }.to_bytes().into()
}

const TOO_MANY: &str = "more instances write at once than can be followed: read recordings instead";
