//! What can stand in the place of a value and still tell something of it.

use crate::Class;
use crate::catalog;

/// How many letters and digits of a value stay, at most.
const KEPT: usize = 4;

/// A value without all but its last letters and digits, as in `**** **** **** 1111`. No more than a fourth stays, so that
/// of a short value nothing does. Of an address, the domain stays.
#[must_use]
pub fn partial(class: Class, value: &str) -> String {
    if class == catalog::EMAIL {
        let domain = value.rsplit_once('@').map_or("***", |(_, domain)| domain);
        return format!("***@{domain}");
    }
    let n = value.chars().filter(|ch| ch.is_alphanumeric()).count();
    let mut hidden = n - (n / 4).min(KEPT);
    let hide = |ch: char| match ch.is_alphanumeric() && hidden > 0 {
        true => {
            hidden -= 1;
            '*'
        }
        false => ch,
    };
    value.chars().map(hide).collect()
}

/// A value of the same form that is nobody's: every digit is 0 and every letter an x, so that lengths and patterns stay.
/// A date is the first of January of 1900, and of an address in a network each part is 0.
#[must_use]
pub fn dummy(class: Class, value: &str) -> String {
    let is_date = class.as_str().ends_with("_date");
    let is_address = class.as_str() == "network.ip";
    let mut dummy = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(ch) = rest.chars().next() {
        let digits = rest.chars().take_while(char::is_ascii_digit).count();
        let n_bytes = digits.max(ch.len_utf8());
        match ch {
            '0'..='9' if is_date => dummy.push_str(date_part(digits)),
            '0'..='9' if is_address => dummy.push('0'),
            '0'..='9' => dummy.extend(std::iter::repeat_n('0', digits)),
            _ if ch.is_lowercase() => dummy.push('x'),
            _ if ch.is_alphabetic() => dummy.push('X'),
            _ => dummy.push(ch),
        }
        rest = rest.get(n_bytes..).unwrap_or_default();
    }
    dummy
}

/// The day, month or year of 1900-01-01, as long as it was.
fn date_part(n_digits: usize) -> &'static str {
    match n_digits {
        1 => "1",
        2 => "01",
        8 => "19000101",
        _ => "1900",
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Detectors, Mask};

    /// What can stand in the place of a value.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) enum Style {
        Digest,
        Drop,
        Dummy,
        Name,
        Partial,
    }

    impl Style {
        pub(crate) const ALL: [Self; 5] = [Self::Digest, Self::Drop, Self::Dummy, Self::Name, Self::Partial];
    }

    impl Mask for Style {
        fn is_masked(&self, class: Class) -> bool {
            class.is_sensitive()
        }

        fn in_place_of(&self, class: Class, value: &str) -> String {
            match self {
                Self::Digest => {
                    let sum = value
                        .bytes()
                        .fold(7_u64, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
                    format!("[{class} {sum:016x}]")
                }
                Self::Drop => String::new(),
                Self::Dummy => dummy(class, value),
                Self::Name => class.placeholder(),
                Self::Partial => partial(class, value),
            }
        }
    }

    /// A value that is found wherever it stands, and what of it must not be shown.
    fn value() -> impl Strategy<Value = String> {
        let one_of = prop::sample::select(vec![
            "4111 1111 1111 1111",
            "4111-1111-1111-1111",
            "5500005555555559",
            "378282246310005",
            "ana.lindqvist@example.com",
            "DE89 3704 0044 0532 0130 00",
            "GB82WEST12345698765432",
            "078-05-1120",
            "+49 30 901820",
            "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
            "AKIAIOSFODNN7EXAMPL7",
            "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
        ]);
        one_of.prop_map(str::to_owned)
    }

    proptest! {
        #[test]
        fn a_masked_text_never_holds_the_value(
            before in "[ a-z,:;(]{0,12}[ ,:;(]",
            value in value(),
            between in "[ ,;)\n][ a-z,;]{0,12}[ ,;]",
            other in value(),
            after in "[ ,;)\n][ a-z,;]{0,12}",
        ) {
            let text = format!("{before}{value}{between}{other}{after}");
            let detectors = Detectors::builtin();
            for style in Style::ALL {
                let masked = detectors.mask("", &text, &detectors.scan(&text), style).text;
                for value in [&value, &other] {
                    prop_assert!(!masked.contains(value.as_str()), "{style:?}: {masked}");
                    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
                    let hidden = digits(value);
                    let is_long = hidden.len() >= 9 && style != Style::Digest;
                    prop_assert!(!(is_long && digits(&masked).contains(&hidden)), "{style:?}: {masked}");
                }
            }
        }

        #[test]
        fn of_any_value_no_more_than_a_fourth_is_shown(class in prop::sample::select(Class::built_in().collect::<Vec<_>>()), value in "\\PC{1,40}") {
            let n = value.chars().filter(|ch| ch.is_alphanumeric()).count();
            let shown = partial(class, &value);
            if class != catalog::EMAIL {
                let n_shown = shown.chars().filter(|ch| ch.is_alphanumeric()).count();
                prop_assert!(n_shown <= n / 4 && n_shown <= KEPT, "{value}: {shown}");
            }
            // What a dummy shows depends on the form alone.
            let other: String = value.chars().map(|ch| if ch.is_ascii_digit() { '7' } else { ch }).collect();
            if !class.as_str().ends_with("_date") {
                prop_assert_eq!(dummy(class, &value), dummy(class, &other));
            }
        }
    }

    #[test]
    fn no_more_than_a_fourth_stays() {
        for (class, value, want) in [
            (catalog::CARD, "4111 1111 1111 1111", "**** **** **** 1111"),
            (catalog::CARD, "378282246310005", "************005"),
            (catalog::IBAN, "DE89370400440532013000", "******************3000"),
            (catalog::US_SSN, "078-05-1120", "***-**-**20"),
            (catalog::EMAIL, "ana@example.com", "***@example.com"),
            (catalog::EMAIL, "ana%40example.com", "***@***"),
            (catalog::US_SSN, "12", "**"),
            (catalog::US_SSN, "", ""),
        ] {
            assert_eq!(partial(class, value), want, "value: {value}");
        }
    }

    #[test]
    fn a_dummy_has_the_form_of_the_value() {
        for (class, value, want) in [
            ("pii.card", "4111 1111 1111 1111", "0000 0000 0000 0000"),
            ("pii.email", "Ana.L@example.com", "Xxx.X@xxxxxxx.xxx"),
            ("pii.iban", "DE89370400440532013000", "XX00000000000000000000"),
            ("pii.birth_date", "1984-03-17", "1900-01-01"),
            ("pii.birth_date", "3/17/84", "1/01/01"),
            ("network.ip", "192.168.10.1", "0.0.0.0"),
            ("pii.phone", "+49 (30) 901820", "+00 (00) 000000"),
            ("pii.x", "é中1", "xX0"),
        ] {
            assert_eq!(dummy(Class::custom(class), value), want, "value: {value}");
        }
    }
}
