//! What an index needs of the first segments of a chain that still grows, so that nobody reads these again.
//!
//! It is the one derived value that depends on when it was derived: whoever finds the chain much longer writes another one
//! over it. It only saves reading: what is listed, stated in a checkpoint or derived of a chain that has ended is read from
//! the beginning, so that no part hides what is missing. Any of them is right, since each says how many segments it is of, and which is the last of them; a segment
//! that does not follow on that one shows that it is not to be used.

use super::leaf::{self, Leaf, Summary};
use super::total::{self, TotalOf, Totals};
use crate::bytes::{Reader, Unreadable, length};
use crate::chain::{ChainId, Put};
use crate::id::UnixMillis;
use crate::key::{AppName, Key};
use crate::record::MAX_VALUE_BYTES;

pub(super) const MAGIC: [u8; 5] = *b"pcprt";

/// How many segments, or parts, somebody has read to whom it is worth writing another part.
const WORTH: usize = if cfg!(test) { 2 } else { 16 };

/// What is to be written for a chain that may go on after these segments, if it is worth it.
pub(super) fn put(app: &AppName, chain: ChainId, segments: &[&Summary]) -> Option<Put> {
    let at = segments.last().filter(|_| segments.len() > WORTH)?.at;
    let leaf = Leaf::of(chain, segments.iter().copied()).encode();
    let totals = Totals::of_chain(segments.iter().map(|segment| &segment.totals));
    let mut value = MAGIC.to_vec();
    value.push(1);
    value.extend(at.0.to_be_bytes());
    value.extend(length(leaf.len()).to_be_bytes());
    value.extend(leaf);
    value.extend(totals.encode(TotalOf::Chain(chain))?);
    (value.len() <= MAX_VALUE_BYTES).then(|| Put { key: Key::index_part(app, chain), value })
}

/// Reads what follows the magic.
pub(super) fn read(reader: &mut Reader<'_>) -> Result<(ChainId, Summary), Unreadable> {
    if reader.u8()? != 1 {
        return Err(Unreadable);
    }
    let (at, n) = (UnixMillis(reader.u64()?), reader.u32()?);
    let mut of_leaf = Reader::new(reader.take(n)?);
    if of_leaf.array()? != leaf::MAGIC {
        return Err(Unreadable);
    }
    let leaf = Leaf::read(&mut of_leaf)?;
    if reader.array()? != total::MAGIC {
        return Err(Unreadable);
    }
    let (of, totals) = Totals::read(reader)?;
    let chain = leaf.head.chain;
    if of != TotalOf::Chain(chain) {
        return Err(Unreadable);
    }
    Ok((chain, Summary::of_first(leaf, at, totals)))
}
