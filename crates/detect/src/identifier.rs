//! Numbers that states, banks and registers give to people and companies.
//!
//! Each kind is a row of a table: how it is written, what its digits must satisfy, and which words around it say that it
//! is meant. A number without a check digit, or with one that every tenth number passes, is found only where something
//! near it speaks of it.

mod americas;
mod benelux;
mod central;
mod check;
mod east_asia;
mod form;
mod france;
mod german;
mod iberia;
mod italy;
mod middle_east;
mod mrz;
mod nordic;
mod oceania;
mod passport;
mod south_asia;
mod uk;
mod us;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use crate::Class;
use crate::context::{Text, Topics};
use crate::finding::{Confidence, Finding};
use crate::topic::Topic;

pub(crate) use form::Compact;
use form::{Form, Next};

/// One kind of identifier.
#[derive(Debug)]
pub(crate) struct Identifier {
    pub(crate) class: Class,
    /// How it is written: `9` is a digit, `A` a letter, `X` either, `~` one space, hyphen, dot or slash that may be
    /// left out; anything else is itself.
    pub(crate) forms: &'static [&'static str],
    /// Whether letters and digits, in upper case and without what stands between them, can be one.
    pub(crate) check: fn(&Compact) -> bool,
    /// How much its form and check tell.
    pub(crate) strength: Strength,
    /// What speaks of it.
    pub(crate) topic: Topic,
}

/// How much it tells that a number has the form of an identifier and passes its check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strength {
    /// As unchecked, and any country's: less sure than what is known to be one country's.
    Generic,
    /// Hardly any other number does: found wherever it stands, and surer near a cue.
    Strong,
    /// Every other number of its form does, as it has no check: found near a cue only, and then less sure than what has
    /// one and stands near a cue of its own.
    Unchecked,
    /// Many others do: found near a cue only.
    Weak,
}

/// Every kind.
fn all() -> impl Iterator<Item = &'static Identifier> {
    let regions = [
        americas::IDENTIFIERS,
        benelux::IDENTIFIERS,
        central::IDENTIFIERS,
        east_asia::IDENTIFIERS,
        france::IDENTIFIERS,
        german::IDENTIFIERS,
        iberia::IDENTIFIERS,
        italy::IDENTIFIERS,
        middle_east::IDENTIFIERS,
        nordic::IDENTIFIERS,
        oceania::IDENTIFIERS,
        passport::IDENTIFIERS,
        south_asia::IDENTIFIERS,
        uk::IDENTIFIERS,
        us::IDENTIFIERS,
    ];
    regions.into_iter().flatten()
}

/// Looks for identifiers at the digits of one text.
#[derive(Debug)]
pub(crate) struct Identifiers<'v, 't> {
    text: &'v Text<'v, 't>,
    /// Up to where words were looked at.
    position: usize,
}

/// How many letters a word that is an identifier can start with.
const MOST_LETTERS: usize = 7;
/// How many digits can follow them.
const MOST_DIGITS: usize = 24;

impl<'v, 't> Identifiers<'v, 't> {
    pub(crate) fn new(text: &'v Text<'v, 't>) -> Self {
        Self { text, position: 0 }
    }

    /// Looks at the word whose first digit is at `place`, if it is its first. The places come in order.
    pub(crate) fn look(&mut self, place: usize, hits: &mut Vec<Finding>) {
        if place < self.position {
            return;
        }
        let bytes = self.text.bytes();
        let digits = bytes.get(place..).unwrap_or_default().iter();
        let n_digits = digits.take_while(|byte| byte.is_ascii_digit()).count();
        let before = bytes.get(self.position..place).unwrap_or_default();
        self.position = place + n_digits;
        if n_digits == mrz::DATE {
            hits.extend(mrz::find(bytes, place));
        }
        let n_letters = letters_at_end(before);
        self.look_from(place - n_letters..self.position, (n_letters, n_digits), hits);
        if let ([rest @ .., b' ' | b'-' | b'.' | b'/'], 0) = (before, n_letters) {
            match letters_at_end(rest) {
                0 => {}
                n_letters => {
                    self.look_from(place - 1 - n_letters..self.position, (n_letters, n_digits), hits);
                }
            }
        }
    }

    /// Looks at a word of which the letters and digits at the start are known, with how many there are.
    fn look_from(
        &self,
        Range { start, end }: Range<usize>,
        (n_letters, n_digits): (usize, usize),
        hits: &mut Vec<Finding>,
    ) {
        let forms = FORMS.starting(n_letters, n_digits);
        if forms.is_empty() || is_inside_word(self.text.bytes(), start) {
            return;
        }
        let is_number = n_letters > 0 || starts_number(self.text.bytes(), start);
        let next = Next::of(self.text.bytes().get(end).copied());
        let behind = self.text.bytes().get(end..).unwrap_or_default().iter().skip(1);
        let n_behind = behind.take(MOST_DIGITS).take_while(|byte| byte.is_ascii_digit()).count();
        // Without a cue in the whole text, forms that need one are not read at all.
        let can_be = |written: &&Written| {
            written.next.meets(next)
                && (next == Next::LETTER || written.n_behind <= n_behind)
                && (is_number || written.starts_with_letters)
                && written.needs.is_none_or(|topics| self.text.may_speak_of(topics))
        };
        for Written { form, identifiers, .. } in forms.iter().filter(can_be) {
            let Some((end, compact)) = form.read(self.text.bytes(), start) else { continue };
            if !ends_inside_word(self.text.bytes(), end) {
                let found = identifiers.iter().filter_map(|one| self.find(one, &compact, start..end));
                hits.extend(found);
            }
        }
    }

    fn find(&self, identifier: &Identifier, compact: &Compact, range: Range<usize>) -> Option<Finding> {
        if !(identifier.check)(compact) {
            return None;
        }
        let confidence = match (self.text.speaks_of(identifier.topic, &range), identifier.strength) {
            (true, Strength::Strong | Strength::Weak) => Confidence::High,
            (true, Strength::Unchecked) | (false, Strength::Strong) => Confidence::Medium,
            (true, Strength::Generic) => Confidence::Low,
            (false, Strength::Generic | Strength::Unchecked | Strength::Weak) => return None,
        };
        Some(Finding { class: identifier.class, range, confidence })
    }
}

/// How many letters there are at the end. The letter of an escape such as `\n` is none.
fn letters_at_end(bytes: &[u8]) -> usize {
    let letters = bytes.iter().rev().take(MOST_LETTERS + 1);
    let n = letters.take_while(|byte| byte.is_ascii_alphabetic()).count();
    let before = bytes.len().checked_sub(n + 1).and_then(|before| bytes.get(before));
    if before == Some(&b'\\') { n.saturating_sub(1) } else { n }
}

/// How many of the first [`STARTS`] characters of an identifier that starts with a digit are digits, at least. Most
/// numbers in prose have fewer, and no form need be read.
const LEAST_DIGITS: usize = 5;
const STARTS: usize = 8;

fn starts_number(bytes: &[u8], start: usize) -> bool {
    let first = bytes.get(start..).unwrap_or_default().iter().take(STARTS);
    first.filter(|byte| byte.is_ascii_digit()).count() >= LEAST_DIGITS
}

/// Whether letters, digits or the part of a longer number before a sign lie before `start`.
fn is_inside_word(bytes: &[u8], start: usize) -> bool {
    match bytes.get(start.saturating_sub(2)..start).unwrap_or_default() {
        [b'\\', b'b' | b'f' | b'n' | b'r' | b't'] => false,
        [.., last] if last.is_ascii_alphanumeric() => true,
        [digit, b'-' | b'.' | b'/' | b','] => digit.is_ascii_digit(),
        _ => false,
    }
}

fn ends_inside_word(bytes: &[u8], end: usize) -> bool {
    match bytes.get(end..).unwrap_or_default() {
        [next, ..] if next.is_ascii_alphanumeric() => true,
        [b'-' | b'.' | b'/' | b',', next, ..] => next.is_ascii_digit(),
        _ => false,
    }
}

/// A form, and what is written so: it is read once for all of them.
#[derive(Clone)]
struct Written {
    form: Form,
    identifiers: Vec<&'static Identifier>,
    /// What may follow the first digits.
    next: Next,
    /// How many digits must stand behind a sign that does.
    n_behind: usize,
    /// Whether it need not start like a number.
    starts_with_letters: bool,
    /// What has to be spoken of, or none of them is found; `None` if one is found wherever it stands.
    needs: Option<Topics>,
}

impl Written {
    fn new(form: &'static str, identifiers: Vec<&'static Identifier>) -> Self {
        let topics = identifiers.iter().map(|one| Topics::of(one.topic)).fold(Topics::default(), Topics::and);
        let is_strong = identifiers.iter().any(|one| one.strength == Strength::Strong);
        let needs = if is_strong { None } else { Some(topics) };
        let form = Form::new(form);
        let starts_with_letters = form.starts_with_letters(STARTS, LEAST_DIGITS);
        Self { form, identifiers, next: Next::default(), n_behind: 0, starts_with_letters, needs }
    }
}

/// All forms, by how the word starts that may be one.
struct Forms(Vec<Vec<Written>>);

static FORMS: LazyLock<Forms> = LazyLock::new(Forms::new);

impl Forms {
    fn new() -> Self {
        let mut forms: BTreeMap<&'static str, Vec<&'static Identifier>> = BTreeMap::new();
        for identifier in all() {
            identifier.forms.iter().for_each(|form| forms.entry(form).or_default().push(identifier));
        }
        let mut places: Vec<Vec<Written>> = Vec::new();
        places.resize_with((MOST_LETTERS + 1) * (MOST_DIGITS + 1), Vec::new);
        for (form, identifiers) in forms {
            let written = Written::new(form, identifiers);
            for (n_digits, next) in written.form.first_runs() {
                let place = places.get_mut(Self::place(written.form.n_letters(), n_digits));
                let n_behind = written.form.digits_behind(n_digits);
                place.into_iter().for_each(|place| place.push(Written { next, n_behind, ..written.clone() }));
            }
        }
        Self(places)
    }

    /// The forms of words that start with so many letters and then so many digits.
    fn starting(&self, n_letters: usize, n_digits: usize) -> &[Written] {
        let is_one = n_letters <= MOST_LETTERS && n_digits <= MOST_DIGITS;
        let place = is_one.then(|| Self::place(n_letters, n_digits));
        place.and_then(|place| self.0.get(place)).map_or(&[], Vec::as_slice)
    }

    fn place(n_letters: usize, n_digits: usize) -> usize {
        n_letters * (MOST_DIGITS + 1) + n_digits
    }
}

#[cfg(test)]
mod us_eu_tests;
