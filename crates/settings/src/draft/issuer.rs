//! Reads `[issuers.<name>]`.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::draft::{Fill, bare, required_template};
use crate::issuer::{Algorithm, ClaimPath, ClaimRules, IssuerSettings, KeySource, PrincipalRule};
use crate::name::{IssuerName, VariableName};
use crate::read::{Located, Report, Section, suggest};
use crate::template::Template;

/// An issuer whose URLs may still name variables.
#[derive(Clone, Debug)]
pub(super) struct IssuerDraft {
    url: Located<Template>,
    keys: KeySourceDraft,
    algorithms: BTreeSet<Algorithm>,
    audiences: BTreeSet<String>,
    groups_claim: ClaimPath,
    principal: PrincipalRule,
    attributes: Vec<ClaimPath>,
    clock_skew: Duration,
}

#[derive(Clone, Debug)]
enum KeySourceDraft {
    Discovery(Located<Template>),
    Jwks(Located<Template>),
    WellKnown,
}

impl IssuerDraft {
    pub(super) fn read(section: &mut Section<'_, '_>, report: &mut Report) -> Option<Self> {
        let url = required_template(section, report, "issuer");
        let keys = read_keys(section, report);
        let algorithms = read_algorithms(section, report);
        let audiences = read_audiences(section, report);
        let groups_claim = match section.parsed(report, "groups_claim") {
            Some(claim) => Some(claim.value),
            None => "groups".parse().ok(),
        };
        let principal = read_principal(section, report);
        let attributes = bare(section.parsed_list(report, "attributes"));
        let clock_skew =
            Duration::from_secs(section.number(report, "clock_skew_seconds", 0..=300, 60).into());
        Some(Self {
            url: url?,
            keys,
            algorithms,
            audiences,
            groups_claim: groups_claim?,
            principal,
            attributes,
            clock_skew,
        })
    }

    pub(super) fn variables(&self, names: &mut BTreeSet<VariableName>) {
        self.url.value.variables(names);
        match &self.keys {
            KeySourceDraft::Discovery(url) | KeySourceDraft::Jwks(url) => url.value.variables(names),
            KeySourceDraft::WellKnown => (),
        }
    }

    pub(super) fn claim_rules<'s>(&'s self, name: &'s IssuerName) -> ClaimRules<'s> {
        let Self { groups_claim, principal, attributes, .. } = self;
        ClaimRules { name, groups_claim, principal, attributes }
    }

    /// Whether there is a document that says more of it than its keys.
    pub(super) const fn has_metadata(&self) -> bool {
        match self.keys {
            KeySourceDraft::Discovery(_) | KeySourceDraft::WellKnown => true,
            KeySourceDraft::Jwks(_) => false,
        }
    }

    /// Whether any of its callers are people.
    pub(super) const fn has_people(&self) -> bool {
        match self.principal {
            PrincipalRule::User | PrincipalRule::WorkloadWhen { .. } => true,
            PrincipalRule::Workload => false,
        }
    }

    pub(super) fn url_line(&self) -> usize {
        self.url.line
    }

    pub(super) fn resolve(&self, name: &IssuerName, fill: &mut Fill<'_>) -> Option<IssuerSettings> {
        let Self { url, keys, algorithms, audiences, groups_claim, principal, attributes, clock_skew } = self;
        let url = fill.parse(&format!("issuers.{name}.issuer"), url);
        let keys = match keys {
            KeySourceDraft::WellKnown => Some(KeySource::WellKnown),
            KeySourceDraft::Discovery(url) => {
                fill.parse(&format!("issuers.{name}.discovery_url"), url).map(KeySource::Discovery)
            }
            KeySourceDraft::Jwks(url) => {
                fill.parse(&format!("issuers.{name}.jwks_url"), url).map(KeySource::Jwks)
            }
        };
        Some(IssuerSettings {
            name: name.clone(),
            url: url?,
            keys: keys?,
            algorithms: algorithms.clone(),
            audiences: audiences.clone(),
            groups_claim: groups_claim.clone(),
            principal: principal.clone(),
            attributes: attributes.clone(),
            clock_skew: *clock_skew,
        })
    }
}

fn read_keys(section: &mut Section<'_, '_>, report: &mut Report) -> KeySourceDraft {
    let discovery = section.parsed(report, "discovery_url");
    let jwks = section.parsed(report, "jwks_url");
    match (discovery, jwks) {
        (None, None) => KeySourceDraft::WellKnown,
        (Some(url), None) => KeySourceDraft::Discovery(url),
        (None, Some(url)) => KeySourceDraft::Jwks(url),
        (Some(_), Some(url)) => {
            let path = &section.path;
            report.add(url.line, format!("`{path}` has both `discovery_url` and `jwks_url`; keep one"));
            KeySourceDraft::Jwks(url)
        }
    }
}

fn read_algorithms(section: &mut Section<'_, '_>, report: &mut Report) -> BTreeSet<Algorithm> {
    match section.texts(report, "algorithms") {
        None => BTreeSet::from(Algorithm::DEFAULT),
        Some(texts) => {
            let path = section.join("algorithms");
            if texts.is_empty() {
                report.add(
                    section.line,
                    format!("`{path}` is empty, so no token of this issuer could be verified"),
                );
            }
            let parsed = texts.iter().filter_map(|text| report.parse(&path, text));
            parsed.map(|algorithm: Located<Algorithm>| algorithm.value).collect()
        }
    }
}

fn read_audiences(section: &mut Section<'_, '_>, report: &mut Report) -> BTreeSet<String> {
    let texts = section.texts(report, "audiences").unwrap_or_default();
    for text in &texts {
        if text.value.is_empty() || text.value.chars().any(|c| c.is_control() || c.is_whitespace()) {
            let path = section.join("audiences");
            report.add(text.line, format!("`{path}`: an audience is not empty and has no spaces"));
        }
    }
    texts.into_iter().map(|text| text.value).collect()
}

fn read_principal(section: &mut Section<'_, '_>, report: &mut Report) -> PrincipalRule {
    let fixed = section.text(report, "principal");
    let rule = read_workload_when(section, report);
    let path = section.join("principal");
    match (fixed, rule) {
        (Some(text), Some(_)) => {
            report.add(text.line, format!("`{path}` and `workload_when` exclude each other; keep one"));
            PrincipalRule::User
        }
        (None, Some(rule)) => rule,
        (None, None) => PrincipalRule::User,
        (Some(text), None) => match text.value.as_str() {
            "user" => PrincipalRule::User,
            "workload" => PrincipalRule::Workload,
            other => {
                let hint = suggest(other, &["user", "workload"]);
                report.add(text.line, format!("`{path}` is not a kind of principal; {hint}"));
                PrincipalRule::User
            }
        },
    }
}

fn read_workload_when(section: &mut Section<'_, '_>, report: &mut Report) -> Option<PrincipalRule> {
    let mut rule = section.section(report, "workload_when")?;
    let claim = rule.required_text(report, "claim");
    let claim = claim.and_then(|text| report.parse(&rule.join("claim"), &text));
    let equals = rule.claim_value(report, "equals");
    if equals.is_none() {
        rule.missing(report, "equals");
    }
    rule.finish(report);
    Some(PrincipalRule::WorkloadWhen { claim: claim?.value, equals: equals? })
}
