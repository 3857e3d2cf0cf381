use std::path::Path;

use super::*;

const MANIFEST: &str = r#"
spin_manifest_version = 2
[application]
name = "app"
[variables]
host = { default = "api.example.com" }
token = { required = true, secret = true }
second = { required = true }
[[trigger.http]]
route = "/..."
component = "web"
[component.web]
source = "web.wasm"
[component.web.variables]
url = "https://{{ host }}/v1"
token = "{{ token }}"
"#;

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn manifest() -> Manifest {
    Manifest::parse(Path::new("/app/spin.toml"), MANIFEST).unwrap()
}

/// What the component sees under `url` and `token`, or the error.
fn outcome(given: &[(&str, &str)], environment: &[(&str, &str)]) -> String {
    let manifest = manifest();
    match Values::resolve(&manifest, &map(given), &map(environment)) {
        Ok(values) => {
            let seen = ComponentVariables::new(&manifest.components["web"].variables, &values);
            format!("{} {}", seen.get("url").unwrap(), seen.get("token").unwrap())
        }
        Err(error) => error.to_string(),
    }
}

#[test]
fn values_come_from_the_caller_then_the_environment_then_the_manifest() {
    for (given, environment, want) in [
        (&[("token", "t"), ("second", "s")][..], &[][..], "https://api.example.com/v1 t"),
        (
            &[("second", "s")],
            &[
                ("SPIN_VARIABLE_TOKEN", "env"),
                ("SPIN_VARIABLE_HOST", "h"),
                ("TOKEN", "no"),
                ("SPIN_VARIABLE_X", "no"),
            ],
            "https://h/v1 env",
        ),
        (
            &[("token", "t"), ("second", "s"), ("host", "")],
            &[("SPIN_VARIABLE_TOKEN", "env"), ("SPIN_VARIABLE_HOST", "h")],
            "https:///v1 t",
        ),
        (
            &[],
            &[],
            "no value for the required variables `second` (environment: SPIN_VARIABLE_SECOND), \
             `token` (environment: SPIN_VARIABLE_TOKEN)",
        ),
        (
            &[("token", "t")],
            &[],
            "no value for the required variable `second` (environment: SPIN_VARIABLE_SECOND)",
        ),
        (&[("tokne", "t")], &[], "the manifest has no variable `tokne` (environment: SPIN_VARIABLE_TOKNE)"),
    ] {
        assert_eq!(outcome(given, environment), want);
    }
}

#[test]
fn values_are_never_shown() {
    let manifest = manifest();
    let values =
        Values::resolve(&manifest, &map(&[("token", "hush"), ("second", "hush")]), &map(&[])).unwrap();
    let seen = ComponentVariables::new(&manifest.components["web"].variables, &values);
    for shown in [format!("{values:?}"), format!("{seen:?}"), format!("{values:#?}")] {
        assert!(!shown.contains("hush") && !shown.contains("api.example.com"), "{shown}");
        assert!(shown.contains("token"), "{shown}");
    }
}

#[test]
fn names_follow_spin() {
    for name in ["a", "abc", "a1b2c3", "a_1", "a_1_b_3"] {
        assert_eq!(check_name(name), Ok(()), "{name}");
    }
    for name in ["", "aX", "1bc", "_x", "x.y", "x_", "a__b", "x-y", "ä"] {
        assert!(check_name(name).is_err(), "{name}");
    }
}
