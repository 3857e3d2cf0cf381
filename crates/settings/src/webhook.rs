//! `[[webhooks]]`: who is told of what happens, over HTTP.
//!
//! Not here: what is told, how it is signed and how it gets there (`webhook`, `pipeline`).

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use base64ct::{Base64, Encoding as _};

use crate::name::ConnectionName;
use crate::url::{UpstreamUrl, UrlError};

/// One receiver of events.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// Where events are posted.
    pub url: WebhookUrl,
    /// What signs them.
    pub secret: WebhookSecret,
    /// What signs them too, while receivers still check with it.
    pub previous_secret: Option<WebhookSecret>,
    /// What is told; never empty.
    pub events: BTreeSet<WebhookEvent>,
    /// Of which connections; of all, if it is empty.
    pub connections: BTreeSet<ConnectionName>,
}

impl Webhook {
    /// Whether it is told of an event about this connection, or about none.
    #[must_use]
    pub fn wants(&self, event: WebhookEvent, connection: Option<&str>) -> bool {
        let is_about = |name: &str| self.connections.iter().any(|connection| connection.as_str() == name);
        self.events.contains(&event) && (self.connections.is_empty() || connection.is_none_or(is_about))
    }
}

/// What can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WebhookEvent {
    /// Somebody has approved a request for approval, has rejected it, or has forced it.
    ApprovalDecided,
    /// Nobody has answered a request in its time.
    ApprovalExpired,
    /// A call needs approval, and people are asked.
    ApprovalRequested,
    /// Somebody has taken an approval back.
    ApprovalRevoked,
    /// Policy has denied a request.
    CallDenied,
    /// A definition is not the approved one.
    DefinitionDrift,
    /// Policies were put in force.
    PolicyPushed,
}

impl WebhookEvent {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::ApprovalDecided,
        Self::ApprovalExpired,
        Self::ApprovalRequested,
        Self::ApprovalRevoked,
        Self::CallDenied,
        Self::DefinitionDrift,
        Self::PolicyPushed,
    ];

    /// Its name, in settings and in what is sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ApprovalDecided => "approval.decided",
            Self::ApprovalExpired => "approval.expired",
            Self::ApprovalRequested => "approval.requested",
            Self::ApprovalRevoked => "approval.revoked",
            Self::CallDenied => "call.denied",
            Self::DefinitionDrift => "definition.drift",
            Self::PolicyPushed => "policy.pushed",
        }
    }

    /// The events of a name, or of all names that begin as `approval.*` says.
    pub(crate) fn named(text: &str) -> impl Iterator<Item = Self> {
        let family = text.strip_suffix('*').filter(|family| family.ends_with('.'));
        Self::ALL.into_iter().filter(move |event| {
            event.as_str() == text || family.is_some_and(|family| event.as_str().starts_with(family))
        })
    }
}

/// Where events are posted. Some receivers have what proves the sender in it, so it is not shown whole.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookUrl(http::Uri);

impl WebhookUrl {
    /// The URL, absolute. The caller answers for where it goes.
    #[must_use]
    pub const fn uri(&self) -> &http::Uri {
        &self.0
    }

    /// The host, which is no secret.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host().unwrap_or_default()
    }
}

impl FromStr for WebhookUrl {
    type Err = UrlError;

    /// Unlike other URLs of the settings it may have a query: some receivers need one.
    fn from_str(text: &str) -> Result<Self, UrlError> {
        let (base, query) = text.split_once('?').map_or((text, None), |(base, query)| (base, Some(query)));
        let base = UpstreamUrl::parse(base).map_err(|error| match error {
            UrlError::Plaintext { near: _ } => UrlError::Plaintext { near: NEAR },
            UrlError::Fragment
            | UrlError::Host
            | UrlError::Path
            | UrlError::Port
            | UrlError::Query
            | UrlError::Scheme
            | UrlError::Syntax
            | UrlError::UserInfo => error,
        })?;
        let Some(query) = query else { return Ok(Self(base.uri().clone())) };
        if query.contains('#') {
            return Err(UrlError::Fragment);
        }
        if !query.bytes().all(|byte| byte.is_ascii_graphic() && !br#""<>\^`{|}"#.contains(&byte)) {
            return Err(UrlError::Syntax);
        }
        format!("{base}?{query}").parse().map(Self).map_err(|_| UrlError::Syntax)
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookUrl({}, …)", self.host())
    }
}

/// What signs events, as Standard Webhooks writes it.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(Vec<u8>);

impl WebhookSecret {
    /// The bytes of the key. The caller answers for where they go.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl FromStr for WebhookSecret {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let decoded = text.strip_prefix(PREFIX).and_then(|base64| Base64::decode_vec(base64).ok());
        let fits = |bytes: &Vec<u8>| (SHORTEST..=LONGEST).contains(&bytes.len());
        decoded.filter(fits).map(Self).ok_or(
            "a secret is `whsec_` and 24 to 64 random bytes in base64; `echo whsec_$(openssl rand -base64 32)` makes one",
        )
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

const PREFIX: &str = "whsec_";
/// In bytes, as the specification says.
const SHORTEST: usize = 24;
const LONGEST: usize = 64;
/// Where plain HTTP may go.
const NEAR: &str = "this machine or `*.internal`";
