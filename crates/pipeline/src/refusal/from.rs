//! What becomes a refusal elsewhere.

use portcullis_approval::StoreTrouble;
use portcullis_identity as identity;
use portcullis_mcp::era::Rejection;
use portcullis_settings::Endpoint;

use crate::ports::StoreError;
use crate::refusal::Refusal;

/// Nothing is known of an approval, so nothing is done that needs one.
impl From<StoreTrouble> for Refusal {
    fn from(trouble: StoreTrouble) -> Self {
        Self::Store(StoreError(trouble.to_string()))
    }
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        Self::Protocol(rejection)
    }
}

impl Refusal {
    /// A refusal for want of an accepted token.
    pub(crate) fn unauthenticated(endpoint: &Endpoint<'_>, refusal: Option<&identity::Refusal>) -> Self {
        Self::Unauthenticated {
            reason: refusal.map_or_else(|| "no bearer token".to_owned(), ToString::to_string),
            challenge: identity::metadata::www_authenticate(endpoint, refusal),
        }
    }
}
