use portcullis_mcp::json::{self, Bounds};
use proptest::prelude::*;

use super::{InputType, MemberType, RecordType, ValueType};

fn of_schema(text: &str) -> InputType {
    let schema = json::parse(text.as_bytes(), Bounds::answer(200)).unwrap();
    InputType::of_schema(schema.as_object().unwrap())
}

/// A type as short as can be: `{a: Long, b?: Set<String>}`.
fn told(value: &ValueType) -> String {
    match value {
        ValueType::Any => "Any".to_owned(),
        ValueType::Bool => "Bool".to_owned(),
        ValueType::Decimal => "decimal".to_owned(),
        ValueType::Long => "Long".to_owned(),
        ValueType::Record(record) => told_record(record),
        ValueType::Set(item) => format!("Set<{}>", told(item)),
        ValueType::String => "String".to_owned(),
    }
}

fn told_record(record: &RecordType) -> String {
    let member = |(name, MemberType { value, is_required }): (&str, &MemberType)| {
        format!("{name}{}: {}", if *is_required { "" } else { "?" }, told(value))
    };
    format!("{{{}}}", record.members().map(member).collect::<Vec<_>>().join(", "))
}

/// The type of the property `a` of a tool with this schema for it.
fn property(schema: &str) -> String {
    let input = of_schema(&format!(
        r##"{{"type": "object", "properties": {{"a": {schema}}}, "required": ["a"], "$defs": {DEFINITIONS}}}"##
    ));
    told_record(input.record().unwrap())
}

const DEFINITIONS: &str = r##"{
    "money": {"type": "number"},
    "tree": {"type": "object", "properties": {"size": {"type": "integer"}, "left": {"$ref": "#/$defs/tree"}}},
    "loop": {"$ref": "#/$defs/loop"},
    "a/b~c": {"type": "boolean"}
}"##;

#[test]
fn schemas_are_read_for_their_types() {
    for (schema, want) in [
        (r#"{"type": "integer"}"#, "{a: Long}"),
        (r#"{"type": "number"}"#, "{a: decimal}"),
        (r#"{"type": "number", "enum": [1, 2]}"#, "{a: decimal}"),
        (r#"{"type": "string", "format": "date-time"}"#, "{a: String}"),
        (r#"{"type": "boolean"}"#, "{a: Bool}"),
        (r#"{"type": "array", "items": {"type": "integer"}}"#, "{a: Set<Long>}"),
        (r#"{"type": "array"}"#, "{a: Set<Any>}"),
        (r#"{"type": "array", "items": {"type": ["string", "null"]}}"#, "{a: Set<String>}"),
        (r#"{"type": "array", "prefixItems": [{}], "items": {"type": "string"}}"#, "{a: Set<Any>}"),
        (r#"{"items": {"type": "string"}}"#, "{a: Set<String>}"),
        (r#"{"type": "object"}"#, "{a: {}}"),
        (r#"{"properties": {"b": {"type": "string"}}}"#, "{a: {b?: String}}"),
        (r#"{"type": "object", "additionalProperties": {"type": "string"}}"#, "{a: {}}"),
        // What may be `null` may be absent.
        (r#"{"type": ["number", "null"]}"#, "{a?: decimal}"),
        (r#"{"anyOf": [{"type": "string"}, {"type": "null"}]}"#, "{a?: String}"),
        (r#"{"enum": ["x", null]}"#, "{a?: String}"),
        (r#"{"type": "null"}"#, "{a?: Any}"),
        // One type or none.
        (r#"{}"#, "{a?: Any}"),
        ("true", "{a?: Any}"),
        (r#"{"type": "file"}"#, "{a?: Any}"),
        (r#"{"type": ["integer", "number"]}"#, "{a: decimal}"),
        (r#"{"type": ["string", "integer"]}"#, "{a: Any}"),
        (r#"{"oneOf": [{"type": "integer"}, {"type": "number"}]}"#, "{a: decimal}"),
        (r#"{"oneOf": [{"type": "integer"}, {"type": "string"}]}"#, "{a: Any}"),
        (r#"{"enum": ["x", "y"]}"#, "{a: String}"),
        (r#"{"enum": [1, 2.0]}"#, "{a: Long}"),
        (r#"{"enum": [1, 2.5]}"#, "{a: decimal}"),
        (r#"{"enum": [1, "x"]}"#, "{a: Any}"),
        (r#"{"const": false}"#, "{a: Bool}"),
        (r#"{"allOf": [{"type": "number"}, {"type": "integer"}]}"#, "{a: Long}"),
        (r#"{"allOf": [{"type": "string"}, {"type": "integer"}]}"#, "{a: Any}"),
        (r#"{"allOf": [{"minimum": 1}], "type": "integer"}"#, "{a: Long}"),
        (
            r#"{"anyOf": [{"type": "object", "properties": {"b": {"type": "string"}, "c": {"type": "integer"}},
                "required": ["b", "c"]}, {"type": "object", "properties": {"b": {"type": "string"}}, "required": ["b"]}]}"#,
            "{a: {b: String, c?: Long}}",
        ),
        (
            r#"{"allOf": [{"properties": {"b": {"type": "string"}}}, {"properties": {"c": {"type": "integer"}}, "required": ["c"]}]}"#,
            "{a: {b?: String, c: Long}}",
        ),
        // References.
        (r##"{"$ref": "#/$defs/money"}"##, "{a: decimal}"),
        (r##"{"$ref": "#/$defs/money", "type": "integer"}"##, "{a: Long}"),
        (r##"{"$ref": "#/$defs/a~1b~0c"}"##, "{a: Bool}"),
        (r##"{"$ref": "#/$defs/tree"}"##, "{a: {left?: Any, size?: Long}}"),
        (r##"{"$ref": "#/$defs/loop"}"##, "{a?: Any}"),
        (r##"{"$ref": "#/$defs/nowhere"}"##, "{a?: Any}"),
        (r##"{"$ref": "https://example.com/schema.json"}"##, "{a?: Any}"),
        (r##"{"$ref": "#"}"##, "{a: {a?: Any}}"),
    ] {
        assert_eq!(property(schema), want, "case: {schema}");
    }
}

#[test]
fn a_tool_without_a_record_has_no_types() {
    for schema in [r#"{}"#, r#"{"type": "string"}"#, r#"{"type": ["object", "string"]}"#, r#"{"anyOf": []}"#]
    {
        assert_eq!(of_schema(schema).record(), None, "case: {schema}");
    }
    assert!(of_schema(r#"{"type": "object"}"#).record().is_some());
    assert!(of_schema(r##"{"$ref": "#/$defs/x", "$defs": {"x": {"type": "object"}}}"##).record().is_some());
}

#[test]
fn the_arguments_of_a_prompt_are_texts() {
    let prompt = r#"{"name": "p", "arguments": [
        {"name": "a", "required": true}, {"name": "b"}, {"name": "c", "required": false}, {"required": true}, 5]}"#;
    let prompt = json::parse(prompt.as_bytes(), Bounds::answer(8)).unwrap();
    let types = InputType::of_prompt(prompt.as_object().unwrap());
    assert_eq!(told_record(types.record().unwrap()), "{a: String, b?: String, c?: String}");
}

/// References that are nested so that there are more paths than anybody could follow.
#[test]
fn a_schema_that_unfolds_without_end_is_read_to_a_bound() {
    let definitions: Vec<String> = (0..40)
        .map(|n| {
            let next = format!(r##"{{"$ref": "#/$defs/d{}"}}"##, n + 1);
            format!(r#""d{n}": {{"type": "object", "properties": {{"a": {next}, "b": {next}}}}}"#)
        })
        .collect();
    let schema = format!(
        r##"{{"$ref": "#/$defs/d0", "$defs": {{{}, "d40": {{"type": "string"}}}}}}"##,
        definitions.join(",")
    );
    assert!(of_schema(&schema).record().is_some());
}

#[test]
fn a_schema_may_be_as_deep_as_a_file_of_pins() {
    let mut schema = r#"{"type": "string"}"#.to_owned();
    for _ in 0..60 {
        schema = format!(r#"{{"type": "object", "properties": {{"a": {schema}}}}}"#);
    }
    assert!(of_schema(&schema).record().is_some());
}

proptest! {
    /// What a schema is called must not matter, and no schema may end the program.
    #[test]
    fn a_reference_says_what_it_refers_to(schema in any_schema()) {
        let direct = property(&schema);
        let referred = of_schema(&format!(
            r##"{{"type": "object", "properties": {{"a": {{"$ref": "#/definitions/x"}}}}, "required": ["a"],
                "definitions": {{"x": {schema}}}}}"##
        ));
        prop_assert_eq!(told_record(referred.record().unwrap()), direct);
    }
}

fn any_schema() -> impl Strategy<Value = String> {
    let scalar = prop::sample::select(vec![
        "true",
        "{}",
        r#"{"type": "integer"}"#,
        r#"{"type": "number"}"#,
        r#"{"type": ["string", "null"]}"#,
        r#"{"enum": [1, 2.5, null]}"#,
        r#"{"const": "x"}"#,
    ]);
    scalar.prop_map(str::to_owned).prop_recursive(4, 24, 3, |inner| {
        let keyword = prop::sample::select(vec!["anyOf", "oneOf", "allOf"]);
        prop_oneof![
            inner.clone().prop_map(|item| format!(r#"{{"type": "array", "items": {item}}}"#)),
            (keyword, prop::collection::vec(inner.clone(), 0..3))
                .prop_map(|(keyword, branches)| format!(r#"{{"{keyword}": [{}]}}"#, branches.join(","))),
            (inner.clone(), inner).prop_map(|(one, other)| {
                format!(
                    r#"{{"type": "object", "properties": {{"b": {one}, "c": {other}}}, "required": ["b"]}}"#
                )
            }),
        ]
    })
}
