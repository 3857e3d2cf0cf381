//! Scans the corpus and counts, class by class, what was found and what should have been.

use std::collections::BTreeMap;
use std::ops::Range;

use portcullis_detect::{Class, Detectors, Findings};

use crate::classes::{Damage, ENTRIES, Entry};
use crate::lookalike::{KINDS, MEMBERS, PLACES};
use crate::random::Random;
use crate::sites::{self, Site};
use crate::tokens::{self, Format, formats};

/// How many values of each class and of each kind of look-alike there are.
const VALUES: u64 = 60;

/// Sentences with what the value is called in the place of `<>`.
const NAMED: &[&str] = &[
    "{}",
    "<>: {}",
    "The <> of the customer is {}.",
    "Please change <> {}, thanks",
    "{} (<>)",
    "{\"<>\":\"{}\"}",
    "name=Ana; <>={}; city=Oslo",
];

/// Sentences that do not tell what the value is.
const BARE: &[&str] = &["{}", "see {} there", "{\"x\":\"{}\"}", "first\\n{}\\nlast"];

/// What was counted for one class.
#[derive(Clone, Debug, Default)]
pub(crate) struct Score {
    pub(crate) n_values: u32,
    pub(crate) n_found: u32,
    pub(crate) n_false: u32,
    /// Some of the texts where it was missed, or found where it is not.
    pub(crate) examples: Vec<String>,
}

impl Score {
    pub(crate) fn recall(&self) -> f64 {
        share(self.n_found, self.n_values)
    }

    pub(crate) fn precision(&self) -> f64 {
        share(self.n_found, self.n_found + self.n_false)
    }

    fn example(&mut self, what: &str, text: &str) {
        if self.examples.len() < 6 {
            self.examples.push(format!("{what}: {text}"));
        }
    }
}

fn share(part: u32, whole: u32) -> f64 {
    if whole == 0 { 1.0 } else { f64::from(part) / f64::from(whole) }
}

/// The scores by class.
pub(crate) type Scores = BTreeMap<&'static str, Score>;

/// Scans all of the corpus.
pub(crate) fn measure() -> Scores {
    let mut scores = Scores::new();
    for entry in ENTRIES {
        let mut random = Random(entry.class.bytes().map(u64::from).sum());
        for _ in 0..VALUES {
            for (place, value) in (entry.build)(&mut random).iter().enumerate() {
                values(&mut scores, entry, (place, value));
            }
        }
    }
    formats().for_each(|format| tokens_of(&mut scores, format));
    for kind in sites::KINDS {
        let mut random = Random(kind.class.bytes().map(u64::from).sum());
        for _ in 0..VALUES {
            kind.sites(&mut random).iter().for_each(|site| found_at(&mut scores, kind.class, site));
        }
    }
    let mut random = Random(1);
    for (kind, build) in KINDS {
        for _ in 0..VALUES {
            look_alikes(&mut scores, kind, &build(&mut random));
        }
    }
    scores
}

/// One value in all sentences and members, and the same damaged.
fn values(scores: &mut Scores, entry: &Entry, (place, value): (usize, &str)) {
    let damaged = damaged(value, entry.damage);
    for word in entry.words {
        for sentence in NAMED.iter().skip(1) {
            let sentence = sentence.replace("<>", word);
            expect(scores, entry.class, ("", &sentence), value);
            damaged.iter().for_each(|damaged| refuse(scores, ("", &sentence.replace("{}", damaged))));
        }
    }
    for member in entry.members {
        expect(scores, entry.class, (member, "{}"), value);
        damaged.iter().for_each(|damaged| refuse(scores, (member, damaged)));
    }
    if entry.alone.contains(&place) {
        BARE.iter().for_each(|sentence| expect(scores, entry.class, ("", sentence), value));
    }
}

/// Tokens of one format: in sentences that name the service, as its members, and, where they are found by themselves, in
/// others.
fn tokens_of(scores: &mut Scores, format: Format) {
    let class = format.class().parse::<Class>().unwrap().as_str();
    let member = format!("{}_api_key", format.service);
    for token in format.tokens() {
        for sentence in tokens::NAMED {
            expect(scores, class, ("", &sentence.replace("<>", format.service)), &token);
        }
        expect(scores, class, (&member, "{}"), &token);
        if format.is_alone {
            tokens::BARE.iter().for_each(|sentence| expect(scores, class, ("", sentence), &token));
        }
    }
}

/// A value must be found where it stands. What else is found there, such as the name of a user, is not counted.
fn found_at(scores: &mut Scores, class: &'static str, site: &Site) {
    let Site { before, value, after } = site;
    let text = format!("{before}{value}{after}");
    let want = (class, before.len()..before.len() + value.len());
    // Of a text that steers a model, what counts is that it is seen, not where its first word is.
    let is_one = |(found, range): &(&str, Range<usize>)| match class {
        "prompt.injection" => *found == class && range.start < want.1.end && range.end > want.1.start,
        _ => (*found, range) == (want.0, &want.1),
    };
    let is_found = found(&Detectors::builtin().scan(&text)).iter().any(is_one);
    let score = scores.entry(class).or_default();
    score.n_values += 1;
    score.n_found += u32::from(is_found);
    if !is_found {
        score.example("missed", &text);
    }
}

/// A value must be found in a sentence, and nothing else.
fn expect(scores: &mut Scores, class: &'static str, (member, sentence): (&str, &str), value: &str) {
    let text = sentence.replace("{}", value);
    let start = sentence.find("{}").unwrap();
    let want = (class, start..start + value.len());
    let found = found(&Detectors::builtin().scan_member(member, &text));
    let is_found = found.contains(&want);
    let score = scores.entry(class).or_default();
    score.n_values += 1;
    score.n_found += u32::from(is_found);
    if !is_found {
        score.example("missed", &format!("{member} {text}"));
    }
    // A token that is not known as one is still the value of a name that says so.
    let is_same =
        |other: &(&str, Range<usize>)| *other == want || *other == ("secret.password", want.1.clone());
    found
        .into_iter()
        .filter(|other| !is_same(other))
        .for_each(|(class, _)| count_false(scores, class, &text));
    let is_number = value.bytes().all(|byte| byte.is_ascii_digit()) && !value.starts_with('0');
    if text == value && is_number {
        let found = Detectors::builtin().scan_number(member, value);
        assert!(!is_found || !found.is_empty(), "{class}: {value} is missed as a number");
    }
}

/// Nothing may be found.
fn refuse(scores: &mut Scores, (member, text): (&str, &str)) {
    let found = found(&Detectors::builtin().scan_member(member, text));
    found.into_iter().for_each(|(class, _)| count_false(scores, class, text));
}

fn look_alikes(scores: &mut Scores, kind: &str, value: &str) {
    for place in PLACES {
        let text = place.replace("{}", value);
        for (class, _) in found(&Detectors::builtin().scan(&text)) {
            count_false(scores, class, &format!("{kind}: {text}"));
        }
    }
    MEMBERS.iter().for_each(|member| refuse(scores, (member, value)));
}

fn count_false(scores: &mut Scores, class: &'static str, text: &str) {
    let score = scores.entry(class).or_default();
    score.n_false += 1;
    score.example("false", text);
}

fn found(findings: &Findings) -> Vec<(&'static str, Range<usize>)> {
    findings.iter().map(|finding| (finding.class.as_str(), finding.range.clone())).collect()
}

/// The value with one letter or digit changed to the next.
fn damaged(value: &str, damage: Damage) -> Option<String> {
    let mut places = value.char_indices().filter(|(_, letter)| letter.is_ascii_alphanumeric());
    let (place, letter) = match damage {
        Damage::First => places.next()?,
        Damage::Last => places.next_back()?,
        Damage::None => return None,
    };
    let next = match letter {
        '9' => '0',
        'Z' => 'A',
        letter => char::from_u32(u32::from(letter) + 1)?,
    };
    Some(value.char_indices().map(|(other, letter)| if other == place { next } else { letter }).collect())
}
