//! What an issuer says to a client that lets people sign in there (OAuth 2.1): where they go, where a code becomes a
//! token, and the answer with the token.
//!
//! Not here: fetching either of them, and whether the token is any good ([`crate::verify()`]).

mod request;

use portcullis_settings::{IssuerUrl, KeysUrl, Secret, SignIn};
use serde_json::{Map, Value};

use crate::json;
pub use crate::sign_in::request::{basic, form, is_unreserved};

/// Where people sign in at an issuer, and where a code becomes a token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Endpoints {
    /// Where the browser goes.
    pub authorization: KeysUrl,
    /// Where the gateway takes the code.
    pub token: KeysUrl,
    /// Whether every answer names the issuer (RFC 9207), so that one that does not is none of its answers.
    pub names_issuer: bool,
    /// Where the client's secret goes, if it has one.
    pub secret: SecretPlace,
}

/// Where in a token request a client shows its secret (RFC 6749 section 2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretPlace {
    /// In `Authorization`.
    Header,
    /// In the form.
    Form,
}

/// Why nobody can sign in at an issuer with this metadata. The text is for the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointsError {
    /// None of the ways to show a secret that we have.
    #[error(
        "the issuer takes a client's secret neither with `client_secret_basic` nor with `client_secret_post`"
    )]
    ClientSecret,
    /// The document speaks for another issuer, so it says nothing about this one.
    #[error("the issuer's metadata names another issuer than the settings")]
    Issuer,
    /// Not a JSON object with distinct names, or more than 256 KiB.
    #[error("the issuer's metadata is not usable JSON")]
    Json,
    /// It has no authorization code flow.
    #[error("the issuer's metadata does not list `code` in `response_types_supported`")]
    NoCode,
    /// It does not check PKCE in the one way that is safe.
    #[error("the issuer's metadata does not list `S256` in `code_challenge_methods_supported`{hint}", hint = hint(*.is_silent))]
    Pkce {
        /// Whether it does not say anything about it.
        is_silent: bool,
    },
    /// A URL in it is missing, malformed, or would be used in plain text.
    #[error("the issuer's metadata has no usable `{0}`")]
    Url(&'static str),
}

fn hint(is_silent: bool) -> &'static str {
    if is_silent { "; if it checks PKCE all the same, say `assume_pkce = true`" } else { "" }
}

impl Endpoints {
    /// Reads a metadata document that was fetched for `issuer`.
    ///
    /// # Errors
    /// [`EndpointsError`], also for an issuer that does what the client cannot do with.
    pub fn parse(bytes: &[u8], issuer: &IssuerUrl, client: &SignIn) -> Result<Self, EndpointsError> {
        if bytes.len() > MAX_BYTES {
            return Err(EndpointsError::Json);
        }
        let document = json::object(bytes).ok_or(EndpointsError::Json)?;
        if document.get("issuer").and_then(Value::as_str) != Some(issuer.as_str()) {
            return Err(EndpointsError::Issuer);
        }
        // RFC 8414 section 2: `code` has no default there, and OpenID Connect demands the list.
        if lists(&document, "response_types_supported", "code") == Some(false) {
            return Err(EndpointsError::NoCode);
        }
        match lists(&document, "code_challenge_methods_supported", "S256") {
            Some(true) => {}
            None if client.assumes_pkce => {}
            listed => return Err(EndpointsError::Pkce { is_silent: listed.is_none() }),
        }
        Ok(Self {
            authorization: endpoint(&document, "authorization_endpoint", issuer)?,
            token: endpoint(&document, "token_endpoint", issuer)?,
            names_issuer: document.get("authorization_response_iss_parameter_supported")
                == Some(&Value::Bool(true)),
            secret: secret_place(&document, client)?,
        })
    }
}

/// Codes and secrets go there, so it is behind TLS, or on this machine as the issuer is.
fn endpoint(
    document: &Map<String, Value>,
    name: &'static str,
    issuer: &IssuerUrl,
) -> Result<KeysUrl, EndpointsError> {
    let text = document.get(name).and_then(Value::as_str).ok_or(EndpointsError::Url(name))?;
    let place = text.split('?').next().unwrap_or_default();
    let is_near = |place: &str| place.parse::<IssuerUrl>().is_ok_and(|url| url.is_loopback());
    let is_safe = text.starts_with("https://") || (issuer.is_loopback() && is_near(place));
    text.parse().ok().filter(|_| is_safe).ok_or(EndpointsError::Url(name))
}

/// Whether a list of the document has this text; `None` if there is no such list.
fn lists(document: &Map<String, Value>, name: &str, wanted: &str) -> Option<bool> {
    document
        .get(name)
        .map(|list| list.as_array().is_some_and(|list| list.iter().any(|one| one.as_str() == Some(wanted))))
}

fn secret_place(document: &Map<String, Value>, client: &SignIn) -> Result<SecretPlace, EndpointsError> {
    let takes = |method: &str| lists(document, "token_endpoint_auth_methods_supported", method);
    // RFC 8414 section 2: without a list it is `client_secret_basic`.
    match (takes("client_secret_basic"), takes("client_secret_post")) {
        (Some(true) | None, _) => Ok(SecretPlace::Header),
        (_, Some(true)) => Ok(SecretPlace::Form),
        _ if client.client_secret.is_none() => Ok(SecretPlace::Header),
        _ => Err(EndpointsError::ClientSecret),
    }
}

/// Why there is no token in the answer of a token endpoint. The text is for the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// Not a JSON object with distinct names.
    #[error("the issuer's answer is not usable JSON")]
    Json,
    /// There is no `access_token` in it, or one that no header can carry.
    #[error("the issuer's answer has no usable `access_token`")]
    NoToken,
    /// The token is none that whoever bears it may use.
    #[error("the issuer's token is not of the type `Bearer`")]
    NotBearer,
}

/// The access token of a token endpoint's answer (RFC 6749 section 5.1). Nothing is known of it yet.
///
/// # Errors
/// [`AnswerError`]
pub fn access_token(bytes: &[u8]) -> Result<Secret, AnswerError> {
    let answer = json::object(bytes).ok_or(AnswerError::Json)?;
    let kind = answer.get("token_type").and_then(Value::as_str).unwrap_or_default();
    if !kind.eq_ignore_ascii_case("bearer") {
        return Err(AnswerError::NotBearer);
    }
    let token = answer.get("access_token").and_then(Value::as_str);
    let is_fit = |token: &&str| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    token.filter(is_fit).map(|token| Secret::new(token.to_owned())).ok_or(AnswerError::NoToken)
}

/// Why a token endpoint gives no token, as far as it says so in words that everybody knows: what else it says may repeat
/// the code.
#[must_use]
pub fn error_code(bytes: &[u8]) -> &'static str {
    let answer = json::object(bytes).unwrap_or_default();
    let said = answer.get("error").and_then(Value::as_str).unwrap_or_default();
    ERRORS.into_iter().find(|known| *known == said).unwrap_or("nothing that OAuth knows")
}

/// RFC 6749 section 5.2, RFC 8707 section 2, and what servers say of themselves.
const ERRORS: [&str; 9] = [
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_scope",
    "invalid_target",
    "server_error",
    "temporarily_unavailable",
    "unauthorized_client",
    "unsupported_grant_type",
];

const MAX_BYTES: usize = 256 << 10;

#[cfg(test)]
mod tests;
