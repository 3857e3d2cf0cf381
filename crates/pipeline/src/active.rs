//! What is in force: policies, and the definitions that are approved together with them.
//!
//! It is replaced as a whole, while requests are under way. Whoever decides takes one [`Active`] and asks only that, so
//! that a decision and its record speak of the same policies.

use portcullis_pins::Approved;
use portcullis_policy::PolicySet;

/// Policies and approved definitions that are in force together. Immutable.
#[derive(Debug)]
pub struct Active {
    policies: PolicySet,
    approved: Approved,
}

impl Active {
    /// What is in force from now on.
    #[must_use]
    pub fn new(policies: PolicySet, approved: Approved) -> Self {
        Self { policies, approved }
    }

    /// The policies.
    #[must_use]
    pub fn policies(&self) -> &PolicySet {
        &self.policies
    }

    /// The approved definitions of what upstreams offer.
    #[must_use]
    pub fn approved(&self) -> &Approved {
        &self.approved
    }
}
