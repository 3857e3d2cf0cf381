//! The URLs in a settings file, each a type that says what it is for and refuses what does not fit.
//!
//! One small parser ([`HttpUrl`]) serves all of them. It accepts only what can be written in exactly one way to
//! every reader: no user names, no fragments, no backslashes, no dot segments. Error texts never repeat the URL,
//! since parts of it may come from a variable. Not here: resolving or fetching anything.

mod http_url;

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::name::ConnectionName;
pub(crate) use crate::url::http_url::{Authority, HttpUrl, Scheme};

/// Why a text is not the URL that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// The host is empty, has characters that no host has, or is not a bracketed IPv6 address.
    #[error("the host is not valid; write an international name in its `xn--` form")]
    Host,
    /// A `#fragment` is never sent to a server.
    #[error("a fragment (`#…`) is not allowed")]
    Fragment,
    /// There is a path where only `scheme://host:port` is allowed.
    #[error("only `scheme://host:port` is allowed, without a path")]
    Path,
    /// Plain HTTP to a host that is not known to be near.
    #[error("`https://` is required; plain `http://` is only for {near}")]
    Plaintext {
        /// Which hosts would be near enough.
        near: &'static str,
    },
    /// The port is not a number from 1 to 65535.
    #[error("the port is not a number from 1 to 65535")]
    Port,
    /// A `?query` is not part of a name or of an endpoint.
    #[error("a query (`?…`) is not allowed")]
    Query,
    /// Neither `https://` nor `http://`.
    #[error("it must begin with `https://` or `http://`, in lower case")]
    Scheme,
    /// Characters or path segments that different readers of the URL take differently.
    #[error("it has characters or path segments that do not belong in a URL")]
    Syntax,
    /// `user:password@host` would be a credential in a URL.
    #[error("a user name or password in a URL is not allowed")]
    UserInfo,
}

/// Which hosts plain HTTP may go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Near {
    /// This machine, and the application itself under `*.spin.internal`.
    Application,
    /// This machine, and hosts under `*.internal`.
    Internal,
    /// This machine only.
    Machine,
}

impl Near {
    fn describe(self) -> &'static str {
        match self {
            Self::Application => "this machine or `*.spin.internal`",
            Self::Internal => "this machine or `*.internal`, or with `plaintext = true`",
            Self::Machine => "this machine",
        }
    }

    fn check(self, url: &HttpUrl) -> Result<(), UrlError> {
        let near = match self {
            Self::Application => url.authority.is_under("spin.internal"),
            Self::Internal => url.authority.is_under("internal"),
            Self::Machine => false,
        };
        match url.scheme {
            Scheme::Http if !near && !url.authority.is_loopback() => {
                Err(UrlError::Plaintext { near: self.describe() })
            }
            Scheme::Http | Scheme::Https => Ok(()),
        }
    }
}

/// Where clients reach the gateway: scheme, host and port, nothing more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(HttpUrl);

impl PublicUrl {
    /// `scheme://host` or `scheme://host:port`, without a slash at the end: the gateway's own `Origin`.
    #[must_use]
    pub fn origin(&self) -> String {
        self.0.origin()
    }

    /// `host` or `host:port`, as the gateway's own `Host` is written.
    #[must_use]
    pub fn authority(&self) -> String {
        self.0.authority.written_for(self.0.scheme)
    }

    /// The URL of a connection's route, which is also the audience of tokens for it (RFC 8707).
    #[must_use]
    pub fn resource(&self, connection: &ConnectionName) -> Resource {
        Resource(format!("{}/mcp/{connection}", self.origin()))
    }

    /// Where the metadata of that resource is served: the well-known path goes before the resource's own path
    /// (RFC 9728 section 3.1).
    #[must_use]
    pub fn metadata_url(&self, connection: &ConnectionName) -> String {
        format!("{}/.well-known/oauth-protected-resource/mcp/{connection}", self.origin())
    }

    /// The URL of the endpoint that serves all connections together.
    #[must_use]
    pub fn aggregate_resource(&self) -> Resource {
        Resource(format!("{}/mcp", self.origin()))
    }

    /// Where the metadata of that resource is served.
    #[must_use]
    pub fn aggregate_metadata_url(&self) -> String {
        format!("{}/.well-known/oauth-protected-resource/mcp", self.origin())
    }

    /// The page where people say what they think of a request for approval.
    #[must_use]
    pub fn approval_page(&self, request: impl fmt::Display) -> String {
        format!("{}/approve/{request}", self.origin())
    }

    /// The page that people come back to when they have signed in, exactly as an issuer has it registered.
    #[must_use]
    pub fn signed_in_page(&self) -> String {
        format!("{}/approve/signed-in", self.origin())
    }

    /// The URL of the endpoint where policies are pushed.
    #[must_use]
    pub fn api_resource(&self) -> Resource {
        Resource(format!("{}/api", self.origin()))
    }

    /// Where the metadata of that resource is served.
    #[must_use]
    pub fn api_metadata_url(&self) -> String {
        format!("{}/.well-known/oauth-protected-resource/api", self.origin())
    }

    pub(crate) fn scheme(&self) -> Scheme {
        self.0.scheme
    }

    pub(crate) fn host(&self) -> &Authority {
        &self.0.authority
    }
}

impl FromStr for PublicUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let url = HttpUrl::parse(text)?;
        Near::Machine.check(&url)?;
        if !matches!(url.path.as_str(), "" | "/") {
            return Err(UrlError::Path);
        }
        Ok(Self(url))
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin())
    }
}

/// The resource that a token must be meant for: the URL of one connection, as clients write it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Resource(String);

impl Resource {
    /// The resource identifier.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The endpoint of an upstream MCP server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamUrl(http::Uri);

impl UpstreamUrl {
    /// Reads an endpoint that may only be reached over TLS, or in plain text where nobody else listens.
    ///
    /// # Errors
    /// The [`UrlError`] that says what does not fit.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let url = HttpUrl::parse(text)?;
        Near::Internal.check(&url)?;
        Self::build(&url)
    }

    /// Reads an endpoint for which the operator has allowed plain HTTP over a network.
    ///
    /// # Errors
    /// The [`UrlError`] that says what does not fit.
    pub fn parse_plaintext(text: &str) -> Result<Self, UrlError> {
        Self::build(&HttpUrl::parse(text)?)
    }

    /// The endpoint, absolute, with at least `/` as its path.
    #[must_use]
    pub fn uri(&self) -> &http::Uri {
        &self.0
    }

    /// Whether the upstream is on this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        self.0.authority().is_some_and(|authority| {
            Authority::parse(authority.as_str()).is_ok_and(|authority| authority.is_loopback())
        })
    }

    fn build(url: &HttpUrl) -> Result<Self, UrlError> {
        let path = if url.path.is_empty() { "/" } else { &url.path };
        let uri = format!("{}{path}", url.origin());
        uri.parse().map(Self).map_err(|_| UrlError::Syntax)
    }
}

impl fmt::Display for UpstreamUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The name of an issuer, exactly as it stands in the `iss` of its tokens.
///
/// It is compared as text, as OpenID Connect Discovery section 4.3 asks; a slash at its end counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IssuerUrl {
    text: String,
    loopback: bool,
}

impl IssuerUrl {
    /// The issuer, as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the issuer runs on this machine, where plain HTTP is fit to fetch its keys.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }
}

impl FromStr for IssuerUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let url = HttpUrl::parse(text)?;
        Near::Machine.check(&url)?;
        Ok(Self { text: text.to_owned(), loopback: url.authority.is_loopback() })
    }
}

impl fmt::Display for IssuerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Where an issuer's metadata or keys are fetched.
///
/// Whoever answers there decides which tokens are genuine, so plain HTTP is only for this machine and for the
/// application itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeysUrl(String);

impl KeysUrl {
    /// The URL, as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeysUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        // Metadata documents may live behind a query, unlike names: Entra and some gateways use one.
        let (before_query, query) = text.split_once('?').map_or((text, ""), |(url, query)| (url, query));
        Near::Application.check(&HttpUrl::parse(before_query)?)?;
        if !query.bytes().all(|byte| byte.is_ascii_graphic() && !br##"#"<>\^`{|}"##.contains(&byte)) {
            return Err(UrlError::Syntax);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for KeysUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
