//! `portcullis check`: everything that is wrong with a policy folder, at once.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use portcullis_policy::{PolicySet, Source};
use portcullis_settings::Draft;

use crate::arguments::Check;
use crate::exit::Exit;
use crate::policy::Folder;
use crate::terminal;

const SETTINGS: &str = "portcullis.toml";

/// What is wrong with a folder, one line per problem. What is right and yet dangerous is told at once.
pub(crate) fn problems(folder: &Path) -> anyhow::Result<Vec<String>> {
    let mut problems = Vec::new();
    let text = fs::read_to_string(folder.join(SETTINGS))
        .with_context(|| format!("cannot read {}", folder.join(SETTINGS).display()))?;
    match Draft::parse(&text, SETTINGS) {
        Ok(draft) => draft.warnings().iter().for_each(|warning| terminal::error(warning)),
        Err(found) => problems.extend(found.to_string().lines().map(ToOwned::to_owned)),
    }
    let policies = read_policies(folder)?;
    let sources: Vec<Source<'_>> = policies.iter().map(|(file, text)| Source { file, text }).collect();
    if let Err(found) = PolicySet::parse(&sources) {
        problems.extend(found.to_string().lines().map(ToOwned::to_owned));
    }
    problems.extend(Folder::read(folder)?.stale_bundle()?);
    Ok(problems)
}

fn read_policies(folder: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let listed = || format!("cannot list {}", folder.display());
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).with_context(listed)? {
        let path = entry.with_context(listed)?.path();
        if path.extension().is_some_and(|extension| extension == "cedar") {
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
