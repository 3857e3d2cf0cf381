//! Stored forms of every release. They must open forever, to what they meant then.
//!
//! A file is never edited. A new format is a new file beside these.
#![expect(clippy::unwrap_used, reason = "a failing test is its report")]

use portcullis_mcp::json::{self, Bounds};
use portcullis_pins::{Approved, Kind, Pins, Standing};
use portcullis_settings::ConnectionName;

const FILE: &str = r#"{"version":1,"connection":"billing",
    "prompts":[{"name":"dunning"}],
    "tools":[{"name":"refund","description":"Pays back","inputSchema":{"type":"object","properties":{"amount":{"type":"number"}}}}]}"#;

fn billing() -> ConnectionName {
    "billing".parse().unwrap()
}

#[test]
fn the_first_format_is_what_is_written_and_read() {
    let golden = include_bytes!("golden/approved-1.bin").to_vec();
    let approved = Approved::from_bytes(golden.clone()).unwrap();
    let pins = Pins::parse(&billing(), FILE).unwrap();
    for (_, definition) in pins.of(Kind::Tool).into_iter().chain(pins.of(Kind::Prompt)).flatten() {
        let kind = definition.kind();
        assert_eq!(approved.standing(&billing(), kind, definition.members()), Standing::Approved);
        assert_eq!(approved.digest(&billing(), kind, definition.name()), Some(definition.digest()));
    }
    let schema = approved.input_schema(&billing(), "refund").unwrap().unwrap();
    assert_eq!(schema, r#"{"type":"object","properties":{"amount":{"type":"number"}}}"#);
    let other = json::parse(br#"{"name":"refund"}"#, Bounds::answer(8)).unwrap();
    let changed = approved.standing(&billing(), Kind::Tool, other.as_object().unwrap());
    assert_eq!(changed, Standing::Changed(vec!["description".to_owned(), "inputSchema".to_owned()]));
    assert_eq!(Approved::of([&pins]).to_bytes(), golden, "format 1 is still what is written");
}
