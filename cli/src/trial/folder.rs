//! A policy folder as text, and what is in it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use portcullis_policy::{Explainer, Source};
use portcullis_settings::Draft;

use crate::trial::problem::Problem;

/// The texts of a policy folder. Files are named as they are reached from here, so that an editor finds them.
#[derive(Debug)]
pub(crate) struct Folder {
    settings: File,
    policies: Vec<File>,
}

/// A text file.
#[derive(Debug)]
pub(crate) struct File {
    /// Its path, for messages.
    pub(crate) name: String,
    pub(crate) text: String,
}

impl Folder {
    /// Reads the settings and the policies.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Self> {
        Ok(Self { settings: File::read(&folder.join(SETTINGS))?, policies: files(folder, "cedar")? })
    }

    /// The settings and the policies, or everything that is wrong with either.
    pub(crate) fn parse(&self) -> Result<(Draft, Explainer<'_>), Vec<Problem>> {
        let File { name, text } = &self.settings;
        let sources: Vec<Source<'_>> =
            self.policies.iter().map(|file| Source { file: &file.name, text: &file.text }).collect();
        match (Draft::parse(text, name), Explainer::parse(&sources)) {
            (Ok(draft), Ok(explainer)) => Ok((draft, explainer)),
            (settings, policies) => {
                let settings = settings.err();
                let policies = policies.err();
                let of_settings = settings.iter().flat_map(|problems| problems.iter());
                let of_policies = policies.iter().flat_map(|problems| problems.iter());
                Err(of_settings
                    .map(|problem| Problem::of_settings(name, problem))
                    .chain(of_policies.map(Problem::of_policy))
                    .collect())
            }
        }
    }
}

impl File {
    fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Self { name: path.display().to_string(), text })
    }
}

/// The files of a folder with this extension, by name.
pub(crate) fn files(folder: &Path, extension: &str) -> anyhow::Result<Vec<File>> {
    let listed = || format!("cannot list {}", folder.display());
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).with_context(listed)? {
        let path = entry.with_context(listed)?.path();
        if path.extension().is_some_and(|found| found == extension) {
            paths.push(path);
        }
    }
    paths.sort();
    paths.iter().map(|path| File::read(path)).collect()
}

const SETTINGS: &str = "portcullis.toml";
