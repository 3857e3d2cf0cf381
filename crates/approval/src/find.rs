//! How a call finds its approval: by what it is, without any id.
//!
//! The requests about the same are numbered from 1. Each is written before the next one is claimed, or is given up by
//! those who found it claimed and not written. So the last one is found by looking at the next number again and again;
//! a pointer, which may be late or lost, only shortens the way. Only the last one counts.

use std::collections::BTreeSet;
use std::time::Duration;

use portcullis_ledger::{KeyedDigest, UnixMillis};

use crate::case::{Case, State};
use crate::grant::Covered;
use crate::id::{Generation, RequestId};
use crate::known::{Depth, Known, block};
use crate::place::Place;
use crate::protocol::{Answer, Ask, Protocol, StoreTrouble, Write};
use crate::request::Asked;
use crate::stored::Record;
use crate::time::later;
use crate::vault::Vault;

/// Looks for the approval of what is asked. A first request that was settled takes one wait on the store, a later one
/// two; a request that is pending takes two more.
#[derive(Debug)]
pub struct Find<'v> {
    known: Known<'v>,
    asked: Asked,
    subject: KeyedDigest,
    now: UnixMillis,
    spent: Option<RequestId>,
    n_rounds: u32,
    is_endless: bool,
}

/// What was found.
#[derive(Debug)]
#[must_use]
pub enum Found {
    /// People have approved it.
    Granted {
        /// The grant.
        covered: Covered,
        /// To be written, if it is there: then the next call finds it at once.
        settle: Option<Write>,
    },
    /// Nobody is asked: [`Create`](crate::Create) a request with this id.
    MustCreate {
        /// The id of the request that is needed.
        id: RequestId,
        /// The request before it, which does not cover this call, or no longer.
        after: Option<Box<Case>>,
    },
    /// People are asked, and have not all answered.
    Pending(Box<Case>),
    /// Somebody has rejected it, a short time ago. Tell the caller; who asks all the same asks for the next one.
    Rejected {
        /// The request.
        case: Box<Case>,
        /// The id of another request for the same.
        next: RequestId,
    },
}

/// Where the numbers lead.
enum Walk {
    /// Look there.
    Ask(BTreeSet<Place>),
    /// There are too many.
    Endless,
    /// The last request there is, and the first number that nobody has.
    End(Option<RequestId>, RequestId),
}

enum Status {
    Free,
    Passed,
    Present,
    Unknown,
}

impl<'v> Find<'v> {
    /// Looks for the approval of this, at this time.
    #[must_use]
    pub fn new(vault: &'v Vault, asked: Asked, now: UnixMillis) -> Self {
        let subject = vault.subject(&asked.subject);
        let known = Known::new(vault);
        let mut find = Self { known, asked, subject, now, spent: None, n_rounds: 0, is_endless: false };
        find.go_on();
        find
    }

    /// Looks once more after the grant that was found turned out to be used by somebody else
    /// ([`Lost::Taken`](crate::Lost)), who may not have said so yet.
    #[must_use]
    pub fn past(mut self, spent: RequestId) -> Self {
        self.spent = Some(spent);
        self
    }

    /// What was found.
    ///
    /// # Errors
    /// [`StoreTrouble`]: nothing is known, so refuse the call.
    pub fn finish(self) -> Result<Found, StoreTrouble> {
        if self.is_endless {
            return Err(StoreTrouble::Endless);
        }
        self.known.finish()?;
        match self.walk() {
            Walk::Ask(_) | Walk::Endless => Err(StoreTrouble::Endless),
            Walk::End(None, free) => Ok(Found::MustCreate { id: free, after: None }),
            Walk::End(Some(last), free) => match self.known.case(last) {
                Some(case) => Ok(self.judge(case, free)),
                None => Ok(Found::MustCreate { id: free, after: None }),
            },
        }
    }

    fn judge(&self, case: Case, free: RequestId) -> Found {
        let is_spent = self.spent == Some(case.request().id);
        let covered = case.covers(&self.asked, self.now).ok().filter(|_| !is_spent);
        if let Some(covered) = covered {
            return Found::Granted { covered, settle: self.known.settlement(&case, self.now) };
        }
        let is_about = case.is_about(&self.asked).is_ok();
        let case = Box::new(case);
        match case.state(self.now) {
            State::Pending(_) if is_about => Found::Pending(case),
            // Until its time would have been over, so that a program that asks again and again asks nobody.
            State::Rejected if is_about && self.now < case.request().deadline() => {
                Found::Rejected { case, next: free }
            }
            State::Approved(_)
            | State::Consumed
            | State::Expired(_)
            | State::Pending(_)
            | State::Rejected
            | State::Revoked => Found::MustCreate { id: free, after: Some(case) },
        }
    }

    fn go_on(&mut self) {
        let places = match self.walk() {
            Walk::Ask(places) => places,
            Walk::End(last, _) => {
                last.map(|last| self.known.missing_of(last, Depth::State)).unwrap_or_default()
            }
            Walk::Endless => {
                self.is_endless = true;
                BTreeSet::new()
            }
        };
        self.known.want(places);
    }

    fn walk(&self) -> Walk {
        let first = self.id(Generation::FIRST);
        let start = match self.known.record(Place::Latest(self.subject)) {
            None => {
                let mut places = self.ahead(first);
                places.insert(Place::Latest(self.subject));
                return Walk::Ask(places);
            }
            Some(Some(Record::Latest(generation))) => self.id(*generation),
            Some(_) => first,
        };
        let (mut at, mut last) = (start, None);
        loop {
            match self.status(at) {
                Status::Free => return Walk::End(last, at),
                Status::Unknown if self.n_rounds >= MAX_ROUNDS => return Walk::Endless,
                Status::Unknown => return Walk::Ask(self.ahead(at)),
                Status::Present | Status::Passed if at == at.next() => return Walk::Endless,
                Status::Present => last = Some(at),
                Status::Passed => {}
            }
            at = at.next();
        }
    }

    fn status(&self, id: RequestId) -> Status {
        match (self.known.record(Place::Request(id)), self.known.record(Place::Waiting(id))) {
            (None, _) | (Some(None), None) => Status::Unknown,
            (Some(Some(_)), _) => Status::Present,
            (Some(None), Some(Some(Record::Waiting(since)))) if later(*since, GRACE) <= self.now => {
                Status::Passed
            }
            (Some(None), Some(_)) => Status::Free,
        }
    }

    /// What is read at once from this number on: more, the longer it takes.
    fn ahead(&self, at: RequestId) -> BTreeSet<Place> {
        let mut places = BTreeSet::from(block(at));
        let mut id = at;
        for _ in 0..=(1 << self.n_rounds.min(MOST_DOUBLINGS)) {
            places.extend([Place::Request(id), Place::Waiting(id)]);
            id = id.next();
        }
        places
    }

    const fn id(&self, generation: Generation) -> RequestId {
        RequestId { subject: self.subject, generation }
    }
}

impl Protocol for Find<'_> {
    fn asks(&self) -> Vec<Ask> {
        self.known.asks()
    }

    fn learn(&mut self, answers: Vec<Answer>) {
        self.n_rounds = self.n_rounds.saturating_add(1);
        self.known.learn(answers);
        self.go_on();
    }
}

/// How long somebody who has claimed a number may take to write the request.
pub(crate) const GRACE: Duration = Duration::from_secs(10);
const MOST_DOUBLINGS: u32 = 5;
/// About 2000 requests about the same without a pointer.
const MAX_ROUNDS: u32 = 64;
