//! An export of some days: what lies in the store, as lines that `portcullis verify` reads.
//!
//! It is of all connections, and encrypted. It comes in pages: a page is the next lines, and the last page has the end.

use std::ops::RangeInclusive;
use std::str::FromStr;

use portcullis_ledger::{ChainId, Continuation, Day, Key, Line, Segment, SegmentId, Tombstone};
use portcullis_policy::Target;
use serde_json::{Value, json};

use super::close;
use super::query::{Query, wrong};
use super::store::{Pruned, pruned, publish, upkeep};
use crate::control::on_all;
use crate::exchange::Exchange;
use crate::ports::{Ports, count, get_all};
use crate::record;
use crate::refusal::Refusal;

/// How many segments, or checkpoints, are read at once. So many may be missing in a row before a chain counts as ended.
const AHEAD: u32 = 16;
/// After how many bytes of lines a page ends.
const PAGE_BYTES: usize = 1 << 20;
/// After how many reads a page ends.
const PAGE_READS: usize = 8_192;

/// Where a page begins, how many lines there are before it, and how many chains were pruned when the first one began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    lines: u64,
    pruned: u64,
    at: At,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Start,
    Checkpoint(u64),
    Day(Day),
    Segment(SegmentId),
}

struct Paging<'x, P: Ports> {
    x: &'x Exchange<P>,
    days: RangeInclusive<Day>,
    /// Nothing of what was pruned is told, also if it is not gone yet.
    pruned: Pruned,
    lines: Vec<String>,
    n_before: u64,
    n_bytes: usize,
    n_reads: usize,
}

pub(super) async fn export<P: Ports>(x: &Exchange<P>) -> Result<Value, Refusal> {
    let reasons = on_all(x, Target::Audit)?;
    let query = Query::parse(x.parts.uri.query(), &["day", "from", "to", "cursor"])?;
    let days = query.days(x.now)?;
    let pruned = pruned(x, &days).await?;
    let n_pruned = n_pruned(&pruned);
    let begin = Place { lines: 0, pruned: n_pruned, at: At::Start };
    let place = query.get::<Place>("cursor")?.unwrap_or(begin);
    if place.pruned != n_pruned {
        return Err(wrong(
            "some of these days were pruned since the export began: begin it again".to_owned(),
        )
        .into());
    }
    if place.at == At::Start {
        upkeep(x, &days, &pruned).await;
        publish(x).await;
    }
    let name = format!("{}/{}", days.start(), days.end());
    let told =
        json!({ "from": days.start().to_string(), "to": days.end().to_string(), "after": place.lines });
    let record = record::administrative(x, (x.deed.unwrap_or_default(), &name), &told, &reasons).await?;
    let (lines, n_before) = (Vec::new(), place.lines);
    let paging = Paging { x, days, pruned, lines, n_before, n_bytes: 0, n_reads: 0 };
    close(x, record, paging.page(place.at).await).await
}

impl<P: Ports> Paging<'_, P> {
    async fn page(mut self, mut at: At) -> Result<Value, Refusal> {
        let next = loop {
            let Some(next) = self.step(at).await? else {
                let lines = self.n_lines().saturating_add(1);
                self.push(&Line::End { lines });
                break None;
            };
            if self.n_bytes >= PAGE_BYTES || self.n_reads >= PAGE_READS {
                break Some(
                    Place { lines: self.n_lines(), pruned: n_pruned(&self.pruned), at: next }.to_string(),
                );
            }
            at = next;
        };
        Ok(json!({ "lines": self.lines, "next": next }))
    }

    /// Adds the lines of one place; `None` after the last one.
    async fn step(&mut self, at: At) -> Result<Option<At>, Refusal> {
        match at {
            At::Start => self.start().await.map(Some),
            At::Checkpoint(serial) => self.checkpoints(serial).await.map(Some),
            At::Day(day) if self.days.contains(&day) => {
                let chains = self.chains(day)?;
                // A day without chains is told too, so that one that was emptied is missed.
                self.push(&Line::Day { day, chains });
                Ok(self.after(ChainId { day, serial: 0 }, chains))
            }
            At::Day(_) => Ok(None),
            At::Segment(id) => self.segments(id).await,
        }
    }

    async fn start(&mut self) -> Result<At, Refusal> {
        let app = self.x.gateway.app();
        let (first, last) = (*self.days.start(), *self.days.end());
        self.push(&Line::Ledger(app.clone()));
        self.push(&Line::Days { first, last });
        let days = std::iter::successors(Some(first), |day| day.next()).take_while(|day| *day <= last);
        for (_, value) in self.get(days.map(|day| Key::tombstone(app, day)).collect()).await? {
            if let Some(value) = value {
                self.push(&Line::Tombstone(value));
            }
        }
        Ok(At::Checkpoint(1))
    }

    async fn checkpoints(&mut self, from: u64) -> Result<At, Refusal> {
        let app = self.x.gateway.app();
        let last = count(&*self.x.ports, &Key::checkpoints(app))?;
        let serials = from..=last.min(from.saturating_add(u64::from(AHEAD)).saturating_sub(1));
        for (_, value) in self.get(serials.map(|serial| Key::checkpoint(app, serial)).collect()).await? {
            if let Some(value) = value {
                self.push(&Line::Checkpoint(value));
            }
        }
        let next = from.saturating_add(u64::from(AHEAD));
        Ok(if next <= last { At::Checkpoint(next) } else { At::Day(*self.days.start()) })
    }

    /// Adds the next segments of a chain.
    async fn segments(&mut self, SegmentId { chain, n }: SegmentId) -> Result<Option<At>, Refusal> {
        let app = self.x.gateway.app();
        let ids: Vec<SegmentId> = (n..n.saturating_add(AHEAD)).map(|n| SegmentId { chain, n }).collect();
        let read = self.get(ids.iter().map(|id| Key::segment(app, *id)).collect()).await?;
        let (mut is_there, mut has_ended) = (false, false);
        for (id, (_, value)) in ids.into_iter().zip(read) {
            let Some(value) = value else { continue };
            is_there = true;
            let parsed = Segment::parse(&value);
            has_ended |= parsed.is_ok_and(|one| one.header().continuation == Continuation::Ends);
            self.push(&Line::Segment { id, value });
        }
        if is_there && !has_ended {
            return Ok(Some(At::Segment(SegmentId { chain, n: n.saturating_add(AHEAD) })));
        }
        let chains = self.chains(chain.day)?;
        Ok(self.after(chain, chains))
    }

    /// What comes after a chain.
    fn after(&self, ChainId { day, serial }: ChainId, chains: u32) -> Option<At> {
        let serial = self.pruned.get(&day).map_or(serial.saturating_add(1), |tombstone| {
            let next = serial.saturating_add(1);
            let kept = tombstone.kept().iter().copied().find(|kept| *kept >= next);
            kept.unwrap_or_else(|| tombstone.chains().saturating_add(1).max(next))
        });
        if serial <= chains {
            let chain = ChainId { day, serial };
            return Some(At::Segment(SegmentId { chain, n: 0 }));
        }
        day.next().filter(|day| self.days.contains(day)).map(At::Day)
    }

    fn chains(&self, day: Day) -> Result<u32, Refusal> {
        let chains = count(&*self.x.ports, &Key::chains(self.x.gateway.app(), day))?;
        Ok(u32::try_from(chains).unwrap_or(u32::MAX))
    }

    async fn get(&mut self, keys: Vec<Key>) -> Result<Vec<(Key, Option<Vec<u8>>)>, Refusal> {
        self.n_reads = self.n_reads.saturating_add(keys.len());
        Ok(get_all(&*self.x.ports, keys).await?)
    }

    fn push(&mut self, line: &Line) {
        let line = line.to_json();
        self.n_bytes = self.n_bytes.saturating_add(line.len());
        self.lines.push(line);
    }

    fn n_lines(&self) -> u64 {
        self.n_before.saturating_add(u64::try_from(self.lines.len()).unwrap_or(u64::MAX))
    }
}

/// How many chains these say were pruned, and one more for each day.
fn n_pruned(pruned: &Pruned) -> u64 {
    let n_kept = |one: &Tombstone| u64::try_from(one.kept().len()).unwrap_or(u64::MAX);
    let of_day = |one: &Tombstone| u64::from(one.chains()).saturating_sub(n_kept(one)).saturating_add(1);
    pruned.values().map(of_day).fold(0, u64::saturating_add)
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { lines, pruned, at } = self;
        write!(f, "{lines}.{pruned}.")?;
        match at {
            At::Start => write!(f, "s"),
            At::Checkpoint(serial) => write!(f, "c.{serial}"),
            At::Day(day) => write!(f, "d.{day}"),
            At::Segment(SegmentId { chain: ChainId { day, serial }, n }) => {
                write!(f, "g.{day}.{serial}.{n}")
            }
        }
    }
}

impl FromStr for Place {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.split('.').collect();
        let wrong = || "the cursor is not one that was given out";
        let number = |text: &str| text.parse::<u32>().map_err(|_| wrong());
        let day = |text: &str| text.parse::<Day>().map_err(|_| wrong());
        let [lines, pruned, at @ ..] = parts.as_slice() else { return Err(wrong()) };
        let at = match at {
            ["s"] => At::Start,
            ["c", serial] => At::Checkpoint(serial.parse().map_err(|_| wrong())?),
            ["d", of] => At::Day(day(of)?),
            ["g", of, serial, n] => {
                let chain = ChainId { day: day(of)?, serial: number(serial)? };
                At::Segment(SegmentId { chain, n: number(n)? })
            }
            _ => return Err(wrong()),
        };
        let count = |text: &str| text.parse::<u64>().map_err(|_| wrong());
        Ok(Self { lines: count(lines)?, pruned: count(pruned)?, at })
    }
}
