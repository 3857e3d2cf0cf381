//! What is in force: policies, and what is approved together with them.
//!
//! It is replaced as a whole, while requests are under way. Whoever decides takes one [`Active`] and asks only that, so
//! that a decision and its record speak of the same policies.

use portcullis_policy::PolicySet;
use portcullis_release::Entry;

/// Policies that are in force together. Immutable.
#[derive(Debug)]
pub struct Active {
    policies: PolicySet,
    /// How they came to be pushed; `None` if they were mounted.
    release: Option<Entry>,
}

impl Active {
    /// What is in force from now on.
    #[must_use]
    pub fn new(policies: PolicySet) -> Self {
        Self { policies, release: None }
    }

    /// What was pushed, and how.
    pub(crate) fn pushed(policies: PolicySet, release: Entry) -> Self {
        Self { policies, release: Some(release) }
    }

    /// The policies.
    #[must_use]
    pub fn policies(&self) -> &PolicySet {
        &self.policies
    }

    pub(crate) fn release(&self) -> Option<&Entry> {
        self.release.as_ref()
    }
}
