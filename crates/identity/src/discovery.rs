//! An issuer's metadata document (OpenID Connect Discovery 1.0, RFC 8414).
//!
//! Not here: fetching it.

use portcullis_settings::{IssuerSettings, IssuerUrl, KeySource, KeysUrl};
use serde_json::Value;

use crate::json;

/// What an issuer's metadata document says, as far as we need it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Discovery {
    /// The issuer that the document speaks for; the one that was asked about.
    pub issuer: IssuerUrl,
    /// Where its keys are.
    pub jwks_uri: KeysUrl,
    /// Where opaque tokens can be looked up (RFC 7662), if it has such a place.
    pub introspection: Option<KeysUrl>,
}

/// Why a metadata document is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DiscoveryError {
    /// The document speaks for another issuer, so it says nothing about this one.
    #[error("the issuer's metadata names another issuer than the settings")]
    Issuer,
    /// Not a JSON object with distinct names, or more than 256 KiB.
    #[error("the issuer's metadata is not usable JSON")]
    Json,
    /// A URL in it is missing, malformed, or would be fetched in plain text.
    #[error("the issuer's metadata has no usable `{0}`")]
    Url(&'static str),
}

/// What to fetch first to get an issuer's keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FirstFetch {
    /// The key set itself.
    KeySet(String),
    /// The metadata document, which says where the key set is.
    Metadata(String),
}

impl Discovery {
    /// Reads a metadata document that was fetched for `expected`.
    ///
    /// The key set need not be on the issuer's own host. It must be behind TLS, unless the issuer itself is on
    /// this machine.
    ///
    /// # Errors
    /// [`DiscoveryError::Issuer`] unless it speaks for exactly that issuer (section 4.3 of the specification),
    /// [`DiscoveryError::Json`] and [`DiscoveryError::Url`] for what cannot be used.
    pub fn parse(bytes: &[u8], expected: &IssuerUrl) -> Result<Self, DiscoveryError> {
        if bytes.len() > MAX_BYTES {
            return Err(DiscoveryError::Json);
        }
        let document = json::object(bytes).ok_or(DiscoveryError::Json)?;
        if document.get("issuer").and_then(Value::as_str) != Some(expected.as_str()) {
            return Err(DiscoveryError::Issuer);
        }
        let url = |name: &'static str| match document.get(name) {
            None => Ok(None),
            Some(value) => value
                .as_str()
                .filter(|text| text.starts_with("https://") || expected.is_loopback())
                .and_then(|text| text.parse::<KeysUrl>().ok())
                .map(Some)
                .ok_or(DiscoveryError::Url(name)),
        };
        let jwks_uri = url("jwks_uri")?.ok_or(DiscoveryError::Url("jwks_uri"))?;
        Ok(Self { issuer: expected.clone(), jwks_uri, introspection: url("introspection_endpoint")? })
    }
}

/// What to fetch first to get the keys of this issuer.
#[must_use]
pub fn first_fetch(issuer: &IssuerSettings) -> FirstFetch {
    match &issuer.keys {
        KeySource::Discovery(url) => FirstFetch::Metadata(url.as_str().to_owned()),
        KeySource::Jwks(url) => FirstFetch::KeySet(url.as_str().to_owned()),
        KeySource::WellKnown => FirstFetch::Metadata(discovery_url(&issuer.url)),
    }
}

/// Where OpenID Connect puts an issuer's metadata: below the issuer, whose final slash is dropped (section 4.1).
#[must_use]
pub fn discovery_url(issuer: &IssuerUrl) -> String {
    let issuer = issuer.as_str();
    format!("{}/.well-known/openid-configuration", issuer.strip_suffix('/').unwrap_or(issuer))
}

const MAX_BYTES: usize = 256 << 10;

#[cfg(test)]
mod tests;
