//! Records that wait to be written, cut into pieces.

use std::collections::VecDeque;

use crate::chain::label::{LABEL_BYTES, Label};
use crate::chain::writer::Ticket;
use crate::recording::{DataKey, SEAL_BYTES};

/// How much of a record one entry holds. Four of them fit a segment.
pub(crate) const PIECE_BYTES: usize = 60 * 1024;

/// How much longer an entry is than its piece of a record.
const ENTRY_BYTES: usize = LABEL_BYTES + 4 + SEAL_BYTES;

/// A record that is not all written yet.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) ticket: Ticket,
    /// That of the first piece.
    pub(crate) label: Label,
    pub(crate) encoded: Vec<u8>,
    /// The key of its recording, if that has none yet in the chain.
    pub(crate) data_key: DataKey,
    /// How many pieces are in segments already.
    pub(crate) n_taken: u16,
}

impl Waiting {
    pub(crate) fn n_pieces(encoded: &[u8]) -> u16 {
        u16::try_from(encoded.len().div_ceil(PIECE_BYTES).max(1)).unwrap_or(u16::MAX)
    }

    /// The next piece and its label, if there is one.
    fn piece(&self) -> Option<(Label, &[u8])> {
        let n = usize::from(self.n_taken);
        let piece = self.encoded.chunks(PIECE_BYTES).nth(n)?;
        Some((Label { piece: self.n_taken, ..self.label }, piece))
    }

    /// How many bytes of a segment the rest of it takes.
    pub(crate) fn rest_len(&self) -> usize {
        let taken = usize::from(self.n_taken) * PIECE_BYTES;
        let n_left = usize::from(self.label.pieces.saturating_sub(self.n_taken));
        self.encoded.len().saturating_sub(taken) + n_left * ENTRY_BYTES
    }
}

/// What is taken out of the queue for one segment.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) label: Label,
    pub(crate) piece: Vec<u8>,
    pub(crate) data_key: DataKey,
    /// The record's, if it ends with this piece.
    pub(crate) done: Option<Ticket>,
}

/// The queue, in the order in which records came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Queue {
    waiting: VecDeque<Waiting>,
    n_bytes: usize,
}

impl Queue {
    pub(crate) fn push(&mut self, waiting: Waiting) {
        self.n_bytes += waiting.encoded.len();
        self.waiting.push_back(waiting);
    }

    pub(crate) fn front(&self) -> Option<&Waiting> {
        self.waiting.front()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Waiting> {
        self.waiting.iter()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// How many bytes wait, those that are in segments already included as long as their record has not ended.
    pub(crate) fn n_bytes(&self) -> usize {
        self.n_bytes
    }

    /// Whether a record is in segments with its beginning only.
    pub(crate) fn is_amid(&self) -> bool {
        self.front().is_some_and(|waiting| waiting.n_taken > 0)
    }

    /// Takes the next piece if it fits into `room`, which becomes smaller by what its entry takes.
    pub(crate) fn take(&mut self, room: &mut usize) -> Option<Taken> {
        let waiting = self.waiting.front_mut()?;
        let (label, piece) = waiting.piece()?;
        *room = room.checked_sub(piece.len() + ENTRY_BYTES)?;
        let piece = piece.to_vec();
        let data_key = waiting.data_key.clone();
        waiting.n_taken += 1;
        let done = label.is_final().then(|| self.drop_front()).flatten();
        Some(Taken { label, piece, data_key, done })
    }

    /// Takes out the first record, whatever of it is written.
    pub(crate) fn drop_front(&mut self) -> Option<Ticket> {
        let waiting = self.waiting.pop_front()?;
        self.n_bytes = self.n_bytes.saturating_sub(waiting.encoded.len());
        Some(waiting.ticket)
    }
}
