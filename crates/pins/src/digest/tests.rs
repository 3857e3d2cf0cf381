use portcullis_mcp::json::{self, Bounds, Json, Object};
use proptest::prelude::*;

use super::*;

fn object(text: &str) -> Object<'static> {
    json::parse(text.as_bytes(), Bounds::answer(64)).unwrap().as_object().unwrap().clone().into_owned()
}

fn digest(text: &str) -> DefinitionDigest {
    DefinitionDigest::of(Kind::Tool, &object(text))
}

#[test]
fn the_order_of_members_does_not_count() {
    let one = r#"{"name":"a","inputSchema":{"type":"object","properties":{"x":{},"y":{}}}}"#;
    let other = r#"{"inputSchema":{"properties":{"y":{},"x":{}},"type":"object"},"name":"a"}"#;
    assert_eq!(digest(one), digest(other));
}

#[test]
fn everything_else_counts() {
    let base = r#"{"name":"a","title":"t","description":"d","inputSchema":{"enum":[1,2]},"outputSchema":{},"annotations":{"readOnlyHint":true},"icons":[],"_meta":{"k":null}}"#;
    let changes = [
        (r#""name":"a""#, r#""name":"b""#),
        (r#""title":"t""#, r#""title":"T""#),
        (r#""title":"t","#, ""),
        (r#""d""#, r#""d ""#),
        (r#""d""#, "\"d\u{200b}\""),
        ("[1,2]", "[2,1]"),
        ("[1,2]", "[1,2.0]"),
        ("[1,2]", "[12]"),
        ("[1,2]", r#"["1",2]"#),
        (r#""outputSchema":{}"#, r#""outputSchema":[]"#),
        ("true", "false"),
        (r#""icons":[]"#, r#""icons":[{}]"#),
        (r#"{"k":null}"#, "{}"),
        (r#""title""#, r#""tilte""#),
    ];
    for (from, to) in changes {
        assert!(base.contains(from), "{from}");
        assert_ne!(digest(base), digest(&base.replacen(from, to, 1)), "{from} to {to}");
    }
}

#[test]
fn the_kind_counts_so_that_a_prompt_is_never_taken_for_a_tool() {
    let same = object(r#"{"name":"a"}"#);
    assert_ne!(DefinitionDigest::of(Kind::Tool, &same), DefinitionDigest::of(Kind::Prompt, &same));
}

#[test]
fn the_size_and_age_of_a_resource_do_not_count_and_are_part_of_a_tool() {
    let old = object(r#"{"uri":"a:b","size":1,"annotations":{"priority":1,"lastModified":"2026"}}"#);
    let new = object(r#"{"uri":"a:b","size":2,"annotations":{"priority":1,"lastModified":"2027"}}"#);
    let other = object(r#"{"uri":"a:b","size":2,"annotations":{"priority":0,"lastModified":"2027"}}"#);
    let of = |kind, object| DefinitionDigest::of(kind, object);
    assert_eq!(of(Kind::Resource, &old), of(Kind::Resource, &new));
    assert_ne!(of(Kind::Resource, &old), of(Kind::Resource, &other));
    assert_ne!(of(Kind::Tool, &old), of(Kind::Tool, &new));
}

/// A record or a grant of an earlier release names this digest.
#[test]
fn the_digest_stays_what_it_was() {
    let text = r#"{"name":"refund","inputSchema":{"type":"object","required":["amount"],"maximum":1e3}}"#;
    // Computed with another implementation.
    let want = "sha256:1bf9bb4e02755041138d7539d6213b2e97e4db7d22bb22d5f09e320a093a46c5";
    assert_eq!(digest(text).to_string(), want);
}

/// A value, and the same with its members in another order.
fn value() -> impl Strategy<Value = Json<'static>> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        (-3_i64..3).prop_map(Json::from),
        "[ab\u{200b}]{0,2}".prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::Array),
            prop::collection::btree_map("[abc]{0,2}", inner, 0..4).prop_map(|members| {
                members.into_iter().fold(Object::new(), |object, (key, value)| object.with(key, value)).into()
            }),
        ]
    })
}

fn reversed(value: &Json<'static>) -> Json<'static> {
    match value {
        Json::Array(items) => Json::Array(items.iter().map(reversed).collect()),
        Json::Object(object) => {
            let mut members: Vec<_> = object.iter().collect();
            members.reverse();
            members
                .into_iter()
                .fold(Object::new(), |object, (key, value)| object.with(key.to_owned(), reversed(value)))
                .into()
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => value.clone(),
    }
}

proptest! {
    #[test]
    fn the_order_of_members_never_counts(value in value()) {
        let one = Object::new().with("name", "a").with("x", value.clone());
        let other = Object::new().with("x", reversed(&value)).with("name", "a");
        prop_assert_eq!(DefinitionDigest::of(Kind::Tool, &one), DefinitionDigest::of(Kind::Tool, &other));
    }

    /// Sorting members by hand and writing them out is another canonical form; both must tell the same apart.
    #[test]
    fn two_definitions_have_one_digest_only_if_they_are_equal(one in value(), other in value()) {
        let digest = |value: &Json<'static>| DefinitionDigest::of(Kind::Tool, &Object::new().with("x", value.clone()));
        prop_assert_eq!(digest(&one) == digest(&other), sorted(&one).to_string() == sorted(&other).to_string());
    }
}

fn sorted(value: &Json<'static>) -> Json<'static> {
    match value {
        Json::Array(items) => Json::Array(items.iter().map(sorted).collect()),
        Json::Object(object) => {
            let members: std::collections::BTreeMap<_, _> = object.iter().collect();
            members
                .into_iter()
                .fold(Object::new(), |object, (key, value)| object.with(key.to_owned(), sorted(value)))
                .into()
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => value.clone(),
    }
}
