//! One spelling for each value, so that whoever counts different values counts none twice.

use crate::catalog;
use crate::class::Class;
use crate::fold::Folded;
use crate::number;

impl Class {
    /// The value that `text` spells, where a scan has found it whole: a card by its digits, an address in lower case, what
    /// gives access as it is, and all else by its letters and digits in upper case. Blanks, hyphens, full-width forms and
    /// invisible characters make no difference, and neither does the way a card is written as a number in JSON.
    #[must_use]
    pub fn canonical(self, text: &str) -> String {
        let folded = Folded::new(text);
        let plain = folded.as_str();
        match self {
            catalog::CARD => {
                number::card(text).unwrap_or_else(|| plain.chars().filter(char::is_ascii_digit).collect())
            }
            catalog::EMAIL => plain.to_lowercase().replace("%40", "@").replace("\\u0040", "@"),
            secret if secret.as_str().starts_with("secret.") => plain.to_owned(),
            _ => {
                let letters = plain.chars().filter(|letter| letter.is_alphanumeric());
                letters.flat_map(char::to_uppercase).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Detectors;

    /// Every spelling is found whole, and is the same value.
    fn check(class: Class, want: &str, spellings: &[&str]) {
        for spelling in spellings {
            let findings = Detectors::builtin().scan(spelling);
            let text = |range: &std::ops::Range<usize>| spelling.get(range.clone()).unwrap();
            let found: Vec<_> = findings.iter().map(|found| (found.class, text(&found.range))).collect();
            assert_eq!(found.len(), 1, "{spelling}: {found:?}");
            assert_eq!(found[0].0, class, "{spelling}");
            assert_eq!(class.canonical(found[0].1), want, "{spelling}");
        }
    }

    #[test]
    fn spellings_of_one_value_are_one_value() {
        check(
            catalog::CARD,
            "4111111111111111",
            &[
                "4111111111111111",
                "4111 1111 1111 1111",
                "4111-1111-1111-1111",
                "４１１１ 1111\u{200b} 1111 1111",
            ],
        );
        check(
            catalog::EMAIL,
            "ana@example.com",
            &[
                "ana@example.com",
                "Ana@Example.COM",
                "ANA%40example.com",
                "ana＠example.com",
                "ana\\u0040example.com",
            ],
        );
        check(
            catalog::IBAN,
            "DE89370400440532013000",
            &["DE89370400440532013000", "DE89 3704 0044 0532 0130 00", "de89-3704-0044-0532-0130-00"],
        );
    }

    #[test]
    fn a_card_that_is_a_number_is_the_card_that_is_a_text() {
        for number in ["4111111111111111", "4111111111111111.0", "4.111111111111111e15", "-4111111111111111"]
        {
            assert_eq!(Detectors::builtin().scan_number("", number).len(), 1, "{number}");
            assert_eq!(catalog::CARD.canonical(number), "4111111111111111", "{number}");
        }
    }

    #[test]
    fn different_values_stay_different() {
        for (class, one, other) in [
            (catalog::CARD, "4111111111111111", "5500005555555559"),
            (catalog::EMAIL, "ana@example.com", "ana@example.org"),
            (catalog::IBAN, "DE89370400440532013000", "GB82WEST12345698765432"),
        ] {
            assert_ne!(class.canonical(one), class.canonical(other));
        }
    }
}
