//! One pass over a text that stops where four letters stand that are rare and that words which steer have.
//!
//! For each letter of them there is a bit for each of 64 bytes; four letters in a row are four of those, shifted. In
//! prose this stops once in some hundred bytes.

use wide::u8x16;

use super::words::may_start_other;
use crate::block::{BLOCK, ones};

const LANES: usize = 16;
/// How many places of a block are looked at: from each, four bytes are in the block.
const STEP: usize = BLOCK - 3;

/// The places in order.
pub(super) fn of(bytes: &[u8]) -> impl Iterator<Item = usize> + '_ {
    let starts = (0..bytes.len()).step_by(STEP);
    let blocks = starts.filter_map(move |start| Some((start, places(bytes.get(start..)?))));
    blocks
        .filter(|(_, places)| *places != 0)
        .flat_map(|(start, places)| ones(places).map(move |place| start + place))
}

/// The places in the first [`STEP`] of `bytes`.
fn places(bytes: &[u8]) -> u64 {
    let block = Lanes::of(bytes);
    let signs = block.is(b'<') | block.is(b'[') | block.is(b'#');
    let high = block.mask(|lane| lane);
    let mut places = block.rows();
    if signs | high != 0 {
        let from = |at: usize| bytes.get(at..).unwrap_or_default();
        places |= ones(signs).filter(|at| is_mark(from(*at))).fold(0, |all, at| all | 1 << at);
        places |= ones(high).filter(|at| may_start_other(from(*at))).fold(0, |all, at| all | 1 << at);
    }
    places & ((1 << STEP) - 1)
}

/// 64 bytes; those that are missing are blank.
#[derive(Clone, Copy, Debug)]
struct Lanes([u8x16; BLOCK / LANES]);

impl Lanes {
    fn of(bytes: &[u8]) -> Self {
        let mut lanes = [[b' '; LANES]; BLOCK / LANES];
        for (lane, bytes) in lanes.iter_mut().zip(bytes.chunks(LANES)) {
            match bytes.first_chunk() {
                Some(whole) => *lane = *whole,
                None => lane.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte),
            }
        }
        Self(lanes.map(u8x16::from))
    }

    /// A bit for each byte whose place in `set` has its highest bit.
    fn mask(self, set: impl Fn(u8x16) -> u8x16) -> u64 {
        let [first, second, third, fourth] = self.0.map(|lane| u64::from(set(lane).to_bitmask()));
        first | second << 16 | third << 32 | fourth << 48
    }

    fn is(self, byte: u8) -> u64 {
        self.mask(|lane| lane.simd_eq(u8x16::splat(byte)))
    }

    /// Where four letters start that are in `ignore`, `disregard`, `forget`, `vergiss`, `vergesst`, `vergeet`,
    /// `override`, `bypass`, `oublie`, `olvida`, `negeer`, `abaikan`, `user` or `system`.
    fn rows(self) -> u64 {
        let lower = Self(self.0.map(|lane| lane | u8x16::splat(0x20)));
        let [a, b, e, g, i] = [b'a', b'b', b'e', b'g', b'i'].map(|letter| lower.is(letter));
        let [l, n, o, p, r] = [b'l', b'n', b'o', b'p', b'r'].map(|letter| lower.is(letter));
        let [s, t, u, v, y] = [b's', b't', b'u', b'v', b'y'].map(|letter| lower.is(letter));
        let row =
            |first: u64, second: u64, third: u64, fourth: u64| first & second >> 1 & third >> 2 & fourth >> 3;
        row(g, n, o, r)
            | row(s, r, e, g)
            | row(r, g, e, t)
            | row(r, g, i, s)
            | row(r, g, e, s)
            | row(r, g, e, e)
            | row(e, r, r, i)
            | row(y, p, a, s)
            | row(o, u, b, l)
            | row(o, l, v, i)
            | row(n, e, g, e)
            | row(a, b, a, i)
            | row(u, s, e, r)
            | row(y, s, t, e)
    }
}

/// Whether a sign may start a mark.
fn is_mark(bytes: &[u8]) -> bool {
    match bytes {
        [b'<', next, ..] => matches!(next, b'|' | b'<' | b's' | b'S' | b'I' | b'H' | b'/' | b'e' | b'i'),
        [b'[', next, ..] => matches!(next, b'I' | b'/' | b'S' | b's'),
        [b'#', b'#', b'#', b' ', ..] => true,
        _ => false,
    }
}
