//! One policy as everything but Cedar sees it: its name, its digest and its annotations.

use std::fmt;

use crate::annotations::{Annotations, ApprovalRule, Mode};
use crate::digest::PolicyDigest;

/// The `@id` of a policy: 1 to 128 of `A-Z a-z 0-9 . _ - / :`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyId(String);

/// What a policy does where it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It forbids, unless it is soft and was lifted by an approval.
    Forbid,
    /// It permits, unless something forbids.
    Permit,
}

/// A policy of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    annotations: Annotations,
    digest: PolicyDigest,
    effect: Effect,
    file: String,
    line: usize,
}

impl PolicyId {
    /// `None` if the text is not an id.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::fits(text).then(|| Self(text.to_owned()))
    }

    /// Whether the text is an id.
    pub(crate) fn fits(text: &str) -> bool {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | ':');
        (1..=LONGEST_ID).contains(&text.len()) && text.chars().all(allowed)
    }

    /// The id as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PolicyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Policy {
    pub(crate) fn new(
        annotations: Annotations,
        (effect, digest): (Effect, PolicyDigest),
        (file, line): (&str, usize),
    ) -> Self {
        Self { annotations, digest, effect, file: file.to_owned(), line }
    }

    /// A policy of which only this is known, since its text cannot be trusted.
    pub(crate) fn unreadable(
        id: PolicyId,
        digest: PolicyDigest,
        (mode, effect): (Mode, Effect),
        place: (&str, usize),
    ) -> Self {
        Self::new(Annotations { id, reason: None, mode, approval: None }, (effect, digest), place)
    }

    /// Its `@id`, unique in its set.
    #[must_use]
    pub const fn id(&self) -> &PolicyId {
        &self.annotations.id
    }

    /// Its content digest.
    #[must_use]
    pub const fn digest(&self) -> PolicyDigest {
        self.digest
    }

    /// Its `@reason`. For operators; a caller is told no reasons.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.annotations.reason.as_deref()
    }

    /// Whether it permits or forbids.
    #[must_use]
    pub const fn effect(&self) -> Effect {
        self.effect
    }

    /// Whether it counts.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.annotations.mode
    }

    /// Who may lift it, if it is a soft forbid.
    #[must_use]
    pub const fn approval(&self) -> Option<&ApprovalRule> {
        self.annotations.approval.as_ref()
    }

    /// The file it is from, as it was named in its [`Source`](crate::Source).
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The line of the file it starts on, from 1.
    #[must_use]
    pub const fn line(&self) -> usize {
        self.line
    }
}

/// In bytes, which are characters here.
const LONGEST_ID: usize = 128;
