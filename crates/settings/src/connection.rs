//! One upstream MCP server, and the credential that the gateway shows it.
//!
//! Not here: speaking to it, and the pinned definitions of its tools.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use base64ct::{Base64, Encoding as _};
use http::{HeaderName, HeaderValue};

use crate::limits::{at_least_one, seconds};
use crate::name::{ConnectionName, IssuerName};
use crate::owners::Owners;
use crate::read::{Report, Section, suggest};
use crate::url::{Authority, HttpUrl, Scheme, UpstreamUrl, UrlError};

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
    /// What the upstream may ask of the caller's client, where policy allows it too; nothing unless listed.
    pub client_features: BTreeSet<ClientFeature>,
    /// The hosts whose pages the upstream may ask the user to open (`elicitation/create` with `mode` `url`).
    pub elicitation_hosts: Vec<PageHost>,
    /// The scopes that a token needs for this connection, whatever policy says.
    pub scopes: BTreeSet<Scope>,
    /// Whether the connection is also served at `/mcp`, together with the others.
    pub aggregate: bool,
    /// What happens to definitions that are not approved.
    pub drift: Drift,
    /// Who decides about them where they are held; always there under [`Drift::Hold`].
    pub owners: Option<Owners>,
    /// Whether callers see what the upstream claims of its tools, such as that one only reads.
    pub trust_annotations: bool,
    /// When the upstream is left alone because it fails.
    pub breaker: Breaker,
}

impl Connection {
    /// Whether the upstream may ask the user to open this page: `https`, and on one of the listed hosts.
    #[must_use]
    pub fn may_ask_to_open(&self, url: &str) -> bool {
        // What stands after the path does not decide where the page is.
        let place = url.split(['?', '#']).next().unwrap_or_default();
        let plain = !url.chars().any(|character| character.is_control() || character.is_whitespace());
        HttpUrl::parse(place).is_ok_and(|page| {
            let host = page.authority.with_port(page.scheme);
            plain
                && page.scheme == Scheme::Https
                && self.elicitation_hosts.iter().any(|listed| listed.0.with_port(page.scheme) == host)
        })
    }
}

/// When an upstream that fails is left alone, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breaker {
    /// After how many failures in a row. `failures`, 5 unless set, 1 to 1,000.
    pub failures: NonZeroU32,
    /// For how long at first; each try that fails doubles it. `pause_seconds`, 5 unless set, 1 to 3,600.
    pub pause: Duration,
    /// For how long at most. `longest_pause_seconds`, 60 unless set, 1 to 3,600, and not shorter than the pause.
    pub longest_pause: Duration,
}

impl Default for Breaker {
    fn default() -> Self {
        let [failures, pause, longest] = Self::DEFAULTS;
        Self::new(failures, pause, longest)
    }
}

impl Breaker {
    const DEFAULTS: [u32; 3] = [5, 5, 60];

    fn new(failures: u32, pause: u32, longest: u32) -> Self {
        Self { failures: at_least_one(failures), pause: seconds(pause), longest_pause: seconds(longest) }
    }

    /// Reads `[connections.<name>.breaker]`.
    pub(crate) fn read(mut section: Section<'_, '_>, report: &mut Report) -> Self {
        let [failures, pause, longest] = Self::DEFAULTS;
        let failures = section.number(report, "failures", 1..=1_000, failures);
        let pause = section.number(report, "pause_seconds", 1..=3_600, pause);
        let longest = section.number(report, "longest_pause_seconds", 1..=3_600, longest.max(pause));
        if longest < pause {
            let path = section.join("longest_pause_seconds");
            report.add(section.line, format!("`{path}` is shorter than the first pause of {pause} seconds"));
        }
        section.finish(report);
        Self::new(failures, pause, longest)
    }
}

/// A feature of clients that a server may make use of (MCP, client features).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClientFeature {
    /// Asking the user for input.
    Elicitation,
    /// Reading the list of the client's workspace folders.
    Roots,
    /// Asking the client's model.
    Sampling,
}

impl ClientFeature {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Elicitation, Self::Roots, Self::Sampling];

    /// The name of its capability (MCP, `ClientCapabilities`).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Elicitation => "elicitation",
            Self::Roots => "roots",
            Self::Sampling => "sampling",
        }
    }
}

impl FromStr for ClientFeature {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = Self::ALL.map(Self::as_str);
        let found = Self::ALL.into_iter().find(|feature| feature.as_str() == text);
        found.ok_or_else(|| {
            format!("`{}` is no client feature; {}", text.escape_debug(), suggest(text, &names))
        })
    }
}

/// A host, or a host and a port, that serves pages over `https`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageHost(Authority);

impl FromStr for PageHost {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        Authority::parse(text).map(Self)
    }
}

/// A scope of a token (RFC 6749 section 3.3).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scope(String);

impl Scope {
    /// The scope as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Scope {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let plain = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        if !text.is_empty() && text.len() <= LONGEST_SCOPE && text.bytes().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err("a scope is 1 to 255 visible ASCII characters without quotes and backslashes")
        }
    }
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

/// What happens where an upstream's definition differs from its pin, or has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Drift {
    /// Nobody sees it and nobody may call it. The default.
    #[default]
    Block,
    /// Nobody sees it or may call it before the owners of the connection have approved it.
    Hold,
    /// It passes, and is told and recorded.
    Log,
}

impl Drift {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Block, Self::Hold, Self::Log];

    /// The word for it in settings and records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Hold => "hold",
            Self::Log => "log",
        }
    }
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

    /// Every text by which somebody else could show the credential: the value, what follows its scheme (RFC 9110
    /// §11.4), and of `Basic` (RFC 7617) the name with the password and the password.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        let Ok(value) = self.value.to_str() else { return Vec::new() };
        let mut texts = vec![value.to_owned()];
        let Some((scheme, rest)) = value.split_once(' ') else { return texts };
        texts.push(rest.to_owned());
        let pair = scheme.eq_ignore_ascii_case("basic").then(|| Base64::decode_vec(rest).ok()).flatten();
        if let Some(pair) = pair.and_then(|pair| String::from_utf8(pair).ok()) {
            texts.extend(pair.split_once(':').map(|(_, password)| password.to_owned()));
            texts.push(pair);
        }
        texts
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
const RESERVED: [&str; 17] = [
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
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "www-authenticate",
];
const RESERVED_PREFIXES: [&str; 5] = ["content-", "mcp-", "proxy-", "spin-", "x-forwarded-"];
const LONGEST_SCOPE: usize = 255;
const LONGEST_CREDENTIAL: usize = 8 << 10;
