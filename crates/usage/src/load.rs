//! Reading what all instances have used, with as few questions to the store as possible.
//!
//! Past hours and minutes have totals, one value each; where one is missing, it is folded from what it is made of, and
//! is written later for everyone. Minutes that can still change are read share by share. What an instance has read of
//! the past it keeps, so that usually only the shares of the current minute are left to read.
//!
//! [`Load::step`] says what to ask; the shell asks and tells the answers. Every question of a step can be asked at
//! once. The first answer that fails ends the load: what is known in part is not known.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;

use portcullis_ledger::{AppName, UnixMillis};

use crate::bucket::{Bucket, Totals};
use crate::key::{Key, Scope};
use crate::own::{Own, ShareId};
use crate::reading::Unknown;
use crate::stored::{DecodeError, Stored};
use crate::time::{Hour, Minute, SKEW, later};
use crate::view::{Past, View};

/// How many shares of one minute are read. Beyond that, usage is unknown.
pub const MAX_SHARES: u64 = 4096;
/// How many totals one load hands on to be written. What is left over is folded again by a later one.
pub(crate) const MAX_TOTALS: usize = 8;

/// One reading of a scope's usage, under way.
#[derive(Debug)]
pub struct Load {
    app: AppName,
    scope: Scope,
    started: UnixMillis,
    peeks: Vec<Peek>,
    gets: Vec<Get>,
    hours: BTreeMap<Hour, HourState>,
    minutes: BTreeMap<Minute, MinuteState>,
    /// The shares of minutes that can still change. They are folded last, when the own ones among them are known.
    shares: BTreeMap<(Minute, u64), Bucket>,
    found: Vec<(ShareId, Option<u32>)>,
    problem: Option<Unknown>,
}

/// What is to be done next.
#[derive(Debug)]
pub enum Step {
    /// Nothing: hand the load to [`Tally::loaded`](crate::Tally::loaded).
    Done,
    /// Read these values, all at once if possible, and tell each with [`Load::read`].
    Get(Vec<Get>),
    /// Read these counters with `increment(key, 0)`, and tell each with [`Load::counted`].
    Peek(Vec<Peek>),
}

/// A counter to read.
#[derive(Debug)]
pub struct Peek {
    key: Key,
    minute: Minute,
}

/// A value to read.
#[derive(Debug)]
pub struct Get {
    key: Key,
    what: What,
}

/// The store did not do what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store failed")]
pub struct StoreFailed;

#[derive(Clone, Copy, Debug)]
enum What {
    Hour(Hour),
    /// The slot of a minute that should not have a total yet.
    LiveMinute(Minute),
    Minute(Minute),
    /// One's own share, of which it is not known how much got there.
    Own(ShareId),
    Share(Minute, u64),
}

#[derive(Debug)]
enum HourState {
    Asked,
    /// It was used and has no total: its minutes tell.
    Open,
    Known(Totals),
}

#[derive(Debug)]
enum MinuteState {
    Asked,
    /// Shares are missing. Without a count, nobody knows yet how many.
    Folding {
        missing: Option<u64>,
        folded: Bucket,
    },
    Known(Bucket),
}

impl Peek {
    /// The counter's key.
    #[must_use]
    pub fn key(&self) -> &Key {
        &self.key
    }
}

impl Get {
    /// The value's key.
    #[must_use]
    pub fn key(&self) -> &Key {
        &self.key
    }
}

impl Load {
    /// A load that starts now, with what is known of the past and of the instance's own shares.
    pub(crate) fn new(app: &AppName, scope: Scope, past: &Past, own: &Own, now: UnixMillis) -> Self {
        let mut load = Self {
            app: app.clone(),
            scope,
            started: now,
            peeks: Vec::new(),
            gets: Vec::new(),
            hours: BTreeMap::new(),
            minutes: BTreeMap::new(),
            shares: BTreeMap::new(),
            found: Vec::new(),
            problem: None,
        };
        past.minutes().for_each(|(minute, bucket)| {
            load.minutes.insert(minute, MinuteState::Known(bucket.clone()));
        });
        past.hours().for_each(|(hour, totals)| {
            load.hours.insert(hour, HourState::Known(totals.clone()));
        });
        let current = Minute::of(now);
        current.hour().last_day().filter(|hour| hour.is_sealed(now)).for_each(|hour| load.ask_hour(hour));
        current.last_hour().chain([current]).for_each(|minute| load.ask_minute(minute));
        for (id, number) in own.doubtful(now) {
            load.get(Key::share(app, scope, id.0, number), What::Own(id));
        }
        load
    }

    /// Whose usage is read.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.scope
    }

    pub(crate) fn started(&self) -> UnixMillis {
        self.started
    }

    /// What to ask next. Counters come first and alone: reading them is synchronous and says what else to read.
    pub fn step(&mut self) -> Step {
        if self.problem.is_some() {
            return Step::Done;
        }
        let (peeks, gets) = (mem::take(&mut self.peeks), &mut self.gets);
        match (peeks.is_empty(), gets.is_empty()) {
            (false, _) => Step::Peek(peeks),
            (true, false) => Step::Get(mem::take(gets)),
            (true, true) => Step::Done,
        }
    }

    /// Tells what a counter says.
    pub fn counted(&mut self, peek: Peek, answer: Result<u64, StoreFailed>) {
        match answer {
            Err(StoreFailed) => self.fail(Unknown::Store),
            Ok(count) if count > MAX_SHARES => self.fail(Unknown::TooManyShares),
            Ok(count) => self.expect_shares(peek.minute, count),
        }
    }

    /// Tells what a value is.
    pub fn read(&mut self, get: Get, answer: Result<Option<&[u8]>, StoreFailed>) {
        let stored = match answer {
            Err(StoreFailed) => return self.fail(Unknown::Store),
            Ok(bytes) => bytes.map(Stored::decode).transpose(),
        };
        match stored.map(|stored| self.take(get.what, stored)) {
            Ok(true) => {}
            Ok(false) => self.fail(Unknown::Damaged(DecodeError::Damaged)),
            Err(error) => self.fail(Unknown::Damaged(error)),
        }
    }

    /// Takes in a value. False if it is one that cannot stand there.
    fn take(&mut self, what: What, stored: Option<Stored>) -> bool {
        match (what, stored) {
            (What::Hour(hour), None) => self.know_hour(hour, Totals::default()),
            (What::Hour(hour), Some(Stored::Hour(totals))) => self.know_hour(hour, totals),
            (What::Hour(hour), Some(Stored::Open)) => self.open_hour(hour),
            (What::Minute(minute), None) => self.know_minute(minute, Bucket::default()),
            (What::Minute(minute), Some(Stored::Minute(bucket))) => self.know_minute(minute, bucket),
            (What::Minute(minute), Some(Stored::Open)) => self.open_minute(minute),
            (What::LiveMinute(_), None | Some(Stored::Open)) => {}
            (What::LiveMinute(minute), Some(Stored::Minute(_))) => self.doubt_clock(minute),
            (What::Own(id), None) => self.found.push((id, None)),
            (What::Own(id), Some(Stored::Share { revision, .. })) => self.found.push((id, Some(revision))),
            // A number that was claimed and never used.
            (What::Share(minute, number), None) => self.fold(minute, number, Bucket::default()),
            (What::Share(minute, number), Some(Stored::Share { revision: _, bucket })) => {
                self.fold(minute, number, bucket);
            }
            (
                What::Hour(_) | What::LiveMinute(_) | What::Minute(_) | What::Own(_) | What::Share(..),
                Some(Stored::Hour(_) | Stored::Minute(_) | Stored::Open | Stored::Share { .. }),
            ) => return false,
        }
        true
    }

    fn know_hour(&mut self, hour: Hour, totals: Totals) {
        self.hours.insert(hour, HourState::Known(totals));
    }

    fn know_minute(&mut self, minute: Minute, bucket: Bucket) {
        self.minutes.insert(minute, MinuteState::Known(bucket));
    }

    fn open_hour(&mut self, hour: Hour) {
        self.hours.insert(hour, HourState::Open);
        hour.minutes().for_each(|minute| self.ask_minute(minute));
    }

    /// Somebody has found this minute to be over that is not over here.
    fn doubt_clock(&mut self, minute: Minute) {
        let sealed_here = minute.is_sealed(later(self.started, SKEW));
        if !sealed_here {
            self.fail(Unknown::Clock);
        }
    }

    fn ask_hour(&mut self, hour: Hour) {
        if self.hours.contains_key(&hour) {
            return;
        }
        self.get(Key::hour(&self.app, self.scope, hour), What::Hour(hour));
        self.hours.insert(hour, HourState::Asked);
    }

    fn ask_minute(&mut self, minute: Minute) {
        if self.minutes.contains_key(&minute) {
            return;
        }
        let key = Key::minute(&self.app, self.scope, minute);
        if minute.is_sealed(self.started) {
            self.minutes.insert(minute, MinuteState::Asked);
            self.get(key, What::Minute(minute));
        } else {
            self.get(key, What::LiveMinute(minute));
            self.open_minute(minute);
        }
    }

    fn open_minute(&mut self, minute: Minute) {
        self.minutes.insert(minute, MinuteState::Folding { missing: None, folded: Bucket::default() });
        self.peeks.push(Peek { key: Key::counter(&self.app, self.scope, minute), minute });
    }

    fn expect_shares(&mut self, minute: Minute, count: u64) {
        let state = match count {
            0 => MinuteState::Known(Bucket::default()),
            _ => MinuteState::Folding { missing: Some(count), folded: Bucket::default() },
        };
        self.minutes.insert(minute, state);
        for number in 1..=count {
            self.get(Key::share(&self.app, self.scope, minute, number), What::Share(minute, number));
        }
    }

    fn fold(&mut self, minute: Minute, number: u64, bucket: Bucket) {
        let is_live = !minute.is_sealed(self.started);
        let Some(state) = self.minutes.get_mut(&minute) else { return };
        let MinuteState::Folding { missing: Some(missing), folded } = state else { return };
        *missing = missing.saturating_sub(1);
        if is_live {
            self.shares.insert((minute, number), bucket);
        } else {
            folded.merge(&bucket);
        }
    }

    fn get(&mut self, key: Key, what: What) {
        self.gets.push(Get { key, what });
    }

    fn fail(&mut self, problem: Unknown) {
        self.problem.get_or_insert(problem);
    }

    /// What was read, if all of it was.
    pub(crate) fn finish(mut self, own: &BTreeSet<(Minute, u64)>) -> Result<Loaded, Unknown> {
        if let Some(problem) = self.problem {
            return Err(problem);
        }
        let mut totals = Vec::new();
        let minutes = self.finish_minutes(own, &mut totals)?;
        let hours = self.finish_hours(&minutes, &mut totals)?;
        totals.truncate(MAX_TOTALS);
        let view = View::new(self.started, &minutes, &hours);
        Ok(Loaded { view, past: Past::new(self.started, minutes, hours), totals, found: self.found })
    }

    fn finish_minutes(
        &mut self,
        own: &BTreeSet<(Minute, u64)>,
        totals: &mut Vec<(Key, Vec<u8>)>,
    ) -> Result<BTreeMap<Minute, Bucket>, Unknown> {
        let mut minutes = BTreeMap::new();
        let recent = Minute::of(self.started).last_hour().next();
        for (minute, state) in mem::take(&mut self.minutes) {
            let bucket = match state {
                MinuteState::Known(bucket) => bucket,
                MinuteState::Folding { missing: Some(0), folded } => {
                    // Minutes further back are only read where their hour has no total, and that gets one.
                    if minute.is_sealed(self.started) && recent.is_some_and(|recent| minute >= recent) {
                        let key = Key::minute(&self.app, self.scope, minute);
                        totals.push((key, Stored::Minute(folded.clone()).encode()));
                    }
                    folded
                }
                MinuteState::Asked | MinuteState::Folding { .. } => return Err(Unknown::Stale),
            };
            minutes.insert(minute, bucket);
        }
        for ((minute, number), share) in &self.shares {
            if !own.contains(&(*minute, *number)) {
                minutes.entry(*minute).or_default().merge(share);
            }
        }
        Ok(minutes)
    }

    fn finish_hours(
        &mut self,
        minutes: &BTreeMap<Minute, Bucket>,
        totals: &mut Vec<(Key, Vec<u8>)>,
    ) -> Result<BTreeMap<Hour, Totals>, Unknown> {
        let mut hours = BTreeMap::new();
        for (hour, state) in mem::take(&mut self.hours) {
            let total = match state {
                HourState::Known(total) => total,
                HourState::Open => {
                    let mut total = Totals::default();
                    hour.minutes().filter_map(|minute| minutes.get(&minute)).for_each(|used| total.add(used));
                    // In front: an hour without a total costs the next reader most.
                    let key = Key::hour(&self.app, self.scope, hour);
                    totals.insert(0, (key, Stored::Hour(total.clone()).encode()));
                    total
                }
                HourState::Asked => return Err(Unknown::Stale),
            };
            hours.insert(hour, total);
        }
        Ok(hours)
    }
}

/// What a load has found.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) view: View,
    pub(crate) past: Past,
    /// Totals that were missing. Whoever writes them writes the same.
    pub(crate) totals: Vec<(Key, Vec<u8>)>,
    /// Which revision of one's own shares in doubt was there.
    pub(crate) found: Vec<(ShareId, Option<u32>)>,
}
