//! Finite automata as tables, read in place.
//!
//! State 0 is dead: nothing can match any more. The states from 1 on that follow it say that a match ended *before* the
//! byte that led there, so that what follows a match can be looked at; a last symbol stands for the end of the text.
//! Then come all others.
//!
//! ```text
//! states 4 | symbols 4 | matching states 4 | symbol of each byte 256 | start after each byte, and at the edge 257 x 2
//!     which patterns match in each matching state 8 | next state by state and symbol 2
//! ```

use std::ops::Range;

use super::layout::{Cursor, Writer};

/// In how many ways a search can start: after each byte, and at the edge of the text.
pub const STARTS: usize = 257;

/// The most states there can be.
const MOST_STATES: usize = 1 << 16;

/// An automaton, before it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Automaton {
    /// The symbol of each byte. The symbol that follows the highest stands for the edge of the text.
    pub symbols: [u8; 256],
    /// The state in which a search starts after each byte, and, last, at the edge of the text; [`STARTS`] of them.
    pub starts: Vec<u16>,
    /// Of each matching state, which are those from 1 on, the patterns that match, one bit each.
    pub patterns: Vec<u64>,
    /// By state and symbol, the next state.
    pub next: Vec<u16>,
}

impl Automaton {
    /// How many bytes it takes.
    #[must_use]
    pub fn len(&self) -> usize {
        HEAD + (STARTS + self.next.len()) * 2 + self.patterns.len() * 8
    }

    /// Whether it has no states, and so is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.next.is_empty()
    }

    pub(super) fn write(&self, to: &mut Writer) {
        let n_symbols = usize::from(self.symbols.iter().copied().max().unwrap_or_default()) + 2;
        to.number(self.next.len() / n_symbols);
        to.number(n_symbols);
        to.number(self.patterns.len());
        to.bytes(&self.symbols);
        self.starts.iter().for_each(|start| to.bytes(&start.to_le_bytes()));
        self.patterns.iter().for_each(|patterns| to.bytes(&patterns.to_le_bytes()));
        self.next.iter().for_each(|next| to.bytes(&next.to_le_bytes()));
    }
}

/// Where an automaton lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    n_symbols: usize,
    n_matching: u16,
    symbols: Range<usize>,
    starts: Range<usize>,
    patterns: Range<usize>,
    next: Range<usize>,
}

/// An automaton to search with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Machine<'b> {
    n_symbols: usize,
    n_matching: u16,
    symbols: &'b [u8; 256],
    starts: &'b [[u8; 2]],
    patterns: &'b [[u8; 8]],
    next: &'b [[u8; 2]],
}

impl Table {
    /// Reads where an automaton lies, and checks that every state leads to a state.
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        let (n_states, n_symbols, n_matching) = (cursor.number()?, cursor.number()?, cursor.number()?);
        let table = Self {
            n_symbols,
            n_matching: u16::try_from(n_matching).ok()?,
            symbols: cursor.take(256)?,
            starts: cursor.take(STARTS * 2)?,
            patterns: cursor.take(n_matching.checked_mul(8)?)?,
            next: cursor.take(n_states.checked_mul(n_symbols)?.checked_mul(2)?)?,
        };
        let machine = table.machine(cursor.all())?;
        let is_state = |state: &[u8; 2]| usize::from(u16::from_le_bytes(*state)) < n_states;
        let is_sound = (2..=MOST_SYMBOLS).contains(&n_symbols)
            && (1..=MOST_STATES).contains(&n_states)
            && n_matching < n_states
            && machine.symbols.iter().all(|symbol| usize::from(*symbol) + 1 < n_symbols)
            && machine.starts.iter().all(is_state)
            && machine.next.iter().all(is_state);
        is_sound.then_some(table)
    }

    /// The automaton. `bytes` are those that it was read from.
    pub(super) fn machine<'b>(&self, bytes: &'b [u8]) -> Option<Machine<'b>> {
        Some(Machine {
            n_symbols: self.n_symbols,
            n_matching: self.n_matching,
            symbols: bytes.get(self.symbols.clone())?.try_into().ok()?,
            starts: bytes.get(self.starts.clone())?.as_chunks().0,
            patterns: bytes.get(self.patterns.clone())?.as_chunks().0,
            next: bytes.get(self.next.clone())?.as_chunks().0,
        })
    }
}

/// Nothing can match any more.
const DEAD: u16 = 0;

impl Machine<'_> {
    /// The patterns that match anywhere in the text. The search ends as soon as all of `wanted` do.
    pub(super) fn patterns(&self, text: &[u8], wanted: u64) -> u64 {
        let mut found = 0;
        let mut state = self.start(None);
        for byte in text {
            state = self.step(state, *byte);
            if state <= self.n_matching {
                found |= self.patterns_of(state);
                if state == DEAD || found & wanted == wanted {
                    return found;
                }
            }
        }
        found | self.patterns_of(self.edge(state))
    }

    /// Where the first match at or after `from` ends, and how far it was looked for.
    pub(super) fn end(&self, text: &[u8], from: usize) -> (Option<usize>, usize) {
        let before = from.checked_sub(1).and_then(|before| text.get(before));
        let mut state = self.start(before);
        let mut end = None;
        for (place, byte) in text.iter().enumerate().skip(from) {
            state = self.step(state, *byte);
            if state <= self.n_matching {
                if state == DEAD {
                    return (end, place);
                }
                end = Some(place);
            }
        }
        let is_match = self.is_match(self.edge(state));
        (if is_match { Some(text.len()) } else { end }, text.len())
    }

    /// Where the longest match that ends at `end` starts, at or after `floor`.
    pub(super) fn start_of(&self, text: &[u8], floor: usize, end: usize) -> Option<usize> {
        let mut state = self.start(text.get(end));
        let mut start = None;
        for (place, byte) in text.get(..end)?.iter().enumerate().skip(floor).rev() {
            state = self.step(state, *byte);
            if state <= self.n_matching {
                if state == DEAD {
                    return start;
                }
                start = Some(place + 1);
            }
        }
        let last = match floor.checked_sub(1).and_then(|before| text.get(before)) {
            Some(before) => self.step(state, *before),
            None => self.edge(state),
        };
        if self.is_match(last) { Some(floor) } else { start }
    }

    fn start(&self, beside: Option<&u8>) -> u16 {
        let index = beside.map_or(STARTS - 1, |byte| usize::from(*byte));
        self.starts.get(index).map_or(DEAD, |state| u16::from_le_bytes(*state))
    }

    #[inline]
    fn step(&self, state: u16, byte: u8) -> u16 {
        let symbol = self.symbols.get(usize::from(byte)).copied().unwrap_or_default();
        let index = usize::from(state) * self.n_symbols + usize::from(symbol);
        self.next.get(index).map_or(DEAD, |next| u16::from_le_bytes(*next))
    }

    /// The state after the edge of the text.
    fn edge(&self, state: u16) -> u16 {
        let index = (usize::from(state) + 1) * self.n_symbols - 1;
        self.next.get(index).map_or(DEAD, |next| u16::from_le_bytes(*next))
    }

    const fn is_match(&self, state: u16) -> bool {
        state != DEAD && state <= self.n_matching
    }

    fn patterns_of(&self, state: u16) -> u64 {
        let index = usize::from(state).checked_sub(1);
        let patterns = index.and_then(|index| self.patterns.get(index));
        patterns.map_or(0, |patterns| u64::from_le_bytes(*patterns))
    }
}

/// What is before the starts.
const HEAD: usize = 12 + 256;
/// A symbol for each byte, and one for the edge.
const MOST_SYMBOLS: usize = 257;
