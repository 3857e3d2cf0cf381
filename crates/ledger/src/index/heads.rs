//! Reads how long the chains of a day are, for a checkpoint: of each a few segments, however long it is.

use std::ops::RangeInclusive;

use super::known::{Found, Known};
use crate::chain::ChainId;
use crate::checkpoint::Head;
use crate::day::Day;
use crate::key::{AppName, Key};

/// What reading heads needs next, or has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeadsStep {
    /// The chains that have begun, and those that nobody can begin any more.
    Found {
        /// Their heads, in order.
        heads: Vec<Head>,
        /// The first chain that may still grow, or begin. Once a checkpoint has these heads, the next one can begin there.
        open_from: u32,
    },
    /// Read these values, in any order or all at once, and tell [`Heads::got`] each.
    Get(Vec<Key>),
}

/// Reads the heads of some chains of a day. A state machine without a store.
#[derive(Debug)]
pub struct Heads {
    known: Known,
    serials: RangeInclusive<u32>,
}

impl Heads {
    /// Looks at these chains of a day. Take no more of them than one checkpoint has.
    #[must_use]
    pub const fn new(app: AppName, day: Day, serials: RangeInclusive<u32>) -> Self {
        Self { known: Known::new(app, day), serials }
    }

    /// What to do next.
    pub fn step(&mut self) -> HeadsStep {
        self.known.begin_round();
        let (mut heads, mut open_from) = (Vec::new(), None);
        for serial in self.serials.clone() {
            let chain = ChainId { day: self.known.day(), serial };
            let head = match self.known.leaf(chain) {
                Found::Wanted => continue,
                Found::There(leaf) => Some(leaf.head),
                Found::Nothing => {
                    open_from.get_or_insert(serial);
                    // Without a leaf, it may still be begun.
                    self.known.head(chain).flatten()
                }
            };
            heads.extend(head);
        }
        let wanted = self.known.wanted();
        if !wanted.is_empty() {
            return HeadsStep::Get(wanted);
        }
        let open_from = open_from.unwrap_or(self.serials.end().saturating_add(1));
        HeadsStep::Found { heads, open_from }
    }

    /// Tells what lies at a key.
    pub fn got(&mut self, key: &Key, value: Option<&[u8]>) {
        self.known.learn(key, value);
    }
}
