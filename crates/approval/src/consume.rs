//! Using a grant that is for one call: exactly one caller gets it, or none.
//!
//! It is a claim on a counter that is only ever raised: add 0, then add 1, and the grant is ours if the answer is 1.
//! Any other answer, or none, is a lost claim, also where the store did raise it and could not say so. Nothing is
//! tried twice within one attempt.

use crate::grant::{Cleared, Once};
use crate::place::Place;
use crate::protocol::{Answer, Ask, Protocol, Unusable, Write};
use crate::raise::{Raise, Raised};
use crate::said::Use;
use crate::stored::Record;
use crate::vault::Vault;

/// Claims a grant for one call.
#[derive(Debug)]
pub struct Consume {
    grant: Once,
    trace: Write,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Claim(Raise),
    Lost(Lost),
    Won,
}

/// Why the grant is not ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// Somebody else has it, or an attempt before this one that failed: look [past](crate::Find::past) it.
    #[error("the approval was for one call, which was made")]
    Taken,
    /// The store did not say. The grant may be used up: refuse the call, and look again at the next one.
    #[error("the store failed when the approval was to be used")]
    Unknown,
}

impl Consume {
    /// Claims this grant for the call that the trace names.
    ///
    /// # Errors
    /// [`Unusable`] never, but for a release that cannot write its own records.
    pub fn new(vault: &Vault, grant: Once, used: Use) -> Result<Self, Unusable> {
        let id = grant.request();
        let trace = vault.write(Place::Used(id), &Record::Use(used))?;
        Ok(Self { grant, trace, stage: Stage::Claim(Raise::claim(vault.key(Place::Spent(id)))) })
    }

    /// The proof that this call, and no other, is the one that was approved; and the trace of its use, to be written
    /// beside the intent. Without it the grant is used up all the same.
    ///
    /// # Errors
    /// [`Lost`]: do not forward.
    pub fn finish(self) -> Result<(Cleared, Write), Lost> {
        match self.stage {
            Stage::Claim(_) => Err(Lost::Unknown),
            Stage::Lost(lost) => Err(lost),
            Stage::Won => Ok((self.grant.0, self.trace)),
        }
    }
}

impl Protocol for Consume {
    fn asks(&self) -> Vec<Ask> {
        match &self.stage {
            Stage::Claim(raise) => vec![raise.ask()],
            Stage::Lost(_) | Stage::Won => Vec::new(),
        }
    }

    fn learn(&mut self, answers: Vec<Answer>) {
        let answer = answers.into_iter().next().unwrap_or(Answer::Failed);
        if let Stage::Claim(raise) = &mut self.stage {
            match raise.learn(&answer) {
                Raised::Failed => self.stage = Stage::Lost(Lost::Unknown),
                Raised::Going => {}
                Raised::Ours(_) => self.stage = Stage::Won,
                Raised::Taken => self.stage = Stage::Lost(Lost::Taken),
            }
        }
    }
}
