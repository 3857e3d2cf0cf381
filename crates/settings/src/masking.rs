//! Which classes of data are masked for everyone who may not unmask them.
//!
//! Masking is on unless narrowed: without `[masking]`, every class that a detector finds is masked. Not here:
//! detectors, and who may unmask (policy).

use std::collections::BTreeSet;

use crate::name::ClassName;
use crate::read::{Report, Section};

/// Which classes of data are masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Masking {
    /// Every class of sensitive values that any detector finds. The default.
    Every,
    /// Only these classes and what is in them, as `pii.card` is in `pii`; an empty set masks nothing.
    Only(BTreeSet<ClassName>),
}

impl Masking {
    /// Whether findings of this class, which is one of sensitive values or not, are masked.
    #[must_use]
    pub fn covers(&self, class: &ClassName, is_sensitive: bool) -> bool {
        match self {
            Self::Every => is_sensitive,
            Self::Only(classes) => classes.iter().any(|named| class.is_in(named)),
        }
    }

    /// Reads `[masking]`.
    pub(crate) fn read(section: &mut Section<'_, '_>, report: &mut Report) -> Self {
        match section.parsed_list(report, "classes") {
            None => Self::Every,
            Some(classes) => Self::Only(classes.into_iter().map(|class| class.value).collect()),
        }
    }
}
