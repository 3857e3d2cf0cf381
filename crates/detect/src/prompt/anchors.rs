//! One pass over a text that stops where three letters stand that are rare and that words which steer have.
//!
//! For each letter of them there is a bit for each of 64 bytes; three letters in a row are three of those, shifted. In
//! prose this stops once in some hundred bytes.

use wide::u8x16;

use super::words::may_start_other;
use crate::block::{BLOCK, ones};

const LANES: usize = 16;

/// The letters of [`TRIPLES`]; `e` and so on in either case.
const LETTERS: [u8; 15] = *b"abegilnoprsuvyt";

/// Three letters: of `ignore`, `disregard`, `forget`, `vergiss`, `override`, `bypass`, `oublie`, `olvida`, `negeer`,
/// `abaikan`, `user` and `system`.
const TRIPLES: [[u8; 3]; 12] = [
    *b"gno", *b"sre", *b"rge", *b"rgi", *b"rri", *b"ypa", *b"oub", *b"lvi", *b"ege", *b"bai", *b"use",
    *b"yst",
];

/// The places in order.
pub(super) fn of(bytes: &[u8]) -> impl Iterator<Item = usize> + '_ {
    let starts = (0..bytes.len()).step_by(BLOCK);
    let mut chunks = starts.filter_map(move |start| Some((start, bytes.get(start..)?)));
    let blocks = std::iter::from_fn(move || {
        let (start, rest) = chunks.next()?;
        Some((start, places(rest)))
    });
    blocks.flat_map(|(start, places)| ones(places).map(move |place| start + place))
}

/// The places in the first 64 of `bytes`.
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
        high |= mask(lane & u8x16::splat(0x80));
    }
    let mut places = triples(bytes, &letters);
    places |= ones(signs)
        .filter(|at| is_mark(bytes.get(*at..).unwrap_or_default()))
        .fold(0, |all, at| all | 1 << at);
    if high != 0 {
        places |= ones(high)
            .filter(|at| may_start_other(bytes.get(*at..).unwrap_or_default()))
            .fold(0, |all, at| all | 1 << at);
    }
    places
}

/// Where one of [`TRIPLES`] starts. What starts at one of the last two bytes is looked for byte by byte.
fn triples(bytes: &[u8], letters: &[u64; LETTERS.len()]) -> u64 {
    let of = |letter: u8| {
        LETTERS
            .iter()
            .position(|other| *other == letter)
            .and_then(|at| letters.get(at))
            .copied()
            .unwrap_or_default()
    };
    let mut found = TRIPLES
        .iter()
        .fold(0, |found, [first, second, third]| found | of(*first) & of(*second) >> 1 & of(*third) >> 2);
    for at in [BLOCK - 2, BLOCK - 1] {
        let Some(triple) = bytes.get(at..at + 3) else { continue };
        if TRIPLES.iter().any(|other| triple.eq_ignore_ascii_case(other)) {
            found |= 1 << at;
        }
    }
    found
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
