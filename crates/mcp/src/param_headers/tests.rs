use super::*;
use crate::json::{Bounds, parse};

fn headers_of(schema: &str) -> Result<ParamHeaders, AnnotationError> {
    let schema = parse(schema.as_bytes(), Bounds::answer(64)).unwrap();
    ParamHeaders::of_schema(schema.as_object().unwrap())
}

const SCHEMA: &str = r#"{"type":"object","properties":{
    "region":{"type":"string","x-mcp-header":"Region"},
    "count":{"type":"integer","x-mcp-header":"Count"},
    "dry":{"type":"boolean","x-mcp-header":"Dry"},
    "where":{"type":"object","properties":{"city":{"type":"string","x-mcp-header":"City"}}},
    "list":{"type":"array","items":{"type":"object","properties":{"x":{"type":"number","x-mcp-header":"No"}}}}}}"#;

#[test]
fn a_header_is_there_exactly_when_its_argument_is_and_says_the_same() {
    let tool = headers_of(SCHEMA).unwrap();
    for (headers, arguments, wrong) in [
        (&[][..], "{}", None),
        (&[], r#"{"region":null}"#, None),
        (&[("mcp-param-region", "eu")], r#"{"region":"eu"}"#, None),
        (&[("mcp-param-region", " eu ")], r#"{"region":"eu"}"#, None),
        (&[("mcp-param-region", "=?base64?w7w=?=")], r#"{"region":"ü"}"#, None),
        (&[("mcp-param-count", "42")], r#"{"count":42.0}"#, None),
        (&[("mcp-param-count", "42.0")], r#"{"count":42}"#, None),
        (&[("mcp-param-dry", "true")], r#"{"dry":true}"#, None),
        (&[("mcp-param-city", "Bonn")], r#"{"where":{"city":"Bonn"}}"#, None),
        (&[("mcp-param-unknown", "x")], "{}", None),
        (&[], r#"{"region":"eu"}"#, Some("mcp-param-region")),
        (&[("mcp-param-region", "eu")], "{}", Some("mcp-param-region")),
        (&[("mcp-param-region", "EU")], r#"{"region":"eu"}"#, Some("mcp-param-region")),
        (
            &[("mcp-param-region", "eu"), ("mcp-param-region", "eu")],
            r#"{"region":"eu"}"#,
            Some("mcp-param-region"),
        ),
        (&[("mcp-param-region", "=?base64?w7w?=")], r#"{"region":"ü"}"#, Some("mcp-param-region")),
        (&[("mcp-param-count", "43")], r#"{"count":42}"#, Some("mcp-param-count")),
        (&[("mcp-param-count", "42")], r#"{"count":"42"}"#, Some("mcp-param-count")),
        (
            &[("mcp-param-count", "9007199254740993")],
            r#"{"count":9007199254740993}"#,
            Some("mcp-param-count"),
        ),
        (&[("mcp-param-dry", "True")], r#"{"dry":true}"#, Some("mcp-param-dry")),
        (&[], r#"{"where":{"city":"Bonn"}}"#, Some("mcp-param-city")),
    ] {
        let arguments = parse(arguments.as_bytes(), Bounds::request(8)).unwrap();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let want = match wrong {
            None => Ok(()),
            Some(name) => Err(Rejection::HeaderMismatch(HeaderName::from_static(name))),
        };
        assert_eq!(tool.check(&map, Some(&arguments)), want, "{headers:?} {arguments}");
    }
}

#[test]
fn what_is_built_from_arguments_passes_the_check() {
    let tool = headers_of(SCHEMA).unwrap();
    for arguments in [
        "{}",
        r#"{"region":"eu","count":7,"dry":false,"where":{"city":"Köln"}}"#,
        r#"{"region":"","count":-3}"#,
        r#"{"region":" padded ","where":null}"#,
        r#"{"region":"=?base64?x?="}"#,
    ] {
        let arguments = parse(arguments.as_bytes(), Bounds::request(8)).unwrap();
        let built = tool.build(Some(&arguments));
        assert_eq!(tool.check(&built, Some(&arguments)), Ok(()), "{arguments} {built:?}");
    }
}

#[test]
fn bad_annotations_are_errors() {
    for (schema, want) in [
        (r#"{"properties":{"a":{"type":"number","x-mcp-header":"A"}}}"#, AnnotationError::Kind),
        (r#"{"properties":{"a":{"type":"string","x-mcp-header":""}}}"#, AnnotationError::Name),
        (r#"{"properties":{"a":{"type":"string","x-mcp-header":"a b"}}}"#, AnnotationError::Name),
        (r#"{"properties":{"a":{"type":"string","x-mcp-header":7}}}"#, AnnotationError::Name),
        (
            r#"{"properties":{"a":{"type":"string","x-mcp-header":"A"},"b":{"type":"string","x-mcp-header":"a"}}}"#,
            AnnotationError::Doubled,
        ),
    ] {
        assert_eq!(headers_of(schema), Err(want), "{schema}");
    }
    let deep = format!("{}1{}", r#"{"properties":{"a":"#.repeat(20), "}}".repeat(20));
    assert_eq!(headers_of(&deep), Err(AnnotationError::TooMany));
}

#[test]
fn a_path_to_an_argument_has_a_length() {
    let nested = |outer: usize| {
        let children: Vec<String> =
            (0..64).map(|n| format!(r#""{n}":{{"type":"string","x-mcp-header":"H{n}"}}"#)).collect();
        let (outer, children) = ("a".repeat(outer), children.join(","));
        format!(r#"{{"properties":{{"{outer}":{{"properties":{{{children}}}}}}}}}"#)
    };
    let most = 64 * 1024;
    assert!((60_000..=most).contains(&headers_of(&nested(1000)).unwrap().bytes()));
    assert_eq!(headers_of(&nested(1020)), Err(AnnotationError::TooMany));
    // What leads to no header may be as long as it likes.
    let plain = format!(r#"{{"properties":{{"{}":{{"type":"string"}}}}}}"#, "a".repeat(5000));
    assert_eq!(headers_of(&plain).map(|found| found.bytes()), Ok(0));
}
