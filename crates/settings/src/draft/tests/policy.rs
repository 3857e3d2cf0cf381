use std::collections::BTreeSet;

use super::{HEAD, KEY, settings};
use crate::{PolicyKey, PolicySource};

/// The base point of the curve, as bytes of a key.
const PUBLIC: &str = "ed25519:WGZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmY=";

fn resolved(lines: &str, values: &[(&str, &str)]) -> Result<crate::Settings, String> {
    let values: Vec<(&str, &str)> = values.iter().copied().chain([KEY]).collect();
    settings(&format!("{HEAD}{lines}"), &values)
}

#[test]
fn where_policies_come_from_follows_from_the_keys_unless_it_is_said() {
    let with = |rest: &str| format!("[policy]\nkeys = {{ ops = \"{PUBLIC}\" }}\n{rest}");
    for (name, lines, want) in [
        ("nothing said", String::new(), PolicySource::Files),
        ("an empty table", "[policy]".to_owned(), PolicySource::Files),
        ("a key", with(""), PolicySource::Pushed),
        ("a key, and files all the same", with("source = \"files\""), PolicySource::Files),
        ("a key, and said", with("source = \"pushed\""), PolicySource::Pushed),
    ] {
        assert_eq!(resolved(&lines, &[]).unwrap().policy.source, want, "case: {name}");
    }
}

#[test]
fn keys_are_read_whole_and_may_come_from_variables() {
    let lines =
        "[policy]\nkeys = { \"ops-2026.1\" = \"{{ key }}\", other = \"{{ none }}\" }\nminimum_serial = 7";
    let policy = resolved(lines, &[("key", PUBLIC), ("none", "")]).unwrap().policy;
    let keys: Vec<(&str, String)> =
        policy.keys.iter().map(|(name, key)| (name.as_str(), key.to_string())).collect();
    assert_eq!(keys, [("ops-2026.1", PUBLIC.to_owned())], "an empty value is no key");
    assert_eq!(policy.minimum_serial, 7);
    assert_eq!(PUBLIC.parse::<PolicyKey>().unwrap().as_bytes()[..2], [0x58, 0x66]);
}

#[test]
fn what_is_wrong_with_keys_is_told() {
    let advice = "a key is `ed25519:` and its 32 bytes in base64; `portcullis policy keygen` makes one";
    let none = "portcullis.toml:4: `policy.keys` has no key, so nothing pushed could be trusted; add the public key \
                of whoever pushes policies; `portcullis policy keygen` makes a pair";
    for (name, lines, want) in [
        ("no prefix", "[policy]\nkeys = { a = \"WGZm\" }", format!("portcullis.toml:5: `policy.keys.a`: {advice}")),
        (
            "too short",
            "[policy]\nkeys = { a = \"ed25519:WGZm\" }",
            format!("portcullis.toml:5: `policy.keys.a`: {advice}"),
        ),
        (
            "a bad name",
            "[policy]\nkeys = { A = \"ed25519:WGZm\" }",
            "portcullis.toml:5: `policy.keys`: `A` is not a name of a key: use 1 to 63 of a-z, 0-9, `.`, `_` and `-`"
                .to_owned(),
        ),
        (
            "another source",
            "[policy]\nsource = \"file\"",
            "portcullis.toml:5: `policy.source` is neither; did you mean `files`?".to_owned(),
        ),
        (
            "not a text",
            "[policy]\nkeys = { a = 1 }",
            "portcullis.toml:5: `policy.keys.a` must be a text, not a whole number".to_owned(),
        ),
        ("nothing to trust", "[policy]\nsource = \"pushed\"", none.to_owned()),
        ("nothing that could reach it", "[policy]\nminimum_serial = 3", none.to_owned()),
        (
            "unknown key",
            "[policy]\nsources = \"files\"",
            "portcullis.toml:5: unknown key `policy.sources`; did you mean `source`?".to_owned(),
        ),
    ] {
        assert_eq!(resolved(lines, &[]).unwrap_err(), want, "case: {name}");
    }
}

#[test]
fn a_lost_variable_is_no_way_back_to_the_files_where_pushing_is_demanded() {
    let lines = "[policy]\nsource = \"pushed\"\nkeys = { ops = \"{{ key }}\" }";
    assert!(resolved(lines, &[("key", PUBLIC)]).is_ok());
    assert!(resolved(lines, &[("key", "")]).is_err());
}

#[test]
fn the_console_is_a_place_of_its_own() {
    let issuers = "[issuers.a]\nissuer = \"https://a\"\n[issuers.b]\nissuer = \"https://b\"\n";
    let connection = "[connections.c]\nurl = \"https://c\"\nissuers = [\"a\"]\n";
    let console = "[console]\nissuers = [\"b\"]\nscopes = [\"policy:write\"]";
    let settings = resolved(&format!("{issuers}{connection}{console}"), &[]).unwrap();
    let api = settings.api().unwrap();
    assert_eq!(api.resource().as_str(), "https://gw.example.com/api");
    assert_eq!(api.metadata_url(), "https://gw.example.com/.well-known/oauth-protected-resource/api");
    assert_eq!(api.issuers().map(|issuer| issuer.name.as_str()).collect::<Vec<_>>(), ["b"]);
    assert_eq!(api.connections().count(), 0);
    let scopes: BTreeSet<&str> = api.required_scopes().into_iter().map(crate::Scope::as_str).collect();
    assert_eq!(scopes, BTreeSet::from(["policy:write"]));
    assert!(api.anonymous().is_none());
    assert!(resolved(&format!("{issuers}{connection}"), &[]).unwrap().api().is_none());
}

#[test]
fn what_is_wrong_with_the_console_is_told() {
    for (name, lines, want) in [
        (
            "nobody",
            "[console]",
            "portcullis.toml:4: `console.issuers` names no issuer, so nobody could use `/api`; name one, or remove \
             the section",
        ),
        (
            "a stranger",
            "[issuers.okta]\nissuer = \"https://a\"\n[console]\nissuers = [\"octa\"]",
            "portcullis.toml:7: issuer `octa` is not defined; did you mean `okta`?",
        ),
        (
            "callers without a token",
            "[console]\nissuers = [\"anonymous\"]",
            "portcullis.toml:5: issuer `anonymous` is not defined; there is no `[issuers.<name>]`",
        ),
    ] {
        assert_eq!(resolved(lines, &[]).unwrap_err(), want, "case: {name}");
    }
}
