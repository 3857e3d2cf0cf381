//! Electronic mail addresses: RFC 5321 in the form people use, with letters of any script (RFC 6531).
//!
//! An address is found from its `@`. To the left stands the local part, to the right a domain of at least two labels
//! whose last looks like a top-level domain. Neither look passes the next `@`, so all looks together are linear.
//!
//! What is not here: quoted local parts with spaces, address literals (`@[192.0.2.1]`), and characters that RFC 5322
//! allows in an atom but that separate words in real text, such as `=` and `/`.

mod domain;

use crate::catalog;
use crate::finding::Finding;
use crate::glyph::{Glyph, View};

/// Reports the address around the `@` at `at`, if there is one.
///
/// Nothing before `floor` is looked at: that is where the `@` before this one ends.
pub(crate) fn find(view: &View<'_>, at: Glyph, floor: usize) -> Option<Finding> {
    // What is cheap and most often fails comes first: `@` before a handle, a decorator, a version.
    let domain = domain::read(view, at.end)?;
    let start = local_start(view, at.start, floor)?;
    let is_clone_url = domain.is_before_path && view.reads_as(start..at.start, "git");
    let finding = Finding { class: catalog::EMAIL, range: start..domain.end, confidence: domain.confidence };
    (!is_clone_url).then_some(finding)
}

/// Where the local part that ends at `end` starts; `None` if there is no letter or digit in it.
fn local_start(view: &View<'_>, end: usize, floor: usize) -> Option<usize> {
    let mut start = None;
    let mut right: Option<Glyph> = None;
    while let Some(glyph) = view.before(right.map_or(end, |glyph| glyph.start), floor) {
        let is_double_dot = glyph.ch == '.' && right.is_some_and(|right| right.ch == '.');
        if !is_local(glyph.ch) || is_double_dot || right.is_some_and(|right| is_break(glyph.ch, right.ch)) {
            break;
        }
        // The address starts with a letter, a digit or `_`: anything else before it is punctuation.
        if glyph.ch.is_alphanumeric() || (glyph.ch == '_' && start.is_some()) {
            start = Some(glyph.start);
        }
        right = Some(glyph);
    }
    Some(after_escape(view, start?, end, floor))
}

/// Moves `start` past the letters of a JSON escape (`\n`, `\u003c`), unless nothing would be left.
fn after_escape(view: &View<'_>, start: usize, end: usize, floor: usize) -> usize {
    let starts = [start + 1, start + 5].into_iter().filter(|later| *later < end);
    let later = starts.into_iter().find(|later| {
        view.escape_ends_at(*later, floor) && view.at(*later).is_some_and(|glyph| glyph.ch.is_alphanumeric())
    });
    later.unwrap_or(start)
}

/// Characters of local parts that do not also separate words.
fn is_local(ch: char) -> bool {
    ch.is_alphanumeric() || matches!(ch, '.' | '_' | '%' | '+' | '-' | '\'')
}

/// Whether a word ends between two letters: where the script changes from Latin to another one, since Chinese,
/// Japanese and Thai put no space before an address.
fn is_break(left: char, right: char) -> bool {
    let is_latin = |ch: char| ch < '\u{250}';
    left.is_alphabetic() && right.is_alphabetic() && is_latin(left) != is_latin(right)
}

#[cfg(test)]
mod tests;
