//! Reads `[[deny]]`.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::deny::{DenyRule, RuleMode};
use crate::draft::bare;
use crate::name::{ConnectionName, GroupName, RuleId};
use crate::read::{Located, Report, Section, suggest};

/// What rules may name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'k> {
    pub(super) issuers: &'k [&'k str],
    pub(super) connections: &'k [&'k str],
}

/// Reads every rule of a file, whose text is given.
pub(super) fn read(
    root: &mut Section<'_, '_>,
    report: &mut Report,
    known: Known<'_>,
    text: &str,
) -> Vec<DenyRule> {
    let sections = root.tables(report, "deny");
    if let Some(section) = sections.get(MOST_RULES) {
        report.add(section.line, format!("there are more than {MOST_RULES} rules; write policies instead"));
    }
    let mut rules = Vec::new();
    for mut section in sections {
        rules.extend(rule(&mut section, report, known, text));
        section.finish(report);
    }
    refuse_doubled(&rules, report);
    rules
}

fn rule(
    section: &mut Section<'_, '_>,
    report: &mut Report,
    known: Known<'_>,
    text: &str,
) -> Option<DenyRule> {
    let id = section.required_text(report, "id");
    let id = id.and_then(|id| report.parse::<RuleId>(&section.join("id"), &id));
    let reason = reason(section, report);
    let mode = section.parsed(report, "mode").map_or_else(RuleMode::default, |mode| mode.value);
    let labels = list(section, report, "labels");
    let connections = list(section, report, "connections");
    let tools = list(section, report, "tools");
    let groups = list(section, report, "groups");
    let except_groups = list(section, report, "except_groups");
    let is_about_all = [labels.is_none(), connections.is_none(), tools.is_none(), groups.is_none()];
    if is_about_all == [true; 4] {
        let advice = "say `labels`, `connections`, `tools` or `groups`";
        report.add(section.line, format!("this rule would deny every request; {advice}"));
    }
    for connection in connections.iter().flatten() {
        check_connection(connection, report, known.connections);
    }
    for (key, groups) in [("groups", &groups), ("except_groups", &except_groups)] {
        for group in groups.iter().flatten() {
            check_group((&section.join(key), group), report, known.issuers);
        }
    }
    let (line, last) = section.lines(report);
    let lines = text.lines().skip(line.saturating_sub(1)).take(last + 1 - line.min(last));
    Some(DenyRule {
        id: id?.value,
        reason,
        mode,
        labels: labels.unwrap_or_default(),
        connections: bare(connections).into_iter().collect(),
        tools: tools.unwrap_or_default(),
        groups: bare(groups).into_iter().collect(),
        except_groups: bare(except_groups).into_iter().collect(),
        line,
        text: lines.collect::<Vec<_>>().join("\n"),
    })
}

fn reason(section: &mut Section<'_, '_>, report: &mut Report) -> Option<String> {
    let Located { line, value } = section.text(report, "reason")?;
    if value.trim().is_empty() || value.len() > LONGEST_REASON || value.chars().any(char::is_control) {
        let rule = format!("say in one line of at most {LONGEST_REASON} bytes why the rule exists");
        report.add(line, format!("`{}`: {rule}", section.join("reason")));
    }
    Some(value)
}

/// A list, if it is there. One without entries is a mistake: it could mean everything as well as nothing.
fn list<T: FromStr<Err: ToString>>(
    section: &mut Section<'_, '_>,
    report: &mut Report,
    key: &'static str,
) -> Option<Vec<Located<T>>> {
    let path = section.join(key);
    let entries = section.texts(report, key)?;
    match entries.len() {
        0 => report.add(section.line, format!("`{path}` is empty; name one, or leave it out")),
        1..=DenyRule::MOST => {}
        more => {
            let most = DenyRule::MOST;
            report.add(
                section.line,
                format!("`{path}` has {more} entries and may have {most}; write two rules"),
            );
        }
    }
    Some(entries.iter().filter_map(|entry| report.parse(&path, entry)).collect())
}

fn check_connection(connection: &Located<ConnectionName>, report: &mut Report, known: &[&str]) {
    let Located { line, value: name } = connection;
    if !known.contains(&name.as_str()) {
        let hint = match known {
            [] => "there is no `[connections.<name>]`".to_owned(),
            known => suggest(name.as_str(), known),
        };
        report.add(*line, format!("connection `{name}` is not defined; {hint}"));
    }
}

/// A group must be of an issuer that there is.
pub(super) fn check_group((path, group): (&str, &Located<GroupName>), report: &mut Report, known: &[&str]) {
    let Located { line, value: group } = group;
    if !known.contains(&group.issuer()) {
        let hint = match known {
            [] => "there is no `[issuers.<name>]`".to_owned(),
            known => suggest(group.issuer(), known),
        };
        let issuer = group.issuer();
        report.add(*line, format!("`{path}`: issuer `{issuer}` of `{group}` is not defined; {hint}"));
    }
}

fn refuse_doubled(rules: &[DenyRule], report: &mut Report) {
    let mut first = BTreeMap::new();
    for rule in rules {
        let line = *first.entry(&rule.id).or_insert(rule.line);
        if line != rule.line {
            report.add(rule.line, format!("the id `{}` is taken by the rule on line {line}", rule.id));
        }
    }
}

/// Each is looked at for every request that it could be about.
const MOST_RULES: usize = 128;
/// In bytes.
const LONGEST_REASON: usize = 1024;
