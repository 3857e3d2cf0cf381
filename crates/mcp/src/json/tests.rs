use proptest::prelude::*;

use super::*;

fn outcome(text: &str) -> String {
    match parse(text.as_bytes(), Bounds::request(8)) {
        Ok(value) => value.to_string(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_is_read_is_written_back_exactly() {
    for (text, want) in [
        ("null", "null"),
        (" [ true , false ] ", "[true,false]"),
        ("{\"b\":1,\"a\":{}}", "{\"b\":1,\"a\":{}}"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("[1.0,1e5,-0,0.10,1E+2]", "[1.0,1e5,-0,0.10,1E+2]"),
        ("\"\\u0041\\n\\/\"", "\"A\\n/\""),
        ("\"\\ud83d\\ude00\"", "\"😀\""),
        ("\"\\u0001\"", "\"\\u0001\""),
        ("[[[[[[[[]]]]]]]]", "[[[[[[[[]]]]]]]]"),
    ] {
        assert_eq!(outcome(text), want, "text: {text}");
    }
}

#[test]
fn what_readers_disagree_on_is_refused() {
    for (text, want) in [
        ("", "unexpected end at byte 0"),
        ("{\"a\":1,\"a\":2}", "duplicate key at byte 13"),
        ("{\"a\":1,\"\\u0061\":2}", "duplicate key at byte 18"),
        ("{\"name\":1,\"Name\":2}", "duplicate key at byte 19"),
        ("{\"k\":1,\"\\u212a\":2}", "duplicate key at byte 18"),
        ("{\"s\":1,\"\\u017f\":2}", "duplicate key at byte 18"),
        ("{} {}", "data after the value at byte 3"),
        ("[[[[[[[[[]]]]]]]]]", "nesting too deep at byte 8"),
        ("01", "data after the value at byte 1"),
        ("-", "invalid number at byte 1"),
        ("1.", "invalid number at byte 2"),
        ("+1", "unexpected byte at byte 0"),
        ("NaN", "unexpected byte at byte 0"),
        ("[1,]", "unexpected byte at byte 3"),
        ("{\"a\":1,}", "unexpected byte at byte 7"),
        ("{a:1}", "unexpected byte at byte 1"),
        ("\"\t\"", "control character in a string at byte 1"),
        ("\"\\ud800\"", "invalid escape at byte 7"),
        ("\"\\ud800\\u0041\"", "invalid escape at byte 7"),
        ("\"\\udc00\"", "invalid escape at byte 7"),
        ("\"\\x\"", "invalid escape at byte 2"),
        ("\"abc", "unexpected end at byte 4"),
        ("// c\n1", "unexpected byte at byte 0"),
    ] {
        assert_eq!(outcome(text), want, "text: {text}");
    }
    assert_eq!(parse(b"\"\xff\"", Bounds::request(8)).unwrap_err().kind, JsonErrorKind::NotUtf8);
}

#[test]
fn duplicate_keys_are_found_in_large_objects_too() {
    let mut members: Vec<String> = (0..1000).map(|n| format!("\"k{n}\":{n}")).collect();
    assert!(parse(format!("{{{}}}", members.join(",")).as_bytes(), Bounds::request(8)).is_ok());
    members.push("\"k500\":0".into());
    let error = parse(format!("{{{}}}", members.join(",")).as_bytes(), Bounds::request(8)).unwrap_err();
    assert_eq!(error.kind, JsonErrorKind::DuplicateKey);
}

#[test]
fn what_an_upstream_cuts_apart_is_mended_and_its_keys_are_its_own() {
    for (text, want) in [
        (r#""\ud83d""#, "\"\u{fffd}\""),
        (r#""\ud83d\u0041""#, "\"\u{fffd}A\""),
        (r#""\ude00\ud83d\ude00""#, "\"\u{fffd}😀\""),
        (r#"{"a":1,"A":2}"#, r#"{"a":1,"A":2}"#),
    ] {
        assert_eq!(parse(text.as_bytes(), Bounds::answer(8)).unwrap().to_string(), want, "text: {text}");
    }
}

#[test]
fn values_are_counted_whatever_their_text_costs() {
    let many = format!("[{}0]", "0,".repeat(20_000));
    assert_eq!(parse(many.as_bytes(), Bounds::request(8)).unwrap_err().kind, JsonErrorKind::TooManyValues);
    assert!(parse(many.as_bytes(), Bounds::answer(8)).is_ok());
}

#[test]
fn renamed_keys_stay_unique() {
    let mut value = parse(br#"{"a@x.org":1,"b@x.org":2,"c":3}"#, Bounds::request(8)).unwrap();
    let object = value.as_object_mut().unwrap();
    object.rename_keys(|key| key.contains('@').then(|| "[email]".to_owned()));
    assert_eq!(value.to_string(), r#"{"[email]":1,"[email] 2":2,"c":3}"#);
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn agrees_with_a_second_reader_on_what_both_accept(value in any_json()) {
        let text = serde_json::to_string(&value).unwrap();
        let ours = parse(text.as_bytes(), Bounds::answer(64)).unwrap().to_string();
        prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&ours).unwrap(), value);
    }

    #[test]
    fn writing_and_reading_again_changes_nothing(value in any_json()) {
        let text = serde_json::to_string(&value).unwrap();
        let once = parse(text.as_bytes(), Bounds::answer(64)).unwrap();
        let written = once.to_string();
        prop_assert_eq!(parse(written.as_bytes(), Bounds::answer(64)).unwrap(), once);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes, Bounds::request(16));
    }

    #[test]
    fn what_we_accept_a_second_reader_accepts(text in "[\\[\\]{}\",:0-9eE+.\\\\untrfalse -]{0,24}") {
        if parse(text.as_bytes(), Bounds::answer(64)).is_ok() {
            prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok() || text.contains(['e', 'E']));
        }
    }
}

#[test]
fn the_places_of_items_are_those_of_a_results_lists() {
    let text = r#"{"id":[1],"result":{"tools":[ {"a":[2]} , "x",[3]],"n":{"deep":[4]}}}"#;
    let (value, items) = parse_list(text, Bounds::answer(8)).unwrap();
    assert_eq!(Ok(value), parse_text(text, Bounds::answer(8)));
    let found: Vec<&str> = items.places.iter().map(|place| text.get(place.clone()).unwrap()).collect();
    assert_eq!(found, [r#"{"a":[2]}"#, r#""x""#, "[3]"]);
    assert_eq!(items.values_left, 300_000 - 14);
    assert_eq!(
        parse_list("[", Bounds::answer(8)).unwrap_err(),
        parse_text("[", Bounds::answer(8)).unwrap_err()
    );
}

#[test]
fn items_that_were_written_before_stand_in_the_empty_list() {
    let text = r#"{"a":{"b":[],"c":[]},"b":[]}"#;
    let value = parse_text(text, Bounds::answer(8)).unwrap();
    for (path, want) in [
        (["a", "b"].as_slice(), r#"{"a":{"b":[1,{}],"c":[]},"b":[]}"#),
        (&["b"], r#"{"a":{"b":[],"c":[]},"b":[1,{}]}"#),
        (&["a", "x"], text),
        (&["a"], text),
        (&[], text),
    ] {
        assert_eq!(value.to_text_with(path, "1,{}"), want, "{path:?}");
    }
}
