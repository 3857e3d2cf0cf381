//! A settings file that has been read, but whose variables are not filled in.
//!
//! [`Draft::parse`] settles everything that does not hang on a variable; [`Draft::resolve`] the rest.

mod access;
mod anonymous;
mod connection;
mod deny;
mod issuer;
mod outline;
mod policy;
mod sign_in;
mod telemetry;
mod webhook;

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use crate::Settings;
use crate::access::Access;
use crate::approvals::Approvals;
use crate::connection::Connection;
use crate::deny::DenyRule;
use crate::draft::anonymous::AnonymousDraft;
use crate::draft::connection::ConnectionDraft;
use crate::draft::deny::Known;
use crate::draft::issuer::IssuerDraft;
use crate::draft::policy::{PolicyDraft, read_console};
use crate::draft::sign_in::SignInDraft;
use crate::draft::telemetry::TelemetryDraft;
use crate::draft::webhook::WebhookDraft;
use crate::edge::EdgeDraft;
use crate::issuer::IssuerSettings;
use crate::limits::Limits;
use crate::masking::Masking;
use crate::name::{ConnectionName, IssuerName, VariableName};
use crate::policy::Console;
use crate::problem::{Problem, Problems};
use crate::read::{self, Located, Report, Section};
use crate::records::Records;
use crate::secret::Secret;
use crate::template::{Template, TemplateError};

/// A settings file that has been read, but whose variables are not filled in.
#[derive(Clone, Debug)]
pub struct Draft {
    file: String,
    top: Top,
    edge: EdgeDraft,
    limits: Limits,
    approvals: Approvals,
    masking: Masking,
    issuers: BTreeMap<IssuerName, IssuerDraft>,
    connections: BTreeMap<ConnectionName, ConnectionDraft>,
    deny: Vec<DenyRule>,
    anonymous: Option<AnonymousDraft>,
    policy: PolicyDraft,
    console: Option<Console>,
    sign_in: Option<SignInDraft>,
    access: Access,
    records: Records,
    webhooks: Vec<WebhookDraft>,
    telemetry: TelemetryDraft,
}

/// The keys before the first table.
#[derive(Clone, Debug)]
struct Top {
    public_url: Located<Template>,
    secret_key: Located<Template>,
    previous_secret_keys: Vec<Located<Template>>,
}

impl Draft {
    /// Reads the text of a settings file; `file` is its name in messages.
    ///
    /// # Errors
    /// Every problem of the text, unless it is not TOML at all: then only what keeps it from being that.
    pub fn parse(text: &str, file: &str) -> Result<Self, Problems> {
        let (document, mut report) = read::document(text, file)?;
        let mut root = Section::root(&document);
        let top = Top::read(&mut root, &mut report);
        let edge = root.section(&mut report, "edge").map(|section| read_edge(section, &mut report));
        let limits = read_or(&mut root, &mut report, "limits", Limits::default(), Limits::read);
        let approvals = read_or(&mut root, &mut report, "approvals", Approvals::default(), Approvals::read);
        let masking = read_or(&mut root, &mut report, "masking", Masking::default(), Masking::read);
        let issuers = read_named(&mut root, &mut report, "issuers", IssuerDraft::read);
        let connections = read_named(&mut root, &mut report, "connections", ConnectionDraft::read);
        let anonymous = read_or(&mut root, &mut report, "insecure_anonymous", None, AnonymousDraft::read);
        let policy = read_or(&mut root, &mut report, "policy", PolicyDraft::default(), PolicyDraft::read);
        let edge = edge.unwrap_or_default();
        let named: Vec<&str> = issuers.keys().map(IssuerName::as_str).collect();
        let mut sign_in = None;
        let console = read_or(&mut root, &mut report, "console", None, |section, report| {
            let console = read_console(section, report, &named);
            sign_in = SignInDraft::read(section, report, console.as_ref(), &issuers);
            console
        });
        let nobody = anonymous.is_some().then(IssuerName::anonymous);
        let known: Vec<&str> = issuers.keys().chain(&nobody).map(IssuerName::as_str).collect();
        let access = read_or(&mut root, &mut report, "access", Access::default(), |section, report| {
            access::read(section, report, &known)
        });
        let records = read_or(&mut root, &mut report, "records", Records::default(), |section, report| {
            let records = Records::read(section, report);
            if records.is_limited() && console.is_none() {
                let told =
                    "`records` limits what is kept, but without `[console]` nobody can have it deleted";
                report.add(section.line, format!("{told}; add one, or remove the section"));
            }
            records
        });
        for connection in connections.values() {
            connection.check_issuers(&known, &mut report);
        }
        if let Some(anonymous) = &anonymous {
            anonymous.check(&edge, &issuers, &connections, &mut report);
        }
        let names: Vec<&str> = connections.keys().map(ConnectionName::as_str).collect();
        let deny = deny::read(&mut root, &mut report, Known { issuers: &known, connections: &names }, text);
        let webhooks = webhook::read(&mut root, &mut report, &names);
        let telemetry =
            read_or(&mut root, &mut report, "telemetry", TelemetryDraft::default(), TelemetryDraft::read);
        root.finish(&mut report);
        Problems::refuse_any(file, report.into_problems())?;
        let Some(top) = top else {
            // What is missing has been reported above; this is for the compiler.
            let problem = Problem { line: 1, message: "`public_url` or `secret_key` is missing".to_owned() };
            return Err(Problems::one(file, problem));
        };
        let file = file.to_owned();
        Ok(Self {
            file,
            top,
            edge,
            limits,
            approvals,
            masking,
            issuers,
            connections,
            deny,
            anonymous,
            policy,
            console,
            sign_in,
            access,
            records,
            webhooks,
            telemetry,
        })
    }

    /// What the operator must be told, although the file is good: one line each, with its place.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let warnings = self.anonymous.iter().map(AnonymousDraft::warning);
        warnings.map(|Problem { line, message }| format!("{}:{line}: {message}", self.file)).collect()
    }

    /// The variables that the file names.
    #[must_use]
    pub fn variables(&self) -> BTreeSet<VariableName> {
        let mut names = BTreeSet::new();
        let Top { public_url, secret_key, previous_secret_keys } = &self.top;
        for template in [public_url, secret_key].into_iter().chain(previous_secret_keys) {
            template.value.variables(&mut names);
        }
        self.issuers.values().for_each(|issuer| issuer.variables(&mut names));
        self.connections.values().for_each(|connection| connection.variables(&mut names));
        self.policy.variables(&mut names);
        self.webhooks.iter().for_each(|webhook| webhook.variables(&mut names));
        self.sign_in.iter().for_each(|sign_in| sign_in.variables(&mut names));
        self.telemetry.variables(&mut names);
        names
    }

    /// Fills in the variables and checks what depends on them.
    ///
    /// # Errors
    /// Every problem at once: variables without a value, and fields that are not right with theirs. Messages
    /// never repeat a value.
    pub fn resolve(&self, values: &BTreeMap<VariableName, String>) -> Result<Settings, Problems> {
        let mut fill = Fill { values, problems: Vec::new() };
        let Self { file, top, edge, limits, masking, issuers, connections, deny, anonymous, policy, .. } =
            self;
        let public_url = fill.parse("public_url", &top.public_url);
        let secret_key = fill.secret_key("secret_key", &top.secret_key);
        let previous = &top.previous_secret_keys;
        let previous_secret_keys =
            previous.iter().filter_map(|key| fill.secret_key("previous_secret_keys", key)).collect();
        let issuers: BTreeMap<IssuerName, IssuerSettings> = issuers
            .iter()
            .filter_map(|(name, issuer)| Some((name.clone(), issuer.resolve(name, &mut fill)?)))
            .collect();
        self.check_distinct(&issuers, &mut fill);
        let drafts = connections;
        let connections: BTreeMap<ConnectionName, Connection> = drafts
            .iter()
            .filter_map(|(name, connection)| Some((name.clone(), connection.resolve(name, &mut fill)?)))
            .collect();
        let anonymous = anonymous
            .as_ref()
            .map(|draft| draft.resolve(public_url.as_ref(), &connections, drafts, &mut fill));
        let policy = policy.resolve(&mut fill);
        let webhooks = webhook::resolve(&self.webhooks, &mut fill);
        let telemetry = self.telemetry.resolve(&mut fill);
        let sign_in = self.sign_in.as_ref().and_then(|sign_in| sign_in.resolve(&mut fill));
        Problems::refuse_any(file, fill.problems)?;
        let (Some(public_url), Some(secret_key)) = (public_url, secret_key) else {
            // As above: both have been reported.
            let problem =
                Problem { line: 1, message: "`public_url` or `secret_key` is not valid".to_owned() };
            return Err(Problems::one(file, problem));
        };
        let (edge, limits, masking) = (edge.resolve(&public_url), *limits, masking.clone());
        Ok(Settings {
            public_url,
            secret_key,
            previous_secret_keys,
            edge,
            limits,
            approvals: self.approvals,
            issuers,
            connections,
            masking,
            deny: deny.clone(),
            anonymous,
            policy,
            console: self.console.clone(),
            sign_in,
            access: self.access.clone(),
            records: self.records,
            webhooks,
            telemetry,
        })
    }

    /// Fills in the variables of one connection, for tools that need no others; `None` if the file has none of this
    /// name.
    ///
    /// # Errors
    /// Every problem of the connection with these values. Messages never repeat a value.
    pub fn resolve_connection(
        &self,
        name: &ConnectionName,
        values: &BTreeMap<VariableName, String>,
    ) -> Result<Option<Connection>, Problems> {
        let Some(draft) = self.connections.get(name) else { return Ok(None) };
        let mut fill = Fill { values, problems: Vec::new() };
        let connection = draft.resolve(name, &mut fill);
        Problems::refuse_any(&self.file, fill.problems)?;
        Ok(connection)
    }

    /// Two sections for one issuer URL would leave open whose rules hold for its tokens.
    fn check_distinct(&self, issuers: &BTreeMap<IssuerName, IssuerSettings>, fill: &mut Fill<'_>) {
        let mut seen = BTreeMap::new();
        for (name, issuer) in issuers {
            if let Some(other) = seen.insert(issuer.url.as_str(), name) {
                let line = self.issuers.get(name).map_or(1, |draft| draft.url_line());
                fill.add(line, format!("`issuers.{name}.issuer` is also the issuer of `issuers.{other}`"));
            }
        }
    }
}

impl Top {
    fn read(root: &mut Section<'_, '_>, report: &mut Report) -> Option<Self> {
        let public_url = required_template(root, report, "public_url");
        let secret_key = required_template(root, report, "secret_key");
        let previous = root.parsed_list(report, "previous_secret_keys").unwrap_or_default();
        Some(Self { public_url: public_url?, secret_key: secret_key?, previous_secret_keys: previous })
    }
}

/// The values of the variables, and the problems met while filling them in.
#[derive(Debug)]
struct Fill<'v> {
    values: &'v BTreeMap<VariableName, String>,
    problems: Vec<Problem>,
}

impl Fill<'_> {
    fn add(&mut self, line: usize, message: String) {
        self.problems.push(Problem { line, message });
    }

    fn text(&mut self, path: &str, template: &Located<Template>) -> Option<Located<String>> {
        match template.value.expand(self.values) {
            Ok(value) => Some(Located { line: template.line, value }),
            Err(error) => {
                self.add(template.line, format!("`{path}`: {error}"));
                None
            }
        }
    }

    fn parse_with<T, E: ToString>(
        &mut self,
        path: &str,
        template: &Located<Template>,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.text(path, template)?;
        match parse(&text.value) {
            Ok(value) => Some(value),
            Err(error) => {
                self.add(text.line, format!("`{path}`: {}", error.to_string()));
                None
            }
        }
    }

    fn parse<T: FromStr<Err: ToString>>(&mut self, path: &str, template: &Located<Template>) -> Option<T> {
        self.parse_with(path, template, str::parse)
    }

    fn secret_key(&mut self, path: &str, template: &Located<Template>) -> Option<Secret> {
        let text = self.text(path, template)?;
        let distinct: BTreeSet<char> = text.value.chars().collect();
        if text.value.len() < SHORTEST_KEY || distinct.len() < FEWEST_CHARACTERS {
            let advice = "`openssl rand -base64 32` makes a good one";
            self.add(
                text.line,
                format!("`{path}` is too easy to guess: at least {SHORTEST_KEY} random characters; {advice}"),
            );
            return None;
        }
        Some(Secret::new(text.value))
    }
}

/// Whether it is a variable that is empty, which is how one says that there is none.
fn is_empty(template: &Located<Template>, fill: &Fill<'_>) -> bool {
    matches!(template.value.expand(fill.values), Err(TemplateError::EmptyVariable(_)))
}

fn read_edge(mut section: Section<'_, '_>, report: &mut Report) -> EdgeDraft {
    let values = EdgeDraft {
        hosts: bare(section.parsed_list(report, "hosts")),
        origins: bare(section.parsed_list(report, "origins")),
        proxies: bare(section.parsed_list(report, "proxies")),
    };
    section.finish(report);
    values
}

fn bare<T>(list: Option<Vec<Located<T>>>) -> Vec<T> {
    list.unwrap_or_default().into_iter().map(|item| item.value).collect()
}

/// Reads one table whole, or takes the default where it is absent.
fn read_or<T>(
    root: &mut Section<'_, '_>,
    report: &mut Report,
    key: &'static str,
    default: T,
    read: impl FnOnce(&mut Section<'_, '_>, &mut Report) -> T,
) -> T {
    let Some(mut section) = root.section(report, key) else {
        return default;
    };
    let value = read(&mut section, report);
    section.finish(report);
    value
}

/// Reads every table of a kind, by its name.
fn read_named<N: FromStr<Err: ToString> + Ord, T>(
    root: &mut Section<'_, '_>,
    report: &mut Report,
    key: &'static str,
    read: impl Fn(&mut Section<'_, '_>, &mut Report) -> Option<T>,
) -> BTreeMap<N, T> {
    let mut named = BTreeMap::new();
    for (name, mut section) in root.sections(report, key) {
        let name = report.parse(key, &name);
        let value = read(&mut section, report);
        section.finish(report);
        if let (Some(name), Some(value)) = (name, value) {
            named.insert(name.value, value);
        }
    }
    named
}

fn required_template(
    section: &mut Section<'_, '_>,
    report: &mut Report,
    key: &'static str,
) -> Option<Located<Template>> {
    let text = section.required_text(report, key)?;
    report.parse(&section.join(key), &text)
}

/// In bytes; 32 random ones are what a 256-bit key needs, and base64 of them is longer still.
const SHORTEST_KEY: usize = 32;
/// Fewer different characters than this are a placeholder, not a key.
const FEWEST_CHARACTERS: usize = 8;

#[cfg(test)]
mod tests;
