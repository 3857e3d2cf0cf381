//! The token endpoint (RFC 6749 §3.2): codes, refresh tokens and client credentials become access tokens.

use std::sync::Arc;

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::authorize::{granted_scope, resources};
use super::grants::Renewal;
use super::personas::Persona;
use super::realm::Realm;
use super::tokens::ACCESS_TOKEN_LIFETIME;
use crate::http::form::{self, Form};
use crate::http::{Reply, body};

/// Why no token is issued. `Display` goes to the client as `error_description`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TokenError {
    #[error("the request is malformed or repeats a parameter")]
    Malformed,
    #[error("`{0}` is missing")]
    Missing(&'static str),
    #[error("client authentication failed")]
    Client,
    #[error("the code or refresh token is unknown, used, expired, or belongs to another request")]
    Grant,
    #[error("this grant_type is not supported")]
    GrantType,
    #[error("resource must be an absolute URL, and one of those that were authorised")]
    Target,
    #[error("too many grants are open")]
    Busy,
}

impl TokenError {
    /// The error code of RFC 6749 §5.2 and RFC 8707 §2.
    const fn code(self) -> &'static str {
        match self {
            Self::Malformed | Self::Missing(_) => "invalid_request",
            Self::Client => "invalid_client",
            Self::Grant => "invalid_grant",
            Self::GrantType => "unsupported_grant_type",
            Self::Target => "invalid_target",
            Self::Busy => "temporarily_unavailable",
        }
    }
}

/// Answers `POST /token`.
pub(super) fn answer(realm: &Arc<Realm>, headers: &HeaderMap, text: &str) -> Reply {
    let issued = Form::parse(text).map_err(|_malformed| TokenError::Malformed).and_then(|form| {
        match form.value("grant_type").ok_or(TokenError::Missing("grant_type"))? {
            "authorization_code" => exchange_code(realm, &form),
            "refresh_token" => renew(realm, &form),
            "client_credentials" => client_credentials(realm, headers, &form),
            _ => Err(TokenError::GrantType),
        }
    });
    match issued {
        Ok(answer) => body::no_store(body::json(StatusCode::OK, &answer)),
        Err(error) => refuse(error, headers.contains_key(AUTHORIZATION)),
    }
}

fn refuse(error: TokenError, tried_header: bool) -> Reply {
    let status = if error == TokenError::Client { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
    let content = json!({ "error": error.code(), "error_description": error.to_string() });
    let mut reply = body::no_store(body::json(status, &content));
    // RFC 6749 §5.2: a client that tried the header is answered with its scheme.
    if error == TokenError::Client && tried_header {
        reply.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"token\""));
    }
    reply
}

fn exchange_code(realm: &Arc<Realm>, form: &Form) -> Result<Value, TokenError> {
    let needed = |name: &'static str| form.value(name).ok_or(TokenError::Missing(name));
    let (code, client_id, verifier) = (needed("code")?, needed("client_id")?, needed("code_verifier")?);
    // The code is gone from here on, so guessing a verifier is tried once.
    let (sign_in, persona) =
        realm.grants().exchange_code(code, realm.clock.now()).ok_or(TokenError::Grant)?;
    let same_client = sign_in.client_id == client_id;
    // OAuth 2.1 no longer sends it; a client that does must send the same.
    let same_redirect = form.value("redirect_uri").is_none_or(|uri| uri == sign_in.redirect.as_str());
    if !(same_client && same_redirect && proves(verifier, &sign_in.challenge)) {
        return Err(TokenError::Grant);
    }
    let audience = narrowed(form, &sign_in.resources)?;
    let id_token = sign_in.scope.split(' ').any(|scope| scope == "openid").then(|| {
        let token = realm.id_token(persona, client_id, sign_in.nonce.as_deref()).sign();
        token.expose().to_owned()
    });
    let renewal = Renewal {
        client_id: sign_in.client_id,
        persona,
        scope: sign_in.scope,
        // Only what was authorised can be renewed, even when this exchange asked for one of several.
        resources: if sign_in.resources.is_empty() { audience.clone() } else { sign_in.resources },
    };
    let mut answer = issue(realm, renewal, &audience)?;
    if let (Some(members), Some(id_token)) = (answer.as_object_mut(), id_token) {
        members.insert("id_token".to_owned(), id_token.into());
    }
    Ok(answer)
}

/// RFC 7636 §4.6, with the verifier's alphabet and length of §4.1.
fn proves(verifier: &str, challenge: &str) -> bool {
    let fits = (43..=128).contains(&verifier.len())
        && verifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    let digest = Base64UrlUnpadded::encode_string(&Sha256::digest(verifier.as_bytes()));
    fits && bool::from(digest.as_bytes().ct_eq(challenge.as_bytes()))
}

/// The audience: what is asked now, within what was authorised. A client that named nothing before may choose now.
fn narrowed(form: &Form, authorised: &[String]) -> Result<Vec<String>, TokenError> {
    let asked = resources(form).ok_or(TokenError::Target)?;
    if asked.is_empty() {
        return Ok(authorised.to_vec());
    }
    let within = authorised.is_empty() || asked.iter().all(|resource| authorised.contains(resource));
    if within { Ok(asked) } else { Err(TokenError::Target) }
}

fn renew(realm: &Arc<Realm>, form: &Form) -> Result<Value, TokenError> {
    let needed = |name: &'static str| form.value(name).ok_or(TokenError::Missing(name));
    let (token, client_id) = (needed("refresh_token")?, needed("client_id")?);
    let renewal = realm.grants().renew(token, realm.clock.now()).ok_or(TokenError::Grant)?;
    if renewal.client_id != client_id {
        return Err(TokenError::Grant);
    }
    let audience = narrowed(form, &renewal.resources)?;
    issue(realm, renewal, &audience)
}

/// An access token, and a new refresh token in place of the old one.
fn issue(realm: &Arc<Realm>, renewal: Renewal, audience: &[String]) -> Result<Value, TokenError> {
    let token = realm.access_token(renewal.persona, audience, &renewal.client_id, &renewal.scope).sign();
    let scope = renewal.scope.clone();
    let refresh = realm.grants().issue_renewal(renewal, realm.clock.now()).ok_or(TokenError::Busy)?;
    Ok(json!({
        "access_token": token.expose(),
        "token_type": "Bearer",
        "expires_in": ACCESS_TOKEN_LIFETIME,
        "scope": scope,
        "refresh_token": refresh.expose(),
    }))
}

fn client_credentials(realm: &Arc<Realm>, headers: &HeaderMap, form: &Form) -> Result<Value, TokenError> {
    let (client_id, secret) = credentials(headers, form).ok_or(TokenError::Client)?;
    let persona = client_id.parse::<Persona>().map_err(|_unknown| TokenError::Client)?;
    let known = realm.workload_secret(persona).is_some_and(|known| known.matches(&secret));
    if !known {
        return Err(TokenError::Client);
    }
    let audience = narrowed(form, &[])?;
    let scope = granted_scope(form.value("scope"));
    let token = realm.access_token(persona, &audience, persona.name(), &scope).sign();
    Ok(json!({
        "access_token": token.expose(),
        "token_type": "Bearer",
        "expires_in": ACCESS_TOKEN_LIFETIME,
        "scope": scope,
    }))
}

/// Id and secret from the header (both form-encoded, RFC 6749 §2.3.1) or from the body, never from both.
pub(super) fn credentials(headers: &HeaderMap, form: &Form) -> Option<(String, String)> {
    let in_body = form.value("client_id").zip(form.value("client_secret"));
    let Some(header) = headers.get(AUTHORIZATION) else {
        return in_body.map(|(id, secret)| (id.to_owned(), secret.to_owned()));
    };
    if in_body.is_some() {
        return None;
    }
    let (scheme, encoded) = header.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(Base64::decode_vec(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((form::decode(id).ok()?, form::decode(secret).ok()?))
}
