//! The chain that a writer is at, and the segment that is on its way.

use std::collections::{BTreeMap, BTreeSet};

use crate::chain::MAX_RECORDINGS;
use crate::chain::author::Author;
use crate::chain::label::Label;
use crate::chain::queue::{Queue, Taken};
use crate::chain::segment::{FRAME_BYTES, Header, bound, encode};
use crate::chain::writer::{Put, Ticket, Write};
use crate::chain::{ChainId, Continuation, LEASE_MILLIS, SETTLE_MILLIS, SegmentId};
use crate::hash::ContentHash;
use crate::id::UnixMillis;
use crate::key::Key;
use crate::record::MAX_VALUE_BYTES;
use crate::recording::{DataKey, KeyValue, Place, RecordingId, Tag};

/// A chain that may still get segments.
#[derive(Debug)]
pub(crate) struct OpenChain {
    pub(crate) id: ChainId,
    opened_at: UnixMillis,
    /// When its latest acknowledged segment was made, or the chain was claimed.
    latest_at: UnixMillis,
    /// How many of its segments are acknowledged, and the hash of the last.
    n: u32,
    head: ContentHash,
    data_keys: BTreeMap<RecordingId, DataKey>,
    /// Whatever will be one line in an index of the chain.
    postings: BTreeSet<(RecordingId, Option<Tag>, Option<Tag>)>,
}

/// A segment that is written and not acknowledged.
#[derive(Debug)]
pub(crate) struct InFlight {
    pub(crate) write: Write,
    /// The records that end in it.
    pub(crate) done: Vec<Ticket>,
    hash: ContentHash,
    at: UnixMillis,
    pub(crate) continuation: Continuation,
    /// Whether the store is at it; else it failed and is to be written again.
    pub(crate) is_at_store: bool,
}

impl OpenChain {
    pub(crate) fn new(id: ChainId, claimed_at: UnixMillis) -> Self {
        Self {
            id,
            opened_at: claimed_at,
            latest_at: claimed_at,
            n: 0,
            head: ContentHash::NOTHING,
            data_keys: BTreeMap::new(),
            postings: BTreeSet::new(),
        }
    }

    /// Whether nothing may be written any more, not even once more.
    pub(crate) fn has_lapsed(&self, now: UnixMillis) -> bool {
        now.0.saturating_sub(self.latest_at.0) > LEASE_MILLIS
    }

    /// Whether an acknowledgement comes too late to be believed.
    pub(crate) fn has_settled(&self, now: UnixMillis) -> bool {
        now.0.saturating_sub(self.latest_at.0) > LEASE_MILLIS + SETTLE_MILLIS
    }

    /// Whether no record may be begun any more.
    pub(crate) fn is_old(&self, author: &Author, now: UnixMillis) -> bool {
        now.0.saturating_sub(self.opened_at.0) >= author.limits.age_millis
    }

    /// The next segment, of as much of the queue as fits.
    pub(crate) fn segment(&mut self, author: &Author, queue: &mut Queue, now: UnixMillis) -> InFlight {
        let id = SegmentId { chain: self.id, n: self.n };
        let taken = self.take(author, queue);
        let is_full = self.is_full(author) && !queue.is_amid();
        let mut done = Vec::new();
        let mut keys = Vec::new();
        let mut entries = Vec::new();
        for (index, Taken { label, piece, data_key, done: ticket }) in (0..).zip(taken) {
            let data_key = match self.data_keys.get(&label.recording) {
                Some(known) => known.clone(),
                None => {
                    self.data_keys.insert(label.recording, data_key.clone());
                    keys.push(self.wrapped(author, label.recording, &data_key));
                    data_key
                }
            };
            let bound = bound(&author.app, self.id, &label);
            entries.push((label, data_key.seal(Place { segment: self.n, index }, &bound, &piece)));
            done.extend(ticket);
        }
        let header = Header {
            app: author.app.clone(),
            id,
            previous: self.head,
            // A clock that was set back does not make a chain go back.
            at: now.max(self.latest_at),
            continuation: if is_full { Continuation::Ends } else { Continuation::MayContinue },
            opening: (self.n == 0).then(|| author.limits.into()),
        };
        let (value, hash) = encode(&header, &entries, &author.signing);
        let mut puts = vec![Put { key: Key::segment(&author.app, id), value }];
        puts.extend(keys);
        let Header { at, continuation, .. } = header;
        InFlight { write: Write { id, puts }, done, hash, at, continuation, is_at_store: true }
    }

    /// The store has the segment.
    pub(crate) fn advance(&mut self, acknowledged: &InFlight) {
        self.n = self.n.saturating_add(1);
        self.head = acknowledged.hash;
        self.latest_at = acknowledged.at;
    }

    /// Takes from the queue what fits one segment. Of a chain that is full, only what is begun is finished, and what fits
    /// whole is taken along.
    fn take(&mut self, author: &Author, queue: &mut Queue) -> Vec<Taken> {
        let mut room = MAX_VALUE_BYTES - FRAME_BYTES;
        let mut taken = Vec::new();
        while let Some(next) = queue.front() {
            let is_begun = next.n_taken > 0;
            if !is_begun {
                let posting = posting(&next.label);
                if self.is_full(author) && !taken.is_empty() && next.rest_len() > room {
                    break;
                }
                if self.postings.len() >= MAX_RECORDINGS && !self.postings.contains(&posting) {
                    break;
                }
                self.postings.insert(posting);
            }
            match queue.take(&mut room) {
                Some(piece) => taken.push(piece),
                None => break,
            }
        }
        taken
    }

    fn is_full(&self, author: &Author) -> bool {
        self.n.saturating_add(1) >= author.limits.segments || self.postings.len() >= MAX_RECORDINGS
    }

    fn wrapped(&self, author: &Author, recording: RecordingId, key: &DataKey) -> Put {
        let wrapped = author.wrapping.wrap(recording, self.id, key);
        let key = Key::recording(&author.app, recording, self.id);
        Put { key, value: KeyValue::Wrapped(wrapped).encode() }
    }
}

fn posting(label: &Label) -> (RecordingId, Option<Tag>, Option<Tag>) {
    (label.recording, label.principal, label.connection)
}
