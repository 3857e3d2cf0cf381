//! Verifies a token: signature first, then what it says.
//!
//! [`VerifiedToken`] is the proof, so code that has one need not ask again. Only [`verify`] makes one from a token;
//! [`VerifiedToken::anonymous`] makes one where the settings let strangers in, which takes a value that only
//! settings for tests on this machine hold.

mod claims;
mod principal;

use std::collections::BTreeSet;
use std::time::Duration;

use portcullis_settings::{Algorithm, Anonymous, GroupName, IssuerSettings, Resource};

use crate::keys::JwkSet;
use crate::principal::{Group, Principal};
use crate::refusal::Refusal;
use crate::time::UnixSeconds;
use crate::token::{Header, LONGEST_QUOTE, UnverifiedToken};
use crate::verify::claims::Claims;

/// Proof that a token was verified for a resource, or that the settings let this caller in without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedToken {
    principal: Principal,
    resource: Resource,
    expires: UnixSeconds,
    token_id: Option<String>,
    scopes: BTreeSet<String>,
}

impl VerifiedToken {
    /// Stands in for the token of a caller who has none, where the settings say who that is.
    ///
    /// It ends after an hour, as a token would.
    #[must_use]
    pub fn anonymous(anonymous: &Anonymous, resource: &Resource, now: UnixSeconds) -> Self {
        Self {
            principal: Principal::anonymous(anonymous),
            resource: resource.clone(),
            expires: now.plus(ANONYMOUS_LIFETIME),
            token_id: None,
            scopes: BTreeSet::new(),
        }
    }

    /// The same caller in one more group, which people have granted for a time: `request` is what they approved. A group
    /// that the token lists stays the token's.
    ///
    /// It holds for one request. What is remembered of a token is never this.
    #[must_use]
    pub fn joined(mut self, group: &GroupName, request: String) -> Self {
        let group = Group::of_settings(group);
        if self.principal.groups.insert(group.clone()) {
            self.principal.granted.insert(group, request);
        }
        self
    }

    /// Who is calling.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// What the token was verified for; it proves nothing about any other resource.
    #[must_use]
    pub fn resource(&self) -> &Resource {
        &self.resource
    }

    /// The `exp` of the token, without the allowance for clocks.
    #[must_use]
    pub fn expires(&self) -> UnixSeconds {
        self.expires
    }

    /// The `jti` of the token, by which it can be revoked.
    #[must_use]
    pub fn token_id(&self) -> Option<&str> {
        self.token_id.as_deref()
    }

    /// The scopes of the token.
    #[must_use]
    pub fn scopes(&self) -> &BTreeSet<String> {
        &self.scopes
    }
}

/// Verifies a token that must come from `issuer` and be meant for `audience`.
///
/// # Errors
/// The [`Refusal`] that says what is wrong. [`Refusal::UnknownKey`] may be mended by newer keys: ask
/// [`crate::KeyCache::lookup`].
pub fn verify(
    token: &UnverifiedToken<'_>,
    issuer: &IssuerSettings,
    keys: &JwkSet,
    audience: &Resource,
    now: UnixSeconds,
) -> Result<VerifiedToken, Refusal> {
    let algorithm = check_header(token.header(), issuer)?;
    keys.check(algorithm, token.key_id(), token.signed(), token.signature())?;
    // From here on the issuer vouches for the claims.
    let claims = Claims::new(token.claims());
    check_origin(&claims, issuer, audience)?;
    let expires = check_times(&claims, issuer, now)?;
    if claims.has("cnf") {
        // RFC 9449 section 7.1: to take it as a bearer would undo the binding.
        return Err(Refusal::SenderConstrained);
    }
    Ok(VerifiedToken {
        principal: principal::read(&claims, issuer.claim_rules())?,
        resource: audience.clone(),
        expires,
        token_id: claims.text("jti")?.map(str::to_owned),
        scopes: scopes(&claims)?,
    })
}

/// The principal that a token with these claims would speak of. Nothing is verified, and no token comes of it.
#[cfg(feature = "unverified")]
pub(crate) fn read_claims(
    claims: &serde_json::Map<String, serde_json::Value>,
    rules: portcullis_settings::ClaimRules<'_>,
) -> Result<Principal, Refusal> {
    principal::read(&Claims::new(claims), rules)
}

/// What the header may say, whoever signed it.
fn check_header(header: &Header, issuer: &IssuerSettings) -> Result<Algorithm, Refusal> {
    if header.is_critical {
        return Err(Refusal::CriticalHeader);
    }
    if let Some(typ) = &header.typ {
        // RFC 7515 section 4.1.9: compared without case, and `application/` may be left out. Other types are
        // other things that the same issuer signs, such as an ID-JAG or a logout token.
        let typ_lower = typ.to_ascii_lowercase();
        if !matches!(typ_lower.strip_prefix("application/").unwrap_or(&typ_lower), "jwt" | "at+jwt") {
            return Err(Refusal::TokenType { typ: quote(typ) });
        }
    }
    header
        .algorithm
        .parse()
        .ok()
        .filter(|algorithm| issuer.algorithms.contains(algorithm))
        .ok_or_else(|| Refusal::AlgorithmNotAllowed { algorithm: quote(&header.algorithm) })
}

/// Who made the token, and for whom.
fn check_origin(claims: &Claims<'_>, issuer: &IssuerSettings, audience: &Resource) -> Result<(), Refusal> {
    if claims.text("iss")?.ok_or(Refusal::MissingClaim { claim: "iss" })? != issuer.url.as_str() {
        return Err(Refusal::WrongIssuer);
    }
    let audiences = claims.texts("aud")?.ok_or(Refusal::MissingClaim { claim: "aud" })?;
    let is_ours = |named: &&str| *named == audience.as_str() || issuer.audiences.contains(*named);
    if audiences.iter().any(is_ours) {
        Ok(())
    } else {
        Err(Refusal::WrongAudience { resource: audience.as_str().to_owned() })
    }
}

/// Whether the token's time is now, give or take what the issuer's clock is allowed. Returns when it ends.
fn check_times(
    claims: &Claims<'_>,
    issuer: &IssuerSettings,
    now: UnixSeconds,
) -> Result<UnixSeconds, Refusal> {
    let expires = claims.time_down("exp")?.ok_or(Refusal::MissingClaim { claim: "exp" })?;
    if now >= expires.plus(issuer.clock_skew) {
        return Err(Refusal::Expired { at: expires });
    }
    let latest = now.plus(issuer.clock_skew);
    if let Some(from) = claims.time_up("nbf")?.filter(|from| *from > latest) {
        return Err(Refusal::NotYetValid { from });
    }
    if let Some(at) = claims.time_up("iat")?.filter(|at| *at > latest) {
        return Err(Refusal::IssuedInFuture { at });
    }
    Ok(expires)
}

/// `scope` is one text with spaces (RFC 9068 section 2.2.3); some issuers write `scp`, as a text or a list.
fn scopes(claims: &Claims<'_>) -> Result<BTreeSet<String>, Refusal> {
    let mut scopes = BTreeSet::new();
    for name in ["scope", "scp"] {
        for text in claims.texts(name)?.unwrap_or_default() {
            scopes.extend(text.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned));
        }
    }
    Ok(scopes)
}

/// How long a caller without a token counts as proven; long enough for a test.
const ANONYMOUS_LIFETIME: Duration = Duration::from_secs(60 * 60);

fn quote(text: &str) -> String {
    text.chars().take(LONGEST_QUOTE).collect()
}

#[cfg(test)]
mod tests;
