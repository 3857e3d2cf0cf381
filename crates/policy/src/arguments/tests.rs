use portcullis_mcp::json::{Bounds, Json, parse};

use super::{Arguments, DEEPEST, InputError, convert};
use crate::vocabulary::Vocabulary;

fn converted(input: Option<&Json<'_>>) -> Result<Arguments, InputError> {
    convert(input, None, &Vocabulary::new().unwrap())
}

#[test]
fn only_an_object_or_nothing_is_arguments() {
    for (text, want) in [("{}", None), ("null", None), ("[]", Some(InputError::NotAnObject))] {
        let input = parse(text.as_bytes(), Bounds::request(8)).unwrap();
        assert_eq!(converted(Some(&input)).err(), want, "case: {text}");
    }
    assert!(converted(None).is_ok());
}

#[test]
fn nesting_is_bounded_even_if_the_parser_was_not() {
    let mut value = Json::from("x");
    for _ in 0..DEEPEST * 4 {
        value = Json::from(vec![value]);
    }
    let input = Json::Object(portcullis_mcp::json::Object::new().with("deep", value));
    assert!(converted(Some(&input)).unwrap().unrepresentable);
}
