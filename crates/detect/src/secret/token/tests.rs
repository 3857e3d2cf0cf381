//! Every row of the table, by tokens made from it.

use std::collections::BTreeSet;

use super::check::{BASE36, BASE62, crc32, polymod, written};
use super::*;
use crate::finding::Confidence;
use crate::{Detectors, catalog};

const LETTERS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_.~+/";

/// Characters without a pattern.
struct Random(u32);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        usize::try_from(self.0 >> 8).unwrap() % n
    }

    fn run(&mut self, alphabet: Alphabet, n: usize) -> String {
        let letters: Vec<u8> = LETTERS.iter().copied().filter(|byte| alphabet.holds(*byte)).collect();
        let letter = |_| loop {
            // A token may end with a stop, but then nobody can tell it from the sentence.
            match letters[self.below(letters.len())] {
                b'.' | b'~' => {}
                letter => return char::from(letter),
            }
        };
        (0..n).map(letter).collect()
    }
}

/// A token of a row, with so many characters less in its longest run.
fn example(token: &Token, less: usize, seed: u32) -> String {
    let mut random = Random(seed);
    let longest = token.parts.iter().map(least).max().unwrap();
    let mut less = less;
    let mut text = String::new();
    for part in token.parts {
        match part {
            Part::Text(part) => text.push_str(part),
            Part::Run(alphabet, least, _) => {
                let n = if *least == longest { least - std::mem::take(&mut less) } else { *least };
                text.push_str(&random.run(*alphabet, n));
            }
        }
    }
    with_check(token.check, text)
}

fn least(part: &Part) -> usize {
    match part {
        Part::Run(_, least, _) => *least,
        Part::Text(_) => 0,
    }
}

fn with_check(check: Check, text: String) -> String {
    let last = |n: usize| text.get(..text.len() - n).unwrap();
    match check {
        Check::Form => text,
        Check::Crc32Base62 => {
            let sum = written::<6>(crc32(&last(6).as_bytes()[4..]), BASE62);
            format!("{}{}", last(6), str::from_utf8(&sum).unwrap())
        }
        Check::Crc32Base36 => {
            let sum = written::<7>(crc32(last(7).as_bytes()), BASE36);
            format!("{}{}", last(7), str::from_utf8(&sum).unwrap())
        }
        Check::Snowflake => {
            let id = match text.as_bytes()[0] {
                b'M' => "MTIzNDU2Nzg5MDEyMzQ1Njc4",
                b'N' => "NTIzNDU2Nzg5MDEyMzQ1Njc4",
                _ => "ODIzNDU2Nzg5MDEyMzQ1Njc4",
            };
            format!("{id}{}", text.get(24..).unwrap())
        }
        Check::Bech32 => with_bech32(&text),
    }
}

fn with_bech32(text: &str) -> String {
    const BECH32: &[u8] = b"QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";
    let (prefix, data) = text.rsplit_once("KEY-1").unwrap();
    let prefix = format!("{prefix}KEY-").to_lowercase();
    let data: Vec<u32> = data.bytes().take(data.len() - 6).map(|byte| u32::from(byte) % 32).collect();
    let mut values: Vec<u32> = prefix.bytes().map(|byte| u32::from(byte >> 5)).collect();
    values.push(0);
    values.extend(prefix.bytes().map(|byte| u32::from(byte & 31)));
    values.extend(&data);
    values.extend([0; 6]);
    let sum = polymod(&values) ^ 1;
    let sum = (0..6).map(|place| sum >> (25 - 5 * place) & 31);
    let letter = |value: u32| char::from(BECH32[usize::try_from(value).unwrap()]);
    let data: String = data.iter().copied().chain(sum).map(letter).collect();
    format!("{}1{data}", prefix.to_uppercase())
}

/// A token of a row that looks drawn at random, as real ones do.
fn random_example(token: &Token, less: usize) -> String {
    let mut seeds = 1..100;
    let found = seeds.find_map(|seed| {
        let value = example(token, less, seed * 7_919);
        shape::is_random(value.as_bytes(), token.parts).then_some(value)
    });
    found.unwrap_or_else(|| example(token, less, 1))
}

/// The places that tokens stand at, with the cue that they may need.
fn places(token: &Token, value: &str) -> [(String, String); 4] {
    let cue = token.cues.first().copied().unwrap_or("some");
    [
        (if token.cues.is_empty() { String::new() } else { format!("{cue}_api_key") }, value.to_owned()),
        (String::new(), format!("The {cue} key is {value} now, please.")),
        (String::new(), format!(r#"{{"{cue}ApiKey":"{value}","n":1}}"#)),
        (String::new(), format!("https://example.com/cb?{cue}_token={value}&x=1")),
    ]
}

/// Where tokens of the class are found, and how sure.
fn found(class: Class, key: &str, text: &str) -> Vec<(String, Confidence)> {
    let findings = Detectors::builtin().scan_member(key, text);
    let of_class = findings.all().filter(|finding| finding.class == class);
    of_class
        .map(|finding| (text.get(finding.range.clone()).unwrap().to_owned(), finding.confidence))
        .collect()
}

#[test]
fn there_are_many_services_and_a_class_for_each() {
    let services: BTreeSet<Class> = all().map(|token| token.class).collect();
    assert!(services.len() >= 140, "{}", services.len());
    let named: BTreeSet<Class> =
        Class::built_in().filter(|class| class.counted_as() == catalog::TOKEN).collect();
    assert_eq!(services, named);
}

#[test]
fn every_token_is_found_where_tokens_stand() {
    let mut wrong = Vec::new();
    for token in all() {
        let value = random_example(token, 0);
        for (key, text) in places(token, &value) {
            let found = found(token.class, &key, &text);
            if found != [(value.clone(), Confidence::High)] {
                wrong.push(format!("{token:?} in {key:?}: {text}, found: {found:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_token_that_is_too_short_is_none() {
    for token in all() {
        let value = random_example(token, 1);
        for (key, text) in places(token, &value) {
            assert_eq!(found(token.class, &key, &text), [], "{token:?} in {key:?}: {text}");
        }
    }
}

#[test]
fn a_place_for_a_token_is_none() {
    for token in all() {
        let filled: String = token
            .parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => (*text).to_owned(),
                Part::Run(alphabet, n, _) => {
                    let letter = b"xX0".iter().find(|letter| alphabet.holds(**letter));
                    letter
                        .map(|letter| char::from(*letter).to_string().repeat(*n))
                        .unwrap_or_else(|| "A".repeat(*n))
                }
            })
            .collect();
        for (key, text) in places(token, &filled) {
            assert_eq!(found(token.class, &key, &text), [], "{token:?} in {key:?}: {text}");
        }
    }
}

#[test]
fn a_token_without_a_form_of_its_own_needs_its_service() {
    for token in all().filter(|token| !token.cues.is_empty()) {
        let value = random_example(token, 0);
        for text in [value.clone(), format!("the id is {value}"), format!("{} saw {value}", token.cues[0])] {
            assert_eq!(found(token.class, "", &text), [], "{token:?}: {text}");
        }
    }
}

#[test]
fn a_checksum_that_does_not_hold_leaves_doubt() {
    // The example of GitHub's documentation.
    let text = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";
    assert_eq!(found(catalog::TOKEN_GITHUB, "", text), [(text.to_owned(), Confidence::Low)]);
    let age = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
    assert_eq!(found(catalog::TOKEN_AGE, "", age), [(age.to_owned(), Confidence::High)]);
}

#[test]
fn what_documentation_shows_is_none() {
    for text in [
        "AKIAIOSFODNN7EXAMPLE",
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "sk_live_xxxxxxxxxxxxxxxxxxxxxxxx",
        "sk-XXXXXXXXXXXXXXXXXXXXT3BlbkFJXXXXXXXXXXXXXXXXXXXX",
        "AIzaXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
        "snyk found key 9fceb02d0ae598e95dc970b74767f19372d61af8",
        "aws s3 key 9fceb02d0ae598e95dc970b74767f19372d61af8",
    ] {
        let findings = Detectors::builtin().scan(text);
        assert!(findings.is_empty(), "text: {text}, findings: {findings:?}");
    }
}

proptest::proptest! {
    #[test]
    fn tokens_with_a_checksum_are_sure(seed in 1_u32.., place in 0_usize..4) {
        for token in all().filter(|token| token.check != Check::Form) {
            let value = example(token, 0, seed);
            let (key, text) = places(token, &value)[place].clone();
            proptest::prop_assert_eq!(found(token.class, &key, &text), [(value, Confidence::High)]);
        }
    }
}
