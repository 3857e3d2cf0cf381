//! Policies as one content-addressed sequence of bytes, from which an instance starts without parsing any.
//!
//! The bytes are a short preamble (what this is, which version of this format and of Cedar's language, a digest),
//! a head, and the texts of the policies. The head says which policies there are, by id, and which of them can
//! match a question, by the principals, actions and resources that their scopes name. Opening a bundle checks the
//! preamble and the head, in time that is linear in the number of policies and small. A policy's text is read when
//! the policy first is a candidate, and checked against the policy's own digest then.
//!
//! [`Bundle::verify`] checks everything at once: that the bundle is what [`Bundle::build`] would make of the texts
//! in it. Whoever takes a bundle over the network does that once, on receipt.
//!
//! Besides policies a bundle may hold named sections ([`Section`]), which mean nothing here.
//!
//! INVARIANT: what a format means never changes. `tests/golden` has bundles to hold us to it. Format 1 has no sections;
//! format 2 is the same with at least one.

mod contents;
mod envelope;
mod layout;
mod sections;
mod write;

use std::fmt;
use std::ops::Range;

pub use crate::bundle::envelope::{EnvelopeError, KeyId, Serial, SignedBundle, SigningKey, VerifyingKey};
pub use crate::bundle::sections::Section;

pub(crate) use crate::bundle::contents::{Contents, Group};
pub(crate) use crate::bundle::write::write;

use crate::problem::Problems;
use crate::set::{self, Source};
use crate::statement::Parsed;

/// A set of policies in its stored form.
#[derive(Clone, PartialEq, Eq)]
pub struct Bundle(Vec<u8>);

/// The address of a bundle: SHA-256 over its preamble and its head, which holds a digest of the rest. Shown as
/// `sha256:` and 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BundleDigest([u8; 32]);

/// Why bytes are not taken for a bundle. Each text says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// Some of it was changed.
    #[error("the policy bundle is damaged: build it again from its policy files")]
    Damaged,
    /// It was built by a later version of this software.
    #[error(
        "the policy bundle has format {found} and this version reads up to format {FORMAT}: upgrade the gateway \
         first, or build the bundle with the gateway's own version"
    )]
    NewerFormat {
        /// Its format.
        found: u32,
    },
    /// It was built with a later version of Cedar, whose policies may mean something else here.
    #[error(
        "the policy bundle is written in Cedar {major}.{minor}, which is later than this version's: upgrade the \
         gateway first, or build the bundle with the gateway's own version"
    )]
    NewerLanguage {
        /// The major version of the language.
        major: usize,
        /// The minor version of the language.
        minor: usize,
    },
    /// It is something else.
    #[error("this is not a policy bundle: give the file that was written as one")]
    NotABundle,
    /// Its end is missing.
    #[error("the policy bundle is cut short: copy it again")]
    Truncated,
}

impl Bundle {
    /// Checks policy files and puts them into a bundle, together with sections. The same policies at the same places
    /// and the same sections give the same bytes.
    ///
    /// # Errors
    /// [`Problems`] with everything that is wrong in any of the files, as from
    /// [`PolicySet::parse`](crate::PolicySet::parse), or that a section has a name that it cannot have, or that another
    /// one has.
    pub fn build(sources: &[Source<'_>], sections: &[Section<'_>]) -> Result<Self, Problems> {
        let policies = set::read(sources)?;
        check_names(sections)?;
        write(&policies, sections).map(Self).ok_or_else(|| set::defect(&"they are too large for a bundle"))
    }

    /// Checks every byte: all that the bundle says must follow from the texts of its policies, but for the files and
    /// lines that they are from. For bundles that come from elsewhere; it takes as long as parsing all policies.
    ///
    /// # Errors
    /// As [`PolicySet::from_bundle`](crate::PolicySet::from_bundle), and [`BundleError::Damaged`] if a text is not
    /// the one that was put in, or if the index could hide a policy.
    pub fn verify(bytes: Vec<u8>) -> Result<Self, BundleError> {
        let contents = Contents::open(bytes)?;
        if !contents.is_intact() {
            return Err(BundleError::Damaged);
        }
        let sections: Vec<Section<'_>> = contents.sections().collect();
        let policies = (0..contents.len()).map(|number| {
            let placed = contents.placed(number)?;
            Some((Parsed::read(placed).ok()?, placed.text))
        });
        let rebuilt = policies.collect::<Option<Vec<_>>>().and_then(|policies| write(&policies, &sections));
        let bytes = rebuilt.ok_or(BundleError::Damaged)?;
        let is_same = bytes.get(HEAD_START..) == contents.as_bytes().get(HEAD_START..);
        // What an older Cedar wrote differs in the version of its language, so the bytes that came are kept.
        if is_same { Ok(Self(contents.into_bytes())) } else { Err(BundleError::Damaged) }
    }

    /// The address.
    #[must_use]
    pub fn digest(&self) -> BundleDigest {
        digest_in(&self.0)
    }

    /// The bytes, as they are stored.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, as they are stored.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl BundleDigest {
    /// Reads `sha256:` and 64 hex digits, as it is shown.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.strip_prefix("sha256:").and_then(envelope::from_hex).map(Self)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for BundleDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::digest::show(&self.0, f)
    }
}

impl fmt::Debug for BundleDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::digest::show(&self.0, f)
    }
}

impl fmt::Debug for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bundle").field(&self.digest()).finish()
    }
}

fn digest_in(bytes: &[u8]) -> BundleDigest {
    let digest = bytes.get(DIGEST).and_then(|digest| digest.try_into().ok());
    BundleDigest(digest.unwrap_or_default())
}

pub(crate) fn check_names(sections: &[Section<'_>]) -> Result<(), Problems> {
    let mut names: Vec<&str> = sections.iter().map(|section| section.name).collect();
    names.sort_unstable();
    let is_doubled = names.array_windows().any(|[one, next]| one == next);
    match names.into_iter().all(sections::fits) && !is_doubled {
        true => Ok(()),
        false => Err(set::defect(&"a section has a name that it cannot have, or that another one has")),
    }
}

const MAGIC: &[u8] = b"PCBUNDLE";
/// The latest format that is read.
const FORMAT: u32 = 2;
const FORMAT_WITHOUT_SECTIONS: u32 = 1;
/// The first format with sections.
const SECTIONS_SINCE: u32 = 2;
/// Before it are the magic, the format, two numbers for the language and the length of the head.
const VERSIONS_END: usize = 24;
const HEAD_START: usize = VERSIONS_END + 32;
const DIGEST: Range<usize> = VERSIONS_END..HEAD_START;

#[cfg(test)]
mod tests;
