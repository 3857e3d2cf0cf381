//! `[approvals]`: how much may be asked of people, and how long a caller is kept waiting for them.
//!
//! Not here: who approves what, and for how long they are asked, which policies say.

use std::time::Duration;

use crate::limits::seconds;
use crate::read::{Report, Section};

/// `[approvals]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Approvals {
    /// How long the answer is held back of a caller whose user was sent to the page of its request. `hold_seconds`,
    /// 25 s unless set, 0 s to 50 s: stock clients give up after 60. With 0 nobody is kept waiting.
    pub hold: Duration,
    /// How many requests of one principal may wait for people. `open_per_principal`, 20 unless set, 1 to 100.
    pub open_per_principal: u32,
}

impl Default for Approvals {
    fn default() -> Self {
        Self { hold: seconds(HOLD), open_per_principal: OPEN }
    }
}

impl Approvals {
    /// Reads `[approvals]`.
    pub(crate) fn read(section: &mut Section<'_, '_>, report: &mut Report) -> Self {
        Self {
            hold: seconds(section.number(report, "hold_seconds", 0..=LONGEST_HOLD, HOLD)),
            open_per_principal: section.number(report, "open_per_principal", 1..=MOST_OPEN, OPEN),
        }
    }
}

const HOLD: u32 = 25;
const LONGEST_HOLD: u32 = 50;
const OPEN: u32 = 20;
/// Whoever asks reads as many requests.
const MOST_OPEN: u32 = 100;
