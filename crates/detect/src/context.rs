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
/// The longest cue.
const LONGEST: usize = 60;
/// How much may stand between the two words of a cue, in bytes: a sign, a space, or the `'s ` of `driver's license`.
const GAP: usize = 3;

/// A text to scan, with what it is the value of.
#[derive(Debug)]
pub(crate) struct Text<'v, 't> {
    pub(crate) view: &'v View<'t>,
    key: &'v str,
    key_topics: OnceCell<Topics>,
    cues: OnceCell<Vec<Cue>>,
    /// Of the key and all cues.
    topics: OnceCell<Topics>,
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
        Self { view, key, key_topics: OnceCell::new(), cues: OnceCell::new(), topics: OnceCell::new() }
    }

    /// The name of the member that it is, or empty.
    pub(crate) fn key(&self) -> &'v str {
        self.key
    }

    pub(crate) fn bytes(&self) -> &'t [u8] {
        self.view.bytes()
    }

    /// Whether something near the value speaks of `topic`. The value itself does not: letters at random spell cues too.
    pub(crate) fn speaks_of(&self, topic: Topic, value: &Range<usize>) -> bool {
        let is_inside = |cue: &Cue| value.start <= cue.start && cue.end <= value.end;
        self.key_topics().has(topic)
            || self.cues_near(value).any(|cue| cue.topics.has(topic) && !is_inside(cue))
    }

    /// Whether anything in the text, wherever it stands, speaks of one of `topics`. As long as no weak value has asked
    /// for the cues, it may: most texts have none, and looking the cues up would cost more than the scan.
    pub(crate) fn may_speak_of(&self, topics: Topics) -> bool {
        let Some(cues) = self.cues.get() else { return true };
        let all = self
            .topics
            .get_or_init(|| cues.iter().fold(self.key_topics(), |topics, cue| topics.and(cue.topics)));
        all.0 & topics.0 != 0
    }

    /// Whether the member that the text is the value of is named for `topic`.
    pub(crate) fn is_named(&self, topic: Topic) -> bool {
        self.key_topics().has(topic)
    }

    /// Whether a cue lies in `range`: for values that belong to the word before them and to no other.
    pub(crate) fn speaks_within(&self, topic: Topic, range: &Range<usize>) -> bool {
        let mut near = self.cues_near(range);
        near.any(|cue| cue.start >= range.start && cue.end <= range.end && cue.topics.has(topic))
    }

    fn key_topics(&self) -> Topics {
        *self.key_topics.get_or_init(|| {
            let cues = cues(self.key.as_bytes());
            cues.into_iter().fold(Topics::default(), |topics, cue| topics.and(cue.topics))
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
    pub(crate) fn of(topic: Topic) -> Self {
        Self(1_u128.checked_shl(topic as u32).unwrap_or_default())
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn has(self, topic: Topic) -> bool {
        self.0 & Self::of(topic).0 != 0
    }
}

/// The cues in a text, in order of where they start and of where they end.
fn cues(bytes: &[u8]) -> Vec<Cue> {
    let mut cues = Vec::new();
    let mut before: Option<Range<usize>> = None;
    for word in words(bytes) {
        let pair = before.as_ref().filter(|before| word.start - before.end <= GAP);
        let pair =
            pair.and_then(|before| topics_of(bytes, &[before, &word]).map(|topics| (before.start, topics)));
        let single = topics_of(bytes, &[&word]).map(|topics| (word.start, topics));
        let found = [pair, single].into_iter().flatten();
        cues.extend(found.map(|(start, topics)| Cue { start, end: word.end, topics }));
        if bytes.get(word.clone()) != Some(b"s") {
            before = Some(word);
        }
    }
    cues
}

/// What words that follow each other speak of.
fn topics_of(bytes: &[u8], words: &[&Range<usize>]) -> Option<Topics> {
    let length = words.iter().map(|word| word.len()).sum::<usize>() + words.len() - 1;
    let first = bytes.get((*words.first()?).clone())?;
    if !CUE_WORDS.can_be(first, length) {
        return None;
    }
    let mut cue = [b' '; LONGEST];
    let mut places = cue.iter_mut();
    for word in words {
        for letter in bytes.get((*word).clone())? {
            *places.next()? = letter.to_ascii_lowercase();
        }
        // The space between two words is there already.
        places.next();
    }
    let topics = CUE_WORDS.topics.get(cue.get(..length)?).copied();
    topics.filter(|_| !words.iter().any(|word| is_placeholder(bytes, word)))
}

/// The words of a text: letters that stand together, split where a small one is followed by a capital.
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
    std::iter::from_fn(next)
}

/// Whether a word stands in brackets in the place of a masked value, as `ssn` does in `[us_ssn]`.
fn is_placeholder(bytes: &[u8], word: &Range<usize>) -> bool {
    let is_in = |byte: &&u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || **byte == b'_';
    let mut before = bytes.get(..word.start).unwrap_or_default().iter().rev().take(LONGEST);
    let mut after = bytes.get(word.start..).unwrap_or_default().iter().take(LONGEST);
    before.find(|byte| !is_in(byte)) == Some(&b'[') && after.find(|byte| !is_in(byte)) == Some(&b']')
}

/// All cues, in lower case.
struct CueWords {
    topics: BTreeMap<&'static [u8], Topics>,
    /// For each two letters that a first word starts with, the lengths that there are: most words are none, and are not
    /// looked up.
    lengths: Vec<u64>,
}

static CUE_WORDS: LazyLock<CueWords> = LazyLock::new(|| {
    let mut words = CueWords { topics: BTreeMap::new(), lengths: vec![0; 1 << 10] };
    for (topic, cues) in CUES {
        for cue in *cues {
            words.topics.entry(cue.as_bytes()).or_default().0 |= Topics::of(*topic).0;
            let first = cue.split(' ').next().unwrap_or_default();
            let lengths = words.lengths.get_mut(CueWords::place(first.as_bytes()));
            lengths.into_iter().for_each(|lengths| *lengths |= CueWords::bit(cue.len()));
        }
    }
    words
});

impl CueWords {
    /// Whether there may be a cue of this length whose first word, in either case, is `first`.
    fn can_be(&self, first: &[u8], length: usize) -> bool {
        self.lengths.get(Self::place(first)).is_some_and(|lengths| lengths & Self::bit(length) != 0)
    }

    /// Five bits of a letter are the same in either case.
    fn place(word: &[u8]) -> usize {
        let letter = |index: usize| usize::from(word.get(index).copied().unwrap_or_default() & 0x1f);
        letter(0) << 5 | letter(1)
    }

    fn bit(length: usize) -> u64 {
        let length = if length <= LONGEST { u32::try_from(length).ok() } else { None };
        length.and_then(|length| 1_u64.checked_shl(length)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words_of(text: &str) -> Vec<&str> {
        let words = words(text.as_bytes()).filter(|word| !is_placeholder(text.as_bytes(), word));
        words.map(|range| text.get(range).unwrap()).collect()
    }

    #[test]
    fn names_of_members_are_words_too() {
        assert_eq!(words_of("taxId tax_id2 TAX-ID"), ["tax", "Id", "tax", "id", "TAX", "ID"]);
        assert_eq!(words_of("steuer-ID: é"), ["steuer", "ID", "é"]);
        assert_eq!(words_of("[ssn] [us_ssn] [x y] [Ssn] a[i]_b"), ["x", "y", "Ssn", "a", "b"]);
        assert_eq!(words_of(""), [""; 0]);
    }

    #[test]
    fn every_cue_is_found_where_it_stands() {
        for (topic, cues) in CUES {
            for cue in *cues {
                let text = format!("{cue}: 9");
                let at = text.len() - 1;
                let view = View::new(&text);
                assert!(
                    cue.len() <= LONGEST && Text::new("", &view).speaks_of(*topic, &(at..at + 1)),
                    "cue: {cue}"
                );
            }
        }
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
        assert!(speaks("", "SOC. SEC. 9"));
        assert!(!speaks("", "soc and sec 9"));
        assert!(!speaks("", "9"));
        assert!(!speaks("", "[ssn] 9"));
        assert!(!speaks("", &format!("ssn {} 9", "x ".repeat(40))));
        assert!(!speaks("", &format!("9 {} ssn", "x ".repeat(20))));
    }
}
