//! The compiled detectors that a mounted folder needs beside `detectors.toml`, unless it has a bundle.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

use super::bundle;
use crate::terminal;
use crate::trial::folder::{Folder, Parsed};
use crate::trial::problem::Problem;

/// The name of the compiled form in a mounted folder.
pub(crate) const FILE: &str = "detectors.bin";

/// The compiled detectors of a folder; `None` if it has no file of them.
pub(crate) fn of(folder: &Folder) -> Result<Option<Vec<u8>>, Vec<Problem>> {
    let Parsed { own, .. } = folder.parse()?;
    Ok(own.map(|own| own.to_bytes()))
}

/// What is wrong with the compiled form that lies in a folder: with it, or without it, a gateway does not start.
pub(crate) fn stale(folder: &Folder, path: &Path) -> anyhow::Result<Option<Problem>> {
    let Some(source) = folder.detectors().filter(|_| !path.join(bundle::FILE).exists()) else {
        return Ok(None);
    };
    let wanted = of(folder).ok().flatten();
    let message = match found(path)? {
        None => "it is not compiled; run `portcullis policy compile`",
        found if found == wanted => return Ok(None),
        Some(_) => "`detectors.bin` is not what it would be compiled to; run `portcullis policy compile`",
    };
    Ok(Some(Problem { file: source.name.clone(), line: 1, message: message.to_owned() }))
}

/// Compiles the detectors of a folder whose compiled form is missing or stale. One that has problems is left alone: checking
/// it tells them.
pub(crate) fn refresh(path: &Path) -> anyhow::Result<()> {
    let folder = Folder::read(path)?;
    if path.join(bundle::FILE).exists() {
        return Ok(());
    }
    match of(&folder) {
        Ok(Some(bytes)) if found(path)?.as_ref() != Some(&bytes) => write(path, &bytes),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Writes the compiled form.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let file = path.join(FILE);
    fs::write(&file, bytes).with_context(|| format!("cannot write {}", file.display()))?;
    terminal::line(&format!("{}: {} bytes", file.display(), bytes.len()));
    Ok(())
}

fn found(path: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    let file = path.join(FILE);
    if !file.exists() {
        return Ok(None);
    }
    fs::read(&file).map(Some).with_context(|| format!("cannot read {}", file.display()))
}
