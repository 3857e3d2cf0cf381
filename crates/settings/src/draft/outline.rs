//! What a settings file says without its variables.
//!
//! Tools that try policies need the names of things and how claims are read, and must not need the secrets that the
//! gateway is given. Not here: anything that a variable could change.

use crate::Draft;
use crate::connection::Drift;
use crate::deny::DenyRule;
use crate::draft::connection::ConnectionDraft;
use crate::issuer::ClaimRules;
use crate::limits::Limits;
use crate::masking::Masking;
use crate::name::{ConnectionName, IssuerName};

impl Draft {
    /// The issuers, and `anonymous` where callers without a token are let in.
    #[must_use]
    pub fn issuers(&self) -> Vec<IssuerName> {
        let nobody = self.anonymous.is_some().then(IssuerName::anonymous);
        self.issuers.keys().cloned().chain(nobody).collect()
    }

    /// How the claims of an issuer's tokens are read.
    #[must_use]
    pub fn claim_rules(&self, issuer: &IssuerName) -> Option<ClaimRules<'_>> {
        self.issuers.get_key_value(issuer).map(|(name, issuer)| issuer.claim_rules(name))
    }

    /// The connections.
    pub fn connections(&self) -> impl Iterator<Item = &ConnectionName> {
        self.connections.keys()
    }

    /// Whether callers of an issuer may use a connection at all.
    #[must_use]
    pub fn takes_callers_of(&self, connection: &ConnectionName, issuer: &IssuerName) -> bool {
        self.connections.get(connection).is_some_and(|connection| connection.lists(issuer))
    }

    /// What happens on a connection to definitions that are not approved; `None` if there is no such connection.
    #[must_use]
    pub fn drift(&self, connection: &ConnectionName) -> Option<Drift> {
        self.connections.get(connection).map(ConnectionDraft::drift)
    }

    /// What is refused whatever policies allow, in the order of the file.
    #[must_use]
    pub fn deny(&self) -> &[DenyRule] {
        &self.deny
    }

    /// Which classes of data are masked.
    #[must_use]
    pub const fn masking(&self) -> &Masking {
        &self.masking
    }

    /// How much of anything one request may use.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }
}
