//! `portcullis explain`: how one question is decided, by which policies, and what is missing.

use std::collections::BTreeSet;
use std::fs;
use std::time::SystemTime;

use anyhow::Context as _;
use portcullis_detect::Detectors;
use portcullis_identity::{Principal, UnixSeconds};
use portcullis_mcp::json::{self, Bounds, Json, Object};
use portcullis_policy::{Explainer, Explanation, Mode, ObservedOutcome, Policy, Usage, Verdict};
use portcullis_settings::{ClassName, Draft};
use serde_json::json;

use crate::arguments::{Explain, pair};
use crate::exit::Exit;
use crate::terminal::{self, Style};
use crate::trial::folder::{Folder, Parsed};
use crate::trial::principal::{self, Description};
use crate::trial::problem::{Reader, refuse};
use crate::trial::wanted::Wanted;
use crate::trial::{self, Trial, detection, time, told, usage};

/// Prints the decision and its reasons; exit code 2 if it is not allowed, 3 if a file is wrong.
pub(crate) fn run(arguments: Explain) -> anyhow::Result<Exit> {
    let reader = Reader::of(arguments.json);
    let texts = Folder::read(&arguments.policies)?;
    let parsed = match texts.parse() {
        Ok(parsed) => parsed,
        Err(problems) => return Ok(refuse(&problems, reader)),
    };
    let (world, Parsed { draft, explainer, detectors, .. }) = (parsed.world(), parsed);
    let claims = match &arguments.claims {
        Some(file) => Some(fs::read(file).with_context(|| format!("cannot read {}", file.display()))?),
        None => None,
    };
    let trial = match question(arguments, claims.as_deref(), (&draft, &detectors)) {
        Ok(trial) => trial,
        Err(message) => {
            terminal::error(&format!("error: {message}"));
            return Ok(Exit::Usage);
        }
    };
    let explanation = trial.explain(&explainer, &world);
    match reader {
        Reader::Person => tell(&trial, &explanation, &explainer),
        Reader::Script => to_json(&trial, &explanation, &explainer),
    }
    Ok(match explanation.verdict {
        Verdict::Allow => Exit::Ok,
        Verdict::Deny(_) | Verdict::Hold(_) => Exit::Denied,
    })
}

/// The question of the command line; the error says what is wrong with it.
fn question(
    arguments: Explain,
    claims: Option<&[u8]>,
    (draft, detectors): (&Draft, &Detectors),
) -> Result<Trial, String> {
    let wanted_elsewhere = [
        ("prompt", &arguments.prompt),
        ("request_access", &arguments.request_access),
        ("resource", &arguments.resource),
        ("subscribe", &arguments.subscribe),
        ("unmask", &arguments.unmask),
        ("action", &arguments.action),
    ];
    let elsewhere = wanted_elsewhere.into_iter().find_map(|(key, text)| Some((key, text.as_deref()?)));
    let detokenized = arguments.detokenize.as_deref();
    let (wanted, given) = match (elsewhere, detokenized, arguments.call.split_first()) {
        (Some((key, text)), ..) => (Wanted::parse(key, text)?, arguments.call.as_slice()),
        (None, Some(class), Some((tool, given))) => (Wanted::detokenize(class, tool)?, given),
        (None, None, Some((tool, given))) => (Wanted::parse("tool", tool)?, given),
        (None, Some(_), None) => return Err("say which tool gets the values".to_owned()),
        (None, None, None) => {
            return Err("say what is called: a tool, or `--prompt`, `--resource`, `--unmask`".to_owned());
        }
    };
    let input = input(given, draft.limits().depth)?;
    if !wanted.takes_arguments() && !given.is_empty() {
        return Err("policies see no arguments of this; only tools and prompts have them".to_owned());
    }
    let labels = match arguments.labels.as_slice() {
        [] => detection::labels(detectors, &wanted, Some(&input)),
        given => labels(given)?,
    };
    let now = match &arguments.now {
        Some(text) => time::parse(text)?,
        None => now(),
    };
    let usage = usage(&arguments.usage, detectors)?;
    let connection = arguments.connection.clone();
    let principal = caller(arguments, claims, draft)?;
    let connection = trial::connection(draft, &connection, &principal)?;
    let input = wanted.takes_arguments().then_some(input);
    Ok(Trial { principal, connection, wanted, input, labels, now, usage })
}

fn caller(arguments: Explain, claims: Option<&[u8]>, draft: &Draft) -> Result<Principal, String> {
    let Explain { groups, subject, issuer, kind, attributes, client, .. } = arguments;
    if let Some(claims) = claims {
        return principal::of_claims(draft, issuer.as_deref(), claims);
    }
    let kind = kind.as_deref().map(principal::kind).transpose()?;
    let depth = draft.limits().depth;
    let attributes = attributes.into_iter().map(|(name, value)| (name, value_of(value, depth))).collect();
    Description { issuer, subject, kind, groups, attributes, client }.principal(draft)
}

fn input(given: &[String], depth: usize) -> Result<Json<'static>, String> {
    let mut object = Object::new();
    for argument in given {
        let (name, value) = pair(argument).map_err(|error| format!("`{argument}`: {error}"))?;
        object.insert(name, value_of(value, depth));
    }
    Ok(Json::Object(object))
}

/// JSON if it is JSON, as for `portcullis call`.
fn value_of(text: String, depth: usize) -> Json<'static> {
    match json::parse(text.as_bytes(), Bounds::request(depth)) {
        Ok(value) => value.into_owned(),
        Err(_) => Json::from(text),
    }
}

fn labels(given: &[String]) -> Result<BTreeSet<ClassName>, String> {
    given.iter().map(|label| label.parse().map_err(|error| format!("{error}"))).collect()
}

/// What was used; `None` if it is not known.
fn usage(given: &[String], detectors: &Detectors) -> Result<Option<Usage>, String> {
    if given.iter().any(|count| count == usage::UNKNOWN) {
        return match given {
            [_] => Ok(None),
            _ => Err(format!("usage is `{}` or has counts, not both", usage::UNKNOWN)),
        };
    }
    let mut used = usage::nothing(detectors);
    for count in given {
        let (name, number) = pair(count).map_err(|error| format!("`{count}`: {error}"))?;
        let number = number.parse().map_err(|_| format!("`{count}`: `{number}` is not a whole number"))?;
        usage::set(&mut used, &name, number)?;
    }
    Ok(Some(used))
}

#[expect(clippy::disallowed_methods, reason = "the command line owns the clock")]
fn now() -> UnixSeconds {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    UnixSeconds(since.map_or(0, |elapsed| elapsed.as_secs()))
}

fn tell(trial: &Trial, explanation: &Explanation, explainer: &Explainer<'_>) {
    let style = Style::of_output();
    let Explanation { verdict, reasons, nearest } = explanation;
    let word = told::word(verdict).to_uppercase();
    let (who, what) = (trial.principal.id(), trial.wanted.told());
    terminal::line(&format!("{}  {who}, {what} on {}", style.bold(&word), trial.connection));
    told::why(verdict).iter().for_each(|why| terminal::line(&format!("  {why}")));
    if !trial.labels.is_empty() {
        let labels: Vec<&str> = trial.labels.iter().map(ClassName::as_str).collect();
        terminal::line(&format!("  found in the request: {}", labels.join(", ")));
    }
    if !reasons.determining.is_empty() {
        heading(style, "Determined by");
        reasons.determining.iter().for_each(|policy| show(policy, explainer, style));
    }
    if !nearest.is_empty() {
        heading(style, "Nearest missing permission");
        nearest.iter().for_each(|miss| terminal::line(&format!("  {miss}")));
    }
    let observed = observed(explanation, explainer);
    if !observed.is_empty() {
        heading(style, "Observed, changing nothing");
        for (policy, outcome) in observed {
            terminal::line(&format!("  {} {}", told::place(policy), told::observed(outcome)));
        }
    }
}

fn heading(style: Style, text: &str) {
    terminal::line("");
    terminal::line(&style.bold(text));
}

/// A policy with its text, each line with its number in the file.
fn show(policy: &Policy, explainer: &Explainer<'_>, style: Style) {
    let reason = policy.reason().map(|reason| format!(": {reason}")).unwrap_or_default();
    terminal::line(&format!("  {}{reason}", told::place(policy)));
    for (index, text) in explainer.text_of(policy).unwrap_or_default().lines().enumerate() {
        terminal::line(&style.faint(&format!("  {:>5} | {text}", policy.line() + index)));
    }
}

/// Every observed policy, by id, with what it would do.
fn observed<'e>(
    explanation: &'e Explanation,
    explainer: &'e Explainer<'_>,
) -> Vec<(&'e Policy, Option<&'e ObservedOutcome>)> {
    let outcome = |policy: &Policy| {
        let found = explanation.reasons.observed.iter().find(|seen| seen.policy.id() == policy.id());
        found.map(|seen| &seen.outcome)
    };
    let watched = explainer.policies().policies().filter(|policy| policy.mode() == Mode::Observe);
    watched.map(|policy| (policy, outcome(policy))).collect()
}

fn to_json(trial: &Trial, explanation: &Explanation, explainer: &Explainer<'_>) {
    let mut told = told::json(explanation);
    let texts = explanation.reasons.determining.iter().map(|policy| explainer.text_of(policy));
    told.insert("texts".to_owned(), json!(texts.collect::<Vec<_>>()));
    let observed = observed(explanation, explainer).into_iter().map(|(policy, outcome)| {
        json!({
            "policy": told::policy_json(policy),
            "matches": outcome.is_some(),
            "text": told::observed(outcome),
        })
    });
    told.insert("observed".to_owned(), observed.collect());
    told.insert("principal".to_owned(), json!(trial.principal.id()));
    told.insert("connection".to_owned(), json!(trial.connection.as_str()));
    told.insert("wanted".to_owned(), json!(trial.wanted.told()));
    let labels: Vec<&str> = trial.labels.iter().map(ClassName::as_str).collect();
    told.insert("labels".to_owned(), json!(labels));
    terminal::line(&serde_json::Value::Object(told).to_string());
}
