//! How much chains of a day hold, as their leaves say.

use std::ops::RangeInclusive;

use super::known::{Found, Known};
use crate::chain::ChainId;
use crate::day::Day;
use crate::key::{AppName, Key};

/// What measuring needs next, or has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SizeStep {
    /// The size of the chains that have a leaf.
    Found {
        /// How many bytes their segments have.
        bytes: u64,
        /// The first chain without a leaf, if there is one: it may still grow, or it is damaged.
        without_leaf: Option<ChainId>,
    },
    /// Read these values, in any order or all at once, and tell [`Size::got`] each.
    Get(Vec<Key>),
}

/// Measures some chains of a day. A state machine without a store.
#[derive(Debug)]
pub struct Size {
    known: Known,
    serials: RangeInclusive<u32>,
}

impl Size {
    /// Looks at these chains of a day.
    #[must_use]
    pub const fn new(app: AppName, day: Day, serials: RangeInclusive<u32>) -> Self {
        Self { known: Known::new(app, day), serials }
    }

    /// What to do next.
    pub fn step(&mut self) -> SizeStep {
        self.known.begin_round();
        let (mut bytes, mut without_leaf) = (0_u64, None);
        for serial in self.serials.clone() {
            let chain = ChainId { day: self.known.day(), serial };
            match self.known.leaf(chain) {
                Found::Wanted => {}
                Found::There(leaf) => bytes = bytes.saturating_add(leaf.bytes),
                Found::Nothing => _ = without_leaf.get_or_insert(chain),
            }
        }
        let wanted = self.known.wanted();
        if wanted.is_empty() { SizeStep::Found { bytes, without_leaf } } else { SizeStep::Get(wanted) }
    }

    /// Tells what lies at a key.
    pub fn got(&mut self, key: &Key, value: Option<&[u8]>) {
        self.known.learn(key, value);
    }
}
