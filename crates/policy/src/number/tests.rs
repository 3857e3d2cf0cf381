use cedar_policy::RestrictedExpression;
use proptest::prelude::{prop_assert_eq, proptest};

use super::{decimal_text, exact, ten_thousandths};

#[test]
fn spelling_decides_the_type_and_exactness_the_rest() {
    let long = RestrictedExpression::new_long;
    let decimal = |text: &str| RestrictedExpression::new_decimal(text);
    for (text, want) in [
        ("0", Some(long(0))),
        ("-0", Some(long(0))),
        ("9223372036854775807", Some(long(i64::MAX))),
        ("-9223372036854775808", Some(long(i64::MIN))),
        ("9223372036854775808", None),
        ("1.0", Some(decimal("1.0000"))),
        ("-0.5", Some(decimal("-0.5000"))),
        ("-0.0", Some(decimal("0.0000"))),
        ("1.2345", Some(decimal("1.2345"))),
        ("1.23450", Some(decimal("1.2345"))),
        ("1.23456", None),
        ("12e0", Some(decimal("12.0000"))),
        ("12E+2", Some(decimal("1200.0000"))),
        ("1200e-6", Some(decimal("0.0012"))),
        ("1200e-7", None),
        ("0.00e-99999999999999999999", Some(decimal("0.0000"))),
        ("1e-99999999999999999999", None),
        ("1e99999999999999999999", None),
        ("1e15", None),
        ("922337203685477.5807", Some(decimal("922337203685477.5807"))),
        ("-922337203685477.5808", Some(decimal("-922337203685477.5808"))),
        ("922337203685477.5808", None),
        ("1e9223372036854775807", None),
        ("1e-9223372036854775808", None),
        ("100000000000000000000000000000000000000000000000000e-40", Some(decimal("10000000000.0000"))),
        ("123456789012345678901234567890123456789012345678901.5", None),
    ] {
        assert_eq!(exact(text), want, "case: {text}");
    }
}

proptest! {
    #[test]
    fn every_decimal_survives_any_spelling(value: i64, shift in 0_u8..30) {
        let plain = decimal_text(value);
        prop_assert_eq!(ten_thousandths(&plain), Some(value));
        let scaled = format!("{plain}{}e0", "0".repeat(usize::from(shift)));
        prop_assert_eq!(ten_thousandths(&scaled), Some(value));
        let digits = plain.replace('.', "");
        prop_assert_eq!(ten_thousandths(&format!("{digits}{}e-{}", "0".repeat(usize::from(shift)), shift + 4)), Some(value));
    }
}
