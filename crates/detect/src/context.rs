//! What stands around a value and says what it is.
//!
//! Nine digits may be anything. If the word before them is `SSN`, or if they are the value of a member `ssn`, they are a
//! social security number. A *cue* is such a word; a *topic* is what it speaks of. Words are what is between signs, and
//! the parts of names such as `taxId` and `tax_id`.
//!
//! The cues of a text are looked up once, when the first weak value asks for them.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use crate::glyph::View;
use crate::topic::{CUES, Topic};

/// How far before a value a cue may end, in bytes.
pub(crate) const BEFORE: usize = 64;
/// How far after a value a cue may start.
pub(crate) const AFTER: usize = 24;
/// The longest word that is looked up.
const LONGEST: usize = 24;

/// A text to scan, with what it is the value of.
#[derive(Debug)]
pub(crate) struct Text<'v, 't> {
    pub(crate) view: &'v View<'t>,
    key: &'v str,
    key_topics: OnceCell<Topics>,
    cues: OnceCell<Vec<Cue>>,
}

/// A set of topics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Topics(u128);

#[derive(Clone, Copy, Debug)]
struct Cue {
    start: usize,
    end: usize,
    topics: Topics,
}

impl<'v, 't> Text<'v, 't> {
    pub(crate) fn new(key: &'v str, view: &'v View<'t>) -> Self {
        Self { view, key, key_topics: OnceCell::new(), cues: OnceCell::new() }
    }

    pub(crate) fn bytes(&self) -> &'t [u8] {
        self.view.bytes()
    }

    /// Whether something near the value speaks of `topic`.
    pub(crate) fn speaks_of(&self, topic: Topic, value: &Range<usize>) -> bool {
        self.key_topics().has(topic) || self.cues_near(value).any(|cue| cue.topics.has(topic))
    }

    fn key_topics(&self) -> Topics {
        *self.key_topics.get_or_init(|| {
            let cues = cues(self.key.as_bytes());
            cues.into_iter().fold(Topics::default(), |topics, cue| Topics(topics.0 | cue.topics.0))
        })
    }

    fn cues_near(&self, value: &Range<usize>) -> impl Iterator<Item = &Cue> {
        let all = self.cues.get_or_init(|| cues(self.bytes()));
        let (earliest, latest) = (value.start.saturating_sub(BEFORE), value.end.saturating_add(AFTER));
        let first = all.partition_point(|cue| cue.end < earliest);
        all.iter().skip(first).take_while(move |cue| cue.start <= latest)
    }
}

impl Topics {
    fn of(topic: Topic) -> Self {
        Self(1_u128.checked_shl(topic as u32).unwrap_or_default())
    }

    fn has(self, topic: Topic) -> bool {
        self.0 & Self::of(topic).0 != 0
    }
}

/// The cues in a text, in order.
fn cues(bytes: &[u8]) -> Vec<Cue> {
    let mut cues = Vec::new();
    let mut lower = [0_u8; LONGEST];
    for range in words(bytes) {
        let Some(word) = bytes.get(range.clone()) else { continue };
        let Some(lower) = lower.get_mut(..word.len()) else { continue };
        lower.copy_from_slice(word);
        lower.make_ascii_lowercase();
        if let Some(topics) = WORDS.get(&*lower) {
            cues.push(Cue { start: range.start, end: range.end, topics: *topics });
        }
    }
    cues
}

/// The words of a text: letters that stand together, split where a small one is followed by a capital. What stands in
/// brackets in the place of a masked value is no word.
pub(crate) fn words(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> + '_ {
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte >= 0x80;
    let mut position = 0;
    let next = move || {
        let start = position + bytes.get(position..)?.iter().position(|byte| is_letter(*byte))?;
        let rest = bytes.get(start..)?;
        let is_last = |pair: &[u8]| match pair {
            [left, right] => !is_letter(*right) || (left.is_ascii_lowercase() && right.is_ascii_uppercase()),
            _ => false,
        };
        let length = rest.windows(2).position(is_last).map_or(rest.len(), |last| last + 1);
        position = start + length;
        Some(start..position)
    };
    let is_placeholder = |word: &Range<usize>| {
        let before = word.start.checked_sub(1).and_then(|before| bytes.get(before));
        before == Some(&b'[') && bytes.get(word.end) == Some(&b']')
    };
    std::iter::from_fn(next).filter(move |word| !is_placeholder(word))
}

/// The topics of each word, in lower case.
static WORDS: LazyLock<BTreeMap<&'static [u8], Topics>> = LazyLock::new(|| {
    let mut words: BTreeMap<&'static [u8], Topics> = BTreeMap::new();
    for (topic, cues) in CUES {
        for cue in *cues {
            words.entry(cue.as_bytes()).or_default().0 |= Topics::of(*topic).0;
        }
    }
    words
});

#[cfg(test)]
mod tests {
    use super::*;

    fn words_of(text: &str) -> Vec<&str> {
        words(text.as_bytes()).map(|range| text.get(range).unwrap()).collect()
    }

    #[test]
    fn names_of_members_are_words_too() {
        assert_eq!(words_of("taxId tax_id2 TAX-ID"), ["tax", "Id", "tax", "id", "TAX", "ID"]);
        assert_eq!(words_of("steuer-ID: é"), ["steuer", "ID", "é"]);
        assert_eq!(words_of("[ssn] [x y]"), ["x", "y"]);
        assert_eq!(words_of(""), [""; 0]);
    }

    #[test]
    fn a_cue_counts_when_it_is_near() {
        let speaks = |key: &str, text: &str| {
            let at = text.find('9').unwrap();
            Text::new(key, &View::new(text)).speaks_of(Topic::UsSsn, &(at..at + 1))
        };
        assert!(speaks("", "SSN: 9"));
        assert!(speaks("", "9 (ssn)"));
        assert!(speaks("customerSsn", "9"));
        assert!(!speaks("", "9"));
        assert!(!speaks("", "[ssn] 9"));
        assert!(!speaks("", &format!("ssn {} 9", "x ".repeat(40))));
        assert!(!speaks("", &format!("9 {} ssn", "x ".repeat(20))));
    }
}
