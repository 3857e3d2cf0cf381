//! `[records]`: how long what is on record is kept.
//!
//! Not here: what must be kept longer, which people say (a legal hold), and deleting, which maintenance does.

use crate::read::{Report, Section};

/// `[records]`. What is not limited stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Records {
    /// How many days before today are kept. `keep_days`, 1 to 3,650. Today and yesterday always are.
    pub keep_days: Option<u32>,
    /// How many bytes of records are kept, the newest. `keep_megabytes`, 1 to 16,777,216, each of 1,048,576 bytes.
    pub keep_bytes: Option<u64>,
}

impl Records {
    /// Whether anything is ever to be deleted.
    #[must_use]
    pub const fn is_limited(self) -> bool {
        self.keep_days.is_some() || self.keep_bytes.is_some()
    }

    /// Reads `[records]`.
    pub(crate) fn read(section: &mut Section<'_, '_>, report: &mut Report) -> Self {
        let mut number = |key, most| section.has(key).then(|| section.number(report, key, 1..=most, most));
        let (keep_days, megabytes) =
            (number("keep_days", MOST_DAYS), number("keep_megabytes", MOST_MEGABYTES));
        Self { keep_days, keep_bytes: megabytes.map(|n| u64::from(n).saturating_mul(MEGABYTE)) }
    }
}

const MOST_DAYS: u32 = 3_650;
/// 16 TiB.
const MOST_MEGABYTES: u32 = 16_777_216;
const MEGABYTE: u64 = 1 << 20;
