//! Raising a counter, the one operation that every store does safely: add 0, then add 1.

use crate::place::Key;
use crate::protocol::{Answer, Ask};

/// A counter that is being raised.
#[derive(Debug)]
pub(crate) struct Raise {
    key: Key,
    aim: Aim,
    has_looked: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Aim {
    /// To be the one who raises it from 0 to 1.
    Claim,
    /// To get a number that nobody else has.
    Number,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Raised {
    /// Nobody can tell what the counter is at.
    Failed,
    /// There is more to be done.
    Going,
    /// It is ours, with this number.
    Ours(u64),
    /// Somebody else has it, or an earlier attempt of ours that failed.
    Taken,
}

impl Raise {
    pub(crate) const fn claim(key: Key) -> Self {
        Self { key, aim: Aim::Claim, has_looked: false }
    }

    pub(crate) const fn number(key: Key) -> Self {
        Self { key, aim: Aim::Number, has_looked: false }
    }

    pub(crate) fn ask(&self) -> Ask {
        Ask::Add(self.key.clone(), u64::from(self.has_looked))
    }

    pub(crate) fn learn(&mut self, answer: &Answer) -> Raised {
        let count = match answer {
            Answer::Count(count) => *count,
            Answer::Failed | Answer::Value(_) | Answer::Written => return Raised::Failed,
        };
        match (self.aim, self.has_looked, count) {
            (Aim::Claim, false, 0) | (Aim::Number, false, _) => {
                self.has_looked = true;
                Raised::Going
            }
            (Aim::Claim, true, 1) => Raised::Ours(1),
            (Aim::Claim, false | true, _) => Raised::Taken,
            // After 1 was added it cannot be at 0.
            (Aim::Number, true, 0) => Raised::Failed,
            (Aim::Number, true, number) => Raised::Ours(number),
        }
    }

    pub(crate) const fn key(&self) -> &Key {
        &self.key
    }
}
