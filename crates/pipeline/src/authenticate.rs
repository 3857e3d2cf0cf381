//! Stage 2: from the bearer token to a verified principal, before the body is read.

pub(crate) mod keys;
pub(crate) mod left;

use std::net::IpAddr;
use std::rc::Rc;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use portcullis_identity::{self as identity, BearerToken, TokenError, UnixSeconds, VerifiedToken};
use portcullis_settings::{Endpoint, Scope};

use crate::gateway::Gateway;
use crate::pace;
use crate::ports::Ports;
use crate::refusal::Refusal;

/// Who comes to this place.
///
/// A missing token is no failed attempt: every OAuth client starts with one, to learn where to get a token.
pub(crate) async fn caller<P: Ports>(
    gateway: &Gateway,
    ports: &P,
    endpoint: &Endpoint<'_>,
    headers: &HeaderMap,
    address: Option<IpAddr>,
) -> Result<Rc<VerifiedToken>, Refusal> {
    let limit = gateway.settings().limits.token_bytes;
    let bearer = bearer(headers, limit);
    // Whoever shares an address with somebody who guesses is not locked out once its token is known.
    if let Some(Ok(token)) = bearer
        && let Some(verified) = remembered(gateway, ports, endpoint, token)
    {
        return Ok(verified);
    }
    let network = pace::network(address);
    if gateway.attempts.borrow().exhausted(network, ports.now()) {
        return Err(Refusal::TooManyFailures);
    }
    let verified = match bearer {
        None => {
            let nobody = anonymous(ports, endpoint, headers, address);
            return nobody.ok_or_else(|| Refusal::unauthenticated(endpoint, None));
        }
        Some(Ok(token)) => verify(gateway, ports, endpoint, token).await,
        Some(Err(malformed)) => Err(Unverified::Refused(malformed.into())),
    };
    verified.map_err(|unverified| match unverified {
        Unverified::Unavailable(refusal) => refusal,
        Unverified::Refused(refusal) => {
            gateway.attempts.borrow_mut().failed(network, ports.now());
            Refusal::unauthenticated(endpoint, Some(&refusal))
        }
    })
}

/// Who calls without a token, where the settings let such a caller in: only one that is on this machine.
///
/// A proxy on this machine would pass on callers from anywhere; the headers that proxies add give it away.
fn anonymous<P: Ports>(
    ports: &P,
    endpoint: &Endpoint<'_>,
    headers: &HeaderMap,
    address: Option<IpAddr>,
) -> Option<Rc<VerifiedToken>> {
    let anonymous = endpoint.anonymous()?;
    if !address?.to_canonical().is_loopback() || PASSED_ON.iter().any(|name| headers.contains_key(*name)) {
        return None;
    }
    let resource = endpoint.resource();
    let now = UnixSeconds(ports.now() / 1000);
    Some(Rc::new(VerifiedToken::anonymous(anonymous, &resource, now)))
}

/// What a proxy says about whom it forwards for.
const PASSED_ON: [&str; 5] = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];

/// The token must have the scopes that this place needs. Only these are worth asking the issuer for again; what
/// policy denies, no scope can mend.
pub(crate) fn check_scopes(endpoint: &Endpoint<'_>, token: &VerifiedToken) -> Result<(), Refusal> {
    let needed = endpoint.required_scopes();
    let missing: Vec<&str> =
        needed.into_iter().map(Scope::as_str).filter(|scope| !token.scopes().contains(*scope)).collect();
    match missing.as_slice() {
        [] => Ok(()),
        missing => Err(Refusal::InsufficientScope {
            missing: missing.join(" "),
            challenge: identity::metadata::insufficient_scope(endpoint),
        }),
    }
}

enum Unverified {
    /// The token is not accepted.
    Refused(identity::Refusal),
    /// It could not be checked.
    Unavailable(Refusal),
}

/// The token of `Authorization: Bearer …` (RFC 6750 §2.1). Two such headers are malformed, not a choice.
fn bearer(headers: &HeaderMap, limit: usize) -> Option<Result<BearerToken<'_>, TokenError>> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next()?;
    if values.next().is_some() {
        return Some(Err(TokenError::NotBearer));
    }
    let text = value.to_str().map_err(|_| TokenError::NotBearer);
    Some(text.and_then(|text| BearerToken::from_header(text, limit)))
}

/// The token, if this instance has verified it a moment ago.
fn remembered<P: Ports>(
    gateway: &Gateway,
    ports: &P,
    endpoint: &Endpoint<'_>,
    token: BearerToken<'_>,
) -> Option<Rc<VerifiedToken>> {
    let now = UnixSeconds(ports.now() / 1000);
    let resource = endpoint.resource();
    gateway.tokens.borrow().get(token, &resource, now).map(|verified| Rc::new(verified.clone()))
}

async fn verify<P: Ports>(
    gateway: &Gateway,
    ports: &P,
    endpoint: &Endpoint<'_>,
    token: BearerToken<'_>,
) -> Result<Rc<VerifiedToken>, Unverified> {
    let now = UnixSeconds(ports.now() / 1000);
    let resource = endpoint.resource();
    let decoded = token.decode().map_err(|error| Unverified::Refused(error.into()))?;
    let issuer = identity::issuer_of(endpoint, &decoded).map_err(Unverified::Refused)?;
    let keys = keys::of(gateway, ports, issuer, decoded.key_id()).await.map_err(Unverified::Unavailable)?;
    let verified = identity::verify(&decoded, issuer, &keys, &resource, now).map_err(Unverified::Refused)?;
    gateway.tokens.borrow_mut().insert(token, verified.clone(), now);
    Ok(Rc::new(verified))
}
