//! What gives access: tokens of services, keys, passwords.
//!
//! Tokens and keys are known by their form. Passwords have none: they are the value of a name that says so, or stand
//! where passwords stand, in a URL or before a host. What stands there and is a word, a reference or a place for a value
//! (`<password>`, `${TOKEN}`, `changeme`) is none.

mod assignment;
mod base64;
mod entropy;
mod hash;
mod http;
mod jwt;
mod name;
mod private_key;
mod token;
mod url;
mod value;
mod words;

use std::ops::Range;

use crate::Class;
use crate::context::Text;
use crate::finding::{Confidence, Finding};
use crate::{catalog, secret::token::Tokens};

/// Looks for secrets in one text. Places come in order.
#[derive(Debug)]
pub(crate) struct Secrets<'v, 't> {
    text: &'v Text<'v, 't>,
    tokens: Tokens<'v, 't>,
    /// Where the last private key ends: there is nothing else in it.
    key_end: usize,
    /// Where the last line of cookies ends.
    cookies_end: usize,
    /// Up to where words with digits were looked at.
    word_end: usize,
    /// Where the `@` of URLs with a password are.
    url_signs: Vec<usize>,
    hits: Vec<Finding>,
}

impl<'v, 't> Secrets<'v, 't> {
    pub(crate) fn new(text: &'v Text<'v, 't>) -> Self {
        let mut secrets = Self {
            text,
            tokens: Tokens::new(text),
            key_end: 0,
            cookies_end: 0,
            word_end: 0,
            url_signs: Vec::new(),
            hits: Vec::new(),
        };
        assignment::of_member(text, &mut secrets.hits);
        secrets
    }

    /// What was found.
    pub(crate) fn into_hits(self) -> Vec<Finding> {
        self.hits
    }

    /// Whether an address is none: what is before its `@` is the password of a URL.
    pub(crate) fn is_in_url(&self, address: &Finding) -> bool {
        let at = self.url_signs.partition_point(|at| *at < address.range.start);
        address.class == catalog::EMAIL && self.url_signs.get(at).is_some_and(|at| *at < address.range.end)
    }

    /// Looks at a sign.
    pub(crate) fn look_at_sign(&mut self, place: usize) {
        if place < self.key_end {
            return;
        }
        let bytes = self.text.bytes();
        match bytes.get(place) {
            Some(b'-') => {
                self.key(private_key::block(bytes, place));
                self.hits.extend(assignment::of_option(bytes, place));
            }
            Some(b':') => {
                self.key(private_key::putty(bytes, place));
                if let Some((password, at)) = url::password(bytes, place) {
                    self.hits.push(Finding {
                        class: catalog::URL_PASSWORD,
                        range: password,
                        confidence: Confidence::High,
                    });
                    self.url_signs.push(at);
                }
                self.assigned(place);
            }
            Some(b'=') => self.assigned(place),
            _ => {}
        }
    }

    fn assigned(&mut self, sign: usize) {
        if sign >= self.cookies_end {
            self.cookies_end = assignment::look(self.text.bytes(), sign, &mut self.hits);
        }
    }

    fn key(&mut self, key: Option<Range<usize>>) {
        if let Some(range) = key {
            self.key_end = range.end;
            self.hits.push(finding(catalog::PRIVATE_KEY, range));
        }
    }

    /// Looks at a digit that starts a run.
    pub(crate) fn look_at_digit(&mut self, place: usize) {
        let bytes = self.text.bytes();
        let digits = bytes.get(place..).unwrap_or_default().iter();
        let end = place + digits.take_while(|byte| byte.is_ascii_digit()).count();
        if bytes.get(end..).is_some_and(|rest| rest.starts_with(b"Q~")) {
            self.tokens.look_around(end, &mut self.hits);
        }
        if place >= self.word_end {
            let word = words::around(bytes, place);
            self.word_end = word.end;
            self.hits.extend(assignment::of_login(bytes, word));
        }
    }

    /// Looks at the long word that starts at `start`: letters, digits, `+`, `-`, `.`, `/` and `_`.
    pub(crate) fn look_at_word(&mut self, start: usize) {
        if start < self.key_end {
            return;
        }
        let bytes = self.text.bytes();
        let word = words::word_at(bytes, start);
        self.tokens.look(&word, &mut self.hits);
        jwt::look(bytes, &word, &mut self.hits);
        self.key(private_key::encoded(bytes, &word));
        self.hits.extend(hash::find(bytes, &word));
        self.hits.extend(http::bearer(bytes, &word));
    }
}

/// Whether a member of this name may be a secret, whatever it looks like.
pub(crate) fn is_named_by(key: &str) -> bool {
    name::kind(key.as_bytes()).is_some()
}

/// A finding that is sure.
fn finding(class: Class, range: Range<usize>) -> Finding {
    Finding { class, range, confidence: Confidence::High }
}

#[cfg(test)]
mod tests;
