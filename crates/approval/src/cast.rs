//! Saying something about a request.

use crate::case::Case;
use crate::id::RequestId;
use crate::known::MAX_SEATS;
use crate::place::{Key, Place};
use crate::protocol::{Answer, Ask, Protocol, StoreTrouble, Unusable, Write};
use crate::raise::{Raise, Raised};
use crate::said::{Rejection, Revocation, Vote};
use crate::stored::Record;
use crate::vault::Vault;

/// Writes a vote, a rejection or a revocation. [`Read`](crate::Read) the request again afterwards: it tells whether it
/// is decided now, and what else is to be written then.
///
/// Each vote has a number and a key of its own, so that none is ever overwritten. A rejection needs none: of two, each
/// says all that counts.
#[derive(Debug)]
pub struct Cast<'v> {
    vault: &'v Vault,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Done(Result<(), CastTrouble>),
    Seat(Raise, Box<(RequestId, Vote)>),
    Write(Write),
}

/// Why it is not known that it was said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CastTrouble {
    /// There are as many votes as count. It can still be rejected and revoked.
    #[error("this request has all the votes that count: reject it, or ask again")]
    Full,
    /// The store failed: it may have been said or not; saying it once more does no harm.
    #[error(transparent)]
    Store(#[from] StoreTrouble),
}

impl<'v> Cast<'v> {
    /// Writes a vote that [`Case::approve`] or [`Case::force`] made.
    #[must_use]
    pub fn vote(vault: &'v Vault, case: &Case, vote: Vote) -> Self {
        let id = case.request().id;
        let raise = Raise::number(vault.key(Place::Seats(id)));
        Self { vault, stage: Stage::Seat(raise, Box::new((id, vote))) }
    }

    /// Writes a rejection that [`Case::reject`] made.
    ///
    /// # Errors
    /// [`Unusable::TooLong`] for none that people write.
    pub fn reject(vault: &'v Vault, case: &Case, rejection: Rejection) -> Result<Self, Unusable> {
        Self::write(vault, Place::Rejected(case.request().id), &Record::Rejection(rejection))
    }

    /// Writes a revocation that [`Case::revoke`] made.
    ///
    /// # Errors
    /// [`Unusable::TooLong`] for none that people write.
    pub fn revoke(vault: &'v Vault, case: &Case, revocation: Revocation) -> Result<Self, Unusable> {
        Self::write(vault, Place::Revoked(case.request().id), &Record::Revocation(revocation))
    }

    /// Whether it was said.
    ///
    /// # Errors
    /// [`CastTrouble`].
    pub fn finish(self) -> Result<(), CastTrouble> {
        match self.stage {
            Stage::Done(result) => result,
            Stage::Seat(raise, _) => Err(StoreTrouble::Failed(raise.key().clone()).into()),
            Stage::Write(write) => Err(StoreTrouble::Failed(write.key).into()),
        }
    }

    fn write(vault: &'v Vault, place: Place, record: &Record) -> Result<Self, Unusable> {
        Ok(Self { vault, stage: Stage::Write(vault.write(place, record)?) })
    }

    fn seated(&self, number: u64, (id, vote): (RequestId, Vote)) -> Stage {
        if number > MAX_SEATS {
            return Stage::Done(Err(CastTrouble::Full));
        }
        let place = Place::Vote(id, number);
        match self.vault.write(place, &Record::Vote(vote)) {
            Ok(write) => Stage::Write(write),
            Err(why) => failed_with(StoreTrouble::Unusable { key: self.vault.key(place), why }),
        }
    }
}

impl Protocol for Cast<'_> {
    fn asks(&self) -> Vec<Ask> {
        match &self.stage {
            Stage::Done(_) => Vec::new(),
            Stage::Seat(raise, _) => vec![raise.ask()],
            Stage::Write(write) => vec![write.clone().into()],
        }
    }

    fn learn(&mut self, answers: Vec<Answer>) {
        let answer = answers.into_iter().next().unwrap_or(Answer::Failed);
        self.stage = match std::mem::replace(&mut self.stage, Stage::Done(Ok(()))) {
            Stage::Done(result) => Stage::Done(result),
            Stage::Seat(mut raise, vote) => match raise.learn(&answer) {
                Raised::Failed | Raised::Taken => failed(raise.key()),
                Raised::Going => Stage::Seat(raise, vote),
                Raised::Ours(number) => self.seated(number, *vote),
            },
            Stage::Write(_) if answer == Answer::Written => Stage::Done(Ok(())),
            Stage::Write(write) => failed(&write.key),
        };
    }
}

fn failed(key: &Key) -> Stage {
    failed_with(StoreTrouble::Failed(key.clone()))
}

const fn failed_with(trouble: StoreTrouble) -> Stage {
    Stage::Done(Err(CastTrouble::Store(trouble)))
}
