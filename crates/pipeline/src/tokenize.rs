//! Masking tokens: what stands in the place of a value, and leads back to it for whom it was written.
//!
//! `[card:pbldimfa…]` is the placeholder of a class with the value in it, sealed for its [`Owner`] and its class: nothing
//! is stored, the same value gives its owner the same token, and nobody else's opens. The bytes are written in letters
//! from a to p, as models copy them well, and no detector, no reader of SQL and no Markdown sees more in them.
//!
//! Not here: when values are put in the place of tokens again (`detokenize`).

use std::ops::{Range, RangeInclusive};
use std::rc::Rc;

use portcullis_detect::Class;
use portcullis_identity::seal::{CompactSealer, Purpose};
use portcullis_settings::{ClassName, Strategy};

use crate::gateway::Gateway;
use crate::owner::Owner;

/// Writes and reads the tokens of one owner.
pub(crate) struct Tokenizer {
    gateway: Rc<Gateway>,
    sealer: CompactSealer,
}

/// How a value stood in JSON, and will stand again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Number,
    Text,
}

/// What has the form of a token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// Where in the text it is, in bytes.
    pub(crate) place: Range<usize>,
    /// What it stands for; `None` if it is not the owner's, or no token at all.
    pub(crate) original: Option<Original>,
}

/// The value that a token stands for. It is in no log and no record, so it is not shown either.
#[derive(PartialEq, Eq)]
pub(crate) struct Original {
    pub(crate) class: Class,
    /// The class as policies name it.
    pub(crate) name: ClassName,
    pub(crate) form: Form,
    /// As it was written.
    pub(crate) value: String,
}

impl std::fmt::Debug for Original {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Original").field("class", &self.class).finish_non_exhaustive()
    }
}

impl Tokenizer {
    /// `None` where no class is masked with tokens: then nothing is one.
    pub(crate) fn of(gateway: &Rc<Gateway>, owner: &Owner) -> Option<Rc<Self>> {
        if !gateway.settings().masking.uses(Strategy::Token) {
            return None;
        }
        let sealer = owner.compact(gateway, PURPOSE)?;
        Some(Rc::new(Self { gateway: Rc::clone(gateway), sealer }))
    }

    /// The token of a value, or the placeholder of its class if the value is so long that a model would not copy it.
    pub(crate) fn token(&self, class: Class, form: Form, value: &str) -> String {
        let placeholder = class.placeholder();
        let sealed = match value.len() {
            1..=LONGEST_VALUE => self.sealer.seal(&kind(class, form), value.as_bytes()).ok(),
            _ => None,
        };
        match (placeholder.strip_suffix(']'), sealed) {
            (Some(name), Some(sealed)) => format!("{name}:{}]", letters(sealed)),
            (Some(_) | None, _) => placeholder,
        }
    }

    /// Everything in a text that has the form of a token, in order.
    pub(crate) fn tokens_in(&self, text: &str) -> Vec<Token> {
        let tokens = lookalikes(text).map(|Lookalike { place, name, letters }| Token {
            place,
            original: bytes(letters).and_then(|sealed| self.open(name, &sealed)),
        });
        tokens.collect()
    }

    /// The places of the owner's own tokens in a text, in order.
    pub(crate) fn own_in(&self, text: &str) -> Vec<Range<usize>> {
        let own = self.tokens_in(text).into_iter().filter(|token| token.original.is_some());
        own.map(|token| token.place).collect()
    }

    fn open(&self, name: &str, sealed: &[u8]) -> Option<Original> {
        let active = self.gateway.active();
        let own = active.own_classes().keys().copied();
        Class::built_in().chain(own).filter(|class| class.is_shown_as(name)).find_map(|class| {
            let name = self.gateway.class_name(&active, class)?;
            [Form::Text, Form::Number].into_iter().find_map(|form| {
                let value = self.sealer.open(&kind(class, form), sealed).ok()?;
                Some(Original { class, name: name.clone(), form, value: String::from_utf8(value).ok()? })
            })
        })
    }
}

/// Whether a text has something of the form of a token. Nothing is opened.
pub(crate) fn has_lookalike(text: &str) -> bool {
    lookalikes(text).next().is_some()
}

/// Bytes in letters, two for each.
pub(crate) fn letters(bytes: impl IntoIterator<Item = u8>) -> String {
    let letter = |bits: u8| char::from(b'a' + bits % 16);
    bytes.into_iter().flat_map(|byte| [letter(byte >> 4), letter(byte)]).collect()
}

fn bytes(letters: &str) -> Option<Vec<u8>> {
    let bits = |letter: u8| letter.checked_sub(b'a').filter(|bits| *bits < 16);
    let (pairs, []) = letters.as_bytes().as_chunks::<2>() else { return None };
    pairs.iter().map(|[high, low]| Some(bits(*high)? << 4 | bits(*low)?)).collect()
}

/// What a value is sealed as.
fn kind(class: Class, form: Form) -> String {
    match form {
        Form::Number => format!("number {class}"),
        Form::Text => format!("text {class}"),
    }
}

struct Lookalike<'t> {
    place: Range<usize>,
    name: &'t str,
    letters: &'t str,
}

/// A name can hold no `[`, so no part of a text is looked at more than a few times.
fn lookalikes(text: &str) -> impl Iterator<Item = Lookalike<'_>> {
    text.match_indices('[').filter_map(|(start, _)| {
        let inner = text.get(start + 1..)?;
        let (name, rest) = split(
            inner,
            LONGEST_NAME,
            |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b' ' | b'-' | b'_'),
        )?;
        let (letters, rest) =
            split(rest.strip_prefix(':')?, *LETTERS.end(), |byte| matches!(byte, b'a'..=b'p'))?;
        let end = start + 1 + name.len() + 1 + letters.len() + 1;
        let is_one = !name.is_empty() && LETTERS.contains(&letters.len()) && rest.starts_with(']');
        is_one.then_some(Lookalike { place: start..end, name, letters })
    })
}

/// What a text begins with, as far as bytes are so, and the rest. All that is so is ASCII.
fn split(text: &str, longest: usize, is_so: impl Fn(u8) -> bool) -> Option<(&str, &str)> {
    text.split_at_checked(text.bytes().take(longest).take_while(|byte| is_so(*byte)).count())
}

const PURPOSE: Purpose = Purpose::new("mask token");
/// The longest value that gets a token, in bytes: accounts, addresses, passport lines and short keys do, documents do not.
const LONGEST_VALUE: usize = 128;
/// The longest name in a placeholder: a class has at most 63 characters, and that of a service gets a word more.
const LONGEST_NAME: usize = 72;
/// How many letters a token has. The digest of the strategy `hash` has fewer.
const LETTERS: RangeInclusive<usize> =
    2 * (CompactSealer::OVERHEAD + 1)..=2 * (CompactSealer::OVERHEAD + LONGEST_VALUE);

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> Vec<&str> {
        lookalikes(text).map(|found| text.get(found.place).unwrap()).collect()
    }

    #[test]
    fn only_what_is_written_like_a_token_is_taken_for_one() {
        let shortest = format!("[card:{}]", "ap".repeat(18));
        let longest = format!("[github token:{}]", "ap".repeat(145));
        for whole in [&shortest, &longest] {
            assert_eq!(places(whole), [whole.as_str()]);
            let text = format!("é[[card] {whole}[{whole}");
            assert_eq!(places(&text), [whole.as_str(), whole.as_str()]);
        }
        for text in [
            String::new(),
            "[card]".to_owned(),
            // A digest.
            "[card:ahgkdbopcfaeldmn]".to_owned(),
            shortest.replace("[card:ap", "[card:"),
            longest.replace("token:ap", "token:apap"),
            shortest.replace("ap]", "aq]"),
            shortest.replace("ap]", "aP]"),
            shortest.replace("ap]", "a]"),
            shortest.replace(']', ""),
            shortest.replace("card", ""),
            shortest.replace("card", "Card"),
            shortest.replace("card", &"c".repeat(73)),
            shortest.replace('[', "［"),
        ] {
            assert_eq!(places(&text), [""; 0], "{text}");
        }
    }

    #[test]
    fn bytes_are_read_as_they_were_written() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(bytes(&letters(all.iter().copied())), Some(all));
        assert_eq!(letters([0, 0x1f, 0xff]), "aabppp");
        for text in ["a", "aq", "a1", "éa"] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }
}
