use super::{HEAD, KEY, settings};
use crate::Records;

const WORLD: &str = "[issuers.okta]\nissuer = \"https://a\"\n[console]\nissuers = [\"okta\"]\n";

fn read(lines: &str) -> Result<Records, String> {
    let found = settings(&format!("{HEAD}{WORLD}{lines}"), &[KEY]);
    found.map(|settings| settings.records).map_err(|problems| problems.replace("portcullis.toml:", ""))
}

#[test]
fn what_is_not_limited_stays() {
    for (lines, keep_days, keep_bytes) in [
        ("", None, None),
        ("[records]", None, None),
        ("[records]\nkeep_days = 90", Some(90), None),
        ("[records]\nkeep_megabytes = 3", None, Some(3 << 20)),
        ("[records]\nkeep_days = 1\nkeep_megabytes = 16777216", Some(1), Some(1 << 44)),
    ] {
        let records = read(lines).unwrap();
        assert_eq!(records, Records { keep_days, keep_bytes }, "{lines}");
        assert_eq!(records.is_limited(), keep_days.or(keep_bytes.map(|_| 1)).is_some(), "{lines}");
    }
}

#[test]
fn limits_have_bounds_and_somebody_who_can_ask_for_them() {
    for (lines, want) in [
        ("[records]\nkeep_days = 0", "9: `records.keep_days` must be from 1 to 3650"),
        ("[records]\nkeep_days = 3651", "9: `records.keep_days` must be from 1 to 3650"),
        ("[records]\nkeep_megabytes = 0", "9: `records.keep_megabytes` must be from 1 to 16777216"),
        ("[records]\nkeep_weeks = 1", "9: unknown key `records.keep_weeks`"),
    ] {
        let told = read(lines).unwrap_err();
        assert!(told.starts_with(want), "{lines}: {told}");
    }
    let told = settings(&format!("{HEAD}[records]\nkeep_days = 9\n"), &[KEY]).unwrap_err();
    assert!(told.contains("`records` limits what is kept, but without `[console]` nobody can"), "{told}");
}
