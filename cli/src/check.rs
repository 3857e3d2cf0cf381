//! `portcullis check`: everything that is wrong with a policy folder, at once.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use portcullis_pins::parse_all;
use portcullis_policy::{PolicySet, Source};
use portcullis_settings::{ConnectionName, Draft, Drift};

use crate::arguments::Check;
use crate::exit::Exit;
use crate::terminal;

const SETTINGS: &str = "portcullis.toml";
/// The folder of pins.
const PINS: &str = "pins";

/// What is wrong with a folder, one line per problem. What is right and yet dangerous is told at once.
pub(crate) fn problems(folder: &Path) -> anyhow::Result<Vec<String>> {
    let mut problems = Vec::new();
    let text = fs::read_to_string(folder.join(SETTINGS))
        .with_context(|| format!("cannot read {}", folder.join(SETTINGS).display()))?;
    match Draft::parse(&text, SETTINGS) {
        Ok(draft) => {
            draft.warnings().iter().for_each(|warning| terminal::error(warning));
            problems.extend(problems_of_pins(folder, &draft)?);
        }
        Err(found) => problems.extend(found.to_string().lines().map(ToOwned::to_owned)),
    }
    let policies = read_files(folder, "cedar")?;
    let sources: Vec<Source<'_>> = policies.iter().map(|(file, text)| Source { file, text }).collect();
    if let Err(found) = PolicySet::parse(&sources) {
        problems.extend(found.to_string().lines().map(ToOwned::to_owned));
    }
    Ok(problems)
}

/// What is wrong with the files of pins. A connection without one is told at once: it may be a new one.
fn problems_of_pins(folder: &Path, draft: &Draft) -> anyhow::Result<Vec<String>> {
    let connections: Vec<ConnectionName> = draft.connections().cloned().collect();
    let place = folder.join(PINS);
    let files = if place.is_dir() { read_files(&place, "json")? } else { BTreeMap::new() };
    let files: Vec<(String, String)> =
        files.into_iter().map(|(file, text)| (format!("{PINS}/{file}"), text)).collect();
    let named = files.iter().map(|(file, text)| (file.as_str(), text.as_str()));
    let pins = match parse_all(&connections, named) {
        Ok(pins) => pins,
        Err(problems) => return Ok(problems.iter().map(ToString::to_string).collect()),
    };
    for connection in &connections {
        let is_pinned = pins.iter().any(|pins| pins.connection() == connection);
        if let Some(consequence) = draft.drift(connection).filter(|_| !is_pinned).and_then(without_pins) {
            terminal::error(&format!("connection `{connection}` has no pins, so {consequence}"));
        }
    }
    Ok(Vec::new())
}

/// What it means that a connection has no pins.
fn without_pins(drift: Drift) -> Option<&'static str> {
    match drift {
        Drift::Block => {
            Some("nobody sees or calls anything of it until `portcullis pin` has been run for it")
        }
        Drift::Hold => Some("every call of it needs approval until `portcullis pin` has been run for it"),
        Drift::Log => None,
    }
}

fn read_files(folder: &Path, extension: &str) -> anyhow::Result<BTreeMap<String, String>> {
    let listed = || format!("cannot list {}", folder.display());
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).with_context(listed)? {
        let path = entry.with_context(listed)?.path();
        if path.extension().is_some_and(|found| found == extension) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let text =
                fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            files.insert(name, text);
        }
    }
    Ok(files)
}

/// Prints the problems; exit code 3 if there are any.
pub(crate) fn run(arguments: &Check) -> anyhow::Result<Exit> {
    let problems = problems(&arguments.folder)?;
    if problems.is_empty() {
        terminal::line(&format!("{}: no problems", arguments.folder.display()));
        return Ok(Exit::Ok);
    }
    problems.iter().for_each(|problem| terminal::line(problem));
    Ok(Exit::Invalid)
}
