//! Where a window is cut: between values, and best between lines.

use super::Sizes;

/// Where a window is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// Up to where it is given.
    pub(super) end: usize,
    /// Where the next window starts, so that it can look back.
    pub(super) keep: usize,
}

impl Cut {
    /// Where to cut a window of which what is before `done` was given. `is_between` says of a place that no value lies on
    /// both sides of it.
    ///
    /// INVARIANT: something is given each time, and at least as much as is looked back at, so that all windows together
    /// are not much longer than the text.
    pub(super) fn find(window: &str, done: usize, sizes: Sizes, is_between: impl Fn(usize) -> bool) -> Self {
        let latest = window.floor_char_boundary(window.len().saturating_sub(sizes.around));
        let earliest = done + sizes.around;
        let ends = |is_end: fn(u8) -> bool| {
            breaks(window, latest.saturating_sub(sizes.around)..latest, is_end).find(|end| is_between(*end))
        };
        let anywhere =
            || (earliest..=latest).rev().find(|end| window.is_char_boundary(*end) && is_between(*end));
        let between_words = || ends(|byte| byte.is_ascii_whitespace());
        let end = ends(|byte| byte == b'\n').or_else(between_words).or_else(anywhere);
        // A value that is longer than any should be is cut.
        let end = end.unwrap_or(latest);
        Self { end, keep: start_of_next(window, end, sizes) }
    }
}

/// Where the next window starts: at the start of a line or a word, so that none is cut.
fn start_of_next(window: &str, end: usize, sizes: Sizes) -> usize {
    let latest = window.floor_char_boundary(end.saturating_sub(sizes.around));
    let starts =
        |is_end: fn(u8) -> bool| breaks(window, latest.saturating_sub(sizes.around)..latest, is_end).next();
    starts(|byte| byte == b'\n').or_else(|| starts(|byte| byte.is_ascii_whitespace())).unwrap_or(latest)
}

/// The places in a range that are right after a byte of a kind, last first.
fn breaks(
    window: &str,
    range: std::ops::Range<usize>,
    is_end: fn(u8) -> bool,
) -> impl Iterator<Item = usize> {
    let bytes = window.as_bytes().get(range.clone()).unwrap_or_default().iter().enumerate().rev();
    bytes.filter(move |(_, byte)| is_end(**byte)).map(move |(at, _)| range.start + at + 1)
}

/// How much of a text belongs to a value that has begun long before it: up to a blank, or a line that is empty.
pub(super) fn end_of_long(text: &str) -> usize {
    let goes_on = |pair: &[u8]| match pair {
        [b'\r', b'\n'] => true,
        [b'\n', next] => !next.is_ascii_whitespace(),
        [byte, ..] => !byte.is_ascii_whitespace(),
        [] => false,
    };
    text.as_bytes().windows(2).position(|pair| !goes_on(pair)).unwrap_or(text.len())
}
