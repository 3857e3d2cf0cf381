use std::time::Duration;

use super::{HEAD, KEY, settings};
use crate::Access;

const WORLD: &str =
    "[issuers.okta]\nissuer = \"https://a\"\n[connections.crm]\nurl = \"https://c\"\nissuers = [\"okta\"]\n";

/// What is wrong with these lines, which start on line 9.
fn told(lines: &str) -> String {
    let found = settings(&format!("{HEAD}{WORLD}{lines}"), &[KEY]);
    found.map_or_else(|problems| problems.replace("portcullis.toml:", ""), |_| "nothing".to_owned())
}

#[test]
fn groups_that_can_be_asked_for_are_read_whole() {
    let lines = "[approvals]\nopen_per_principal = 3\n[access]\ntool = true\n[access.groups.\"okta:on-call\"]\n\
                 approvers = \"okta:security\"\nneeded = 2\nlongest_minutes = 30\nopen_minutes = 15\n\
                 [access.groups.\"okta:plain\"]\napprovers = \"okta:boss\"\n";
    let settings = settings(&format!("{HEAD}{WORLD}{lines}"), &[KEY]).unwrap();
    let Access { groups, tool } = settings.access;
    let seconds = Duration::as_secs;
    let read: Vec<_> = groups
        .iter()
        .map(|(name, group)| {
            let times = (seconds(&group.longest), seconds(&group.open));
            (name.as_str(), group.approvers.as_str(), group.needed.get(), times)
        })
        .collect();
    assert_eq!(
        read,
        [("okta:on-call", "okta:security", 2, (1800, 900)), ("okta:plain", "okta:boss", 1, (3600, 3600))]
    );
    assert!(tool);
    assert_eq!(settings.approvals.open_per_principal, 3);
}

#[test]
fn without_a_table_nothing_can_be_asked_for_and_twenty_calls_may_wait() {
    let settings = settings(&format!("{HEAD}{WORLD}"), &[KEY]).unwrap();
    assert_eq!((settings.access, settings.approvals.open_per_principal), (Access::default(), 20));
}

#[test]
fn every_mistake_has_its_line() {
    let many: String =
        (0..33).map(|n| format!("[access.groups.\"okta:g{n:02}\"]\napprovers = \"okta:b\"\n")).collect();
    for (name, lines, want) in [
        (
            "no group",
            "[access]\ntool = true",
            "9: `access.groups` lists no group, so nothing can be asked for; add `[access.groups.\"<issuer>:<group>\"]`",
        ),
        (
            "nobody approves",
            "[access.groups.\"okta:on-call\"]",
            "9: `access.groups.okta:on-call.approvers` is missing",
        ),
        (
            "a group without its issuer",
            "[access.groups.on-call]\napprovers = \"okta:boss\"",
            "9: `access.groups`: `on-call` is not a group: write it with its issuer, as in `okta:dba`",
        ),
        (
            "a group of an issuer that is not there",
            "[access.groups.\"otka:on-call\"]\napprovers = \"okta:boss\"",
            "9: `access.groups`: issuer `otka` of `otka:on-call` is not defined; did you mean `okta`?",
        ),
        (
            "approvers of an issuer that is not there",
            "[access.groups.\"okta:on-call\"]\napprovers = \"octa:boss\"",
            "10: `access.groups.okta:on-call.approvers`: issuer `octa` of `octa:boss` is not defined; did you mean `okta`?",
        ),
        (
            "no time",
            "[access.groups.\"okta:on-call\"]\napprovers = \"okta:boss\"\nlongest_minutes = 0",
            "11: `access.groups.okta:on-call.longest_minutes` must be from 1 to 10080, not 0",
        ),
        (
            "nobody is enough",
            "[access.groups.\"okta:on-call\"]\napprovers = \"okta:boss\"\nneeded = 0",
            "11: `access.groups.okta:on-call.needed` must be from 1 to 64, not 0",
        ),
        (
            "a key that is misspelt",
            "[access.groups.\"okta:on-call\"]\napprovers = \"okta:boss\"\nlongest_minute = 9",
            "11: unknown key `access.groups.okta:on-call.longest_minute`; did you mean `longest_minutes`?",
        ),
        (
            "no switch",
            "[access]\ntool = \"yes\"\n[access.groups.\"okta:g\"]\napprovers = \"okta:b\"",
            "10: `access.tool` must be true or false, not a text",
        ),
        (
            "a limit that is none",
            "[approvals]\nopen_per_principal = 1000",
            "10: `approvals.open_per_principal` must be from 1 to 100, not 1000",
        ),
        (
            "a limit that is misspelt",
            "[approvals]\nopen_per_principals = 5",
            "10: unknown key `approvals.open_per_principals`; did you mean `open_per_principal`?",
        ),
        ("too many groups", &many, "73: `access.groups` lists more than 32 groups"),
    ] {
        assert_eq!(told(lines), want, "case: {name}");
    }
}
