//! The names in rules of the settings. What else can be wrong with them, reading the settings has found.

use portcullis_pins::Kind;
use portcullis_policy::Problem;
use portcullis_settings::{ConnectionName, DenyRule, ToolPattern};

use crate::check::Findings;
use crate::names;
use crate::world::{World, parts_of};

/// Holds rules to what there is; `file` is the name of the settings file.
#[must_use]
pub fn check_rules(world: &World, rules: &[DenyRule], file: &str) -> Findings {
    let mut findings = Findings::default();
    for rule in rules {
        let problem = |line, (message, advice): (String, String)| Problem {
            file: file.to_owned(),
            line,
            message,
            suggestion: (!advice.is_empty()).then_some(advice),
        };
        for label in &rule.labels {
            let wrong = names::wrong_label(label.value.as_str(), world);
            findings.problems.extend(wrong.map(|wrong| problem(label.line, wrong)));
        }
        for tool in &rule.tools {
            let Some(wrong) = no_such_tool(rule, &tool.value, world) else { continue };
            let list = if tool.value.is_exact() { &mut findings.problems } else { &mut findings.warnings };
            list.push(problem(tool.line, wrong));
        }
    }
    findings
}

/// A name that no pinned tool has which the rule could be about, where all of them are pinned.
fn no_such_tool(rule: &DenyRule, tool: &ToolPattern, world: &World) -> Option<(String, String)> {
    let is_meant =
        |connection: &&ConnectionName| rule.connections.is_empty() || rule.connections.contains(*connection);
    let connections: Vec<&ConnectionName> = world.connection_names().filter(is_meant).collect();
    if connections.iter().any(|connection| world.is_unpinned(connection, Kind::Tool)) {
        return None;
    }
    let mut tools = world.actions().keys().filter_map(|id| parts_of(id));
    let fits = |(kind, connection, name): (Kind, &str, &str)| {
        kind == Kind::Tool && connections.iter().any(|known| known.as_str() == connection) && tool.fits(name)
    };
    if tools.any(fits) {
        return None;
    }
    match connections.as_slice() {
        [one] if tool.is_exact() => names::wrong_name(Kind::Tool, one.as_str(), tool.as_str(), world),
        _ if tool.is_exact() => Some((
            format!("no connection that this rule is about has a pinned tool `{tool}`"),
            "approve it with `portcullis pin`, or name another".to_owned(),
        )),
        _ => Some((format!("no pinned tool fits `{tool}`, so it denies nothing yet"), String::new())),
    }
}
