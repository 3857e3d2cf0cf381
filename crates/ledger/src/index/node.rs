//! A node: the sorted lists of many chains.

use super::list::{self, List, sorted};
use super::posting::Posting;
use super::{FAN_OUT, MAX_NODE_POSTINGS};
use crate::bytes::{Reader, Unreadable, length};
use crate::chain::Put;
use crate::day::Day;
use crate::id::UnixMillis;
use crate::key::{AppName, Key};

pub(super) const MAGIC: [u8; 5] = *b"pcnod";

/// How many chains a node is of: 64 or 4096.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Narrow,
    Wide,
}

/// A node: the `n`th of its level and day, from 0 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NodeId {
    pub(crate) day: Day,
    pub(crate) level: Level,
    pub(crate) n: u32,
}

/// What lies at a node's own key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// Its lists are there.
    Merged {
        postings: u32,
        /// When the latest of its recordings began.
        newest: UnixMillis,
    },
    /// They would be too long: look at those of its nodes of the level below.
    Split,
}

impl Level {
    pub(crate) const fn number(self) -> u32 {
        match self {
            Self::Narrow => 1,
            Self::Wide => 2,
        }
    }
}

impl NodeId {
    /// The first and the last chain of the node.
    pub(super) fn serials(self) -> (u32, u32) {
        let width = match self.level {
            Level::Narrow => FAN_OUT,
            Level::Wide => super::WIDE,
        };
        let first = self.n.saturating_mul(width).saturating_add(1);
        (first, first.saturating_add(width - 1))
    }
}

impl Node {
    pub(super) fn encode(self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.push(1);
        match self {
            Self::Split => out.push(0),
            Self::Merged { postings, newest } => {
                out.push(1);
                out.extend(postings.to_be_bytes());
                out.extend(newest.0.to_be_bytes());
            }
        }
        out
    }

    /// Reads what follows the magic.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Unreadable> {
        let node = match (reader.u8()?, reader.u8()?) {
            (1, 0) => Self::Split,
            (1, 1) => Self::Merged { postings: reader.u32()?, newest: UnixMillis(reader.u64()?) },
            _ => return Err(Unreadable),
        };
        reader.end().map(|()| node)
    }
}

/// What is to be written for a node of these postings: first all of `lists`, and then `node`.
#[derive(Debug)]
pub(super) struct Merged {
    pub(super) lists: Vec<Put>,
    pub(super) node: Put,
}

/// Whether so many postings are sorted at once.
pub(super) fn is_mergeable(n_postings: usize) -> bool {
    n_postings <= MAX_NODE_POSTINGS
}

pub(super) fn merge(app: &AppName, id: NodeId, postings: &[Posting]) -> Merged {
    let mut lists = Vec::new();
    for list in List::EACH {
        let (pages, directory) = list::encode(&sorted(list, postings));
        let pages =
            (0..).zip(pages).map(|(n, value)| Put { key: Key::index_page(app, id, (list, n)), value });
        lists.extend(pages);
        lists.push(Put { key: Key::index_list(app, id, list), value: directory });
    }
    let newest = postings.iter().map(|posting| posting.first_at).max().unwrap_or(UnixMillis(0));
    let node = Node::Merged { postings: length(postings.len()), newest };
    Merged { lists, node: Put { key: Key::index_node(app, id), value: node.encode() } }
}

pub(super) fn split(app: &AppName, id: NodeId) -> Merged {
    Merged { lists: Vec::new(), node: Put { key: Key::index_node(app, id), value: Node::Split.encode() } }
}
