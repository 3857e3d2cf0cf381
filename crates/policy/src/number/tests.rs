use cedar_policy::RestrictedExpression;
use proptest::prelude::{prop_assert_eq, proptest};

use super::{decimal_text, exact};

#[test]
fn a_number_is_a_long_if_it_is_whole_and_a_decimal_if_not() {
    let long = RestrictedExpression::new_long;
    let decimal = |text: &str| RestrictedExpression::new_decimal(text);
    for (text, want) in [
        ("0", Some(long(0))),
        ("-0", Some(long(0))),
        ("-0.0", Some(long(0))),
        ("0.00e-99999999999999999999", Some(long(0))),
        ("5", Some(long(5))),
        ("5.0", Some(long(5))),
        ("0.5e1", Some(long(5))),
        ("500E-2", Some(long(5))),
        ("12E+2", Some(long(1200))),
        ("1e16", Some(long(10_000_000_000_000_000))),
        ("9223372036854775807", Some(long(i64::MAX))),
        ("9223372036854775807.000", Some(long(i64::MAX))),
        ("-9223372036854775808", Some(long(i64::MIN))),
        ("9223372036854775808", None),
        ("1e19", None),
        ("-0.5", Some(decimal("-0.5000"))),
        ("1.2345", Some(decimal("1.2345"))),
        ("1.23450", Some(decimal("1.2345"))),
        ("1.23456", None),
        ("1200e-6", Some(decimal("0.0012"))),
        ("1200e-7", None),
        ("1e-99999999999999999999", None),
        ("1e99999999999999999999", None),
        ("1e9223372036854775807", None),
        ("10e9223372036854775807", None),
        ("1e-9223372036854775808", None),
        ("0.1e-9223372036854775808", None),
        ("922337203685477.5807", Some(decimal("922337203685477.5807"))),
        ("-922337203685477.5808", Some(decimal("-922337203685477.5808"))),
        ("922337203685477.5808", None),
        ("100000000000000000000000000000000000000000000000000e-40", Some(long(10_000_000_000))),
        ("123456789012345678901234567890123456789012345678901.5", None),
    ] {
        assert_eq!(exact(text), want, "case: {text}");
    }
}

proptest! {
    #[test]
    fn every_spelling_of_a_number_is_the_same_number(value: i64, shift in 0_usize..30) {
        let zeros = "0".repeat(shift);
        let want = exact(&value.to_string());
        prop_assert_eq!(&want, &Some(RestrictedExpression::new_long(value)));
        prop_assert_eq!(&exact(&format!("{value}.0{zeros}")), &want);
        prop_assert_eq!(&exact(&format!("{value}{zeros}e-{shift}")), &want);

        let plain = decimal_text(value);
        let want = exact(&plain);
        prop_assert_eq!(&exact(&format!("{plain}{zeros}e0")), &want);
        prop_assert_eq!(&exact(&format!("{}{zeros}E-{}", plain.replace('.', ""), shift + 4)), &want);
    }
}
