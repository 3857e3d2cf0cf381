//! The schema and the data path agree: what arguments become has the type that the schema says, or is there as what
//! no rule can compute with.

use cedar_policy::{Context, EntityUid, RestrictedExpression, Schema};
use portcullis_mcp::json::{self, Bounds, Json, Object};
use portcullis_pins::{Definition, Kind, Pins};
use portcullis_policy::{InputType, Target};
use portcullis_schema::{TagType, World};
use portcullis_settings::{ConnectionName, Draft};
use proptest::prelude::*;

const SETTINGS: &str = r#"
public_url = "https://mcp.example.com"
secret_key = "{{ secret_key }}"
[issuers.okta]
issuer = "https://okta.example.com"
[connections.crm]
url = "https://crm.example.com/mcp"
issuers = ["okta"]
"#;

/// The world with one tool of this schema.
fn world(schema: &str) -> (ConnectionName, World) {
    let draft = Draft::parse(SETTINGS, "portcullis.toml").unwrap();
    let crm: ConnectionName = "crm".parse().unwrap();
    let schema = json::parse(schema.as_bytes(), Bounds::answer(120)).unwrap();
    let tool = Object::new().with("name", "tool").with("inputSchema", schema);
    let mut pins = Pins::new(crm.clone(), [Kind::Tool]);
    pins.insert(Definition::of(Kind::Tool, &tool).unwrap());
    let world = World::new(&draft, [&pins]);
    (crm, world)
}

/// Whether the schema takes these arguments; `None` where they are not all there as themselves.
fn is_taken(types: &InputType, schema: &Schema, input: &Json<'_>) -> Option<Result<(), String>> {
    let (record, unrepresentable) = types.convert_for_test(input).unwrap();
    if unrepresentable {
        return None;
    }
    let session = RestrictedExpression::new_entity_uid(r#"Session::"current""#.parse().unwrap());
    let context =
        Context::from_pairs([("input".to_owned(), record), ("session".to_owned(), session)]).unwrap();
    let action: EntityUid = r#"Action::"crm/tool""#.parse().unwrap();
    Some(context.validate(schema, &action).map_err(|error| error.to_string()))
}

fn check(schema: &str, input: &str, want: Option<bool>) {
    let (crm, world) = world(schema);
    let types = world.types(&crm, Target::Tool { name: "tool" }).unwrap();
    let input = json::parse(input.as_bytes(), Bounds::request(100)).unwrap();
    let found = is_taken(types, &world.schema(TagType::String).unwrap(), &input);
    assert_eq!(found.as_ref().map(Result::is_ok), want, "case: {schema} with {input}: {found:?}");
}

#[test]
fn what_fits_is_taken_and_what_does_not_is_marked() {
    for (property, input, want) in [
        (r#"{"type": "number"}"#, r#"{"a": 5}"#, Some(true)),
        (r#"{"type": "number"}"#, r#"{"a": 5.5}"#, Some(true)),
        (r#"{"type": "integer"}"#, r#"{"a": 5.0}"#, Some(true)),
        (r#"{"type": "integer"}"#, r#"{"a": 5.5}"#, None),
        (r#"{"type": "integer"}"#, r#"{"a": 9223372036854775808}"#, None),
        (r#"{"type": "number"}"#, r#"{"a": 12345678901234567890}"#, None),
        (r#"{"type": "string"}"#, r#"{"a": 5}"#, None),
        (r#"{"type": "array", "items": {"type": "string"}}"#, r#"{"a": []}"#, Some(true)),
        (r#"{"type": "array", "items": {"type": "string"}}"#, r#"{"a": ["x", 5]}"#, None),
        (r#"{"type": ["string", "null"]}"#, r#"{"a": null}"#, Some(true)),
        (r#"{"enum": ["x", "y"]}"#, r#"{"a": "z"}"#, Some(true)),
        // What is required and is not there errs where it is read; the schema says that it is there.
        (r#"{"type": "string"}"#, "{}", Some(false)),
    ] {
        let schema = format!(r#"{{"type": "object", "properties": {{"a": {property}}}, "required": ["a"]}}"#);
        check(&schema, input, want);
    }
}

#[test]
fn every_tag_type_makes_a_schema() {
    let (_, world) = world(
        r#"{"type": "object", "properties": {"__cedar": {"type": "object"}, "a b": {"type": "string"}, "": {"type": "integer"}, "if": {"type": "boolean"}}}"#,
    );
    for tags in [TagType::Bool, TagType::Long, TagType::String, TagType::StringSet] {
        world.schema(tags).unwrap();
    }
}

/// A schema, so that values can be made for it.
#[derive(Clone, Debug)]
enum Shape {
    Array(Box<Shape>),
    Boolean,
    Choice,
    Integer,
    Nullable(Box<Shape>),
    Number,
    Object(Vec<(Shape, bool)>),
    Text,
}

fn any_shape() -> impl Strategy<Value = Shape> {
    let scalar =
        prop::sample::select(vec![Shape::Boolean, Shape::Choice, Shape::Integer, Shape::Number, Shape::Text]);
    scalar.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|item| Shape::Array(Box::new(item))),
            inner.clone().prop_map(|shape| Shape::Nullable(Box::new(shape))),
            prop::collection::vec((inner, any::<bool>()), 0..4).prop_map(Shape::Object),
        ]
    })
}

fn schema(shape: &Shape) -> String {
    match shape {
        Shape::Array(item) => format!(r#"{{"type": "array", "items": {}}}"#, schema(item)),
        Shape::Boolean => r#"{"type": "boolean"}"#.to_owned(),
        Shape::Choice => r#"{"enum": ["x", "y"]}"#.to_owned(),
        Shape::Integer => r#"{"type": "integer"}"#.to_owned(),
        Shape::Nullable(shape) => format!(r#"{{"anyOf": [{}, {{"type": "null"}}]}}"#, schema(shape)),
        Shape::Number => r#"{"type": "number"}"#.to_owned(),
        Shape::Object(members) => {
            let properties: Vec<String> = members
                .iter()
                .enumerate()
                .map(|(n, (shape, _))| format!(r#""m{n}": {}"#, schema(shape)))
                .collect();
            let required: Vec<String> =
                (0..members.len()).filter(|n| members[*n].1).map(|n| format!(r#""m{n}""#)).collect();
            format!(
                r#"{{"type": "object", "properties": {{{}}}, "required": [{}]}}"#,
                properties.join(", "),
                required.join(", ")
            )
        }
        Shape::Text => r#"{"type": "string"}"#.to_owned(),
    }
}

/// A value for a schema; one in eight has another type.
fn value(shape: &Shape, seeds: &mut impl Iterator<Item = u8>) -> Json<'static> {
    let seed = seeds.next().unwrap_or_default();
    if seed % 8 == 7 {
        let wrong = ["5", "2.5", r#""x""#, "[]", "[null]", "{}", "true", "1e40"];
        return parsed(wrong[usize::from(seed / 8) % wrong.len()]);
    }
    let one_of = |texts: &[&str]| parsed(texts[usize::from(seed) % texts.len()]);
    match shape {
        Shape::Array(item) => (0..seed % 4).map(|_| value(item, seeds)).collect::<Vec<_>>().into(),
        Shape::Boolean => one_of(&["true", "false"]),
        Shape::Choice => one_of(&[r#""x""#, r#""y""#]),
        Shape::Integer => one_of(&["0", "-7", "5.0", "1e3", "9223372036854775807"]),
        Shape::Nullable(_) if seed.is_multiple_of(3) => Json::Null,
        Shape::Nullable(shape) => value(shape, seeds),
        Shape::Number => one_of(&["0", "-7", "5.25", "1e3", "922337203685477.5807"]),
        Shape::Object(members) => {
            let mut object = Object::new();
            for (n, (shape, required)) in members.iter().enumerate() {
                if *required || seed.is_multiple_of(2) {
                    object.insert(format!("m{n}"), value(shape, seeds));
                }
            }
            object.into()
        }
        Shape::Text => one_of(&[r#""""#, r#""a""#, r#""5""#]),
    }
}

fn parsed(text: &str) -> Json<'static> {
    json::parse(text.as_bytes(), Bounds::request(8)).unwrap().into_owned()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_has_another_type_than_declared(
        members in prop::collection::vec((any_shape(), any::<bool>()), 0..4),
        seeds in prop::collection::vec(any::<u8>(), 64),
    ) {
        let shape = Shape::Object(members);
        let (crm, world) = world(&schema(&shape));
        let types = world.types(&crm, Target::Tool { name: "tool" }).unwrap();
        let cedar = world.schema(TagType::String).unwrap();
        let mut seeds = seeds.into_iter().cycle();
        for _ in 0..8 {
            let mut input = value(&shape, &mut seeds);
            if !matches!(input, Json::Object(_)) {
                input = Object::new().into();
            }
            // What is required and is `null` or not there errs where it is read.
            if !has_required(&shape, &input) {
                continue;
            }
            let taken = is_taken(types, &cedar, &input);
            prop_assert!(!matches!(taken, Some(Err(_))), "{} with {input}: {taken:?}", schema(&shape));
        }
    }
}

fn has_required(shape: &Shape, value: &Json<'_>) -> bool {
    match (shape, value) {
        (Shape::Object(members), Json::Object(object)) => {
            members.iter().enumerate().all(|(n, (shape, required))| match object.get(&format!("m{n}")) {
                None | Some(Json::Null) => !required || matches!(shape, Shape::Nullable(_)),
                Some(value) => has_required(shape, value),
            })
        }
        (Shape::Array(item), Json::Array(items)) => items.iter().all(|value| has_required(item, value)),
        (Shape::Nullable(shape), value) => has_required(shape, value),
        _ => true,
    }
}
