//! One upstream MCP server, and the credential that the gateway shows it.
//!
//! Not here: speaking to it, and the pinned definitions of its tools.

use std::collections::BTreeSet;

use http::{HeaderName, HeaderValue};

use crate::name::{ConnectionName, IssuerName};
use crate::url::UpstreamUrl;

/// One upstream MCP server, from `[connections.<name>]`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Connection {
    /// Its name, as in `/mcp/<connection>`.
    pub name: ConnectionName,
    /// Its MCP endpoint.
    pub url: UpstreamUrl,
    /// Whose callers may use it at all; never empty.
    pub issuers: BTreeSet<IssuerName>,
    /// What the gateway shows the upstream in place of the caller's own credentials.
    pub credential: Option<Credential>,
    /// What happens to content that detection cannot read.
    pub binary: Binary,
}

/// What happens to images, audio and blobs, which detection cannot read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Binary {
    /// They pass unread.
    Allow,
    /// They are withheld. The default.
    #[default]
    Deny,
}

/// A header that authenticates the gateway to an upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    name: HeaderName,
    /// INVARIANT: marked sensitive, so that its `Debug` shows nothing.
    value: HeaderValue,
}

/// Why a credential is refused. Messages never repeat the value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CredentialError {
    #[error("`{0}` is not a header name")]
    Name(String),
    #[error("`{0}` is a header that the gateway or the connection itself sets")]
    Reserved(HeaderName),
    #[error("the value is not a header value: only visible ASCII with single spaces inside, at most 8 KiB")]
    Value,
}

impl Credential {
    /// The header's name.
    #[must_use]
    pub fn name(&self) -> &HeaderName {
        &self.name
    }

    /// The header's value, marked sensitive.
    #[must_use]
    pub fn value(&self) -> &HeaderValue {
        &self.value
    }

    pub(crate) fn new(name: HeaderName, value: &str) -> Result<Self, CredentialError> {
        let plain = value.len() <= LONGEST_CREDENTIAL
            && value.split(' ').all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_graphic()));
        let mut value = HeaderValue::from_str(value).map_err(|_| CredentialError::Value)?;
        if !plain {
            return Err(CredentialError::Value);
        }
        value.set_sensitive(true);
        Ok(Self { name, value })
    }
}

/// Reads the name of a header that may carry a credential.
pub(crate) fn credential_header(text: &str) -> Result<HeaderName, CredentialError> {
    let name: HeaderName =
        text.parse().map_err(|_| CredentialError::Name(text.escape_debug().to_string()))?;
    let reserved = RESERVED.contains(&name.as_str())
        || RESERVED_PREFIXES.iter().any(|prefix| name.as_str().starts_with(prefix));
    if reserved { Err(CredentialError::Reserved(name)) } else { Ok(name) }
}

/// Headers of one hop, and headers whose meaning the gateway decides.
const RESERVED: [&str; 15] = [
    "accept",
    "accept-encoding",
    "connection",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "last-event-id",
    "origin",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "www-authenticate",
];
const RESERVED_PREFIXES: [&str; 5] = ["content-", "mcp-", "proxy-", "spin-", "x-forwarded-"];
const LONGEST_CREDENTIAL: usize = 8 << 10;
