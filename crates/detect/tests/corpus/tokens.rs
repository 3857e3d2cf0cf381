//! Tokens of services, by formats that others have published.
//!
//! The list is not the one that the detector has: each row is a format as the rules of another scanner or the pages of
//! the service itself describe it, and says which. So a mistake in one of the two is seen.

use crate::generate::Layouts;
use crate::pattern::text_of;
use crate::random::Random;

/// Sentences with the service in the place of `<>`.
pub(crate) const NAMED: &[&str] = &[
    "<> API key: {}",
    "The <> key is {} now, please.",
    "<>_API_KEY={}",
    "{\"<>_token\":\"{}\",\"n\":1}",
    "https://example.com/cb?<>_token={}&x=1",
];

/// Sentences that do not name it.
pub(crate) const BARE: &[&str] = &["{}", "see {} there", "{\"x\":\"{}\"}", "first\\n{}\\nlast", "({})."];

/// How many tokens of each format there are.
pub(crate) const TOKENS: usize = 12;

/// One format.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Format {
    pub(crate) service: &'static str,
    /// Whether it is found by itself, or only where the service is named.
    pub(crate) is_alone: bool,
    pub(crate) pattern: &'static str,
}

impl Format {
    pub(crate) fn class(&self) -> String {
        format!("secret.token.{}", self.service)
    }

    /// Tokens of this format.
    pub(crate) fn tokens(&self) -> Layouts {
        let mut random = Random(self.pattern.bytes().map(u64::from).sum());
        (0..TOKENS).map(|_| text_of(self.pattern, &mut random)).collect()
    }
}

/// All formats, sorted by service.
pub(crate) fn formats() -> impl Iterator<Item = Format> {
    let rows = include_str!("tokens.txt").lines().filter(|row| !row.starts_with('#') && !row.is_empty());
    rows.map(|row| {
        let mut columns = row.split_whitespace();
        let (service, place, pattern) =
            (columns.next().unwrap(), columns.next().unwrap(), columns.next().unwrap());
        assert!(columns.next().is_some(), "no source: {row}");
        Format { service, is_alone: place == "alone", pattern }
    })
}
