//! Bank accounts, cards and telephone numbers with correct check digits.

use super::Dice;

/// The countries that customers come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Country {
    Austria,
    Britain,
    Germany,
    Netherlands,
    Switzerland,
}

impl Country {
    pub(super) const ALL: [Self; 5] =
        [Self::Austria, Self::Britain, Self::Germany, Self::Netherlands, Self::Switzerland];

    /// ISO 3166-1 alpha-2.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Austria => "AT",
            Self::Britain => "GB",
            Self::Germany => "DE",
            Self::Netherlands => "NL",
            Self::Switzerland => "CH",
        }
    }
}

/// An IBAN of the country's length with ISO 7064 check digits, without spaces.
pub(super) fn iban(dice: &mut Dice, country: Country) -> String {
    let account = match country {
        Country::Austria => dice.digits(16),
        Country::Britain => format!("TEST{}", dice.digits(14)),
        Country::Germany => dice.digits(18),
        Country::Netherlands => format!("TEST{}", dice.digits(10)),
        Country::Switzerland => dice.digits(17),
    };
    let check = 98 - mod_97(&format!("{account}{}00", country.code()));
    format!("{}{check:02}{account}", country.code())
}

/// The remainder that ISO 7064 takes, letters counting 10 to 35.
pub(super) fn mod_97(text: &str) -> u32 {
    text.chars().filter_map(|character| character.to_digit(36)).fold(0, |remainder, value| match value {
        0..=9 => (remainder * 10 + value) % 97,
        _ => (remainder * 100 + value) % 97,
    })
}

/// A card number with a Luhn check digit, under prefixes that payment providers publish for tests.
pub(super) fn card(dice: &mut Dice) -> String {
    let (prefix, length) = dice.pick(
        &[("424242", 16), ("400000", 16), ("555555", 16), ("222300", 16), ("378282", 15)],
        ("424242", 16),
    );
    let body = format!("{prefix}{}", dice.digits(length - 1 - prefix.len()));
    let check = (10 - luhn(&format!("{body}0"))) % 10;
    format!("{body}{check}")
}

/// The Luhn sum modulo 10; 0 for a valid number.
pub(super) fn luhn(number: &str) -> u32 {
    number
        .chars()
        .rev()
        .filter_map(|digit| digit.to_digit(10))
        .enumerate()
        .map(|(at, digit)| match (at % 2, digit * 2) {
            (0, _) => digit,
            (_, doubled) if doubled > 9 => doubled - 9,
            (_, doubled) => doubled,
        })
        .sum::<u32>()
        % 10
}

/// A telephone number in international form.
pub(super) fn phone(dice: &mut Dice, country: Country) -> String {
    match country {
        Country::Austria => format!("+43 1 555 {}", dice.digits(4)),
        Country::Britain => format!("+44 20 7946 0{}", dice.digits(3)),
        Country::Germany => format!("+49 30 23125 {}", dice.digits(3)),
        Country::Netherlands => format!("+31 6 5550 {}", dice.digits(4)),
        Country::Switzerland => format!("+41 44 555 {} {}", dice.digits(2), dice.digits(2)),
    }
}
