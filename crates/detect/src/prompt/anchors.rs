//! One pass over a text that stops where four letters stand that are rare and that words which steer have.
//!
//! Of each four, two letters are looked for that seldom stand together, in sixteen places at a time; where they do, the
//! four are compared. In prose this stops once in some fifty bytes.

use wide::u8x16;

use super::words::may_start_other;
use crate::block::{ones, short};

const LANES: usize = 16;
/// How many bytes are looked at together: for each place, the next one too.
const WINDOW: usize = LANES + 1;

/// Four letters, and at which of them [`is_pair`] stops.
type Row = (&'static [u8; 4], usize);

/// The four letters of which the first of two that seldom stand together is this one. They are in `ignore`, `disregard`,
/// `forget`, `vergiss`, `vergesst`, `vergeet`, `override`, `bypass`, `oublie`, `olvida`, `negeer`, `abaikan`, `user` and
/// `system`.
fn rows(letter: u8) -> &'static [Row] {
    match letter.to_ascii_lowercase() {
        b'b' => &[(b"abai", 1)],
        b'e' => &[(b"nege", 1)],
        b'g' => &[(b"gnor", 0)],
        b'l' => &[(b"olvi", 1)],
        b'r' => &[(b"rget", 0), (b"rgis", 0), (b"rges", 0), (b"rgee", 0), (b"erri", 1)],
        b's' => &[(b"sreg", 0)],
        b'u' => &[(b"user", 0), (b"oubl", 1)],
        b'y' => &[(b"yste", 0), (b"ypas", 0)],
        _ => &[],
    }
}

/// The places in order.
pub(super) fn of(bytes: &[u8]) -> impl Iterator<Item = usize> + '_ {
    let windows = (0..bytes.len()).step_by(LANES);
    let places = windows.flat_map(move |start| {
        let (from, mask) = window(bytes, start);
        ones(mask).map(move |place| from + place).filter(move |place| *place >= start)
    });
    places.filter_map(move |place| anchor(bytes, place))
}

/// Where a window starts that holds the places from `start` on, and those of its places that may be anchors. The last
/// one of a text starts earlier than asked.
fn window(bytes: &[u8], start: usize) -> (usize, u64) {
    let whole = |from: usize| {
        let window: &[u8; WINDOW] = bytes.get(from..)?.first_chunk()?;
        Some((from, candidates(window.first_chunk()?, window.last_chunk()?)))
    };
    let last = || bytes.len().checked_sub(WINDOW).and_then(whole);
    whole(start).or_else(last).unwrap_or_else(|| {
        let next = bytes.get(1..).unwrap_or_default();
        match bytes.first_chunk() {
            Some(lane) => (0, candidates(lane, &short(next))),
            None => (0, candidates(&short(bytes), &short(next))),
        }
    })
}

fn candidates(lane: &[u8; LANES], next: &[u8; LANES]) -> u64 {
    let lane = u8x16::from(*lane);
    let is_sign = [b'<', b'[', b'#'].map(|sign| lane.simd_eq(u8x16::splat(sign)));
    let [left, bracket, hash] = is_sign;
    let found = is_pair(lane | u8x16::splat(0x20), u8x16::from(*next) | u8x16::splat(0x20));
    u64::from((found | left | bracket | hash | lane).to_bitmask())
}

/// Where the two letters stand that seldom do.
fn is_pair(lane: u8x16, next: u8x16) -> u8x16 {
    let [b, e, g, l, r] = [b'b', b'e', b'g', b'l', b'r'].map(|letter| lane.simd_eq(u8x16::splat(letter)));
    let [s, u, y] = [b's', b'u', b'y'].map(|letter| lane.simd_eq(u8x16::splat(letter)));
    let [to_a, to_b, to_g, to_n] = [b'a', b'b', b'g', b'n'].map(|letter| next.simd_eq(u8x16::splat(letter)));
    let [to_p, to_r, to_s, to_v] = [b'p', b'r', b's', b'v'].map(|letter| next.simd_eq(u8x16::splat(letter)));
    (g & to_n)
        | (s & to_r)
        | (r & (to_g | to_r))
        | (y & (to_p | to_s))
        | (u & (to_b | to_s))
        | (l & to_v)
        | (e & to_g)
        | (b & to_a)
}

/// The anchor at a place that may be one: a sign, a letter of another script, or the first of four letters.
fn anchor(bytes: &[u8], place: usize) -> Option<usize> {
    let rest = bytes.get(place..)?;
    match rest.first()? {
        b'<' | b'[' | b'#' => is_mark(rest).then_some(place),
        0x80.. => may_start_other(rest).then_some(place),
        letter => rows(*letter).iter().find_map(|(row, at)| {
            let start = place.checked_sub(*at)?;
            let letters: &[u8; 4] = bytes.get(start..)?.first_chunk()?;
            letters.eq_ignore_ascii_case(*row).then_some(start)
        }),
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
