//! `portcullis check`: everything that is wrong with a policy folder, at once.
//!
//! Settings, policies, pins and detectors are read as the gateway reads them, detectors are held to their examples, and then the policies are held to the settings and
//! the pins: what they name must exist, and types must fit.

use std::path::Path;

use anyhow::Context as _;
use portcullis_schema::{Findings, World};
use portcullis_settings::{Draft, Drift};
use serde_json::{Value, json};

use crate::arguments::Check;
use crate::exit::Exit;
use crate::policy::{bundle, compiled};
use crate::terminal;
use crate::trial::folder::{File, Folder, Parsed};
use crate::trial::problem::{Problem, Reader};

/// What was found in a folder.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// What is wrong; a gateway does not start with it.
    pub(crate) problems: Vec<Problem>,
    /// What is right, and dangerous or not what it seems.
    pub(crate) warnings: Vec<Problem>,
}

/// Prints what is wrong; exit code 3 if anything is.
pub(crate) fn run(arguments: &Check) -> anyhow::Result<Exit> {
    let Check { folder, json } = arguments;
    let checked = check(folder)?;
    match Reader::of(*json) {
        Reader::Script => terminal::line(&checked.to_json().to_string()),
        Reader::Person => {
            checked.tell_warnings();
            checked.problems.iter().for_each(|problem| terminal::line(&problem.to_string()));
            if checked.problems.is_empty() {
                terminal::line(&format!("{}: no problems", folder.display()));
            }
        }
    }
    Ok(if checked.problems.is_empty() { Exit::Ok } else { Exit::Invalid })
}

/// Checks a folder.
pub(crate) fn check(folder: &Path) -> anyhow::Result<Checked> {
    let texts = Folder::read(folder)?;
    let parsed = match texts.parse() {
        Ok(parsed) => parsed,
        Err(problems) => return Ok(Checked { problems, warnings: Vec::new() }),
    };
    let world = parsed.world();
    let Findings { problems, warnings } =
        portcullis_schema::check(&world, &parsed.explainer).context("this is a defect of portcullis")?;
    let rules = portcullis_schema::check_rules(&world, parsed.draft.deny(), &texts.settings().name);
    let mut told = of_settings(&parsed, texts.settings());
    told.extend(rules.warnings.iter().map(Problem::of_policy));
    told.extend(of_pins(&world, &parsed.draft, (texts.settings(), folder)));
    told.extend(warnings.iter().map(Problem::of_policy));
    let stale = bundle::stale(&texts, folder)?.into_iter().chain(compiled::stale(&texts, folder)?);
    let problems = rules.problems.iter().chain(&problems).map(Problem::of_policy).chain(stale).collect();
    Ok(Checked { problems, warnings: told })
}

impl Checked {
    /// What is right and yet to be told, each time.
    pub(crate) fn tell_warnings(&self) {
        for Problem { file, line, message } in &self.warnings {
            terminal::error(&format!("{file}:{line}: WARNING: {message}"));
        }
    }

    fn to_json(&self) -> Value {
        let list = |problems: &[Problem]| problems.iter().map(Problem::to_json).collect::<Vec<_>>();
        json!({ "problems": list(&self.problems), "warnings": list(&self.warnings) })
    }
}

/// What the settings warn of; they say it with its place.
fn of_settings(parsed: &Parsed<'_>, settings: &File) -> Vec<Problem> {
    let prefix = format!("{}:", settings.name);
    let warnings = parsed.draft.warnings();
    let placed = warnings.iter().map(|warning| {
        let placed = warning.strip_prefix(&prefix).and_then(|rest| rest.split_once(": "));
        let (line, message) = placed.unwrap_or(("1", warning));
        let message = message.trim_start_matches("WARNING: ").to_owned();
        Problem { file: settings.name.clone(), line: line.parse().unwrap_or(1), message }
    });
    placed.collect()
}

/// What it means besides that a connection has no pins.
fn without_pins(drift: Drift) -> &'static str {
    match drift {
        Drift::Block => ", and nobody sees or calls anything of it",
        Drift::Hold => ", and nobody sees or calls anything of it before its owners have approved it",
        Drift::Log => "",
    }
}

/// Connections without pins, and tools that have no types.
fn of_pins(world: &World, draft: &Draft, (settings, folder): (&File, &Path)) -> Vec<Problem> {
    let unpinned = world.unpinned().map(|connection| {
        let head = format!("[connections.{connection}]");
        let line = settings.text.lines().position(|line| line.trim() == head).map_or(1, |index| index + 1);
        let message = format!(
            "`{connection}` has no pins, so no policy about its tools can be checked{}; run `portcullis pin {connection}`",
            draft.drift(connection).map_or("", without_pins)
        );
        Problem { file: settings.name.clone(), line, message }
    });
    let untyped = world.untyped().map(|(connection, tool)| {
        let file = folder.join(crate::trial::folder::PINS).join(format!("{connection}.json"));
        let message =
            format!("the arguments of `{tool}` have no types that policies know, so no rule can read them");
        Problem { file: file.display().to_string(), line: 1, message }
    });
    unpinned.chain(untyped).collect()
}
