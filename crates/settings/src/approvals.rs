//! `[approvals]`: how much may be asked of people.
//!
//! Not here: who approves what, which policies say.

use crate::read::{Report, Section};

/// `[approvals]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Approvals {
    /// How many requests of one principal may wait for people. `open_per_principal`, 20 unless set, 1 to 100.
    pub open_per_principal: u32,
}

impl Default for Approvals {
    fn default() -> Self {
        Self { open_per_principal: OPEN }
    }
}

impl Approvals {
    /// Reads `[approvals]`.
    pub(crate) fn read(section: &mut Section<'_, '_>, report: &mut Report) -> Self {
        Self { open_per_principal: section.number(report, "open_per_principal", 1..=MOST_OPEN, OPEN) }
    }
}

const OPEN: u32 = 20;
/// Whoever asks reads as many requests.
const MOST_OPEN: u32 = 100;
