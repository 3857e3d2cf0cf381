//! A policy folder as one bundle: what is pushed, and what a mounted folder may have beside its files.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use portcullis_pins::Approved;
use portcullis_policy::{Bundle, Section, Source};

use crate::trial::folder::{Folder, Parsed};
use crate::trial::problem::Problem;

/// The name of the bundle in a mounted folder. The gateway takes it instead of the policy files.
pub(crate) const FILE: &str = "policy.bundle";

/// The bundle of a folder, with the approved definitions if any are pinned, and the compiled detectors if there are any; or everything that is wrong with what
/// belongs into it.
pub(crate) fn of(folder: &Folder) -> Result<Bundle, Vec<Problem>> {
    let Parsed { pins, own, .. } = folder.parse()?;
    let approved = (!pins.is_empty()).then(|| Approved::of(&pins).to_bytes());
    let detectors = own.filter(|own| !own.is_empty()).map(|own| own.to_bytes());
    let parts = [(portcullis_detect::SECTION, &detectors), (portcullis_pins::SECTION, &approved)];
    let sections: Vec<Section<'_>> = parts
        .into_iter()
        .filter_map(|(name, bytes)| Some(Section { name, bytes: bytes.as_deref()? }))
        .collect();
    // The gateway knows the policies by the bare names of their files, and those are part of the address.
    let files = folder.policies().iter();
    let sources: Vec<Source<'_>> =
        files.map(|file| Source { file: file.bare_name(), text: &file.text }).collect();
    Bundle::build(&sources, &sections).map_err(|problems| problems.iter().map(Problem::of_policy).collect())
}

/// What is wrong with the bundle that lies in a folder, if there is one: the gateway would take it for the files.
pub(crate) fn stale(folder: &Folder, path: &Path) -> anyhow::Result<Option<Problem>> {
    let path = path.join(FILE);
    if !path.exists() {
        return Ok(None);
    }
    let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let fresh = of(folder).is_ok_and(|bundle| bundle.as_bytes() == bytes);
    let told = "it is not what the files would make, and the gateway would take it instead of them";
    let message = format!("{told}; run `portcullis policy build`, or delete it");
    Ok((!fresh).then(|| Problem { file: path.display().to_string(), line: 1, message }))
}
