//! Reading settings and policies from the mounted folder, and the variables that they name.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use portcullis_pipeline::{Active, Gateway};
use portcullis_policy::{PolicySet, Source};
use portcullis_settings::Draft;
use spin_sdk::variables;

use crate::world;

const FOLDER: &str = "/policies";
/// The name under which everything in the key-value store is kept.
const APP: &str = "portcullis";
const SETTINGS: &str = "portcullis.toml";
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
    let mounted = || match policies(Path::new(FOLDER)) {
        Ok(policies) => Ok(Active::new(policies)),
        Err(error) => Err(format!("{error:#}")),
    };
    Gateway::new(APP.parse()?, settings, mounted).map_err(anyhow::Error::msg)
}

/// The mounted policies: in the form that needs no parsing if they are there in it, or else as they are written.
fn policies(folder: &Path) -> anyhow::Result<PolicySet> {
    let bundle = folder.join(BUNDLE);
    if bundle.exists() {
        let bytes = fs::read(bundle).with_context(|| format!("{BUNDLE} cannot be read"))?;
        return PolicySet::from_bundle(bytes).with_context(|| format!("{BUNDLE} cannot be used"));
    }
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).context("the policies cannot be listed")? {
        let path = entry.context("the policies cannot be listed")?.path();
        if path.extension().is_some_and(|extension| extension == "cedar") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).with_context(|| format!("{name} cannot be read"))?;
            files.insert(name, text);
        }
    }
    let sources: Vec<Source<'_>> = files.iter().map(|(file, text)| Source { file, text }).collect();
    Ok(PolicySet::parse(&sources)?)
}
