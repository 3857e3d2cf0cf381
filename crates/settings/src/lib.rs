//! The settings of a gateway: `policies/portcullis.toml`, parsed once into types.
//!
//! Reading takes two pure steps. [`Draft::parse`] reads the text and lists everything that is wrong with it.
//! [`Draft::resolve`] takes the values of the variables that the file names and yields [`Settings`].
//! Variables are expanded after the file is parsed, and only in fields that are typed as templates, so that
//! no value can add a key or reach another field.
//!
//! Not here: reading files or variables (the shell does that), policies and detectors (other files, other
//! crates), and what the settings mean for one request (`pipeline`).

#![forbid(unsafe_code)]

mod access;
mod anonymous;
mod approvals;
mod connection;
mod deny;
mod draft;
mod edge;
mod endpoint;
mod issuer;
mod limits;
mod masking;
mod name;
mod owners;
mod policy;
mod problem;
pub mod read;
mod records;
mod secret;
mod sign_in;
mod telemetry;
mod template;
mod url;
mod webhook;
pub mod words;

use std::collections::BTreeMap;

pub use crate::access::{Access, AccessGroup};
pub use crate::anonymous::Anonymous;
pub use crate::approvals::Approvals;
pub use crate::connection::{Binary, Breaker, ClientFeature, Connection, Credential, Drift, PageHost, Scope};
pub use crate::deny::{DenyRule, RuleMode};
pub use crate::draft::Draft;
pub use crate::edge::Edge;
pub use crate::endpoint::Endpoint;
pub use crate::issuer::{
    Algorithm, ClaimPath, ClaimPathError, ClaimRules, ClaimValue, IssuerSettings, KeySource, PrincipalRule,
    UnknownAlgorithm,
};
pub use crate::limits::{Limits, Pace};
pub use crate::masking::{Masking, Strategy};
pub use crate::name::{
    AnonymousName, ClassName, ConnectionName, GroupName, IssuerName, KeyName, NameError, RuleId, ToolPattern,
    VariableName,
};
pub use crate::owners::Owners;
pub use crate::policy::{Console, PolicyKey, PolicySettings, PolicySource};
pub use crate::problem::{Problem, Problems};
pub use crate::records::Records;
pub use crate::secret::Secret;
pub use crate::sign_in::{ClientId, SignIn};
pub use crate::telemetry::{Collector, Sample, Telemetry};
pub use crate::url::{IssuerUrl, KeysUrl, PublicUrl, Resource, UpstreamUrl, UrlError};
pub use crate::webhook::{Webhook, WebhookEvent, WebhookSecret, WebhookUrl};

/// Everything a gateway is told, checked and with its variables filled in.
///
/// Only [`Draft::resolve`] makes one, so what the parts say about each other holds: every issuer that a
/// connection names exists, or is `anonymous` and there is such a principal; no two issuers share an issuer URL; no two
/// rules share an id, and the connections and issuers that they name exist.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// Where clients reach the gateway; audience, metadata and links derive from it, never from a request.
    pub public_url: PublicUrl,
    /// The key that seals what the gateway hands out; every real key is derived from it.
    pub secret_key: Secret,
    /// Keys that may still open what they sealed, newest first; nothing new is sealed with them.
    pub previous_secret_keys: Vec<Secret>,
    /// Which `Host`, `Origin` and `Forwarded` values are believed.
    pub edge: Edge,
    /// How much of anything one request may use.
    pub limits: Limits,
    /// How much may be asked of people, and how long callers are kept waiting for them.
    pub approvals: Approvals,
    /// The trusted sources of identity.
    pub issuers: BTreeMap<IssuerName, IssuerSettings>,
    /// The upstream servers that are served at `/mcp/<connection>`.
    pub connections: BTreeMap<ConnectionName, Connection>,
    /// Which classes of data are masked for everyone who may not unmask them.
    pub masking: Masking,
    /// What is refused whatever policies allow, in the order of the file.
    pub deny: Vec<DenyRule>,
    /// Who calls without a token; only for tests, on this machine.
    pub anonymous: Option<Anonymous>,
    /// Where the policies come from that are in force.
    pub policy: PolicySettings,
    /// Who may use `/api`; nobody, if it is absent.
    pub console: Option<Console>,
    /// How people sign in on the page of a request; if it is absent, they paste a token.
    pub sign_in: Option<SignIn>,
    /// Groups that people can be in for a time.
    pub access: Access,
    /// How long what is on record is kept.
    pub records: Records,
    /// Who is told of what happens.
    pub webhooks: Vec<Webhook>,
    /// Which traces are followed, and who is sent spans of them.
    pub telemetry: Telemetry,
}
