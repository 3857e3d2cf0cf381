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
    /// Every class that any detector finds. The default.
    Every,
    /// Only these classes; an empty set masks nothing.
    Only(BTreeSet<ClassName>),
}

impl Masking {
    /// Whether findings of this class are masked.
    #[must_use]
    pub fn covers(&self, class: &ClassName) -> bool {
        match self {
            Self::Every => true,
            Self::Only(classes) => classes.contains(class),
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
