use portcullis_mcp::json::{Bounds, parse};
use proptest::prelude::*;

use super::*;

fn canonical_of(text: &str) -> String {
    canonical(&parse(text.as_bytes(), Bounds::answer(64)).unwrap())
}

/// RFC 8785, appendix B: the bits of a double, and its text.
#[test]
fn numbers_are_those_of_the_rfc() {
    for (bits, want) in [
        (0x0000_0000_0000_0000, "0"),
        (0x8000_0000_0000_0000, "0"),
        (0x0000_0000_0000_0001, "5e-324"),
        (0x8000_0000_0000_0001, "-5e-324"),
        (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
        (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
        (0x4340_0000_0000_0000, "9007199254740992"),
        (0xc340_0000_0000_0000, "-9007199254740992"),
        (0x4430_0000_0000_0000, "295147905179352830000"),
        (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
        (0x44b5_2d02_c7e1_4af6, "1e+23"),
        (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
        (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
        (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
        (0x444b_1ae4_d6e2_ef50, "1e+21"),
        (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
        (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
        (0x41b3_de43_5555_5553, "333333333.3333332"),
        (0x41b3_de43_5555_5554, "333333333.33333325"),
        (0x41b3_de43_5555_5555, "333333333.3333333"),
        (0x41b3_de43_5555_5556, "333333333.3333334"),
        (0x41b3_de43_5555_5557, "333333333.33333343"),
        (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
    ] {
        let value = f64::from_bits(bits);
        for written in [format!("{value}"), format!("{value:e}"), format!("{value:E}")] {
            assert_eq!(canonical_of(&written), want, "{bits:016x}, written {written}");
        }
    }
    // Half-way between two texts of a double: the RFC takes the even one, Rust the other. Both stay what they are.
    for text in ["1424953923781206.2", "1424953923781206.3"] {
        assert_eq!(canonical_of(text), text);
    }
}

#[test]
fn values_are_laid_out_as_in_the_rfc() {
    for (written, want) in [
        // RFC 8785 §3.2.2 to §3.2.4, but for the first number: as a double it would lose its last digit.
        (
            r#"{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}"#,
            r#"{"literals":[null,true,false],"numbers":[333333333.33333329,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}"#,
        ),
        (
            r#"{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}"#,
            "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\u{fb33}\":3}",
        ),
        (r#"["\u0008\u000c\u0009\u001f\u007f"]"#, "[\"\\b\\f\\t\\u001f\u{7f}\"]"),
        (" [ ] ", "[]"),
        ("{}", "{}"),
    ] {
        assert_eq!(canonical_of(written), want, "{written}");
    }
}

#[test]
fn arguments_that_differ_by_key_order_or_number_formatting_only_are_equal() {
    for equal in [
        vec![
            r#"{"a":1,"b":{"c":2,"d":3}}"#,
            r#"{"b":{"d":3,"c":2},"a":1}"#,
            r#"{ "a" : 1.0 , "b":{"d":3e0,"c":0.2e1} }"#,
        ],
        vec!["100", "1e2", "1E+2", "100.000", "1000e-1", "0.1e3", "1e000002"],
        vec!["0", "-0", "0.0", "0e5", "0e99999999999999999999999"],
        vec!["1e400", "10e399", "1.0E400"],
        vec![r#""A\n""#, r#""\u0041\u000a""#],
    ] {
        let texts: Vec<String> = equal.iter().map(|written| canonical_of(written)).collect();
        assert!(texts.iter().all(|text| Some(text) == texts.first()), "{texts:?}");
    }
}

#[test]
fn arguments_that_differ_by_content_are_different() {
    let different = [
        "9007199254740992",
        "9007199254740993",
        "0.1",
        "0.1000000000000000055511151231257827",
        "1e400",
        "1e401",
        "-1e400",
        "1e9999999999999999999",
        "1e99999999999999999999",
        "1e-9999999999999999999",
        "1",
        "-1",
        "\"1\"",
        "[1]",
        "[[1]]",
        "[1,1]",
        "[\"1,1\"]",
        "null",
        "{}",
        "[]",
        "\"\"",
        "{\"a\":null}",
        "\"é\"",
        "\"e\u{301}\"",
    ];
    let texts: std::collections::BTreeSet<String> = different.iter().map(|text| canonical_of(text)).collect();
    assert_eq!(texts.len(), different.len(), "{texts:?}");
}

fn json() -> impl Strategy<Value = Json<'static>> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        "[a-z\"\\\\\u{0}-\u{1f}é😀]{0,6}".prop_map(Json::from),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::btree_map("[a-cé😀]{0,2}", inner, 0..4).prop_map(|members| {
                Json::Object(
                    members.into_iter().fold(Object::new(), |object, (key, value)| object.with(key, value)),
                )
            }),
        ]
    })
}

fn reversed(value: &Json<'static>) -> Json<'static> {
    match value {
        Json::Array(items) => Json::Array(items.iter().map(reversed).collect()),
        Json::Object(object) => {
            let members: Vec<_> = object.iter().collect();
            let turned = members.into_iter().rev();
            Json::Object(
                turned.fold(Object::new(), |o, (key, value)| o.with(key.to_owned(), reversed(value))),
            )
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => value.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_canonical_text_is_json_of_the_same_value_and_its_own_canonical_text(value in json()) {
        let text = canonical(&value);
        prop_assert_eq!(&canonical_of(&text), &text);
        let ours: serde_json::Value = serde_json::from_str(&text).unwrap();
        let plain: serde_json::Value = serde_json::from_slice(&value.to_bytes()).unwrap();
        prop_assert_eq!(ours, plain);
        prop_assert_eq!(canonical(&reversed(&value)), text);
    }

    #[test]
    fn every_double_has_one_text_however_it_is_written(value in any::<f64>().prop_filter("finite", |f| f.is_finite())) {
        let text = canonical_of(&format!("{value}"));
        prop_assert_eq!(&canonical_of(&format!("{value:e}")), &text);
        prop_assert_eq!(text.parse::<f64>().unwrap(), value);
        // Another implementation, that writes exponents in its own way, and of two texts that are as near the even one.
        let other = canonical_of(&serde_json::to_string(&value).unwrap());
        prop_assert_eq!(other.parse::<f64>().unwrap(), value);
        prop_assert_eq!(other.len(), text.len());
    }
}
