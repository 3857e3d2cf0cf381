use super::*;

fn crm() -> ConnectionName {
    "crm".parse().unwrap()
}

fn item(text: &str) -> Object<'static> {
    json::parse(text.as_bytes(), Bounds::answer(32)).unwrap().as_object().unwrap().clone().into_owned()
}

#[test]
fn the_file_is_sorted_and_shows_what_hides() {
    let mut pins = Pins::new(crm(), [Kind::Prompt]);
    for text in [
        "{\"name\":\"b\",\"description\":\"two\\nlines \u{200b}\u{e0041}\\u001bé\",\"inputSchema\":{\"maximum\":1.50}}",
        r#"{"name":"a","x":[],"y":{},"z":[true,null]}"#,
    ] {
        pins.insert(Definition::of(Kind::Tool, &item(text)).unwrap());
    }
    let want = r#"{
  "connection": "crm",
  "prompts": [],
  "tools": [
    {
      "name": "a",
      "x": [],
      "y": {},
      "z": [
        true,
        null
      ]
    },
    {
      "description": "two\nlines \u200b\udb40\udc41\u001bé",
      "inputSchema": {
        "maximum": 1.50
      },
      "name": "b"
    }
  ],
  "version": 1
}
"#;
    assert_eq!(pins.to_text(), want);
    let read = Pins::parse(&crm(), want).unwrap();
    assert_eq!(read.to_text(), want);
    for name in ["a", "b"] {
        let digest = |pins: &Pins| pins.get(Kind::Tool, name).unwrap().digest();
        assert_eq!(digest(&read), digest(&pins), "{name}");
    }
}

#[test]
fn what_is_wrong_with_a_file_is_said() {
    for (text, want) in [
        ("{\n\n", "unexpected end at byte 3"),
        ("[]", "`the file` must be an object"),
        (r#"{"connection":"crm"}"#, "`version` must be there"),
        (
            r#"{"connection":"crm","version":2}"#,
            "version 2 is not known; this release reads and writes version 1",
        ),
        (r#"{"version":1}"#, "`connection` must be a name"),
        (
            r#"{"version":1,"connection":"erp"}"#,
            "it has the pins of `erp`, and its name is that of `crm`; rename it, or run `portcullis pin crm`",
        ),
        (r#"{"version":1,"connection":"crm","tools":{}}"#, "`tools` must be a list"),
        (r#"{"version":1,"connection":"crm","tools":[{"name":"a"},{}]}"#, "entry 2 of `tools` has no `name`"),
        (
            r#"{"version":1,"connection":"crm","tools":[{"name":"a"},{"name":"a","title":"x"}]}"#,
            "the tool `a` is pinned twice; keep one",
        ),
        (
            r#"{"version":1,"connection":"crm","tool":[]}"#,
            "unknown member `tool`; there are connection, prompts, resourceTemplates, resources, tools and version",
        ),
    ] {
        assert_eq!(Pins::parse(&crm(), text).unwrap_err().to_string(), want, "{text}");
    }
    let broken = "{\n\"version\": 1,\n  oops";
    assert_eq!(Pins::parse(&crm(), broken).unwrap_err().line(broken), 3);
}

#[test]
fn a_live_definition_is_approved_changed_unknown_or_of_a_kind_that_nobody_pins() {
    let text = r#"{"version":1,"connection":"crm","tools":[{"name":"a","title":"A","inputSchema":{"type":"object"}}]}"#;
    let pins = Pins::parse(&crm(), text).unwrap();
    for (kind, live, want) in [
        (Kind::Tool, r#"{"inputSchema":{"type":"object"},"title":"A","name":"a"}"#, Standing::Approved),
        (
            Kind::Tool,
            r#"{"name":"a","title":"B","inputSchema":{"type":"object","x":1}}"#,
            Standing::Changed(vec!["inputSchema.x".into(), "title".into()]),
        ),
        (Kind::Tool, r#"{"name":"A","title":"A","inputSchema":{"type":"object"}}"#, Standing::Unknown),
        (Kind::Tool, r#"{"title":"A"}"#, Standing::Unknown),
        (Kind::Prompt, r#"{"name":"a"}"#, Standing::Unpinned),
    ] {
        assert_eq!(pins.standing(kind, &item(live)), want, "{live}");
    }
}
