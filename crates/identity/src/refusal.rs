//! Why a token is not believed.
//!
//! `Display` is for the operator's log and may quote the token's own words (never the token);
//! [`Refusal::public`] is for the caller and says only what an honest client needs to try again.

use crate::time::UnixSeconds;
use crate::token::TokenError;

/// Why a token is not believed, sorted by who can mend it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    // The token itself is wrong: whoever made or sent it can mend it.
    /// Its algorithm is not one that the issuer may use, such as `none` or `HS256`.
    #[error("the token uses algorithm {algorithm:?}, which its issuer may not use")]
    AlgorithmNotAllowed {
        /// The `alg` as it stands in the token.
        algorithm: String,
    },
    /// A claim has a type or a value that cannot be used.
    #[error("claim {claim:?} of the token cannot be used")]
    BadClaim {
        /// The claim, as the settings name it.
        claim: String,
    },
    /// Its header has `crit`, and there is no extension that we understand (RFC 7515 section 4.1.11).
    #[error("the token has critical header extensions")]
    CriticalHeader,
    /// Its time is over, even with the allowance for clocks.
    #[error("the token expired at {at}")]
    Expired {
        /// The `exp` of the token.
        at: UnixSeconds,
    },
    /// The issuer left the groups out and points elsewhere for them (the `_claim_names` of Entra), so rules that
    /// forbid something to a group would not see it.
    #[error("the token has too many groups to carry them; have the issuer filter them")]
    GroupsElsewhere,
    /// It says that it was made later than now.
    #[error("the token was issued in the future, at {at}")]
    IssuedInFuture {
        /// The `iat` of the token.
        at: UnixSeconds,
    },
    /// The key that it names is of another type than its algorithm needs.
    #[error("the key of the token does not fit algorithm {algorithm}")]
    KeyDoesNotFit {
        /// The `alg` of the token.
        algorithm: &'static str,
    },
    /// It is not a token at all.
    #[error(transparent)]
    Malformed(#[from] TokenError),
    /// A claim that must be there is not.
    #[error("the token has no claim `{claim}`")]
    MissingClaim {
        /// The claim.
        claim: &'static str,
    },
    /// Its time has not begun.
    #[error("the token is not valid before {from}")]
    NotYetValid {
        /// The `nbf` of the token.
        from: UnixSeconds,
    },
    /// It is bound to a key of the sender (`cnf`), which a plain bearer does not prove to have.
    #[error("the token is bound to a key of its sender")]
    SenderConstrained,
    /// The signature is not that of any key that it could be.
    #[error("the signature of the token is not valid")]
    Signature,
    /// Its `typ` is not that of an access token.
    #[error("the token is of type {typ:?}, not `JWT` or `at+jwt`")]
    TokenType {
        /// The `typ` as it stands in the token.
        typ: String,
    },
    /// It was made for another resource.
    #[error("the token is not meant for {resource:?}")]
    WrongAudience {
        /// What it should have been meant for.
        resource: String,
    },
    /// It was made by another issuer than the one it was checked for.
    #[error("the token is not from the issuer that was expected")]
    WrongIssuer,

    // The token and our settings do not agree: the operator may mend it.
    /// This connection trusts no such issuer.
    #[error("the token is from issuer {issuer:?}, which this connection does not trust")]
    UnknownIssuer {
        /// The `iss` as it stands in the token, unverified and cut short.
        issuer: String,
    },
    /// The issuer's keys, as far as we have them, do not include the one that is named.
    /// The shell asks [`crate::KeyCache`] whether to fetch them anew.
    #[error("the key {kid:?} of the token is not among the issuer's keys")]
    UnknownKey {
        /// The `kid` of the token, if it has one.
        kid: Option<String>,
    },

    // Neither: nothing is known about the token.
    /// The issuer's keys could not be fetched, and none are left from before.
    #[error("the keys of issuer `{issuer}` are not available")]
    KeysUnavailable {
        /// The name of the issuer in the settings.
        issuer: String,
    },
}

impl Refusal {
    /// What the caller is told: one short line of plain ASCII, fit for `error_description`.
    #[must_use]
    pub fn public(&self) -> &'static str {
        match self {
            Self::Expired { .. } => "the token has expired",
            Self::IssuedInFuture { .. } | Self::NotYetValid { .. } => "the token is not valid yet",
            Self::KeysUnavailable { .. } => "the token cannot be verified at this time",
            Self::Malformed(_) => "the token is malformed",
            Self::WrongAudience { .. } => "the token is not meant for this resource",
            Self::AlgorithmNotAllowed { .. }
            | Self::BadClaim { .. }
            | Self::CriticalHeader
            | Self::GroupsElsewhere
            | Self::KeyDoesNotFit { .. }
            | Self::MissingClaim { .. }
            | Self::SenderConstrained
            | Self::Signature
            | Self::TokenType { .. }
            | Self::UnknownIssuer { .. }
            | Self::UnknownKey { .. }
            | Self::WrongIssuer => "the token is not accepted",
        }
    }
}
