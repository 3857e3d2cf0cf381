//! Numbers that states, banks and registers give to people and companies.
//!
//! Each kind is a row of a table: how it is written, what its digits must satisfy, and which words around it say that it
//! is meant. A number without a check digit, or with one that every tenth number passes, is found only where something
//! near it speaks of it.

mod americas;
mod check;
mod east_asia;
mod form;
mod middle_east;
mod mrz;
mod oceania;
mod passport;
mod south_asia;
mod us;

use std::sync::LazyLock;

use crate::Class;
use crate::context::Text;
use crate::finding::{Confidence, Finding};
use crate::topic::Topic;

pub(crate) use form::Compact;
use form::Form;

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
    /// Hardly any other number does: found wherever it stands, and surer near a cue.
    Strong,
    /// Many others do: found near a cue only.
    Weak,
}

/// Every kind.
fn all() -> impl Iterator<Item = &'static Identifier> {
    [
        americas::IDENTIFIERS,
        east_asia::IDENTIFIERS,
        middle_east::IDENTIFIERS,
        oceania::IDENTIFIERS,
        passport::IDENTIFIERS,
        south_asia::IDENTIFIERS,
        us::IDENTIFIERS,
    ]
    .into_iter()
    .flatten()
}

/// Looks for identifiers at the digits of one text.
#[derive(Debug)]
pub(crate) struct Identifiers<'v, 't> {
    text: &'v Text<'v, 't>,
    /// Up to where words were looked at.
    position: usize,
}

/// How many letters a word that is an identifier can start with.
const MOST_LETTERS: usize = 6;
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
        self.look_from(place - n_letters, (n_letters, n_digits), hits);
        if let ([rest @ .., b' ' | b'-' | b'.' | b'/'], 0) = (before, n_letters) {
            match letters_at_end(rest) {
                0 => {}
                n_letters => self.look_from(place - 1 - n_letters, (n_letters, n_digits), hits),
            }
        }
    }

    fn look_from(&self, start: usize, (n_letters, n_digits): (usize, usize), hits: &mut Vec<Finding>) {
        let forms = FORMS.starting(n_letters, n_digits);
        if !forms.is_empty() && !is_inside_word(self.text.bytes(), start) {
            hits.extend(forms.iter().filter_map(|(identifier, form)| self.find(identifier, *form, start)));
        }
    }

    fn find(&self, identifier: &Identifier, form: Form, start: usize) -> Option<Finding> {
        let (end, compact) = form.read(self.text.bytes(), start)?;
        let range = start..end;
        if ends_inside_word(self.text.bytes(), end) || !(identifier.check)(&compact) {
            return None;
        }
        let confidence = match (self.text.speaks_of(identifier.topic, &range), identifier.strength) {
            (true, _) => Confidence::High,
            (false, Strength::Strong) => Confidence::Medium,
            (false, Strength::Weak) => return None,
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

/// All forms, by how the word starts that may be one.
struct Forms(Vec<Vec<(&'static Identifier, Form)>>);

static FORMS: LazyLock<Forms> = LazyLock::new(Forms::new);

impl Forms {
    fn new() -> Self {
        let mut places: Vec<Vec<_>> = Vec::new();
        places.resize_with((MOST_LETTERS + 1) * (MOST_DIGITS + 1), Vec::new);
        for identifier in all() {
            for text in identifier.forms {
                let form = Form::new(text);
                for n_digits in form.first_runs() {
                    let place = places.get_mut(Self::place(form.n_letters(), n_digits));
                    place.into_iter().for_each(|forms| forms.push((identifier, form)));
                }
            }
        }
        Self(places)
    }

    /// The forms of words that start with so many letters and then so many digits.
    fn starting(&self, n_letters: usize, n_digits: usize) -> &[(&'static Identifier, Form)] {
        let is_one = n_letters <= MOST_LETTERS && n_digits <= MOST_DIGITS;
        let place = is_one.then(|| Self::place(n_letters, n_digits));
        place.and_then(|place| self.0.get(place)).map_or(&[], Vec::as_slice)
    }

    fn place(n_letters: usize, n_digits: usize) -> usize {
        n_letters * (MOST_DIGITS + 1) + n_digits
    }
}
