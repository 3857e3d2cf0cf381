//! A policy folder as one bundle: what is pushed, and what a mounted folder may have beside its files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use portcullis_pins::Approved;
use portcullis_policy::{Bundle, Section, Source};

use crate::trial;
use crate::trial::problem::Problem;

/// The name of the bundle in a mounted folder. The gateway takes it instead of the policy files.
pub(crate) const FILE: &str = "policy.bundle";

/// What is in a folder that belongs into its bundle.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// The policies, by the name of their file. The gateway knows them by these names, and they are part of the address.
    policies: BTreeMap<String, String>,
    sections: Vec<(&'static str, Vec<u8>)>,
}

/// The sections: the approved definitions, if any are pinned. What is wrong with the files of pins is found by `check`,
/// which every way to a bundle goes through.
fn sections(path: &Path) -> anyhow::Result<Vec<(&'static str, Vec<u8>)>> {
    let texts = trial::folder::Folder::read(path)?;
    let parsed = texts.parse().map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        anyhow!(lines.join("\n"))
    })?;
    let pins = parsed.pins;
    Ok(if pins.is_empty() {
        Vec::new()
    } else {
        vec![(portcullis_pins::SECTION, Approved::of(&pins).to_bytes())]
    })
}

impl Folder {
    /// Reads a folder.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let listed = || format!("cannot list {}", path.display());
        let mut policies = BTreeMap::new();
        for entry in fs::read_dir(path).with_context(listed)? {
            let file = entry.with_context(listed)?.path();
            if file.extension().is_some_and(|extension| extension == "cedar") {
                let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let text =
                    fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
                policies.insert(name, text);
            }
        }
        Ok(Self { path: path.to_owned(), policies, sections: sections(path)? })
    }

    /// The bundle, or everything that is wrong with the policies.
    pub(crate) fn bundle(&self) -> Result<Bundle, Vec<Problem>> {
        let sources: Vec<Source<'_>> =
            self.policies.iter().map(|(file, text)| Source { file, text }).collect();
        let sections: Vec<Section<'_>> =
            self.sections.iter().map(|(name, bytes)| Section { name, bytes }).collect();
        Bundle::build(&sources, &sections)
            .map_err(|problems| problems.iter().map(Problem::of_policy).collect())
    }

    /// What is wrong with the bundle that is in the folder, if there is one: the gateway would take it for the files.
    pub(crate) fn stale_bundle(&self) -> anyhow::Result<Option<Problem>> {
        let path = self.path.join(FILE);
        if !path.exists() {
            return Ok(None);
        }
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let fresh = self.bundle().is_ok_and(|bundle| bundle.as_bytes() == bytes);
        let told = "it is not what the files would make, and the gateway would take it instead of them";
        let message = format!("{told}; run `portcullis policy build`, or delete it");
        Ok((!fresh).then(|| Problem { file: path.display().to_string(), line: 1, message }))
    }
}
