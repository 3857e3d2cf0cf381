//! Comments that change what is run, and quotes that nothing closes.

use std::collections::BTreeSet;

use super::lexis::{Item, Kind, all_items};
use crate::Danger;

/// The text without the Markdown fence around it.
pub(crate) fn without_fence(text: &str) -> &str {
    let Some(inner) = text.trim().strip_prefix("```") else { return text };
    let Some((_, inner)) = inner.split_once('\n') else { return text };
    inner.trim_end().strip_suffix("```").unwrap_or(inner)
}

/// The text as MySQL reads it, with what is in `/*! … */`, `/*!50000 … */` and `MariaDB`'s `/*M! … */`; `None` if there is
/// no such comment.
pub(super) fn executable_opened(text: &str) -> Option<String> {
    rewritten(text, |comment| {
        let inner = comment.strip_prefix("/*!").or_else(|| comment.strip_prefix("/*M!"))?;
        let inner = inner.trim_start_matches(|c: char| c.is_ascii_digit());
        Some(inner.strip_suffix("*/").unwrap_or(inner))
    })
}

/// The text as it is after something has removed comments that stand in the middle of words; `None` if there are none.
pub(super) fn glued(text: &str) -> Option<String> {
    let is_word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let mut comments =
        all_items(text).filter(|item| item.kind == Kind::Comment && item.text.starts_with("/*"));
    let bytes = text.as_bytes();
    comments
        .any(|comment| {
            let before = comment.start.checked_sub(1).and_then(|before| bytes.get(before));
            is_word(before) && is_word(bytes.get(comment.end()))
        })
        .then(|| rewritten(text, |comment| comment.starts_with("/*").then_some("")).unwrap_or_default())
}

/// The text with some comments replaced; `None` if none is.
fn rewritten(text: &str, replacement: impl Fn(&str) -> Option<&str>) -> Option<String> {
    if !text.contains("/*") {
        return None;
    }
    let mut opened = String::new();
    let mut copied = 0;
    for comment in all_items(text).filter(|item| item.kind == Kind::Comment) {
        let Some(inner) = replacement(comment.text) else { continue };
        opened.push_str(text.get(copied..comment.start)?);
        opened.push_str(inner);
        copied = comment.end();
    }
    opened.push_str(text.get(copied..)?);
    (copied > 0).then_some(opened)
}

/// Adds [`Danger::SqlComment`] if a comment cuts off the rest of a line, is not closed, or a quote is not.
pub(super) fn classify(text: &str, items: &[Item<'_>], found: &mut BTreeSet<Danger>) {
    let is_open = |item: &Item<'_>| item.is_sign(b'\'') || item.is_sign(b'"') || item.is_sign(b'`');
    let is_open_quote = items.iter().any(is_open);
    if is_open_quote || cuts_off(text) {
        found.insert(Danger::SqlComment);
    }
}

/// Whether the text is one line that ends in a comment, or ends in a comment that is not closed.
pub(super) fn cuts_off(text: &str) -> bool {
    let Some(last) = all_items(text).last().filter(|item| item.kind == Kind::Comment) else { return false };
    match last.text.strip_prefix("/*") {
        Some(rest) => !rest.ends_with("*/"),
        None => !text.trim().contains('\n'),
    }
}
