//! Indexes: which recordings there were, on which day, whose, where, and how they were decided.
//!
//! Nobody waits for an index: the request path writes segments only. Once a chain has ended, anybody may derive its
//! [`Leaf`], which is one value; 64 chains become a node with sorted lists, and 64 of these another one. All of them
//! (but a `part`, see there) are functions of the segments alone, so that it does no harm if two derive them at once, or one dies over it. What is
//! not derived yet, or cannot be read, is read from what it would be derived from.
//!
//! | key after `pc1:<app>:l2:` | what | written |
//! |---|---|---|
//! | `leaf:<day>:<chain>` | the postings of one chain | when it has ended |
//! | `page:<day>:<level>:<n>:<list>:<page>` | 100 postings of a node, in the order of the list | before its directory |
//! | `list:<day>:<level>:<n>:<list>` | with what each page begins | before the node |
//! | `node:<day>:<level>:<n>` | that all of the above is there, and since when | last |
//! | `part:<day>:<chain>` | the same of the first segments of a chain that grows | while it does |
//! | `sum:<day>:<chain>` | what the records of one chain add up to | before its leaf |
//! | `total:<day>:<level>:<n>` | the same of as many chains as a node is of | when each of them has one |
//! | `total:<day>` | the same of a day that is over | last |
//!
//! Indexes are for finding; they prove nothing. [`Verifier`](crate::Verifier) does not look at them.

mod day_totals;
mod distinct;
mod follow;
mod heads;
mod known;
mod leaf;
mod list;
mod node;
mod part;
mod posting;
mod prune;
mod query;
mod size;
mod sum;
mod total;
mod upkeep;

pub use day_totals::{DayTotals, DayTotalsStep, FoundTotals};
pub use distinct::Distinct;
pub use follow::{Follow, FollowStep};
pub use heads::{Heads, HeadsStep};
pub(crate) use list::List;
pub(crate) use node::NodeId;
pub use posting::{Cursor, InvalidCursor, Posting, Verdicts};
pub use prune::{Held, Prune, PruneStep, Pruned};
pub use query::{Filter, MAX_PAGE, Page, Query, QueryStep};
pub use size::{Size, SizeStep};
pub use sum::SumUp;
pub use total::{Refusals, Total, Totals};
pub use upkeep::{Upkeep, UpkeepStep};

/// How many chains, or nodes of the level below, a node is of. In the tests here a few chains reach every level; those
/// in `tests/` have the real numbers.
const FAN_OUT: u32 = if cfg!(test) { 3 } else { 64 };

/// How many chains a node of level 2 is of.
const WIDE: u32 = FAN_OUT * FAN_OUT;

/// How many postings a page has.
const PAGE_POSTINGS: usize = if cfg!(test) { 4 } else { 100 };

/// The most postings that are sorted at once. Above it, the lists of level 1 are used as they are.
const MAX_NODE_POSTINGS: usize = if cfg!(test) { 30 } else { 65_536 };

#[cfg(test)]
mod tests;
