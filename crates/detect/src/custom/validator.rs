//! What must hold of a match, besides its form.

use crate::checksum::{luhn, mod_97, verhoeff};

/// A check of the letters and digits of a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Validator {
    /// At least 3 bits for each character, by Shannon's measure: what nobody would type or make up.
    Entropy,
    /// ISO/IEC 7812-1, annex B.
    Luhn,
    /// The digits from the right, times 1, 2, 3 and so on, add up to a multiple of 11; a last `X` is ten. As in ISBN-10.
    Mod11,
    /// ISO/IEC 7064 MOD 97-10: as one number, with `A` for 10 to `Z` for 35, it leaves 1 when divided by 97.
    Mod97,
    /// The scheme of Verhoeff: it catches every single wrong digit and every swap of neighbours.
    Verhoeff,
}

impl Validator {
    /// All of them, with their names.
    pub const ALL: [(&'static str, Self); 5] = [
        ("entropy", Self::Entropy),
        ("luhn", Self::Luhn),
        ("mod11", Self::Mod11),
        ("mod97", Self::Mod97),
        ("verhoeff", Self::Verhoeff),
    ];

    /// Whether it holds of a match. What is neither a letter nor a digit does not count, except for entropy.
    #[must_use]
    pub fn holds(self, text: &str) -> bool {
        match self {
            Self::Entropy => is_varied(text.as_bytes()),
            Self::Luhn => digits(text).is_some_and(luhn),
            Self::Mod11 => is_mod11(text),
            Self::Mod97 => is_mod97(text),
            Self::Verhoeff => digits(text).is_some_and(verhoeff),
        }
    }

    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Entropy => 1,
            Self::Luhn => 2,
            Self::Mod11 => 3,
            Self::Mod97 => 4,
            Self::Verhoeff => 5,
        }
    }

    pub(super) fn of_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().map(|(_, validator)| validator).find(|validator| validator.code() == code)
    }
}

/// The values of the digits, from the last to the first; `None` if there are none.
fn digits(text: &str) -> Option<impl Iterator<Item = u32>> {
    let mut digits = text.bytes().rev().filter_map(|byte| char::from(byte).to_digit(10)).peekable();
    digits.peek().is_some().then_some(digits)
}

fn is_mod11(text: &str) -> bool {
    let mut symbols = text.bytes().filter(u8::is_ascii_alphanumeric).rev().peekable();
    let is_ten = |byte: &u8| byte.eq_ignore_ascii_case(&b'x');
    let check = usize::from(symbols.next_if(is_ten).is_some()) * 10;
    let first_weight = if check == 0 { 1 } else { 2 };
    let digits: Vec<usize> =
        symbols.filter(u8::is_ascii_digit).map(|digit| usize::from(digit - b'0')).collect();
    let weights = (first_weight..=11_usize).chain((1..=11).cycle());
    let sum = digits.iter().zip(weights).fold(check, |sum, (digit, weight)| (sum + digit * weight) % 11);
    !digits.is_empty() && sum == 0
}

fn is_mod97(text: &str) -> bool {
    let symbols = text.bytes().filter(u8::is_ascii_alphanumeric);
    mod_97(symbols.map(|byte| char::from(byte).to_digit(36).unwrap_or_default())) == 1
}

fn is_varied(bytes: &[u8]) -> bool {
    let mut counts = [0_u32; 256];
    for byte in bytes {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count = count.saturating_add(1);
        }
    }
    let length = f64::from(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    let sum: f64 = counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count))
        .fold(0.0, |sum, count| sum + count * (length / count).log2());
    length > 0.0 && sum >= LEAST_ENTROPY * length
}

/// In bits for each character.
const LEAST_ENTROPY: f64 = 3.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn validators_tell_good_numbers_from_bad_ones() {
        for (validator, good, bad) in [
            (Validator::Luhn, "4111 1111 1111 1111", "4111 1111 1111 1112"),
            (Validator::Luhn, "79927398713", "79927398710"),
            (Validator::Mod11, "0-306-40615-2", "0-306-40615-3"),
            (Validator::Mod11, "0-8044-2957-X", "0-8044-2957-0"),
            // The IBAN DE89 3704 0044 0532 0130 00 with its first four characters last.
            (Validator::Mod97, "370400440532013000DE89", "370400440532013000DE88"),
            (Validator::Verhoeff, "2363", "2364"),
            (Validator::Verhoeff, "84736430954837284567892", "84736430954837284567829"),
            (Validator::Entropy, "f3K9-qZ7x_W2pLm", "aaaa-aaaa-aaaa"),
        ] {
            assert!(validator.holds(good), "{validator:?}: {good}");
            assert!(!validator.holds(bad), "{validator:?}: {bad}");
        }
    }

    #[test]
    fn nothing_passes_no_validator() {
        for (_, validator) in Validator::ALL {
            assert!(!validator.holds(""), "{validator:?}");
            assert!(!validator.holds("-"), "{validator:?}");
            assert_eq!(Validator::of_code(validator.code()), Some(validator));
        }
    }
}
