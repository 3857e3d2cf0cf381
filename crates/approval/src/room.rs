//! How many requests of one principal wait for people: whoever makes ever new calls that are held must not flood them.
//!
//! Each request of a principal has a number, and under it lies what the one who took the number knew to be open, and
//! itself. So the last numbers, as many as there may be requests, tell of all that is open, but for what others are
//! asking for right now: those who ask at the same time may be beyond the limit by as many as they are, once. Nothing
//! is counted down: what is decided, or whose time is over, is not open.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_ledger::{KeyedDigest, UnixMillis};

use crate::id::RequestId;
use crate::known::{Known, block};
use crate::name::PrincipalId;
use crate::place::Place;
use crate::protocol::{Answer, Ask, Protocol, StoreTrouble, Write};
use crate::raise::{Raise, Raised};
use crate::stored::Record;
use crate::vault::Vault;

/// Takes room for one more request of a principal, before it is [created](crate::Create).
#[derive(Debug)]
pub struct Room<'v> {
    vault: &'v Vault,
    principal: KeyedDigest,
    /// The request, and when it is over.
    request: (RequestId, UnixMillis),
    most: usize,
    now: UnixMillis,
    stage: Stage<'v>,
}

#[derive(Debug)]
enum Stage<'v> {
    Done(Result<(), NoRoom>),
    Look(Known<'v>),
    Take(Raise, Open),
    Write(Write),
}

/// What is open, each with its deadline.
type Open = BTreeMap<RequestId, UnixMillis>;

/// Why nothing more is asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRoom {
    /// As many wait as may.
    #[error("as many requests wait for people as may")]
    Full,
    /// Nobody can tell.
    #[error(transparent)]
    Store(#[from] StoreTrouble),
}

impl<'v> Room<'v> {
    /// Room for this request, which is over at its deadline, beside at most `most - 1` others.
    #[must_use]
    pub fn new(
        vault: &'v Vault,
        principal: &PrincipalId,
        request: (RequestId, UnixMillis),
        (most, now): (usize, UnixMillis),
    ) -> Self {
        let principal = vault.principal(principal);
        let mut known = Known::new(vault);
        known.want([Place::Opened(principal)].into());
        Self { vault, principal, request, most, now, stage: Stage::Look(known) }
    }

    /// Whether there is room, which is taken then.
    ///
    /// # Errors
    /// [`NoRoom`].
    pub fn finish(self) -> Result<(), NoRoom> {
        match self.stage {
            Stage::Done(result) => result,
            Stage::Look(_) => Err(StoreTrouble::Failed(self.vault.key(Place::Opened(self.principal))).into()),
            Stage::Take(raise, _) => Err(StoreTrouble::Failed(raise.key().clone()).into()),
            Stage::Write(write) => Err(StoreTrouble::Failed(write.key).into()),
        }
    }

    /// Reads what is missing: the numbers, then the requests that can be open.
    fn look(&self, mut known: Known<'v>) -> Stage<'v> {
        if let Err(trouble) = known.finish() {
            return Stage::Done(Err(trouble.into()));
        }
        let count = known.count(Place::Opened(self.principal)).unwrap_or(0);
        let numbers = (1..=count).rev().take(self.most).map(|number| Place::Open(self.principal, number));
        let numbers: BTreeSet<Place> = numbers.collect();
        let told = self.told(&known, &numbers);
        let blocks = told.keys().flat_map(|id| block(*id));
        let missing: BTreeSet<Place> =
            numbers.iter().copied().chain(blocks).filter(|place| known.record(*place).is_none()).collect();
        if !missing.is_empty() {
            known.want(missing);
            return Stage::Look(known);
        }
        let open: Open = told.into_iter().filter(|(id, _)| is_open(&known, *id)).collect();
        if open.len() >= self.most {
            return Stage::Done(Err(NoRoom::Full));
        }
        Stage::Take(Raise::number(self.vault.key(Place::Opened(self.principal))), open)
    }

    /// What the numbers tell of, without what is over by the clock and the request itself.
    fn told(&self, known: &Known<'_>, numbers: &BTreeSet<Place>) -> Open {
        let mut told = Open::new();
        for place in numbers {
            if let Some(Record::Open(open)) = known.record(*place).flatten() {
                told.extend(open.iter().filter(|(_, until)| self.now < *until).copied());
            }
        }
        told.remove(&self.request.0);
        told
    }

    fn taken(&self, raised: Raised, (raise, mut open): (Raise, Open)) -> Stage<'v> {
        match raised {
            Raised::Failed | Raised::Taken => {
                Stage::Done(Err(StoreTrouble::Failed(raise.key().clone()).into()))
            }
            Raised::Going => Stage::Take(raise, open),
            Raised::Ours(number) => {
                let (id, until) = self.request;
                open.insert(id, until);
                let place = Place::Open(self.principal, number);
                match self.vault.write(place, &Record::Open(open.into_iter().collect())) {
                    Ok(write) => Stage::Write(write),
                    Err(why) => {
                        Stage::Done(Err(StoreTrouble::Unusable { key: self.vault.key(place), why }.into()))
                    }
                }
            }
        }
    }
}

/// Whether people may still be waited for. One that they have approved and nobody has settled counts as well; one that
/// is not there was never asked.
fn is_open(known: &Known<'_>, id: RequestId) -> bool {
    let is_there = |place| known.record(place).flatten().is_some();
    let is_over =
        [Place::Rejected(id), Place::Revoked(id), Place::Settled(id), Place::Used(id)].map(is_there);
    is_there(Place::Request(id)) && is_over == [false; 4]
}

impl Protocol for Room<'_> {
    fn asks(&self) -> Vec<Ask> {
        match &self.stage {
            Stage::Done(_) => Vec::new(),
            Stage::Look(known) => known.asks(),
            Stage::Take(raise, _) => vec![raise.ask()],
            Stage::Write(write) => vec![write.clone().into()],
        }
    }

    fn learn(&mut self, answers: Vec<Answer>) {
        let first = answers.first().cloned().unwrap_or(Answer::Failed);
        self.stage = match std::mem::replace(&mut self.stage, Stage::Done(Ok(()))) {
            Stage::Done(result) => Stage::Done(result),
            Stage::Look(mut known) => {
                known.learn(answers);
                self.look(known)
            }
            Stage::Take(mut raise, open) => self.taken(raise.learn(&first), (raise, open)),
            Stage::Write(_) if first == Answer::Written => Stage::Done(Ok(())),
            Stage::Write(write) => Stage::Done(Err(StoreTrouble::Failed(write.key).into())),
        };
    }
}
