//! One trusted source of identity: whose tokens are believed, and what is read from them.
//!
//! Not here: fetching keys and verifying tokens (`portcullis-identity`).

mod claim;

use std::collections::BTreeSet;
use std::str::FromStr;
use std::time::Duration;

pub use crate::issuer::claim::{ClaimPath, ClaimPathError, ClaimValue};
use crate::name::IssuerName;
use crate::read::suggest;
use crate::url::{IssuerUrl, KeysUrl};

/// One trusted source of identity, from `[issuers.<name>]`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IssuerSettings {
    /// The namespace of everything this issuer says, as in `okta:dba`.
    pub name: IssuerName,
    /// The `iss` of its tokens, exactly.
    pub url: IssuerUrl,
    /// Where its keys come from.
    pub keys: KeySource,
    /// The signature algorithms its tokens may use; never empty.
    pub algorithms: BTreeSet<Algorithm>,
    /// Accepted `aud` values besides the URL of the connection.
    pub audiences: BTreeSet<String>,
    /// The claim that lists a caller's groups.
    pub groups_claim: ClaimPath,
    /// Whether its callers are people or programs.
    pub principal: PrincipalRule,
    /// The claims that become attributes of the principal.
    pub attributes: Vec<ClaimPath>,
    /// How far its clock and ours may be apart. At most 5 minutes.
    pub clock_skew: Duration,
}

/// How the claims of an issuer's tokens are read. None of it can name a variable.
#[derive(Clone, Copy, Debug)]
pub struct ClaimRules<'s> {
    /// The namespace of everything this issuer says.
    pub name: &'s IssuerName,
    /// The claim that lists a caller's groups.
    pub groups_claim: &'s ClaimPath,
    /// Whether its callers are people or programs.
    pub principal: &'s PrincipalRule,
    /// The claims that become attributes of the principal.
    pub attributes: &'s [ClaimPath],
}

impl IssuerSettings {
    /// How the claims of its tokens are read.
    #[must_use]
    pub fn claim_rules(&self) -> ClaimRules<'_> {
        let Self { name, groups_claim, principal, attributes, .. } = self;
        ClaimRules { name, groups_claim, principal, attributes }
    }
}

/// Where the keys of an issuer come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// A metadata document that names the key set.
    Discovery(KeysUrl),
    /// The key set itself; there is no metadata document.
    Jwks(KeysUrl),
    /// The metadata document at the place that OpenID Connect Discovery gives it.
    WellKnown,
}

/// How a caller of an issuer is classed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrincipalRule {
    /// Every caller is a person. The default.
    User,
    /// Every caller is a program, as with the tokens of a CI system.
    Workload,
    /// A caller is a program when a claim has a value, and a person otherwise.
    WorkloadWhen {
        /// The claim to look at.
        claim: ClaimPath,
        /// The value that marks a program.
        equals: ClaimValue,
    },
}

/// The signature algorithms that an issuer may use (RFC 7518, RFC 8037, RFC 9864).
///
/// There is no symmetric algorithm and no `none`, so neither can be configured or confused with these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// Ed25519, under the name that RFC 9864 gives it.
    Ed25519,
    /// Ed25519, under the name of RFC 8037.
    EdDsa,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
}

/// A text that is not the name of an algorithm we verify.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an algorithm for tokens; {hint}")]
pub struct UnknownAlgorithm {
    text: String,
    hint: String,
}

impl Algorithm {
    /// Every algorithm, in the order of their names.
    pub const ALL: [Self; 10] = [
        Self::Ed25519,
        Self::EdDsa,
        Self::Es256,
        Self::Es384,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
    ];

    /// What an issuer may use unless its settings say otherwise.
    pub(crate) const DEFAULT: [Self; 3] = [Self::EdDsa, Self::Es256, Self::Rs256];

    /// The name in a token's `alg`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "Ed25519",
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
        }
    }
}

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    fn from_str(text: &str) -> Result<Self, UnknownAlgorithm> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == text).ok_or_else(|| UnknownAlgorithm {
            text: text.to_owned(),
            hint: suggest(text, &Self::ALL.map(Self::name)),
        })
    }
}
