//! Whole files: what good ones mean, and the exact words about bad ones.

mod access;
mod anonymous;
mod bad;
mod deny;
mod good;
mod policy;
mod records;
mod sign_in;
mod telemetry;
mod webhook;

use std::collections::BTreeMap;

use crate::{Draft, Settings, VariableName};

/// Reads and resolves a file; an error is what an operator would see.
fn settings(text: &str, values: &[(&str, &str)]) -> Result<Settings, String> {
    let values: BTreeMap<VariableName, String> =
        values.iter().map(|(name, value)| (name.parse().unwrap(), (*value).to_owned())).collect();
    let draft = Draft::parse(text, "portcullis.toml").map_err(|problems| problems.to_string())?;
    draft.resolve(&values).map_err(|problems| problems.to_string())
}

/// The lines that every file needs; three of them, so what is added starts on line 4.
const HEAD: &str = r#"public_url = "https://gw.example.com"
secret_key = "{{ secret_key }}"

"#;

const KEY: (&str, &str) = ("secret_key", "3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhs=");
