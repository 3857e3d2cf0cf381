//! Reads how long the chains of a day are, for a checkpoint.

use std::ops::RangeInclusive;

use super::known::{Found, Known};
use super::leaf::Leaf;
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
        /// How many bytes their segments have.
        bytes: u64,
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
        let (mut heads, mut n_bytes, mut open_from) = (Vec::new(), 0_u64, None);
        for serial in self.serials.clone() {
            let chain = ChainId { day: self.known.day(), serial };
            let leaf = match self.known.leaf(chain) {
                Found::Wanted => continue,
                Found::There(leaf) => Some((leaf.head, leaf.bytes)),
                Found::Nothing => None,
            };
            let Some((head, bytes)) = leaf.or_else(|| {
                open_from.get_or_insert(serial);
                let segments = self.known.chain(chain)?;
                let Leaf { head, bytes, .. } = Leaf::of(chain, segments);
                // Without a leaf, it may still be begun.
                (head.segments > 0).then_some((head, bytes))
            }) else {
                continue;
            };
            n_bytes = n_bytes.saturating_add(bytes);
            heads.push(head);
        }
        let wanted = self.known.wanted();
        if !wanted.is_empty() {
            return HeadsStep::Get(wanted);
        }
        let open_from = open_from.unwrap_or(self.serials.end().saturating_add(1));
        HeadsStep::Found { heads, bytes: n_bytes, open_from }
    }

    /// Tells what lies at a key.
    pub fn got(&mut self, key: &Key, value: Option<&[u8]>) {
        self.known.learn(key, value);
    }
}
