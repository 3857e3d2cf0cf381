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

/// The letters that [`rows`] asks for, in its order.
const LETTERS: [u8; 15] = *b"abegilnoprstuvy";

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
    let mut letters = [0_u64; LETTERS.len()];
    let (mut signs, mut high) = (0, 0);
    for (index, lane) in bytes.chunks(LANES).take(BLOCK / LANES).enumerate() {
        let lane = u8x16::from(load(lane));
        let lower = lane | u8x16::splat(0x20);
        let mask = |set: u8x16| u64::from(set.to_bitmask()) << (index * LANES);
        for (bits, letter) in letters.iter_mut().zip(LETTERS) {
            *bits |= mask(lower.simd_eq(u8x16::splat(letter)));
        }
        let is = |byte: u8| lane.simd_eq(u8x16::splat(byte));
        signs |= mask(is(b'<') | is(b'[') | is(b'#'));
        high |= mask(lane);
    }
    let from = |at: usize| bytes.get(at..).unwrap_or_default();
    let mut places = rows(letters);
    places |= ones(signs).filter(|at| is_mark(from(*at))).fold(0, |all, at| all | 1 << at);
    places |= ones(high).filter(|at| may_start_other(from(*at))).fold(0, |all, at| all | 1 << at);
    places & ((1 << STEP) - 1)
}

/// Where four letters start that are in `ignore`, `disregard`, `forget`, `vergiss`, `vergesst`, `vergeet`, `override`,
/// `bypass`, `oublie`, `olvida`, `negeer`, `abaikan`, `user` or `system`.
fn rows([a, b, e, g, i, l, n, o, p, r, s, t, u, v, y]: [u64; LETTERS.len()]) -> u64 {
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

/// Whether a sign may start a mark.
fn is_mark(bytes: &[u8]) -> bool {
    match bytes {
        [b'<', next, ..] => matches!(next, b'|' | b'<' | b's' | b'S' | b'I' | b'H' | b'/' | b'e' | b'i'),
        [b'[', next, ..] => matches!(next, b'I' | b'/' | b'S' | b's'),
        [b'#', b'#', b'#', b' ', ..] => true,
        _ => false,
    }
}

/// The bytes of a lane; those that are missing are blank.
fn load(bytes: &[u8]) -> [u8; LANES] {
    if let Ok(lane) = bytes.try_into() {
        return lane;
    }
    let mut lane = [b' '; LANES];
    lane.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
    lane
}
