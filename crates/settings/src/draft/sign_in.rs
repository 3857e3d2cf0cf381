//! Reads `[console.sign_in]`.

use std::collections::{BTreeMap, BTreeSet};

use crate::connection::Scope;
use crate::draft::issuer::IssuerDraft;
use crate::draft::{Fill, bare, required_template};
use crate::name::{IssuerName, VariableName};
use crate::policy::Console;
use crate::read::{Located, Report, Section, suggest};
use crate::sign_in::{SignIn, client_secret};
use crate::template::Template;

/// A client whose id and secret may still name variables.
#[derive(Clone, Debug)]
pub(super) struct SignInDraft {
    issuer: IssuerName,
    client_id: Located<Template>,
    client_secret: Option<Located<Template>>,
    scopes: BTreeSet<Scope>,
    tells_resource: bool,
    assumes_pkce: bool,
}

impl SignInDraft {
    /// Reads the table inside `[console]`, if it is there.
    pub(super) fn read(
        console: &mut Section<'_, '_>,
        report: &mut Report,
        trusted: Option<&Console>,
        issuers: &BTreeMap<IssuerName, IssuerDraft>,
    ) -> Option<Self> {
        let mut section = console.section(report, "sign_in")?;
        let issuer = section.required_text(report, "issuer");
        let issuer = issuer.and_then(|text| report.parse::<IssuerName>(&section.join("issuer"), &text));
        let client_id = required_template(&mut section, report, "client_id");
        let client_secret = section.text(report, "client_secret").map(|text| {
            let path = section.join("client_secret");
            let template = report.parse::<Template>(&path, &text)?;
            let mut names = BTreeSet::new();
            template.value.variables(&mut names);
            if names.is_empty() {
                let advice = "write `\"{{ name_of_a_variable }}\"`, and give the variable its value";
                report.add(text.line, format!("`{path}` would be in clear in this file; {advice}"));
            }
            Some(template)
        });
        let listed: BTreeSet<Scope> = bare(section.parsed_list(report, "scopes")).into_iter().collect();
        let tells_resource = section.flag(report, "resource").unwrap_or(true);
        let assumes_pkce = section.flag(report, "assume_pkce").unwrap_or(false);
        section.finish(report);
        let (issuer, trusted) = (issuer?, trusted?);
        check_issuer(&issuer, trusted, issuers, report);
        Some(Self {
            issuer: issuer.value,
            client_id: client_id?,
            // A secret that cannot be read must not become none at all.
            client_secret: client_secret.map_or(Some(None), |read| read.map(Some))?,
            scopes: listed.union(&trusted.scopes).cloned().collect(),
            tells_resource,
            assumes_pkce,
        })
    }

    pub(super) fn variables(&self, names: &mut BTreeSet<VariableName>) {
        self.client_id.value.variables(names);
        if let Some(secret) = &self.client_secret {
            secret.value.variables(names);
        }
    }

    pub(super) fn resolve(&self, fill: &mut Fill<'_>) -> Option<SignIn> {
        let Self { issuer, client_id, client_secret: secret, scopes, tells_resource, assumes_pkce } = self;
        let client_id = fill.parse("console.sign_in.client_id", client_id);
        let secret = match secret {
            None => Some(None),
            Some(secret) => fill.parse_with("console.sign_in.client_secret", secret, client_secret).map(Some),
        };
        Some(SignIn {
            issuer: issuer.clone(),
            client_id: client_id?,
            client_secret: secret?,
            scopes: scopes.clone(),
            tells_resource: *tells_resource,
            assumes_pkce: *assumes_pkce,
        })
    }
}

/// The tokens of the issuer must be good for `/api`, its metadata must say where to sign in, and it must have people.
fn check_issuer(
    Located { line, value: name }: &Located<IssuerName>,
    trusted: &Console,
    issuers: &BTreeMap<IssuerName, IssuerDraft>,
    report: &mut Report,
) {
    if !trusted.issuers.contains(name) {
        let known: Vec<&str> = trusted.issuers.iter().map(IssuerName::as_str).collect();
        let hint = suggest(name.as_str(), &known);
        report.add(*line, format!("issuer `{name}` is none of `console.issuers`; {hint}"));
        return;
    }
    // One that is not defined has been reported where `[console]` names it.
    let Some(issuer) = issuers.get(name) else { return };
    if !issuer.has_metadata() {
        report.add(
            *line,
            format!(
                "issuer `{name}` has `jwks_url`, so nothing says where to sign in; give it `discovery_url` instead"
            ),
        );
    }
    if !issuer.has_people() {
        report.add(*line, format!("the callers of issuer `{name}` are programs, which do not sign in"));
    }
}
