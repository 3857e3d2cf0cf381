//! Many policies, as a large installation has them.
//!
//! They are about other people, tools and connections than those that are measured, as most policies are when a
//! question is asked. So what they cost is what it costs that they are there.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use portcullis_policy::{Bundle, Source};

/// A copy of the gateway's manifest, settings and policies in `scratch` with so many policies more, as files or also as
/// the bundle that instances start from without parsing them; the manifest.
pub(crate) fn with_more(
    fixtures: &Path,
    scratch: &Path,
    n_more: usize,
    is_bundled: bool,
) -> anyhow::Result<PathBuf> {
    let form = if is_bundled { "-bundle" } else { "" };
    let folder = scratch.join(format!("policies-{n_more}{form}"));
    let policies = folder.join("policies");
    fs::create_dir_all(&policies).context("no folder for policies can be made")?;
    for entry in fs::read_dir(fixtures.join("policies"))? {
        let entry = entry?;
        fs::copy(entry.path(), policies.join(entry.file_name()))?;
    }
    fs::write(policies.join("more.cedar"), more(n_more))?;
    let bundle = policies.join("policy.bundle");
    match is_bundled {
        true => fs::write(bundle, bundle_of(&policies)?)?,
        false if bundle.exists() => fs::remove_file(bundle)?,
        false => {}
    }
    // `scratch` is in the target folder, in which the component is looked for.
    let manifest = fs::read_to_string(fixtures.join(MANIFEST))?.replace("../../target/", "../../");
    let path = folder.join(MANIFEST);
    fs::write(&path, manifest)?;
    Ok(path)
}

/// As `portcullis policy build` makes it.
fn bundle_of(policies: &Path) -> anyhow::Result<Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(policies)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "cedar") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.insert(name, fs::read_to_string(&path)?);
        }
    }
    let sources: Vec<Source<'_>> = files.iter().map(|(file, text)| Source { file, text }).collect();
    Ok(Bundle::build(&sources, &[])?.into_bytes())
}

fn more(n_policies: usize) -> String {
    let mut text = String::new();
    for n in 0..n_policies {
        let policy = match n % 4 {
            0 => format!(
                "permit (principal in Group::\"demo:team-{n}\", action == Action::\"list/tool_{n}\", resource);"
            ),
            1 => format!(
                "permit (principal in Group::\"demo:team-{n}\", action in Action::\"other-{n}\", resource)\n    \
                 when {{ context.input has limit && context.input.limit <= 100 }};"
            ),
            2 => format!(
                "forbid (principal, action in Action::\"other-{n}\", resource)\n    \
                 when {{ context.input has amount && context.input.amount > 10000 }};"
            ),
            _ => format!(
                "@approval(\"demo:finance\")\nforbid (principal is User, action == Action::\"other-{n}/refund\", \
                 resource);"
            ),
        };
        // Writing to a text does not fail.
        _ = writeln!(text, "@id(\"more.{n}\")\n@reason(\"Team {n} and its connection\")\n{policy}\n");
    }
    text
}

/// The name of the gateway's manifest.
pub(crate) const MANIFEST: &str = "gateway.toml";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_as_asked_for_and_none_is_about_what_is_measured() {
        let text = more(10);
        assert_eq!(text.matches("@id(").count(), 10);
        for connection in ["small", "page", "stream", "long"] {
            assert!(!text.contains(&format!("Action::\"{connection}")), "{connection}");
        }
    }
}
