//! Writing the bytes. Whoever compiles detectors says here what they came to.

use sha2::{Digest as _, Sha256};

use super::automaton::Automaton;
use super::layout::Writer;
use super::place::{Path, Step, Target};
use super::{FORMAT, MAGIC, Validator};
use crate::finding::Confidence;

/// Everything that is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// SHA-256 of the text that these were made from.
    pub source: [u8; 32],
    /// The detectors.
    pub rules: Vec<Rule>,
    /// Automata that say which detectors match at all: each with the places of its patterns in `rules`, at most
    /// [`Rules::MOST_JOINED`]. Every rule of a text is in one of them.
    pub filters: Vec<(Automaton, Vec<usize>)>,
}

/// One detector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The class of its findings.
    pub class: String,
    /// How sure it is.
    pub confidence: Confidence,
    /// What it finds.
    pub find: Find,
}

/// What a detector finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Find {
    /// What a path leads to.
    Path(Path),
    /// What matches in a text.
    Text {
        /// Searches, and finds where the first match ends: leftmost first.
        forward: Box<Automaton>,
        /// From the end of a match backwards, finds the longest.
        backward: Box<Automaton>,
        /// Whether matches are whole words only.
        is_words: bool,
        /// Words, in lower case, of which one must be near; none if nothing needs to be.
        context: Vec<String>,
        /// What must hold besides.
        validator: Option<Validator>,
    },
}

impl Rules {
    /// How many detectors can share an automaton.
    pub const MOST_JOINED: usize = MOST_JOINED;

    /// The bytes, as they are stored. The same rules give the same bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut body = Writer::default();
        body.bytes(&self.source);
        let texts: Vec<usize> = self.numbers_of_texts().collect();
        for count in [texts.len(), self.rules.len() - texts.len(), self.filters.len()] {
            body.number(count);
        }
        for rule in &self.rules {
            if let Find::Path(path) = &rule.find {
                rule.write_kind(&mut body);
                write_path(path, &mut body);
            }
        }
        self.rules.iter().for_each(|rule| rule.write_text(&mut body));
        for (automaton, rules) in &self.filters {
            body.number(rules.len());
            // What is no rule of a text has no number among them, and then the bytes cannot be opened.
            let number = |rule: &usize| texts.binary_search(rule).unwrap_or(usize::MAX);
            rules.iter().for_each(|rule| body.number(number(rule)));
            automaton.write(&mut body);
        }
        let body = body.into_bytes();
        let mut rest = Writer::default();
        rest.number(body.len());
        rest.bytes(&body);
        let rest = rest.into_bytes();
        [&MAGIC[..], &FORMAT.to_le_bytes(), &Sha256::digest(&rest), &rest].concat()
    }

    fn numbers_of_texts(&self) -> impl Iterator<Item = usize> {
        let numbered = self.rules.iter().enumerate();
        numbered.filter(|(_, rule)| matches!(rule.find, Find::Text { .. })).map(|(number, _)| number)
    }
}

impl Rule {
    fn write_kind(&self, to: &mut Writer) {
        to.text(&self.class);
        to.byte(code(self.confidence));
    }

    fn write_text(&self, to: &mut Writer) {
        let Find::Text { forward, backward, is_words, context, validator } = &self.find else { return };
        self.write_kind(to);
        to.byte(u8::from(*is_words));
        to.byte(validator.map_or(0, Validator::code));
        let mut context: Vec<&String> = context.iter().collect();
        context.sort_unstable();
        to.number(context.len());
        context.into_iter().for_each(|cue| to.text(cue));
        forward.write(to);
        backward.write(to);
    }
}

fn write_path(Path(steps): &Path, to: &mut Writer) {
    to.number(steps.len());
    for Step { is_deep, target } in steps {
        to.byte(u8::from(*is_deep));
        match target {
            Target::Any => to.byte(ANY),
            Target::Item(index) => {
                to.byte(ITEM);
                to.number(*index);
            }
            Target::Member(name) => {
                to.byte(MEMBER);
                to.text(name);
            }
        }
    }
}

pub(super) const fn code(confidence: Confidence) -> u8 {
    match confidence {
        Confidence::Low => 1,
        Confidence::Medium => 2,
        Confidence::High => 3,
    }
}

pub(super) const ANY: u8 = 0;
pub(super) const ITEM: u8 = 1;
pub(super) const MEMBER: u8 = 2;
/// As many as there are bits that say which match.
pub(super) const MOST_JOINED: usize = 64;
