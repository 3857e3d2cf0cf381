//! SQL: what reads as SQL, in which readings, and what it does.
//!
//! A text is SQL if it starts as a statement does, or if a statement follows a `;` in it. The same words start sentences
//! ("Select the best of them"), so [`start`] asks for what must follow. Then every piece between semicolons is parsed in
//! every dialect, and its classes are those of all dialects that can read it.
//!
//! What cannot be parsed is looked through for the pairs of words that statements start with, wherever they stand: the
//! classes are then too many rather than too few.

mod comment;
mod lexis;
mod parse;
mod sketch;
mod splice;
mod start;
mod statement;
mod truth;
mod words;

use std::collections::BTreeSet;

use crate::Danger;
pub(crate) use comment::without_fence;
use lexis::{Item, items};
use start::Start;

/// The longest text that is parsed; a longer one is only looked through.
const LONGEST: usize = 64 * 1024;

/// Adds the classes of a text that is SQL, or has a statement behind a semicolon.
pub(crate) fn classify(text: &str, found: &mut BTreeSet<Danger>) {
    let text = without_fence(text);
    if Start::of(text) != Start::None || splice::may_be_in(text) {
        read(text, found);
    }
    for reading in [comment::executable_opened(text), comment::glued(text)].into_iter().flatten() {
        read(&reading, found);
        if found.iter().any(|danger| danger.as_str().starts_with("sql.")) {
            found.insert(Danger::SqlComment);
        }
    }
}

/// One reading of a text.
fn read(text: &str, found: &mut BTreeSet<Danger>) {
    let items = items(text);
    match Start::of(text) {
        Start::None => splice::classify(text, &items, found),
        start @ (Start::Strong | Start::Weak) => script(text, &items, start, found),
    }
}

/// A text that starts as a statement does.
fn script(text: &str, items: &[Item<'_>], start: Start, found: &mut BTreeSet<Danger>) {
    let is_short = text.len() <= LONGEST;
    let is_read = is_short && parse::classify(text, items, found);
    if !is_read && start == Start::Weak {
        // A sentence, but perhaps with a statement behind a semicolon.
        splice::classify(text, items, found);
        return;
    }
    if !is_read {
        found.insert(Danger::SqlInvalid);
        sketch::classify(items, found);
        if is_short {
            pieces(text, items).for_each(|piece| {
                parse::classify(piece, &lexis::items(piece), found);
            });
        }
    }
    if pieces(text, items).nth(1).is_some() {
        found.insert(Danger::SqlMultiple);
    }
    comment::classify(text, items, found);
}

/// What stands between semicolons and is more than blanks and comments.
fn pieces<'t>(text: &'t str, items: &[Item<'t>]) -> impl Iterator<Item = &'t str> {
    let mut pieces = Vec::new();
    for piece in items.split(|item| item.is_sign(b';')) {
        if let (Some(first), Some(last)) = (piece.first(), piece.last()) {
            pieces.extend(text.get(first.start..last.end()));
        }
    }
    pieces.into_iter()
}
