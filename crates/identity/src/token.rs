//! A bearer token that nobody has verified yet.
//!
//! Its shape is checked here, strictly, and nothing it says is believed: its issuer only selects whose keys must
//! verify it. Not here: signatures and claims (`verify`).

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use portcullis_settings::{Endpoint, IssuerSettings};
use serde_json::{Map, Value};

use crate::json;
use crate::refusal::Refusal;

/// The token of an `Authorization` header, not yet looked into.
#[derive(Clone, Copy)]
pub struct BearerToken<'a>(&'a str);

/// Why a text is not a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// A part of it is not base64url without padding.
    #[error("the token is not base64url")]
    Base64,
    /// It has characters that no token has (RFC 6750 section 2.1).
    #[error("the token has characters that do not belong in one")]
    Characters,
    /// Its header is not a JSON object with distinct names and an `alg`, or its `kid` is longer than 256 bytes.
    #[error("the header of the token is not usable JSON")]
    Header,
    /// The `Authorization` header does not begin with `Bearer`.
    #[error("the authorization is not of the bearer kind")]
    NotBearer,
    /// Its claims are not a JSON object with distinct names.
    #[error("the claims of the token are not usable JSON")]
    Payload,
    /// It does not have three parts. Opaque tokens are like that.
    #[error("the token does not have three parts")]
    Structure,
    /// It is longer than the settings allow.
    #[error("the token is longer than {limit} bytes")]
    TooLong {
        /// The longest token that is accepted, in bytes.
        limit: usize,
    },
}

impl<'a> BearerToken<'a> {
    /// Takes the token out of the value of an `Authorization` header.
    ///
    /// # Errors
    /// [`TokenError::NotBearer`], [`TokenError::TooLong`] or [`TokenError::Characters`].
    pub fn from_header(value: &'a str, max_bytes: usize) -> Result<Self, TokenError> {
        let (scheme, token) = value.split_once(' ').ok_or(TokenError::NotBearer)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(TokenError::NotBearer);
        }
        Self::parse(token.trim_start_matches(' '), max_bytes)
    }

    /// Takes a text for a token, if it looks like one.
    ///
    /// # Errors
    /// [`TokenError::TooLong`] or [`TokenError::Characters`].
    pub fn parse(text: &'a str, max_bytes: usize) -> Result<Self, TokenError> {
        if text.len() > max_bytes {
            return Err(TokenError::TooLong { limit: max_bytes });
        }
        let body = text.trim_end_matches('=');
        let is_token_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
        if body.is_empty() || !body.bytes().all(is_token_byte) {
            return Err(TokenError::Characters);
        }
        Ok(Self(text))
    }

    /// Reads the token as a JWT in compact form (RFC 7515 section 7.1).
    ///
    /// # Errors
    /// [`TokenError::Structure`] for an opaque token; otherwise what is wrong with its parts.
    pub fn decode(self) -> Result<UnverifiedToken<'a>, TokenError> {
        let (signed, signature) = self.0.rsplit_once('.').ok_or(TokenError::Structure)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenError::Structure)?;
        if payload.contains('.') {
            return Err(TokenError::Structure);
        }
        Ok(UnverifiedToken {
            signed,
            header: Header::parse(&base64(header)?)?,
            claims: json::object(&base64(payload)?).ok_or(TokenError::Payload)?,
            signature: base64(signature)?,
        })
    }

    /// The token, for digests only.
    pub(crate) fn as_bytes(&self) -> &'a [u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for BearerToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BearerToken(… {} bytes)", self.0.len())
    }
}

/// A token whose signature nobody has checked.
pub struct UnverifiedToken<'a> {
    /// What the signature covers: header and claims as they were sent.
    signed: &'a str,
    header: Header,
    claims: Map<String, Value>,
    signature: Vec<u8>,
}

impl UnverifiedToken<'_> {
    /// Who the token says made it. Good for choosing the keys that must verify it, and for nothing else.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.claims.get("iss").and_then(Value::as_str)
    }

    /// The key that the token says it was signed with.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.header.key_id.as_deref()
    }

    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    pub(crate) fn signed(&self) -> &[u8] {
        self.signed.as_bytes()
    }

    pub(crate) fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// The claims. INVARIANT: only `verify` reads them, after it has checked the signature.
    pub(crate) fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }
}

impl fmt::Debug for UnverifiedToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnverifiedToken")
            .field("issuer", &self.issuer())
            .field("key_id", &self.key_id())
            .finish()
    }
}

/// What we read of a token's header. Keys and links to keys in it (`jwk`, `jku`, `x5u`, `x5c`) are not among it.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) algorithm: String,
    pub(crate) key_id: Option<String>,
    pub(crate) typ: Option<String>,
    pub(crate) is_critical: bool,
}

impl Header {
    fn parse(bytes: &[u8]) -> Result<Self, TokenError> {
        let header = json::object(bytes).ok_or(TokenError::Header)?;
        let text = |name: &str| match header.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(TokenError::Header),
        };
        Ok(Self {
            algorithm: text("alg")?.ok_or(TokenError::Header)?,
            // Names of keys that nobody has are remembered for a while, so a stranger must not choose their size.
            key_id: match text("kid")? {
                Some(kid) if kid.len() > LONGEST_KEY_ID => return Err(TokenError::Header),
                kid => kid,
            },
            typ: text("typ")?,
            // An unencoded payload (`b64`, RFC 7797) must be marked critical; one that is not is refused as well.
            is_critical: header.contains_key("crit") || header.contains_key("b64"),
        })
    }
}

/// The issuer whose keys must verify the token, if its callers may come here.
///
/// # Errors
/// [`Refusal::MissingClaim`] without an `iss`, [`Refusal::UnknownIssuer`] for one whose callers may not.
pub fn issuer_of<'s>(
    endpoint: &Endpoint<'s>,
    token: &UnverifiedToken<'_>,
) -> Result<&'s IssuerSettings, Refusal> {
    let issuer = token.issuer().ok_or(Refusal::MissingClaim { claim: "iss" })?;
    endpoint
        .issuer_for(issuer)
        .ok_or_else(|| Refusal::UnknownIssuer { issuer: issuer.chars().take(LONGEST_QUOTE).collect() })
}

fn base64(text: &str) -> Result<Vec<u8>, TokenError> {
    Base64UrlUnpadded::decode_vec(text).map_err(|_| TokenError::Base64)
}

/// In bytes.
const LONGEST_KEY_ID: usize = 256;
/// In characters: how much of a stranger's text goes into a message.
pub(crate) const LONGEST_QUOTE: usize = 128;

#[cfg(test)]
mod tests;
