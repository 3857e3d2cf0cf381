//! Reads `[policy]` and `[console]`.

use std::collections::{BTreeMap, BTreeSet};

use crate::draft::{Fill, bare};
use crate::name::{IssuerName, KeyName, VariableName};
use crate::policy::{Console, PolicyKey, PolicySettings, PolicySource};
use crate::read::{Located, Report, Section, suggest};
use crate::template::{Template, TemplateError};

/// `[policy]`, whose keys may still name variables.
#[derive(Clone, Debug, Default)]
pub(super) struct PolicyDraft {
    line: usize,
    keys: BTreeMap<KeyName, Located<Template>>,
    source: Option<PolicySource>,
    minimum_serial: u64,
}

impl PolicyDraft {
    pub(super) fn read(section: &mut Section<'_, '_>, report: &mut Report) -> Self {
        let mut keys = BTreeMap::new();
        let path = section.join("keys");
        for (name, text) in section.named_texts(report, "keys") {
            let (name, template) = (report.parse(&path, &name), report.parse(&path, &text));
            if let (Some(name), Some(template)) = (name, template) {
                keys.insert(name.value, template);
            }
        }
        let source = read_source(section, report);
        let minimum_serial = section.number(report, "minimum_serial", 0..=u32::MAX, 0).into();
        Self { line: section.line, keys, source, minimum_serial }
    }

    pub(super) fn variables(&self, names: &mut BTreeSet<VariableName>) {
        self.keys.values().for_each(|key| key.value.variables(names));
    }

    pub(super) fn resolve(&self, fill: &mut Fill<'_>) -> PolicySettings {
        let keys: BTreeMap<KeyName, PolicyKey> = self
            .keys
            .iter()
            .filter_map(|(name, key)| Some((name.clone(), key_of(name, key, fill)?)))
            .collect();
        let source = self.source.unwrap_or(match keys.is_empty() {
            true => PolicySource::Files,
            false => PolicySource::Pushed,
        });
        let needs_key = source == PolicySource::Pushed || self.minimum_serial > 0;
        if needs_key && keys.is_empty() {
            let advice =
                "add the public key of whoever pushes policies; `portcullis policy keygen` makes a pair";
            fill.add(
                self.line,
                format!("`policy.keys` has no key, so nothing pushed could be trusted; {advice}"),
            );
        }
        PolicySettings { keys, source, minimum_serial: self.minimum_serial }
    }
}

/// A key; `None` if its variable is empty, which is how one says that there is none.
fn key_of(name: &KeyName, key: &Located<Template>, fill: &mut Fill<'_>) -> Option<PolicyKey> {
    if matches!(key.value.expand(fill.values), Err(TemplateError::EmptyVariable(_))) {
        return None;
    }
    fill.parse(&format!("policy.keys.{name}"), key)
}

fn read_source(section: &mut Section<'_, '_>, report: &mut Report) -> Option<PolicySource> {
    let text = section.text(report, "source")?;
    match text.value.as_str() {
        "files" => Some(PolicySource::Files),
        "pushed" => Some(PolicySource::Pushed),
        other => {
            let hint = suggest(other, &["files", "pushed"]);
            report.add(text.line, format!("`{}` is neither; {hint}", section.join("source")));
            None
        }
    }
}

/// Reads `[console]`; its issuers must be among those that are known.
pub(super) fn read_console(
    section: &mut Section<'_, '_>,
    report: &mut Report,
    known: &[&str],
) -> Option<Console> {
    let issuers = section.parsed_list::<IssuerName>(report, "issuers");
    let scopes = bare(section.parsed_list(report, "scopes")).into_iter().collect();
    if issuers.as_ref().is_none_or(Vec::is_empty) {
        let told = "names no issuer, so nobody could use `/api`";
        report.add(
            section.line,
            format!("`{}` {told}; name one, or remove the section", section.join("issuers")),
        );
    }
    for Located { line, value: name } in issuers.iter().flatten() {
        if !known.contains(&name.as_str()) {
            let hint = match known {
                [] => "there is no `[issuers.<name>]`".to_owned(),
                known => suggest(name.as_str(), known),
            };
            report.add(*line, format!("issuer `{name}` is not defined; {hint}"));
        }
    }
    Some(Console { issuers: bare(issuers).into_iter().collect(), scopes })
}
