//! Detectors of an organisation's own, opened from the bytes that they were compiled to.
//!
//! Nothing is compiled here: expressions and words were turned into automata ahead of time, and the tables of those are
//! read where they lie. The automata of many detectors that only say *whether* something is there are joined, so that a
//! text without a match is read once, however many detectors there are.
//!
//! ```text
//! magic 8 | format 4 | SHA-256 of the rest 32 | length of what follows 4
//! SHA-256 of the source 32 | number of texts 4, of paths 4, of filters 4 | paths | texts | filters
//! ```
//!
//! INVARIANT: what format 1 means never changes. `tests/golden` has a file to hold us to it.

mod automaton;
mod document;
mod encode;
mod layout;
mod place;
mod read;
mod search;
mod validator;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::Class;
use crate::finding::{Confidence, Finding, Findings};
use crate::fold::Folded;
use crate::glyph::View;

pub use automaton::{Automaton, STARTS};
pub use encode::{Find, Rule, Rules};
pub use place::{Path, Place, Step, StepError, Target};
pub use validator::Validator;

pub(crate) use place::{Child, Paths};

use automaton::Table;

/// Detectors that are not built in, ready to search with.
#[derive(Clone, PartialEq, Eq)]
pub struct Custom {
    bytes: Arc<[u8]>,
    source: [u8; 32],
    detectors: Vec<Detector>,
    filters: Vec<Filter>,
    paths: Paths,
}

/// One of them, other than a path.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Detector {
    kind: Kind,
    /// Where matches end.
    forward: Table,
    /// Where a match that ends somewhere starts.
    backward: Table,
    /// Whether a match in the middle of a word is none.
    is_words: bool,
    /// Words of which one must be near, in lower case and in order; none if nothing needs to be.
    context: Vec<String>,
    validator: Option<Validator>,
}

/// What its findings are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kind {
    class: Class,
    confidence: Confidence,
}

/// Which of up to 64 detectors match a text at all.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Filter {
    table: Table,
    /// The detectors, by number.
    detectors: Vec<usize>,
}

/// Why bytes are not taken for compiled detectors. Each text says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CustomError {
    /// Some of it was changed.
    #[error("the compiled detectors are damaged: compile them again from `detectors.toml`")]
    Damaged,
    /// It was written by a later version of this software.
    #[error(
        "the compiled detectors have format {found} and this version reads up to format {FORMAT}: upgrade the gateway \
         first, or compile them with the gateway's own version"
    )]
    NewerFormat {
        /// Its format.
        found: u32,
    },
    /// It is something else.
    #[error("these are not compiled detectors: give what was written as such")]
    NotDetectors,
    /// Its end is missing.
    #[error("the compiled detectors are cut short: copy them again")]
    Truncated,
}

impl Custom {
    /// Opens what [`Rules::to_bytes`] of this or an earlier version gave. Every byte is checked; the automata are used
    /// where they lie.
    ///
    /// # Errors
    /// [`CustomError`] if the bytes are anything else.
    pub fn open(bytes: impl Into<Arc<[u8]>>) -> Result<Self, CustomError> {
        read::open(bytes.into())
    }

    /// SHA-256 of the text that was compiled.
    #[must_use]
    pub const fn source(&self) -> &[u8; 32] {
        &self.source
    }

    /// Whether this is the text that was compiled.
    #[must_use]
    pub fn is_of(&self, source: &str) -> bool {
        self.source == *Sha256::digest(source.as_bytes())
    }

    /// Every class that they find.
    #[must_use]
    pub fn classes(&self) -> BTreeSet<Class> {
        let of_texts = self.detectors.iter().map(|detector| detector.kind.class);
        of_texts.chain(self.paths.kinds().map(|kind| kind.class)).collect()
    }

    /// What these alone find in a text, which may be a document.
    #[must_use]
    pub fn findings(&self, text: &str) -> Findings {
        let folded = Folded::new(text);
        let hits = self.scan("", &View::new(folded.as_str())).into_iter();
        let in_original = |hit: Finding| Finding { range: folded.original(hit.range.clone()), ..hit };
        Findings::resolve(hits.map(in_original).chain(self.in_document(text)).collect())
    }

    pub(crate) const fn paths(&self) -> &Paths {
        &self.paths
    }

    /// What is at a place that a path leads to: the whole of it.
    pub(crate) fn at(&self, place: Place, text: &str) -> impl Iterator<Item = Finding> {
        let is_masked = move |class: Class| text == class.placeholder() || text == MASKED;
        self.paths
            .reached(place)
            .filter(move |kind| !text.is_empty() && !is_masked(kind.class))
            .map(move |kind| Finding { class: kind.class, range: 0..text.len(), confidence: kind.confidence })
    }
}

impl fmt::Debug for Custom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Custom").field("classes", &self.classes()).finish_non_exhaustive()
    }
}

/// What stands in the place of a text that cannot be masked in parts.
const MASKED: &str = "[masked]";

const MAGIC: &[u8; 8] = b"PCDETECT";
/// The version of the format that is written, and the latest that is read.
const FORMAT: u32 = 1;
/// Before it are the magic, the format and the digest of the rest.
const REST_START: usize = 44;
/// The name of the section of a policy bundle that holds compiled detectors.
pub const SECTION: &str = "detectors";
