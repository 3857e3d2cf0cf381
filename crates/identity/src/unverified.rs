//! Principals that no token proved, for tools that try policies.
//!
//! Only a feature that no component turns on builds this. What comes out is a [`Principal`], a description; the data
//! path asks for a [`VerifiedToken`](crate::VerifiedToken), which nothing here makes.

use std::collections::BTreeMap;

use portcullis_settings::{ClaimRules, IssuerName};

use crate::json;
use crate::principal::{Group, Principal, PrincipalKind, Subject};
use crate::refusal::Refusal;
use crate::verify;

/// Why no principal can be made of claims.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimsError {
    /// They are not one JSON object with distinct names.
    #[error("the claims are not a JSON object with distinct names")]
    NotAnObject,
    /// The gateway would refuse a token with these claims.
    #[error("a token with these claims is refused: {0}")]
    Refused(Refusal),
}

impl Principal {
    /// The principal of a token with these claims, read by the code that reads those of verified tokens.
    ///
    /// Who signed the token, for whom and until when is not looked at.
    ///
    /// # Errors
    /// [`ClaimsError::NotAnObject`] or [`ClaimsError::Refused`].
    pub fn of_claims(claims: &[u8], rules: ClaimRules<'_>) -> Result<Self, ClaimsError> {
        let claims = json::object(claims).ok_or(ClaimsError::NotAnObject)?;
        verify::read_claims(&claims, rules).map_err(ClaimsError::Refused)
    }

    /// A principal that is on record, with its groups as they are there: in the namespaces of whoever lists them.
    ///
    /// `None` if the subject or a group could not be one.
    #[must_use]
    pub fn recorded<'g>(
        issuer: &IssuerName,
        subject: &str,
        kind: PrincipalKind,
        groups: impl IntoIterator<Item = &'g str>,
    ) -> Option<Self> {
        let principal = Self::described(issuer, subject, kind, [])?;
        Some(Self { groups: groups.into_iter().map(Group::recorded).collect::<Option<_>>()?, ..principal })
    }

    /// A principal with these groups of its issuer, named without its namespace, and nothing else.
    ///
    /// `None` if the subject or a group is empty, longer than 512 bytes or has control characters.
    #[must_use]
    pub fn described<'g>(
        issuer: &IssuerName,
        subject: &str,
        kind: PrincipalKind,
        groups: impl IntoIterator<Item = &'g str>,
    ) -> Option<Self> {
        let groups = groups.into_iter().map(|name| Group::new(issuer, name)).collect::<Option<_>>()?;
        Some(Self {
            issuer: issuer.clone(),
            subject: Subject::new(subject)?,
            kind,
            groups,
            granted: BTreeMap::new(),
            attributes: BTreeMap::new(),
            client: None,
            actors: Vec::new(),
        })
    }
}
