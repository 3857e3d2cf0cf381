//! Reads `[insecure_anonymous]`, and refuses it wherever it could matter.

use std::collections::{BTreeMap, BTreeSet};

use crate::anonymous::Anonymous;
use crate::connection::Connection;
use crate::draft::connection::ConnectionDraft;
use crate::draft::issuer::IssuerDraft;
use crate::draft::{Fill, bare};
use crate::edge::EdgeDraft;
use crate::name::{AnonymousName, ConnectionName, IssuerName};
use crate::problem::Problem;
use crate::read::{Report, Section};
use crate::url::PublicUrl;

/// The section, before it is known where the gateway and what is behind it are.
#[derive(Clone, Debug)]
pub(super) struct AnonymousDraft {
    line: usize,
    subject: AnonymousName,
    groups: BTreeSet<AnonymousName>,
}

impl AnonymousDraft {
    pub(super) fn read(section: &mut Section<'_, '_>, report: &mut Report) -> Option<Self> {
        let subject = section.required_text(report, "subject");
        let subject = subject.and_then(|text| report.parse(&section.join("subject"), &text));
        let groups = bare(section.parsed_list(report, "groups")).into_iter().collect();
        Some(Self { line: section.line, subject: subject?.value, groups })
    }

    /// What the text alone shows to be wrong.
    pub(super) fn check(
        &self,
        edge: &EdgeDraft,
        issuers: &BTreeMap<IssuerName, IssuerDraft>,
        connections: &BTreeMap<ConnectionName, ConnectionDraft>,
        report: &mut Report,
    ) {
        let EdgeDraft { hosts, origins, proxies } = edge;
        if !(hosts.is_empty() && origins.is_empty() && proxies.is_empty()) {
            let advice = "remove what `[edge]` lists, or this section";
            report.add(self.line, format!("{ONLY_HERE} and takes no caller from elsewhere; {advice}"));
        }
        if let Some(issuer) = issuers.get(&IssuerName::anonymous()) {
            let told = "`issuers.anonymous` would share its namespace with `[insecure_anonymous]`";
            report.add(issuer.url_line(), format!("{told}; rename the issuer"));
        }
        if !connections.values().any(|connection| connection.lists(&IssuerName::anonymous())) {
            let advice = "remove it, or add `anonymous` to the `issuers` of a connection";
            report.add(self.line, format!("`insecure_anonymous` is of use to no connection; {advice}"));
        }
    }

    /// What an operator must be told each time these settings are read.
    pub(super) fn warning(&self) -> Problem {
        let Self { line, subject, groups: _ } = self;
        let message = format!(
            "WARNING: `insecure_anonymous` is on: whoever calls from this machine without a token is \
             `{}|{subject}`. It is for tests; remove it from every gateway that matters",
            IssuerName::anonymous()
        );
        Problem { line: *line, message }
    }

    /// What the values of the variables show to be wrong. `public` is absent if it is wrong by itself.
    pub(super) fn resolve(
        &self,
        public: Option<&PublicUrl>,
        connections: &BTreeMap<ConnectionName, Connection>,
        drafts: &BTreeMap<ConnectionName, ConnectionDraft>,
        fill: &mut Fill<'_>,
    ) -> Anonymous {
        let anonymous = Anonymous::new(self.subject.clone(), self.groups.clone());
        if public.is_some_and(|url| !url.host().is_loopback()) {
            let advice = "remove the section, or set `public_url` to `http://127.0.0.1:3000` or alike";
            fill.add(self.line, format!("{ONLY_HERE}, and `public_url` is elsewhere; {advice}"));
        }
        for (name, connection) in connections {
            let Some(draft) = drafts.get(name).filter(|draft| draft.lists(anonymous.issuer())) else {
                continue;
            };
            let path = format!("connections.{name}");
            let advice = "remove `anonymous` from its `issuers`";
            if connection.credential.is_some() {
                let told = "is one that callers without a token would use";
                fill.add(
                    draft.url_line(),
                    format!("`{path}.credential` {told}; {advice}, or the credential"),
                );
            }
            if !connection.url.is_loopback() {
                let told = "is not on this machine, but callers without a token would reach it";
                fill.add(draft.url_line(), format!("`{path}.url` {told}; {advice}"));
            }
        }
        anonymous
    }
}

const ONLY_HERE: &str = "`insecure_anonymous` is for tests on this machine only";
