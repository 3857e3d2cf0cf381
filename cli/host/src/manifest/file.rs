//! The manifest's text as serde reads it: every key of Spin's manifest, and no other.
//!
//! Keys that this host does not implement are present, so that they can be refused by name instead of as a typing
//! mistake. Nothing is checked here beyond shape; see `check`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) spin_manifest_version: Spanned<i64>,
    pub(super) application: Application,
    #[serde(default)]
    pub(super) variables: BTreeMap<Spanned<String>, Variable>,
    pub(super) trigger: Triggers,
    #[serde(default)]
    pub(super) component: BTreeMap<Spanned<String>, Component>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Application {
    pub(super) name: Spanned<String>,
    pub(super) version: Option<String>,
    pub(super) description: Option<String>,
    #[serde(default, rename = "authors")]
    pub(super) _authors: Vec<String>,
    /// For deployment tools; has no meaning at run time.
    #[serde(rename = "targets")]
    pub(super) _targets: Option<IgnoredAny>,
    /// For other tools; Spin ignores it too.
    #[serde(rename = "tool")]
    pub(super) _tool: Option<IgnoredAny>,
    pub(super) trigger: Option<Spanned<IgnoredAny>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Variable {
    #[serde(rename = "description")]
    pub(super) _description: Option<String>,
    #[serde(default)]
    pub(super) required: bool,
    pub(super) default: Option<String>,
    /// Every value is treated as a secret by this host, so the flag changes nothing.
    #[serde(default, rename = "secret")]
    pub(super) _secret: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Triggers {
    #[serde(default)]
    pub(super) http: Vec<HttpTrigger>,
    pub(super) redis: Option<Spanned<IgnoredAny>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HttpTrigger {
    #[serde(rename = "id")]
    pub(super) _id: Option<String>,
    pub(super) route: Spanned<OrOther<String>>,
    pub(super) component: Option<Spanned<OrOther<String>>>,
    pub(super) executor: Option<Spanned<IgnoredAny>>,
    pub(super) static_response: Option<Spanned<IgnoredAny>>,
    pub(super) components: Option<Spanned<IgnoredAny>>,
    pub(super) dependencies: Option<Spanned<IgnoredAny>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Component {
    pub(super) source: Spanned<OrOther<String>>,
    pub(super) description: Option<String>,
    #[serde(default)]
    pub(super) variables: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    pub(super) environment: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) files: Vec<Spanned<Files>>,
    #[serde(default)]
    pub(super) exclude_files: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) allowed_outbound_hosts: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) key_value_stores: Vec<Spanned<String>>,
    pub(super) build: Option<Build>,
    /// For deployment tools; has no meaning at run time.
    #[serde(rename = "targets")]
    pub(super) _targets: Option<IgnoredAny>,
    /// For other tools; Spin ignores it too.
    #[serde(rename = "tool")]
    pub(super) _tool: Option<IgnoredAny>,
    pub(super) ai_models: Option<Spanned<IgnoredAny>>,
    pub(super) allowed_http_hosts: Option<Spanned<IgnoredAny>>,
    pub(super) dependencies: Option<Spanned<IgnoredAny>>,
    pub(super) dependencies_inherit_configuration: Option<Spanned<IgnoredAny>>,
    pub(super) profile: Option<Spanned<IgnoredAny>>,
    pub(super) sqlite_databases: Option<Spanned<IgnoredAny>>,
}

/// A value of the one shape that is supported, or any other.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum OrOther<T> {
    Supported(T),
    Other(IgnoredAny),
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a pattern or `{ source = \"…\", destination = \"…\" }`")]
pub(super) enum Files {
    Pattern(String),
    Placement(Placement),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Placement {
    pub(super) source: String,
    pub(super) destination: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Build {
    pub(super) command: Commands,
    #[serde(rename = "workdir")]
    pub(super) _workdir: Option<String>,
    #[serde(default, rename = "watch")]
    pub(super) _watch: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a command or a list of commands")]
pub(super) enum Commands {
    One(String),
    Many(Vec<String>),
}
