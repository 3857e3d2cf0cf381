//! Tokens of services, known by how they are written.
//!
//! Most start as no word does, and are found wherever they stand. Those that are only letters and digits are found where
//! the service and what they are (`key`, `token`) are named shortly before them. Rows are what services document or their
//! own scanners publish; each list is one kind of service.
//!
//! What documentation shows in their place is none: one letter repeated (`ghp_xxxx`), and what has `EXAMPLE` in it, as
//! all of Amazon's examples do.

mod ai;
mod alphabet;
mod chat;
mod check;
mod ci;
mod cloud;
mod database;
mod identity;
mod index;
mod mail;
mod observability;
mod other;
mod payment;
mod registry;
mod shape;
mod source;

use std::ops::Range;

use super::words::{self, Near};
use crate::Class;
use crate::context::Text;
use crate::finding::Finding;
use alphabet::Alphabet;
use check::Check;
use index::{INDEX, Signs};

/// The tokens that one service gives out, of one form.
#[derive(Debug)]
pub(crate) struct Token {
    class: Class,
    parts: &'static [Part],
    check: Check,
    /// The words of which one is near it; of a token that is found anywhere, none.
    cues: &'static [&'static str],
}

/// A stretch of a token.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    /// So many characters, at least and at most.
    Run(Alphabet, usize, usize),
    /// This.
    Text(&'static str),
}

/// At most as many as there are.
const OPEN: usize = usize::MAX;

impl Token {
    const fn new(class: Class, parts: &'static [Part]) -> Self {
        Self { class, parts, check: Check::Form, cues: &[] }
    }

    const fn near(class: Class, cues: &'static [&'static str], parts: &'static [Part]) -> Self {
        Self { class, parts, check: Check::Form, cues }
    }

    const fn checked(self, check: Check) -> Self {
        Self { check, ..self }
    }
}

/// Every kind of token.
fn all() -> impl Iterator<Item = &'static Token> {
    let lists = [
        ai::TOKENS,
        chat::TOKENS,
        ci::TOKENS,
        cloud::TOKENS,
        database::TOKENS,
        identity::TOKENS,
        mail::TOKENS,
        observability::TOKENS,
        other::TOKENS,
        payment::TOKENS,
        registry::TOKENS,
        source::TOKENS,
    ];
    lists.into_iter().flatten()
}

/// Looks for tokens in one text.
#[derive(Debug)]
pub(crate) struct Tokens<'v, 't> {
    text: &'v Text<'v, 't>,
    /// Where the last one ends.
    floor: usize,
}

impl<'v, 't> Tokens<'v, 't> {
    pub(crate) fn new(text: &'v Text<'v, 't>) -> Self {
        Self { text, floor: 0 }
    }

    /// Looks in a long word: at its start, and wherever a letter or digit follows a sign.
    pub(crate) fn look(&mut self, word: &Range<usize>, hits: &mut Vec<Finding>) {
        let bytes = self.text.bytes();
        let stopped = words::without_stop(bytes, word);
        let whole = self.whole(word).or_else(|| if stopped == *word { None } else { self.whole(&stopped) });
        let found = whole.into_iter().chain(self.starting(word.start)).max_by_key(|found| found.range.len());
        if let Some(found) = found {
            self.add(found, hits);
        }
        let mut position = word.start;
        while position < word.end {
            let rest = bytes.get(position..word.end).unwrap_or_default();
            position += next_part(rest);
            if position >= word.end {
                return;
            }
            if let Some(found) = self.starting(position) {
                self.add(found, hits);
            }
            position = position.max(self.floor.min(word.end));
        }
    }

    /// Looks for a token whose sign is at `place`.
    pub(crate) fn look_around(&mut self, place: usize, hits: &mut Vec<Finding>) {
        if let Some(found) = self.anchored(place) {
            self.add(found, hits);
        }
    }

    fn add(&mut self, found: Finding, hits: &mut Vec<Finding>) {
        self.floor = found.range.end;
        hits.push(found);
    }

    /// The longest token that starts at `place`, or whose sign is right before it.
    fn starting(&self, place: usize) -> Option<Finding> {
        let sign = place
            .checked_sub(1)
            .filter(|before| self.text.bytes().get(*before).is_some_and(|byte| byte.is_ascii_punctuation()));
        let after_sign = sign.and_then(|sign| self.anchored(sign));
        after_sign.or_else(|| self.anchored(place))
    }

    fn anchored(&self, place: usize) -> Option<Finding> {
        if place < self.floor {
            return None;
        }
        let rest = self.text.bytes().get(place..)?;
        let found = INDEX.at(rest).filter_map(|anchor| {
            let start = place.checked_sub(anchor.lead).filter(|start| *start >= self.floor)?;
            self.read(anchor.token, start).filter(|_| self.is_near(anchor.token, start))
        });
        found.max_by_key(|found| found.range.len())
    }

    /// The token that a whole word is. What is named before the word is read once for all of them.
    fn whole(&self, word: &Range<usize>) -> Option<Finding> {
        let read = |token| self.read(token, word.start).filter(|found| found.range.end >= word.end);
        let signs = Signs::of(self.text.bytes().get(word.clone())?);
        INDEX.of_length(word.len(), signs).find_map(read).or_else(|| {
            // Few words are written as any of these is, so most are not looked around at all.
            let bytes = self.text.bytes().get(word.start..)?;
            let fits = |token: &&Token| shape::read(bytes, token.parts).is_some_and(|n| n >= word.len());
            let mut fitting = INDEX.named_of_length(word.len(), signs).filter(fits).peekable();
            fitting.peek()?;
            let near = Near::secret(self.text, word.start)?;
            fitting.filter(|token| token.cues.iter().any(|cue| near.has(cue))).find_map(read)
        })
    }

    fn read(&self, token: &'static Token, start: usize) -> Option<Finding> {
        let bytes = self.text.bytes();
        let before = start.checked_sub(1).and_then(|before| bytes.get(before));
        if let Some(Part::Run(alphabet, ..)) = token.parts.first()
            && before.is_some_and(|before| alphabet.holds(*before))
            && !words::is_escape(bytes, start)
        {
            return None;
        }
        let range = start..start + shape::read(bytes.get(start..)?, token.parts)?;
        let value = bytes.get(range.clone())?;
        let confidence = token.check.confidence(value)?;
        let is_meant = token.cues.is_empty() || shape::is_random(value, token.parts);
        is_meant.then_some(Finding { class: token.class, range, confidence })
    }

    /// Whether the service and what the token is are named before it, if they must be.
    fn is_near(&self, token: &Token, start: usize) -> bool {
        let names = |near: Near<'_>| token.cues.iter().any(|cue| near.has(cue));
        token.cues.is_empty() || Near::secret(self.text, start).is_some_and(names)
    }
}

/// How far it is to the next place where a letter or digit follows a sign.
fn next_part(word: &[u8]) -> usize {
    let starts = |pair: &[u8]| matches!(pair, [sign, next] if !sign.is_ascii_alphanumeric() && next.is_ascii_alphanumeric());
    word.windows(2).position(starts).map_or(word.len(), |sign| sign + 1)
}

#[cfg(test)]
mod tests;
