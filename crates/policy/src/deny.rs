//! The rules of the settings (`[[deny]]`) as policies.
//!
//! A rule becomes a hard `forbid`, so that there is one procedure of deciding: it determines decisions, shows in
//! records and hides things from lists as any other. Its digest is that of the policy it becomes.
//!
//! A rule is about what passes between callers and servers, in both directions; with `tools`, about calls of tools. It is
//! not about `unmask`, where there is no request, nor about what operators do at the gateway itself: who locks
//! callers out with a rule can still push policies.

use portcullis_settings::{ConnectionName, DenyRule, GroupName, RuleMode, ToolPattern};

use crate::bundle::{self, Contents};
use crate::problem::Problems;
use crate::set;
use crate::statement::{Parsed, Placed};

/// Rules of the settings, ready to be put beside any bundle.
#[derive(Clone, Debug, Default)]
pub struct DenyRules {
    /// `None` if there are none.
    contents: Option<Contents>,
}

impl DenyRules {
    /// Makes policies of rules. `file` is the name of the settings file, for whoever is told where a policy is.
    ///
    /// # Errors
    /// [`Problems`] with what Cedar refuses. No rule that settings let through leads to any, so they are a defect.
    pub fn of(rules: &[DenyRule], file: &str) -> Result<Self, Problems> {
        if rules.is_empty() {
            return Ok(Self::default());
        }
        let texts: Vec<(String, usize)> = rules.iter().map(|rule| (policy_of(rule), rule.line)).collect();
        let (mut parsed, mut problems) = (Vec::new(), Vec::new());
        for (text, line) in &texts {
            match Parsed::read(Placed { text, file, line: *line }) {
                Ok(policy) => parsed.push((policy, text.as_str())),
                Err(found) => problems.extend(found),
            }
        }
        Problems::none_in(problems)?;
        let bytes = bundle::write(&parsed, &[]).ok_or_else(|| set::defect(&"the rules are too large"))?;
        Ok(Self { contents: Some(Contents::open(bytes).map_err(|error| set::defect(&error))?) })
    }

    pub(crate) const fn contents(&self) -> Option<&Contents> {
        self.contents.as_ref()
    }
}

/// The policy that a rule becomes, in Cedar.
///
/// INVARIANT: it never errs, whatever the request is, or it would deny what it is not about.
#[must_use]
pub fn policy_of(rule: &DenyRule) -> String {
    let DenyRule { id, reason, mode, labels, connections, tools, groups, except_groups, line: _, text: _ } =
        rule;
    let mut policy = format!("@id({})\n", quoted(id.as_str()));
    if let Some(reason) = reason {
        policy.push_str(&format!("@reason({})\n", quoted(reason)));
    }
    if *mode == RuleMode::Observe {
        policy.push_str("@mode(\"observe\")\n");
    }
    let actions = if tools.is_empty() { ACTIONS } else { &["call"] };
    let groups = groups.iter().map(GroupName::as_str);
    let principal = scope("principal", &entities("Group", groups));
    let action = format!("action in [{}]", entities("Action", actions.iter().copied()).join(", "));
    let connections = connections.iter().map(ConnectionName::as_str);
    let resource = scope("resource", &entities("Connection", connections));
    policy.push_str(&format!("forbid ({}, {action}, {})", principal.0, resource.0));
    let labels: Vec<String> = labels.iter().map(|label| quoted(label.value.as_str())).collect();
    let labels = format!("context.session.labels.containsAny([{}])", labels.join(", "));
    let labels = (!rule.labels.is_empty()).then_some(labels);
    let conditions = [principal.1, resource.1, one_of(tools.iter().map(|tool| &tool.value)), labels];
    for condition in conditions.into_iter().flatten() {
        policy.push_str(&format!("\nwhen {{ {condition} }}"));
    }
    if !except_groups.is_empty() {
        let groups = entities("Group", except_groups.iter().map(GroupName::as_str));
        policy.push_str(&format!("\nunless {{ principal in [{}] }}", groups.join(", ")));
    }
    policy.push(';');
    policy
}

/// What a scope says of entities, and what a condition must say because no scope can: a scope takes one.
fn scope(variable: &str, entities: &[String]) -> (String, Option<String>) {
    match entities {
        [] => (variable.to_owned(), None),
        [one] => (format!("{variable} in {one}"), None),
        several => (variable.to_owned(), Some(format!("{variable} in [{}]", several.join(", ")))),
    }
}

/// That a tool has one of these names.
fn one_of<'t>(tools: impl Iterator<Item = &'t ToolPattern>) -> Option<String> {
    let (names, patterns): (Vec<_>, Vec<_>) = tools.partition(|tool| tool.is_exact());
    let names: Vec<String> = names.into_iter().map(|name| quoted(name.as_str())).collect();
    let names = (!names.is_empty()).then(|| format!("[{}].contains(resource.name)", names.join(", ")));
    // `*` means the same in Cedar.
    let patterns = patterns.into_iter().map(|tool| format!("resource.name like {}", quoted(tool.as_str())));
    let each: Vec<String> = names.into_iter().chain(patterns).collect();
    // A chain is as deep as it is long, and depth is bounded; a chain of short chains is not deep.
    let chains: Vec<String> = each.chunks(CHAIN).map(|chain| format!("({})", chain.join(" || "))).collect();
    (!chains.is_empty()).then(|| chains.join(" || "))
}

fn entities<'n>(kind: &str, names: impl Iterator<Item = &'n str>) -> Vec<String> {
    names.map(|name| format!("{kind}::{}", quoted(name))).collect()
}

/// A literal of Cedar. What is written so never changes, since the digests of rules hang on it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            control if control.is_control() => quoted.extend(control.escape_unicode()),
            plain => quoted.push(plain),
        }
    }
    quoted.push('"');
    quoted
}

/// How many comparisons stand side by side.
const CHAIN: usize = 8;
/// What a rule is about, unless it names tools.
const ACTIONS: &[&str] = &["call", "complete", "elicit", "get", "read", "roots", "sample", "subscribe"];

#[cfg(test)]
mod tests;
