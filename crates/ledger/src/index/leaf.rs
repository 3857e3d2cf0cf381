//! What an index says of one chain.

use std::collections::BTreeMap;

use super::posting::{Posting, sort};
use super::total::Totals;
use crate::bytes::{Reader, Unreadable, length};
use crate::chain::{ChainId, Continuation, Segment};
use crate::checkpoint::Head;
use crate::day::Day;
use crate::hash::ContentHash;
use crate::id::UnixMillis;
use crate::recording::{RecordingId, Tag};

pub(super) const MAGIC: [u8; 5] = *b"pclef";

/// The postings of a chain that has ended, the latest first, and how long it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leaf {
    pub(super) head: Head,
    /// When its first segment was made; 0 if there is none.
    pub(super) opened_at: UnixMillis,
    /// How many bytes its segments have.
    pub(super) bytes: u64,
    pub(super) postings: Vec<Posting>,
}

/// What of a segment matters to an index, or of the first segments of a chain together.
#[derive(Clone, Debug)]
pub(super) struct Summary {
    /// Of how many segments.
    pub(super) segments: u32,
    /// When the first of them was made.
    pub(super) opened_at: UnixMillis,
    /// When the last of them was.
    pub(super) at: UnixMillis,
    pub(super) continuation: Continuation,
    /// The hash of the segment before the first.
    pub(super) previous: ContentHash,
    /// That of the last.
    pub(super) hash: ContentHash,
    bytes: u64,
    postings: Vec<Posting>,
    /// What its records add up to.
    pub(super) totals: Totals,
}

impl Summary {
    /// `n_bytes` is how long the segment is.
    pub(super) fn of(segment: &Segment<'_>, n_bytes: usize) -> Self {
        let header = segment.header();
        // A record counts once, however many pieces it has.
        let firsts = segment.entries().iter().filter(|entry| entry.label.piece == 0);
        let postings = firsts.map(|entry| Posting::of(&entry.label, header.id.chain)).collect();
        let bytes = u64::try_from(n_bytes).unwrap_or(u64::MAX);
        let (at, continuation, previous) = (header.at, header.continuation, header.previous);
        let totals = Totals::of_segment(segment.entries(), n_bytes);
        let hash = segment.hash();
        Self { segments: 1, opened_at: at, at, continuation, previous, hash, bytes, postings, totals }
    }

    /// The first segments of a chain that may go on, the last of which is of `at`.
    pub(super) fn of_first(leaf: Leaf, at: UnixMillis, totals: Totals) -> Self {
        let Leaf { head: Head { chain: _, segments, hash }, opened_at, bytes, postings } = leaf;
        let (continuation, previous) = (Continuation::MayContinue, ContentHash::NOTHING);
        Self { segments, opened_at, at, continuation, previous, hash, bytes, postings, totals }
    }
}

impl Leaf {
    /// The leaf of a chain with these segments.
    pub(super) fn of<'s>(chain: ChainId, segments: impl IntoIterator<Item = &'s Summary>) -> Self {
        let mut head = Head { chain, segments: 0, hash: ContentHash::NOTHING };
        let (mut opened_at, mut n_bytes) = (UnixMillis(0), 0_u64);
        let mut joined: BTreeMap<(RecordingId, Option<Tag>, Option<Tag>), Posting> = BTreeMap::new();
        for summary in segments {
            n_bytes = n_bytes.saturating_add(summary.bytes);
            if head.segments == 0 {
                opened_at = summary.opened_at;
            }
            head.segments = head.segments.saturating_add(summary.segments);
            head.hash = summary.hash;
            for posting in &summary.postings {
                let key = (posting.recording, posting.principal, posting.connection);
                joined.entry(key).and_modify(|known| known.join(posting)).or_insert(*posting);
            }
        }
        let mut postings: Vec<_> = joined.into_values().collect();
        sort(&mut postings);
        Self { head, opened_at, bytes: n_bytes, postings }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let Self {
            head: Head { chain: ChainId { day, serial }, segments, hash },
            opened_at,
            bytes,
            postings,
        } = self;
        let mut out = MAGIC.to_vec();
        out.push(1);
        out.extend([day.number(), *serial, *segments].into_iter().flat_map(u32::to_be_bytes));
        out.extend(hash.as_bytes());
        out.extend(opened_at.0.to_be_bytes());
        out.extend(bytes.to_be_bytes());
        out.extend(length(postings.len()).to_be_bytes());
        postings.iter().for_each(|posting| posting.write(&mut out));
        out
    }

    /// Reads what follows the magic.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Unreadable> {
        if reader.u8()? != 1 {
            return Err(Unreadable);
        }
        let day = Day::new(reader.u32()?).ok_or(Unreadable)?;
        let chain = ChainId { day, serial: reader.u32()? };
        let (segments, hash) = (reader.u32()?, ContentHash::new(reader.array()?));
        let (opened_at, bytes, n) = (UnixMillis(reader.u64()?), reader.u64()?, reader.u32()?);
        let postings = (0..n).map(|_| Posting::read(day, reader)).collect::<Result<_, _>>()?;
        reader.end()?;
        Ok(Self { head: Head { chain, segments, hash }, opened_at, bytes, postings })
    }
}
