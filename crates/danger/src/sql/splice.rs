//! Pieces of SQL in a value, to be spliced into a statement: `x'; DROP TABLE users; --` and `1 UNION SELECT …`.

use std::collections::BTreeSet;

use super::lexis::{Item, Kind};
use super::start::Start;
use super::{LONGEST, comment, lexis, parse, sketch};
use crate::Danger;

/// How many pieces of a text are looked at: one behind another semicolon is run only if all before it are.
const PIECES: usize = 256;

/// A cheap test for whether [`classify`] can find anything.
pub(super) fn may_be_in(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut before = b' ';
    bytes.iter().enumerate().any(|(at, byte)| {
        let may_start = match byte {
            b';' | b'\'' | b'"' => true,
            b'u' | b'U' => !before.is_ascii_alphanumeric() && reads(bytes, at, b"union"),
            b'o' | b'O' => {
                !before.is_ascii_alphanumeric() && reads(bytes, at, b"or") && bytes.contains(&b'=')
            }
            b'-' => before == b'-',
            _ => false,
        };
        before = *byte;
        may_start
    })
}

fn reads(bytes: &[u8], at: usize, word: &[u8]) -> bool {
    bytes.get(at..at + word.len()).is_some_and(|text| text.eq_ignore_ascii_case(word))
}

/// Adds the classes of what stands behind a semicolon, and of what turns the statement around the value into another.
pub(super) fn classify(text: &str, items: &[Item<'_>], found: &mut BTreeSet<Danger>) {
    let mut has_statement = false;
    for piece in items.split(|item| item.is_sign(b';')).skip(1).take(PIECES) {
        has_statement |= behind_semicolon(text, piece, found);
    }
    if has_statement && comment::cuts_off(text) {
        found.insert(Danger::SqlComment);
    }
    let is_behind_quote = bends_behind_quote(text);
    if is_behind_quote || bends(items) {
        found.insert(Danger::SqlInvalid);
        sketch::classify(items, found);
        if is_behind_quote || comment::cuts_off(text) || items.iter().any(|item| item.is_sign(b'\'')) {
            found.insert(Danger::SqlComment);
        }
    }
    if closes_and_cuts_off(text, items) {
        found.extend([Danger::SqlInvalid, Danger::SqlComment]);
    }
}

/// Adds the classes of a piece that is a statement, and returns whether it is one.
fn behind_semicolon(text: &str, piece: &[Item<'_>], found: &mut BTreeSet<Danger>) -> bool {
    let (Some(first), Some(last)) = (piece.first(), piece.last()) else { return false };
    let start = Start::of_items(piece);
    let Some(statement) = text.get(first.start..last.end()).filter(|_| start != Start::None) else {
        return false;
    };
    let fits = statement.len() <= LONGEST;
    let mut inner = BTreeSet::new();
    let is_read = fits && parse::classify(statement, &lexis::items(statement), &mut inner);
    if !is_read && start == Start::Weak {
        return false;
    }
    if !is_read {
        inner.insert(Danger::SqlInvalid);
        sketch::classify(piece, &mut inner);
    }
    found.insert(Danger::SqlMultiple);
    found.append(&mut inner);
    true
}

/// Whether a value holds `UNION SELECT`, or makes a condition true: `' OR '1'='1`, `1 OR 1=1`.
fn bends(items: &[Item<'_>]) -> bool {
    (0..items.len()).any(|at| {
        let rest = items.get(at..).unwrap_or_default();
        is_union(rest) || (is_tautology(rest) && follows_value(items, at))
    })
}

/// The same with the first quote of the text taken as one that closes a string around the value.
fn bends_behind_quote(text: &str) -> bool {
    [b'\'', b'"'].iter().any(|quote| {
        let Some((_, rest)) = text.split_once(char::from(*quote)) else { return false };
        let items = lexis::items(rest);
        let first = items.iter().position(|item| !item.is_sign(b')')).unwrap_or_default();
        let rest = items.get(first..).unwrap_or_default();
        is_union(rest) || is_tautology(rest)
    })
}

fn is_union(items: &[Item<'_>]) -> bool {
    let [union, rest @ ..] = items else { return false };
    let is_between = |item: &&Item<'_>| item.is_sign(b'(') || item.is_any(&["all", "distinct"]);
    union.is("union")
        && rest.iter().take(8).find(|item| !is_between(item)).is_some_and(|select| select.is("select"))
}

/// Whether a value or a quote that closes one ends before `at`, at the start of the text.
fn follows_value(items: &[Item<'_>], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).and_then(|before| items.get(before)) else { return false };
    let is_quote =
        before.kind == Kind::String || before.is_sign(b'\'') || before.is_sign(b'"') || before.is_sign(b')');
    is_quote || (at == 1 && before.kind == Kind::Word)
}

/// `OR` or `AND` or `||` with two operands that are the same, or both numbers or strings.
fn is_tautology(items: &[Item<'_>]) -> bool {
    let rest = match items {
        [or, rest @ ..] if or.is_any(&["or", "and", "xor"]) => rest,
        [bar, other, rest @ ..] if bar.is_sign(b'|') && other.is_sign(b'|') => rest,
        _ => return false,
    };
    let rest = match rest {
        [first, rest @ ..] if first.is("not") || first.is_sign(b'(') || first.is_sign(b'\'') => rest,
        rest => rest,
    };
    match rest {
        [left, op, right, ..] if is_comparison(op) => {
            let is_literal =
                |item: &Item<'_>| item.is_number() || item.kind == Kind::String || item.is_sign(b'\'');
            (is_literal(left) && is_literal(right)) || left.text.eq_ignore_ascii_case(right.text)
        }
        [word, cut] => word.is_any(&["true", "1"]) && cut.kind == Kind::Sign,
        _ => false,
    }
}

fn is_comparison(item: &Item<'_>) -> bool {
    item.is_any(&["like", "is", "regexp", "rlike"])
        || [b'=', b'<', b'>'].iter().any(|sign| item.is_sign(*sign))
}

/// `admin' --`: a quote that closes a string which the value did not open, and a comment that ends the text.
fn closes_and_cuts_off(text: &str, items: &[Item<'_>]) -> bool {
    let [.., last] = items else { return false };
    let is_close = |item: &Item<'_>| item.is_sign(b'\'') || item.is_sign(b'"');
    let n_words = items.iter().filter(|item| item.kind == Kind::Word).count();
    let last =
        if last.is_sign(b')') { items.iter().rev().find(|item| !item.is_sign(b')')) } else { Some(last) };
    last.is_some_and(is_close) && n_words <= 2 && comment::cuts_off(text)
}
