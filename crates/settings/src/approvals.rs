//! How long a caller is kept waiting for people. Not here: who they are, and for how long they are asked (policy).

use std::time::Duration;

use crate::limits::seconds;
use crate::read::{Report, Section};

/// `[approvals]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Approvals {
    /// How long the answer is held back of a caller whose user was sent to the page of its request. `hold_seconds`,
    /// 25 s unless set, 0 s to 50 s: stock clients give up after 60. With 0 nobody is kept waiting.
    pub hold: Duration,
}

impl Default for Approvals {
    fn default() -> Self {
        Self { hold: seconds(HOLD) }
    }
}

impl Approvals {
    /// Reads `[approvals]`.
    pub(crate) fn read(section: &mut Section<'_, '_>, report: &mut Report) -> Self {
        Self { hold: seconds(section.number(report, "hold_seconds", 0..=LONGEST_HOLD, HOLD)) }
    }
}

const HOLD: u32 = 25;
const LONGEST_HOLD: u32 = 50;
