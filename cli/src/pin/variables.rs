//! The values of variables for one connection: as `portcullis up` finds them, and where the demo runs, the demo's.

use std::collections::BTreeMap;
use std::env;

use portcullis_demo::state::DemoState;
use portcullis_host::Manifest;
use portcullis_settings::VariableName;

use crate::arguments::Pin;
use crate::terminal;

/// `--variable`, then `SPIN_VARIABLE_<NAME>`, then the running demo, then the manifest's defaults.
pub(super) fn values(arguments: &Pin) -> anyhow::Result<BTreeMap<VariableName, String>> {
    let environment: BTreeMap<String, String> = env::vars().collect();
    let mut given = demo(arguments);
    given
        .retain(|name, _| !environment.contains_key(&format!("SPIN_VARIABLE_{}", name.to_ascii_uppercase())));
    given.extend(arguments.variables.iter().cloned());
    let known = Manifest::load(&arguments.manifest)?.known_variables(&given, &environment)?;
    // A name that is none cannot be in the settings either.
    Ok(known.into_iter().filter_map(|(name, value)| Some((name.parse().ok()?, value))).collect())
}

/// What the demo that runs here has told of its upstream, if it has this connection.
fn demo(arguments: &Pin) -> BTreeMap<String, String> {
    match DemoState::read(&arguments.state_dir) {
        Ok(state) if state.audience(&arguments.connection).is_some() => {
            terminal::error("asking the server of the running demo");
            state.upstream
        }
        Ok(_) | Err(_) => BTreeMap::new(),
    }
}
