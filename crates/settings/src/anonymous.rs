//! Who calls without a token, where tests cannot send one; for this machine only.
//!
//! A gateway that lets strangers in must never be one that matters. So nothing opens by one line alone: the section
//! `[insecure_anonymous]` must be there, a connection must list the issuer `anonymous`, `public_url` must be this
//! machine, `[edge]` must be empty, and what stands behind such a connection must be on this machine too and ask for
//! no credential. Whatever is missing is a problem of the file. Not here: that the caller is on this machine, which
//! only a request can show (`pipeline`).

use std::collections::BTreeSet;

use crate::name::{AnonymousName, IssuerName};

/// The principal of requests without a token, from `[insecure_anonymous]`.
///
/// Only [`crate::Draft::resolve`] makes one, so whoever has one has a gateway that serves this machine alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anonymous {
    issuer: IssuerName,
    subject: AnonymousName,
    groups: BTreeSet<AnonymousName>,
}

impl Anonymous {
    pub(crate) fn new(subject: AnonymousName, groups: BTreeSet<AnonymousName>) -> Self {
        Self { issuer: IssuerName::anonymous(), subject, groups }
    }

    /// The namespace of the principal and its groups: `anonymous`, which is then no configured issuer.
    #[must_use]
    pub fn issuer(&self) -> &IssuerName {
        &self.issuer
    }

    /// Who it is, in that namespace.
    #[must_use]
    pub fn subject(&self) -> &AnonymousName {
        &self.subject
    }

    /// Its groups, in that namespace.
    #[must_use]
    pub fn groups(&self) -> &BTreeSet<AnonymousName> {
        &self.groups
    }
}
