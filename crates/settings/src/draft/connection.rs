//! Reads `[connections.<name>]`.

use std::collections::BTreeSet;
use std::str::FromStr;

use http::HeaderName;

use crate::connection::{
    Binary, Breaker, ClientFeature, Connection, Credential, Drift, PageHost, Scope, credential_header,
};
use crate::draft::deny::check_group;
use crate::draft::{Fill, required_template};
use crate::name::{ConnectionName, IssuerName, VariableName};
use crate::owners::OwnersDraft;
use crate::read::{Located, Report, Section, suggest};
use crate::template::Template;
use crate::url::UpstreamUrl;

/// A connection whose URL and credential may still name variables.
#[derive(Clone, Debug)]
pub(super) struct ConnectionDraft {
    url: Located<Template>,
    plaintext: bool,
    issuers: Vec<Located<IssuerName>>,
    credential: Option<CredentialDraft>,
    binary: Binary,
    client_features: BTreeSet<ClientFeature>,
    elicitation_hosts: Vec<PageHost>,
    scopes: BTreeSet<Scope>,
    aggregate: bool,
    drift: Drift,
    owners: Option<OwnersDraft>,
    trust_annotations: bool,
    breaker: Breaker,
}

#[derive(Clone, Debug)]
struct CredentialDraft {
    header: HeaderName,
    value: Located<Template>,
}

impl ConnectionDraft {
    pub(super) fn read(section: &mut Section<'_, '_>, report: &mut Report) -> Option<Self> {
        let url = required_template(section, report, "url");
        let plaintext = section.flag(report, "plaintext").unwrap_or(false);
        let issuers = section.parsed_list(report, "issuers");
        match &issuers {
            None => section.missing(report, "issuers"),
            Some(names) if names.is_empty() => {
                report.add(
                    section.line,
                    format!("`{}` names no issuer, so nobody could call it", section.join("issuers")),
                );
            }
            Some(_) => (),
        }
        let credential = section.section(report, "credential").map(|inner| read_credential(inner, report));
        let binary = read_binary(section, report);
        let client_features = list(section, report, "client_features").into_iter().collect();
        let elicitation_hosts = list(section, report, "elicitation_hosts");
        let scopes = list(section, report, "scopes").into_iter().collect();
        let aggregate = section.flag(report, "aggregate").unwrap_or(true);
        let (drift, drift_line) = read_drift(section, report);
        let owners = read_owners(section, (drift, drift_line), report);
        let trust_annotations = section.flag(report, "trust_annotations").unwrap_or(false);
        let breaker = section.section(report, "breaker");
        let breaker = breaker.map_or_else(Breaker::default, |inner| Breaker::read(inner, report));
        Some(Self {
            url: url?,
            plaintext,
            issuers: issuers?,
            // A credential that cannot be read must not become none at all.
            credential: credential.map_or(Some(None), |read| read.map(Some))?,
            binary,
            client_features,
            elicitation_hosts,
            scopes,
            aggregate,
            drift,
            owners,
            trust_annotations,
            breaker,
        })
    }

    pub(super) fn variables(&self, names: &mut BTreeSet<VariableName>) {
        self.url.value.variables(names);
        if let Some(credential) = &self.credential {
            credential.value.value.variables(names);
        }
    }

    /// Whether the connection trusts this issuer.
    pub(super) fn lists(&self, issuer: &IssuerName) -> bool {
        self.issuers.iter().any(|listed| listed.value == *issuer)
    }

    pub(super) fn drift(&self) -> Drift {
        self.drift
    }

    pub(super) fn url_line(&self) -> usize {
        self.url.line
    }

    /// Every issuer that a connection trusts must have a section.
    pub(super) fn check_issuers(&self, known: &[&str], report: &mut Report) {
        for Located { line, value: name } in &self.issuers {
            if !known.contains(&name.as_str()) {
                let hint = match known {
                    [] => "there is no `[issuers.<name>]`".to_owned(),
                    known => suggest(name.as_str(), known),
                };
                report.add(*line, format!("issuer `{name}` is not defined; {hint}"));
            }
        }
        if let Some(OwnersDraft { path, line, owners }) = &self.owners {
            let group = Located { line: *line, value: owners.group.clone() };
            check_group((path, &group), report, known);
        }
    }

    pub(super) fn resolve(&self, name: &ConnectionName, fill: &mut Fill<'_>) -> Option<Connection> {
        let Self { url, plaintext, issuers, credential, .. } = self;
        let parse = if *plaintext { UpstreamUrl::parse_plaintext } else { UpstreamUrl::parse };
        let url = fill.parse_with(&format!("connections.{name}.url"), url, parse);
        let credential = match credential {
            None => Some(None),
            Some(CredentialDraft { header, value }) => {
                let path = format!("connections.{name}.credential.value");
                fill.parse_with(&path, value, |text| Credential::new(header.clone(), text)).map(Some)
            }
        };
        Some(Connection {
            name: name.clone(),
            url: url?,
            issuers: issuers.iter().map(|issuer| issuer.value.clone()).collect(),
            credential: credential?,
            binary: self.binary,
            client_features: self.client_features.clone(),
            elicitation_hosts: self.elicitation_hosts.clone(),
            scopes: self.scopes.clone(),
            aggregate: self.aggregate,
            drift: self.drift,
            owners: self.owners.as_ref().map(|draft| draft.owners.clone()),
            trust_annotations: self.trust_annotations,
            breaker: self.breaker,
        })
    }
}

/// The values of an optional list.
fn list<T: FromStr<Err: ToString>>(
    section: &mut Section<'_, '_>,
    report: &mut Report,
    key: &'static str,
) -> Vec<T> {
    let values = section.parsed_list(report, key).unwrap_or_default();
    values.into_iter().map(|located| located.value).collect()
}

fn read_credential(mut section: Section<'_, '_>, report: &mut Report) -> Option<CredentialDraft> {
    let header = section.required_text(report, "header").and_then(|text| {
        let header = credential_header(&text.value);
        header.map_err(|error| report.add(text.line, format!("`{}`: {error}", section.join("header")))).ok()
    });
    let value = required_template(&mut section, report, "value");
    section.finish(report);
    Some(CredentialDraft { header: header?, value: value? })
}

fn read_binary(section: &mut Section<'_, '_>, report: &mut Report) -> Binary {
    let Some(text) = section.text(report, "binary") else {
        return Binary::default();
    };
    match text.value.as_str() {
        "allow" => Binary::Allow,
        "deny" => Binary::Deny,
        other => {
            let hint = suggest(other, &["allow", "deny"]);
            report.add(text.line, format!("`{}` is neither; {hint}", section.join("binary")));
            Binary::default()
        }
    }
}

/// What it is, and on which line.
fn read_drift(section: &mut Section<'_, '_>, report: &mut Report) -> (Drift, usize) {
    let Some(text) = section.text(report, "drift") else {
        return (Drift::default(), section.line);
    };
    let found = Drift::ALL.into_iter().find(|drift| drift.as_str() == text.value);
    let drift = found.unwrap_or_else(|| {
        let hint = suggest(&text.value, &Drift::ALL.map(Drift::as_str));
        report.add(text.line, format!("`{}` is none of them; {hint}", section.join("drift")));
        Drift::default()
    });
    (drift, text.line)
}

/// Who decides about what is held. Somebody has to.
fn read_owners(
    section: &mut Section<'_, '_>,
    (drift, line): (Drift, usize),
    report: &mut Report,
) -> Option<OwnersDraft> {
    match section.section(report, "owners") {
        Some(inner) => OwnersDraft::read(inner, report),
        None if drift == Drift::Hold => {
            let path = section.join("owners");
            report.add(
                line,
                format!(
                    "`{path}` is missing, so nobody could approve what drift holds; say who decides, as in \
                     `owners = {{ group = \"okta:platform\" }}`"
                ),
            );
            None
        }
        None => None,
    }
}
