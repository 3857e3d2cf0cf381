//! The name of a request: what it is about, and which of the requests about it.

use std::fmt;
use std::str::FromStr;

use portcullis_ledger::{InvalidDigest, KeyedDigest};

/// A request, shown as 64 hexadecimal digits, a `-` and a number from 1. Safe in a URL and in a store key.
///
/// The digest is keyed and over everything that a grant is bound to, so a retry of a call finds its request without
/// knowing any id, and nobody can tell from an id what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestId {
    /// What it is about.
    pub subject: KeyedDigest,
    /// Which request about this.
    pub generation: Generation,
}

/// The number of a request among those about the same, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Generation(u32);

/// Text that is not the one way to write a request id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a request id is 64 lower-case hexadecimal digits, a `-` and a number from 1")]
pub struct InvalidRequestId;

impl Generation {
    /// The first one.
    pub const FIRST: Self = Self(1);

    /// The one after this; the last one stays the last.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    pub(crate) fn from_number(number: u32) -> Option<Self> {
        (number > 0).then_some(Self(number))
    }
}

impl RequestId {
    /// The request about the same after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self { subject: self.subject, generation: self.generation.next() }
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subject, generation } = self;
        write!(f, "{subject}-{}", generation.0)
    }
}

impl FromStr for RequestId {
    type Err = InvalidRequestId;

    fn from_str(text: &str) -> Result<Self, InvalidRequestId> {
        let (subject, number) = text.split_once('-').ok_or(InvalidRequestId)?;
        let is_plain = number.bytes().all(|byte| byte.is_ascii_digit()) && !number.starts_with('0');
        let number = number.parse().ok().filter(|_| is_plain).and_then(Generation::from_number);
        Ok(Self {
            subject: subject.parse().map_err(|_: InvalidDigest| InvalidRequestId)?,
            generation: number.ok_or(InvalidRequestId)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_parses_from_its_own_text_only() {
        let id = RequestId { subject: KeyedDigest::new([0xa5; 32]), generation: Generation(7) };
        let text = id.to_string();
        assert_eq!(text, format!("{}-7", "a5".repeat(32)));
        assert_eq!(text.parse(), Ok(id));
        let digest = "a5".repeat(32);
        for wrong in [
            digest.clone(),
            format!("{digest}-"),
            format!("{digest}-0"),
            format!("{digest}-07"),
            format!("{digest}-+7"),
            format!("{digest}-7 "),
            format!("{digest}-4294967296"),
            format!("{}-7", digest.to_uppercase()),
            format!("{digest}a-7"),
            format!("{digest}--7"),
        ] {
            assert_eq!(wrong.parse::<RequestId>(), Err(InvalidRequestId), "text: {wrong}");
        }
    }
}
