//! Reading settings, policies, pins and compiled detectors from the mounted folder, and the variables that they name.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, anyhow};
use portcullis_detect::Custom;
use portcullis_pins::{Approved, parse_all};
use portcullis_pipeline::{Active, Gateway};
use portcullis_policy::{PolicySet, Source};
use portcullis_settings::{ConnectionName, Draft};
use spin_sdk::variables;

use crate::world;

const FOLDER: &str = "/policies";
/// The name under which everything in the key-value store is kept.
const APP: &str = "portcullis";
const SETTINGS: &str = "portcullis.toml";
/// The folder of pins in it.
const PINS: &str = "pins";
/// Detectors that are not built in.
const DETECTORS: &str = "detectors.toml";
/// What `portcullis policy compile` makes of them.
const COMPILED: &str = "detectors.bin";
/// What `portcullis policy build` writes.
const BUNDLE: &str = "policy.bundle";

/// Loads everything, or says what is wrong with it. A gateway that cannot read its policy serves nothing.
pub(crate) async fn gateway() -> anyhow::Result<Gateway> {
    let folder = Path::new(FOLDER);
    let text =
        fs::read_to_string(folder.join(SETTINGS)).with_context(|| format!("{SETTINGS} cannot be read"))?;
    let draft = Draft::parse(&text, SETTINGS)?;
    draft.warnings().iter().for_each(|warning| world::log(warning));
    let mut values = BTreeMap::new();
    for name in draft.variables() {
        let value = variables::get(name.as_str()).await.with_context(|| format!("variable `{name}`"))?;
        values.insert(name, value);
    }
    let settings = draft.resolve(&values)?;
    let connections: Vec<ConnectionName> = settings.connections.keys().cloned().collect();
    let mounted = move || mounted(Path::new(FOLDER), &connections).map_err(|error| format!("{error:#}"));
    Gateway::new(APP.parse()?, settings, mounted).map_err(anyhow::Error::msg)
}

/// What is mounted: in the form that needs no parsing if it is there in it, or else as it is written.
fn mounted(folder: &Path, connections: &[ConnectionName]) -> anyhow::Result<Active> {
    let bundle = folder.join(BUNDLE);
    if bundle.exists() {
        let bytes = fs::read(bundle).with_context(|| format!("{BUNDLE} cannot be read"))?;
        let opened = PolicySet::from_bundle(bytes).with_context(|| format!("{BUNDLE} cannot be used"))?;
        return Active::of_bundle(opened).with_context(|| format!("{BUNDLE} cannot be used"));
    }
    let active = Active::new(policies(folder)?, approved(folder, connections)?);
    Ok(match detectors(folder)? {
        Some(custom) => active.with_detectors(custom),
        None => active,
    })
}

/// The detectors of a folder, in the form that needs no compiling. What was compiled from another text would leave values
/// unmasked that somebody has written a detector for.
fn detectors(folder: &Path) -> anyhow::Result<Option<Custom>> {
    let source = folder.join(DETECTORS);
    if !source.exists() {
        return Ok(None);
    }
    let text = fs::read_to_string(source).with_context(|| format!("{DETECTORS} cannot be read"))?;
    let bytes = fs::read(folder.join(COMPILED))
        .with_context(|| format!("{DETECTORS} is not compiled: run `portcullis policy compile`"))?;
    let custom = Custom::open(bytes).with_context(|| format!("{COMPILED} cannot be used"))?;
    if !custom.is_of(&text) {
        return Err(anyhow!(
            "{DETECTORS} was changed after it was compiled: run `portcullis policy compile`"
        ));
    }
    Ok(Some(custom))
}

fn policies(folder: &Path) -> anyhow::Result<PolicySet> {
    let files = files(folder, "cedar").context("the policies cannot be read")?;
    let sources: Vec<Source<'_>> = files.iter().map(|(file, text)| Source { file, text }).collect();
    Ok(PolicySet::parse(&sources)?)
}

/// What the files of pins approve. Without a folder of them nothing is approved.
fn approved(folder: &Path, connections: &[ConnectionName]) -> anyhow::Result<Approved> {
    let folder = folder.join(PINS);
    if !folder.is_dir() {
        return Ok(Approved::default());
    }
    let files = files(&folder, "json").context("the pins cannot be read")?;
    let named: Vec<(String, &str)> =
        files.iter().map(|(file, text)| (format!("{PINS}/{file}"), text.as_str())).collect();
    let read = parse_all(connections, named.iter().map(|(file, text)| (file.as_str(), *text)));
    let pins = read.map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        anyhow!(lines.join("\n"))
    })?;
    Ok(Approved::of(&pins))
}

/// The files of a folder with this extension, by name.
fn files(folder: &Path, extension: &str) -> anyhow::Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == extension) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).with_context(|| format!("{name} cannot be read"))?;
            files.insert(name, text);
        }
    }
    Ok(files)
}
