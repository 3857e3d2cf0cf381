//! What waits for reviewers, newest first, without listing keys of the store.
//!
//! Each day has a list: a counter, and an item for each number that was taken. Requests live for a bounded time, so the
//! lists of some days back hold all that can matter, but for what lasts until it is taken back, which has a list of its
//! own. This is for people who look, never for a call.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use portcullis_ledger::UnixMillis;

use crate::case::{Case, Expiry, State};
use crate::known::{Depth, Known};
use crate::name::GroupName;
use crate::place::{Day, Place};
use crate::protocol::{Answer, Ask, Protocol, StoreTrouble};
use crate::vault::Vault;

/// Which requests to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// In which states.
    pub which: Which,
    /// Those that ask members of one of these groups; `None` for all.
    pub groups: Option<BTreeSet<GroupName>>,
}

/// In which states requests are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// In any.
    All,
    /// Those that can be used now, and so be revoked.
    Approved,
    /// Those that nobody has answered in time.
    Expired,
    /// Those that wait for people.
    Pending,
}

/// Where a page begins, as `day.number`. Anybody may be shown one: it leads to nothing that the filter keeps out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    day: Day,
    /// The number after the one to be looked at next.
    before: u64,
}

/// Text that is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a cursor of a list of requests")]
pub struct InvalidCursor;

/// Lists requests.
#[derive(Debug)]
pub struct Inbox<'v> {
    known: Known<'v>,
    filter: Filter,
    now: UnixMillis,
    /// The next item; `None` when all days were looked at.
    at: Option<(Day, Option<u64>)>,
    cases: Vec<Case>,
    n_looked: usize,
}

/// Some requests, newest first.
#[derive(Debug)]
pub struct Page {
    /// The requests. There may be none although there are more pages.
    pub cases: Vec<Case>,
    /// Where the next page begins; `None` if this is the last.
    pub next: Option<Cursor>,
}

impl<'v> Inbox<'v> {
    /// Lists what the filter lets through, from the cursor on.
    #[must_use]
    pub fn new(vault: &'v Vault, filter: Filter, cursor: Option<Cursor>, now: UnixMillis) -> Self {
        // An instance whose clock is ahead may have written for tomorrow.
        let tomorrow = Day(Day::of(now).0.saturating_add(1));
        let at = match cursor {
            Some(Cursor { day, before }) => (day.min(tomorrow), Some(before)),
            None => (tomorrow, None),
        };
        let mut inbox =
            Self { known: Known::new(vault), filter, now, at: Some(at), cases: Vec::new(), n_looked: 0 };
        inbox.go_on();
        inbox
    }

    /// The page.
    ///
    /// # Errors
    /// [`StoreTrouble`].
    pub fn finish(self) -> Result<Page, StoreTrouble> {
        self.known.finish()?;
        let next = self.at.map(|(day, before)| Cursor { day, before: before.unwrap_or(u64::MAX) });
        Ok(Page { cases: self.cases, next })
    }

    fn go_on(&mut self) {
        while let Some((day, before)) = self.at.filter(|_| !self.is_full()) {
            let missing = self.missing(day, before);
            if !missing.is_empty() {
                return self.known.want(missing);
            }
            self.at = self.take(day, before);
        }
        self.known.want(BTreeSet::new());
    }

    fn is_full(&self) -> bool {
        self.cases.len() >= PAGE || self.n_looked >= MOST_LOOKED
    }

    /// What must be read before the next items of a day can be taken.
    fn missing(&self, day: Day, before: Option<u64>) -> BTreeSet<Place> {
        if self.known.count(Place::Index(day)).is_none() {
            return BTreeSet::from([Place::Index(day)]);
        }
        let numbers = self.numbers(day, before);
        let entries: BTreeSet<Place> = numbers
            .iter()
            .map(|number| Place::Entry(day, *number))
            .filter(|place| self.known.record(*place).is_none())
            .collect();
        if !entries.is_empty() {
            return entries;
        }
        let ids = numbers.iter().filter_map(|number| self.known.entry(day, *number));
        ids.flat_map(|id| self.known.missing_of(id, Depth::State)).collect()
    }

    /// Takes the next items of a day, and says what comes after them.
    fn take(&mut self, day: Day, before: Option<u64>) -> Option<(Day, Option<u64>)> {
        let numbers = self.numbers(day, before);
        for number in &numbers {
            self.n_looked += 1;
            let case = self.known.entry(day, *number).and_then(|id| self.known.case(id));
            // What is on the list of a day was there.
            let case =
                case.filter(|case| day != Day::LASTING || Day::of(case.request().created) < self.oldest());
            self.cases.extend(case.filter(|case| self.filter.lets_through(case, self.now)));
        }
        match numbers.last() {
            Some(number) if *number > 1 => Some((day, Some(*number))),
            Some(_) | None => {
                let before = day.before().filter(|day| *day >= self.oldest());
                let lasting = (day != Day::LASTING && self.filter.which.lasts()).then_some(Day::LASTING);
                before.or(lasting).map(|day| (day, None))
            }
        }
    }

    /// The earliest day whose list is looked at.
    fn oldest(&self) -> Day {
        // The very first is no day.
        Day(Day::of(self.now).0.saturating_sub(self.filter.which.days()).max(1))
    }

    /// The next numbers of a day, newest first.
    fn numbers(&self, day: Day, before: Option<u64>) -> Vec<u64> {
        let count = self.known.count(Place::Index(day)).unwrap_or(0);
        let after_last = before.unwrap_or(u64::MAX).min(count.saturating_add(1));
        (1..after_last).rev().take(BATCH).collect()
    }
}

impl Protocol for Inbox<'_> {
    fn asks(&self) -> Vec<Ask> {
        self.known.asks()
    }

    fn learn(&mut self, answers: Vec<Answer>) {
        self.known.learn(answers);
        if self.known.finish().is_ok() {
            self.go_on();
        }
    }
}

impl Filter {
    fn lets_through(&self, case: &Case, now: UnixMillis) -> bool {
        let requirements = &case.request().asked.requirements;
        let is_asked =
            self.groups.as_ref().is_none_or(|groups| groups.iter().any(|group| requirements.names(group)));
        is_asked && self.which.is(&case.state(now))
    }
}

impl Which {
    fn is(self, state: &State) -> bool {
        match (self, state) {
            (Self::All, _)
            | (Self::Approved, State::Approved(_))
            | (Self::Expired, State::Expired(Expiry::Unanswered))
            | (Self::Pending, State::Pending(_)) => true,
            (
                Self::Approved,
                State::Consumed | State::Expired(_) | State::Pending(_) | State::Rejected | State::Revoked,
            )
            | (
                Self::Expired,
                State::Approved(_)
                | State::Consumed
                | State::Expired(Expiry::Ended)
                | State::Pending(_)
                | State::Rejected
                | State::Revoked,
            )
            | (
                Self::Pending,
                State::Approved(_) | State::Consumed | State::Expired(_) | State::Rejected | State::Revoked,
            ) => false,
        }
    }

    /// Whether what was granted longer ago may be among them: what does not end by itself.
    const fn lasts(self) -> bool {
        match self {
            Self::All | Self::Approved => true,
            Self::Pending | Self::Expired => false,
        }
    }

    /// How many days back there can be any other: requests wait for a week at most, and grants last for one. What has
    /// expired is listed for a week after that.
    const fn days(self) -> u64 {
        match self {
            Self::All | Self::Approved | Self::Expired => 15,
            Self::Pending => 8,
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.day.0, self.before)
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let number = |text: &str| {
            let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|_| is_plain).ok_or(InvalidCursor)
        };
        let (day, before) = text.split_once('.').ok_or(InvalidCursor)?;
        Ok(Self { day: Day(number(day)?), before: number(before)? })
    }
}

/// How many items are read at once.
const BATCH: usize = 32;
/// A page has this many requests, and up to a batch more.
const PAGE: usize = 50;
/// After this many items a page ends, however few it has.
const MOST_LOOKED: usize = 256;
