//! Makes a principal from the claims of a token.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_settings::{ClaimPath, ClaimRules, ClaimValue, PrincipalRule};
use serde_json::Value;

use crate::principal::{Actor, AttributeValue, Group, Principal, PrincipalKind, Subject};
use crate::refusal::Refusal;
use crate::verify::claims::{Claims, bad, texts};

/// Reads who the token speaks of.
pub(super) fn read(claims: &Claims<'_>, rules: ClaimRules<'_>) -> Result<Principal, Refusal> {
    let subject = claims.text("sub")?.ok_or(Refusal::MissingClaim { claim: "sub" })?;
    let client = match claims.text("client_id")? {
        None => claims.text("azp")?,
        id => id,
    };
    Ok(Principal {
        issuer: rules.name.clone(),
        subject: Subject::new(subject).ok_or_else(|| bad("sub"))?,
        kind: kind(claims, rules.principal),
        groups: groups(claims, rules)?,
        granted: BTreeMap::new(),
        attributes: attributes(claims, rules.attributes)?,
        client: client.map(str::to_owned),
        actors: actors(claims)?,
    })
}

fn kind(claims: &Claims<'_>, rule: &PrincipalRule) -> PrincipalKind {
    match rule {
        PrincipalRule::User => PrincipalKind::User,
        PrincipalRule::Workload => PrincipalKind::Workload,
        PrincipalRule::WorkloadWhen { claim, equals } => {
            let value = claims.at(claim);
            let is_workload = match equals {
                ClaimValue::Flag(flag) => value.and_then(Value::as_bool) == Some(*flag),
                ClaimValue::Text(text) => value.and_then(Value::as_str) == Some(text),
            };
            if is_workload { PrincipalKind::Workload } else { PrincipalKind::User }
        }
    }
}

/// No groups claim is no groups. Groups that cannot be read are refused, since a rule may forbid something to
/// the very group that was not read.
fn groups(claims: &Claims<'_>, rules: ClaimRules<'_>) -> Result<BTreeSet<Group>, Refusal> {
    let path = rules.groups_claim;
    let Some(value) = claims.at(path) else {
        // OpenID Connect Core section 5.6.2: a distributed claim is named here and kept elsewhere.
        let elsewhere = claims.get("_claim_names").and_then(Value::as_object);
        return match elsewhere {
            Some(names) if path.segments().next().is_some_and(|first| names.contains_key(first)) => {
                Err(Refusal::GroupsElsewhere)
            }
            Some(_) | None => Ok(BTreeSet::new()),
        };
    };
    let names = texts(value).ok_or_else(|| bad(path.as_str()))?;
    names.into_iter().map(|name| Group::new(rules.name, name).ok_or_else(|| bad(path.as_str()))).collect()
}

fn attributes(claims: &Claims<'_>, paths: &[ClaimPath]) -> Result<BTreeMap<String, AttributeValue>, Refusal> {
    let mut attributes = BTreeMap::new();
    for path in paths {
        if let Some(value) = claims.at(path) {
            let value = attribute(value).ok_or_else(|| bad(path.as_str()))?;
            attributes.insert(path.as_str().to_owned(), value);
        }
    }
    Ok(attributes)
}

fn attribute(value: &Value) -> Option<AttributeValue> {
    match value {
        Value::Bool(flag) => Some(AttributeValue::Bool(*flag)),
        Value::Number(number) => number.as_i64().map(AttributeValue::Integer),
        Value::String(text) => Some(AttributeValue::Text(text.clone())),
        Value::Array(_) => {
            Some(AttributeValue::TextList(texts(value)?.into_iter().map(str::to_owned).collect()))
        }
        Value::Null | Value::Object(_) => None,
    }
}

/// RFC 8693 section 4.1: `act` names who acts now, and holds an `act` of its own for whoever acted before.
fn actors(claims: &Claims<'_>) -> Result<Vec<Actor>, Refusal> {
    let mut actors = Vec::new();
    let mut next = claims.get("act");
    while let Some(value) = next {
        let act = value.as_object().filter(|_| actors.len() < MAX_ACTORS).ok_or_else(|| bad("act"))?;
        let act = Claims::new(act);
        let subject = act.text("sub").ok().flatten().and_then(Subject::new).ok_or_else(|| bad("act"))?;
        let issuer = act.text("iss").map_err(|_| bad("act"))?.map(str::to_owned);
        actors.push(Actor { subject, issuer });
        next = act.get("act");
    }
    Ok(actors)
}

const MAX_ACTORS: usize = 8;
