//! The names in a policy: entities, tags and labels. Each must be the name of something.
//!
//! They are found in the text, token by token, so that each has its line. What is no name of a thing here is left to
//! Cedar.

use std::collections::BTreeSet;

use portcullis_pins::Kind;
use portcullis_policy::{Problem, Token};
use portcullis_settings::words::{nearest, suggest, suggest_or};

use crate::place::{Placed, literal};
use crate::world::{World, action_id, parts_of};

/// What is wrong with the names in a policy.
pub(crate) fn check(placed: &Placed<'_>, world: &World) -> Vec<Problem> {
    let tokens: Vec<Token<'_>> = placed.tokens().collect();
    let mut problems = Vec::new();
    let mut found = |offset: usize, complaint: Option<(String, String)>| {
        problems.extend(complaint.map(|(message, advice)| placed.problem(offset, message, advice)));
    };
    for (kind, id, offset) in entities(&tokens) {
        found(offset, wrong_entity(kind, &id, world));
    }
    for (tag, offset) in tags(&tokens) {
        found(offset, wrong_tag(&tag, world));
    }
    for (label, offset) in labels(&tokens) {
        found(offset, wrong_label(&label, world));
    }
    if let Some(rule) = placed.policy.approval() {
        let offset = tokens.iter().find(|token| token.text == "approval").map_or(0, |token| token.offset);
        found(offset, wrong_issuer(rule.group.as_str(), ':', world));
    }
    problems
}

/// The actions that a policy names and nobody has pinned, where none of their kind are.
pub(crate) fn unpinned_actions(placed: &Placed<'_>, world: &World) -> BTreeSet<String> {
    let tokens: Vec<Token<'_>> = placed.tokens().collect();
    let actions = entities(&tokens).filter(|(kind, _, _)| *kind == "Action").map(|(_, id, _)| id);
    let is_unpinned = |id: &String| {
        let Some((kind, connection, _)) = parts_of(id) else { return false };
        world.connection(connection).is_some_and(|connection| world.is_unpinned(connection, kind))
    };
    actions.filter(is_unpinned).collect()
}

/// `Type::"id"`, with the offset of the type. A type of another namespace begins with its namespace.
fn entities<'t>(tokens: &'t [Token<'t>]) -> impl Iterator<Item = (&'t str, String, usize)> {
    tokens.windows(4).filter_map(|window| match window {
        [kind, one, other, id] if one.text == ":" && other.text == ":" => {
            Some((kind.text, literal(id.text)?, kind.offset))
        }
        _ => None,
    })
}

/// The tags that are asked for, where their names are written out.
fn tags<'t>(tokens: &'t [Token<'t>]) -> impl Iterator<Item = (String, usize)> {
    tokens.windows(3).filter_map(|window| match window {
        [method, open, name] if matches!(method.text, "hasTag" | "getTag") && open.text == "(" => {
            Some((literal(name.text)?, name.offset))
        }
        _ => None,
    })
}

/// The labels that are looked for in `labels`.
fn labels<'t>(tokens: &'t [Token<'t>]) -> impl Iterator<Item = (String, usize)> {
    let begins = |window: &[Token<'_>]| match window {
        [labels, dot, method, open] => {
            labels.text == "labels"
                && dot.text == "."
                && matches!(method.text, "contains" | "containsAny" | "containsAll")
                && open.text == "("
        }
        _ => false,
    };
    let starts = tokens.windows(4).enumerate().filter(move |(_, window)| begins(window));
    starts.flat_map(|(start, _)| {
        let arguments = tokens.iter().skip(start + 4).take_while(|token| token.text != ")");
        arguments.filter_map(|token| Some((literal(token.text)?, token.offset)))
    })
}

fn wrong_entity(kind: &str, id: &str, world: &World) -> Option<(String, String)> {
    match kind {
        "Action" => wrong_action(id, world),
        "Tool" => wrong_thing(Kind::Tool, id, world),
        "Prompt" => wrong_thing(Kind::Prompt, id, world),
        "Resource" => wrong_connection(id.split_once('/').map_or(id, |(connection, _)| connection), world),
        "Connection" => wrong_connection(id, world),
        "DataClass" => wrong_class(id, world),
        "Group" => wrong_issuer(id, ':', world),
        "User" | "Workload" => wrong_issuer(id, '|', world),
        "Session" | "Unrepresentable" => None,
        other => {
            Some((format!("there are no entities of the type `{other}`"), suggest(other, &ENTITY_TYPES)))
        }
    }
}

fn wrong_action(id: &str, world: &World) -> Option<(String, String)> {
    if world.actions().contains_key(id) || world.groups().contains(id) {
        return None;
    }
    match parts_of(id) {
        Some((kind, connection, name)) => wrong_name(kind, connection, name, world),
        None => {
            let fixed = world.actions().keys().filter(|id| parts_of(id).is_none());
            let known: Vec<&str> = fixed.chain(world.groups()).map(String::as_str).collect();
            let advice = suggest_or(id, &known, "a tool is written `connection/tool`");
            Some((format!("there is no action `{id}`"), advice))
        }
    }
}

fn wrong_thing(kind: Kind, id: &str, world: &World) -> Option<(String, String)> {
    match id.split_once('/') {
        Some((connection, name)) => wrong_name(kind, connection, name, world),
        None => Some((
            format!("`{id}` names no connection"),
            format!("a {} is written `connection/{id}`", kind.as_str()),
        )),
    }
}

/// A name that is not that of a pinned tool or prompt, where they are pinned.
pub(crate) fn wrong_name(
    kind: Kind,
    connection: &str,
    name: &str,
    world: &World,
) -> Option<(String, String)> {
    let Some(known) = world.connection(connection) else { return wrong_connection(connection, world) };
    if world.is_unpinned(known, kind) || world.actions().contains_key(&action_id(kind, known, name)) {
        return None;
    }
    let names = world.actions().keys().filter_map(|id| parts_of(id));
    let names =
        names.filter(|(its_kind, its, _)| (*its_kind, *its) == (kind, connection)).map(|(_, _, name)| name);
    let meant = nearest(name, names).map_or(String::new(), |name| format!("did you mean `{name}`? If not, "));
    let what = kind.as_str();
    Some((
        format!("`{connection}` has no pinned {what} `{name}`"),
        format!("{meant}approve it with `portcullis pin {connection}`"),
    ))
}

fn wrong_connection(name: &str, world: &World) -> Option<(String, String)> {
    let known: Vec<&str> = world.connections().collect();
    (!known.contains(&name))
        .then(|| (format!("the settings have no connection `{name}`"), suggest(name, &known)))
}

fn wrong_class(id: &str, world: &World) -> Option<(String, String)> {
    let known = world.classes();
    (!known.contains(&id)).then(|| (format!("no detector finds the class `{id}`"), suggest(id, &known)))
}

/// A request with a class has what the class is in, too.
pub(crate) fn wrong_label(label: &str, world: &World) -> Option<(String, String)> {
    let mut known = world.classes();
    known.extend(OF_ARGUMENTS);
    (!known.contains(&label)).then(|| (format!("no request has the label `{label}`"), suggest(label, &known)))
}

fn wrong_tag(tag: &str, world: &World) -> Option<(String, String)> {
    let known = world.attributes();
    (!known.contains(&tag)).then(|| {
        let message = format!("no issuer has `{tag}` among its `attributes`, so nobody has this tag");
        (message, suggest(tag, &known))
    })
}

/// A group or principal of an issuer that the settings do not have.
fn wrong_issuer(id: &str, separator: char, world: &World) -> Option<(String, String)> {
    let issuer = id.split_once(separator).map_or(id, |(issuer, _)| issuer);
    let known = world.issuers();
    (!known.contains(&issuer)).then(|| {
        (
            format!("`{id}` is of the issuer `{issuer}`, which the settings do not have"),
            suggest(issuer, &known),
        )
    })
}

/// Every type that a policy can name.
pub(crate) const ENTITY_TYPES: [&str; 11] = [
    "Action",
    "Connection",
    "DataClass",
    "Group",
    "Prompt",
    "Resource",
    "Session",
    "Tool",
    "Unrepresentable",
    "User",
    "Workload",
];

/// What is said of arguments besides what is found in them: that Cedar cannot hold them, or that there are tokens in them
/// in whose place no value was put.
const OF_ARGUMENTS: [&str; 3] = ["args.unrepresentable", "token.unopened", "token.withheld"];
