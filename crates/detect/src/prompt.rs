//! Text that tries to steer the model that reads it: instructions to forget others, marks of roles, and demands to hide
//! something from the user.
//!
//! Such a text has words that are rare elsewhere. [`anchors`] finds four letters of each in one pass; there, the words
//! around are compared with those of [`words`], with some slack between them. All look-ahead and look-behind is bounded.

mod anchors;
mod mark;
mod words;

use std::ops::Range;

use crate::catalog::PROMPT_INJECTION;
use crate::finding::{Confidence, Finding};
use words::{CONCEAL, FORGET, OBJECTS, PLAIN_OBJECTS, QUALIFIERS, STRONG_QUALIFIERS, VERBS};

/// How many words are looked at after a verb, or before an object.
const SLACK: usize = 8;
/// The longest word that is looked at, in bytes.
const LONGEST: usize = 24;

/// The shortest words that steer, in bytes.
const SHORTEST: usize = 16;

/// Whether a text of ASCII has a mark, or is not too short and has several words.
pub(crate) fn can_be_in(text: &str) -> bool {
    let is_long = text.len() >= SHORTEST;
    text.bytes().any(|byte| matches!(byte, b'<' | b'[' | b'#') || (is_long && matches!(byte, b' ' | b'\n')))
}

/// Adds a finding for each place in a folded text that tries to steer a model.
pub(crate) fn scan(bytes: &[u8], hits: &mut Vec<Finding>) {
    let mut end = 0;
    for place in anchors::of(bytes).filter_map(|place| found(bytes, place)) {
        if place.start >= end {
            let range = whole_characters(bytes, place);
            end = range.end;
            hits.push(Finding { class: PROMPT_INJECTION, range, confidence: Confidence::Medium });
        }
    }
}

/// A range of a text with all bytes of the characters at its ends: a word that is longer than words are is cut anywhere.
fn whole_characters(bytes: &[u8], range: Range<usize>) -> Range<usize> {
    let is_inside = |place: &usize| bytes.get(*place).is_some_and(|byte| matches!(byte, 0x80..=0xbf));
    let n_before = (0..range.start).rev().take_while(|place| is_inside(&(place + 1))).count();
    let n_after = (range.end..bytes.len()).take_while(is_inside).count();
    range.start - n_before..range.end + n_after
}

/// Whether a text tries to steer a model.
pub(crate) fn is_in(text: &str) -> bool {
    anchors::of(text.as_bytes()).any(|place| found(text.as_bytes(), place).is_some())
}

fn found(bytes: &[u8], place: usize) -> Option<Range<usize>> {
    match bytes.get(place)? {
        b'<' | b'[' | b'#' => mark::at(bytes, place),
        0x80.. => words::other_script(bytes, place),
        _ => {
            let word = word_around(bytes, place)?;
            overrides(bytes, &word).or_else(|| conceals(bytes, &word)).or_else(|| reveals(bytes, &word))
        }
    }
}

/// `ignore all previous instructions`, in any language of the table.
fn overrides(bytes: &[u8], verb: &Range<usize>) -> Option<Range<usize>> {
    let is_verb = starts_with_any(bytes, verb, VERBS);
    if !is_verb {
        return None;
    }
    let (mut qualified, mut strongly) = (false, false);
    let can_forget_all = starts_with_any(bytes, verb, FORGET);
    let mut all = false;
    for word in words_after(bytes, verb.end) {
        qualified |= starts_with_any(bytes, &word, QUALIFIERS);
        strongly |= starts_with_any(bytes, &word, STRONG_QUALIFIERS);
        let is_object = qualified && starts_with_any(bytes, &word, OBJECTS);
        let is_plain_object = strongly && starts_with_any(bytes, &word, PLAIN_OBJECTS);
        if is_object || is_plain_object || (all && strongly && can_forget_all) {
            return Some(verb.start..word.end);
        }
        all |= starts_with_any(
            bytes,
            &word,
            &["everything", "anything", "alles", "tout", "todo", "tudo", "tutto"],
        );
    }
    None
}

/// `do not tell the user`, `without the user's knowledge`, `hide this from the user`.
fn conceals(bytes: &[u8], user: &Range<usize>) -> Option<Range<usize>> {
    if !starts_with_any(bytes, user, &["user", "human"]) {
        return None;
    }
    let mut is_told = false;
    for word in words_before(bytes, user.start) {
        let is_not =
            starts_with_any(bytes, &word, &["not", "don't", "dont", "never", "without", "avoid", "mustn't"]);
        if is_told && is_not
            || starts_with_any(bytes, &word, &["hide", "conceal"]) && follows(bytes, user, "from")
        {
            return Some(word.start..user.end);
        }
        is_told |= starts_with_any(bytes, &word, CONCEAL);
    }
    None
}

/// Whether the word before `the user` is `word`.
fn follows(bytes: &[u8], user: &Range<usize>, word: &str) -> bool {
    words_before(bytes, user.start).take(2).any(|before| starts_with_any(bytes, &before, &[word]))
}

/// `reveal your system prompt`.
fn reveals(bytes: &[u8], system: &Range<usize>) -> Option<Range<usize>> {
    let prompt = words_after(bytes, system.end).next()?;
    if !starts_with_any(bytes, system, &["system"])
        || !starts_with_any(bytes, &prompt, &["prompt", "instructions", "message"])
    {
        return None;
    }
    let verbs = [
        "reveal",
        "print",
        "repeat",
        "output",
        "send",
        "leak",
        "show",
        "exfiltrate",
        "post",
        "forward",
        "disclose",
    ];
    let mut before = words_before(bytes, system.start).take(3);
    let verb = before.find(|word| starts_with_any(bytes, word, &verbs))?;
    words_before(bytes, system.start)
        .take(2)
        .any(|word| starts_with_any(bytes, &word, &["your", "full"]))
        .then_some(verb.start..prompt.end)
}

/// Whether the word starts with one of `stems`, which are in lower case.
fn starts_with_any(bytes: &[u8], word: &Range<usize>, stems: &[&str]) -> bool {
    let Some(word) = bytes.get(word.clone()) else { return false };
    stems
        .iter()
        .any(|stem| word.get(..stem.len()).is_some_and(|start| start.eq_ignore_ascii_case(stem.as_bytes())))
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte >= 0x80 || byte == b'\''
}

/// The word that `place` is in; `None` if it is longer than words are.
fn word_around(bytes: &[u8], place: usize) -> Option<Range<usize>> {
    let before = bytes.get(place.saturating_sub(LONGEST)..place)?;
    let n_before = before.iter().rev().take_while(|byte| is_letter(**byte)).count();
    let n_after = bytes.get(place..)?.iter().take(LONGEST).take_while(|byte| is_letter(**byte)).count();
    (n_before + n_after < LONGEST).then_some(place - n_before..place + n_after)
}

/// The next words, in the same sentence.
fn words_after(bytes: &[u8], start: usize) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut position = start;
    let next = move || {
        let rest = bytes.get(position..)?;
        let gap = rest.iter().take(LONGEST).position(|byte| is_letter(*byte))?;
        let is_end =
            rest.get(..gap)?.iter().any(|byte| matches!(byte, b'.' | b'!' | b'?' | b';' | b'{' | b'='));
        let length = rest.iter().skip(gap).take(LONGEST).take_while(|byte| is_letter(**byte)).count();
        position += gap + length;
        (!is_end).then_some(position - length..position)
    };
    std::iter::from_fn(next).take(SLACK)
}

/// The words before, nearest first.
fn words_before(bytes: &[u8], end: usize) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut position = end;
    let next = move || {
        let rest = bytes.get(..position)?;
        let gap = rest.iter().rev().take(LONGEST).position(|byte| is_letter(*byte))?;
        let is_end =
            rest.iter().rev().take(gap).any(|byte| matches!(byte, b'.' | b'!' | b'?' | b';' | b'{' | b'='));
        let length = rest.iter().rev().skip(gap).take(LONGEST).take_while(|byte| is_letter(**byte)).count();
        position -= gap + length;
        (!is_end).then_some(position..position + length)
    };
    std::iter::from_fn(next).take(SLACK)
}

#[cfg(test)]
mod tests;
