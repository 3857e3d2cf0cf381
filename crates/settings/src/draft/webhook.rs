//! Reads `[[webhooks]]`.

use std::collections::{BTreeMap, BTreeSet};

use crate::draft::{Fill, bare, is_empty, required_template};
use crate::name::{ConnectionName, VariableName};
use crate::read::{Located, Report, Section, suggest};
use crate::template::Template;
use crate::webhook::{Webhook, WebhookEvent, WebhookSecret};

/// One entry, whose URL and secrets may still name variables.
#[derive(Clone, Debug)]
pub(super) struct WebhookDraft {
    url: Located<Template>,
    secret: Located<Template>,
    previous_secret: Option<Located<Template>>,
    events: BTreeSet<WebhookEvent>,
    connections: BTreeSet<ConnectionName>,
}

/// Reads every entry of a file. `known` are the connections that there are.
pub(super) fn read(root: &mut Section<'_, '_>, report: &mut Report, known: &[&str]) -> Vec<WebhookDraft> {
    let sections = root.tables(report, "webhooks");
    if let Some(section) = sections.get(MOST) {
        report.add(section.line, format!("there are more than {MOST} webhooks"));
    }
    let mut webhooks = Vec::new();
    for mut section in sections {
        webhooks.extend(WebhookDraft::read(&mut section, report, known));
        section.finish(report);
    }
    webhooks
}

/// Fills in the variables. An entry whose URL is an empty variable is left out, which is how one says that there is
/// none.
pub(super) fn resolve(drafts: &[WebhookDraft], fill: &mut Fill<'_>) -> Vec<Webhook> {
    let mut first = BTreeMap::new();
    let mut webhooks = Vec::new();
    for draft in drafts {
        let Some(webhook) = draft.resolve(fill) else { continue };
        let line = *first.entry(webhook.url.uri().to_string()).or_insert(draft.url.line);
        if line != draft.url.line {
            fill.add(
                draft.url.line,
                format!("`webhooks.url` is also that of the webhook on line {line}; list all events there"),
            );
        }
        webhooks.push(webhook);
    }
    webhooks
}

impl WebhookDraft {
    fn read(section: &mut Section<'_, '_>, report: &mut Report, known: &[&str]) -> Option<Self> {
        let url = required_template(section, report, "url");
        let secret = required_template(section, report, "secret");
        let previous_secret = section.parsed(report, "previous_secret");
        let events = events(section, report);
        let connections = section.parsed_list::<ConnectionName>(report, "connections");
        if connections.as_ref().is_some_and(Vec::is_empty) {
            let path = section.join("connections");
            report.add(section.line, format!("`{path}` is empty; name one, or leave it out"));
        }
        for Located { line, value: name } in connections.iter().flatten() {
            if !known.contains(&name.as_str()) {
                let hint = match known {
                    [] => "there is no `[connections.<name>]`".to_owned(),
                    known => suggest(name.as_str(), known),
                };
                report.add(*line, format!("connection `{name}` is not defined; {hint}"));
            }
        }
        let connections = bare(connections).into_iter().collect();
        Some(Self { url: url?, secret: secret?, previous_secret, events, connections })
    }

    pub(super) fn variables(&self, names: &mut BTreeSet<VariableName>) {
        for template in [&self.url, &self.secret].into_iter().chain(&self.previous_secret) {
            template.value.variables(names);
        }
    }

    fn resolve(&self, fill: &mut Fill<'_>) -> Option<Webhook> {
        if is_empty(&self.url, fill) {
            return None;
        }
        let url = fill.parse("webhooks.url", &self.url);
        let secret = fill.parse("webhooks.secret", &self.secret);
        let previous = self.previous_secret.as_ref().filter(|previous| !is_empty(previous, fill));
        let previous: Option<WebhookSecret> =
            previous.and_then(|previous| fill.parse("webhooks.previous_secret", previous));
        Some(Webhook {
            url: url?,
            secret: secret?,
            previous_secret: previous,
            events: self.events.clone(),
            connections: self.connections.clone(),
        })
    }
}

fn events(section: &mut Section<'_, '_>, report: &mut Report) -> BTreeSet<WebhookEvent> {
    let path = section.join("events");
    let Some(texts) = section.texts(report, "events") else {
        // Of the wrong type it has been reported.
        if !section.has("events") {
            section.missing(report, "events");
        }
        return BTreeSet::new();
    };
    if texts.is_empty() {
        report.add(section.line, format!("`{path}` is empty; name an event, or remove the webhook"));
    }
    let mut events = BTreeSet::new();
    for Located { line, value: text } in texts {
        let named: Vec<WebhookEvent> = WebhookEvent::named(&text).collect();
        if named.is_empty() {
            let hint = suggest(&text, &WebhookEvent::ALL.map(WebhookEvent::as_str));
            report.add(line, format!("`{path}`: there is no event `{text}`; {hint}"));
        }
        events.extend(named);
    }
    events
}

/// Each is asked for every event.
const MOST: usize = 16;
