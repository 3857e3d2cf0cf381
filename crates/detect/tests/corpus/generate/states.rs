//! The United States, and vehicles.

use super::{Layouts, digit_that, in_shapes, sum, value, with_luhn};
use crate::random::Random;

pub(crate) fn us_bank_account(random: &mut Random) -> Layouts {
    vec![
        random.number(1_000_000_000, 9_999_999_999).to_string(),
        format!("{}{}", random.number(1, 9), random.digits(11)),
    ]
}

pub(crate) fn us_bank_routing(random: &mut Random) -> Layouts {
    let body = format!("{}{}", random.one_of(&["02", "11", "12", "26", "32", "07"]), random.digits(6));
    let weights = [3, 7, 1, 3, 7, 1, 3, 7];
    let check = digit_that(|digit| (sum(&body, &weights) + digit) % 10 == 0).unwrap();
    in_shapes(&format!("{body}{check}"), &["#########", "####-####-#"])
}

pub(crate) fn us_dea(random: &mut Random) -> Layouts {
    let digits: Vec<i64> = random.digits(6).chars().map(value).collect();
    let odd: i64 = digits.iter().step_by(2).sum();
    let even: i64 = digits.iter().skip(1).step_by(2).sum();
    let body: String = digits.iter().map(ToString::to_string).collect();
    let check = (odd + 2 * even) % 10;
    vec![format!("{}{}{body}{check}", random.one_of(&["A", "B", "F", "M"]), random.capitals(1))]
}

pub(crate) fn us_driving_licence(random: &mut Random) -> Layouts {
    vec![
        // California, Illinois, Pennsylvania, New York, Florida.
        format!("{}{}", random.capitals(1), random.digits(7)),
        format!("{}{}", random.capitals(1), random.digits(11)),
        random.number(10_000_000, 99_999_999).to_string(),
        random.number(100_000_000, 999_999_999).to_string(),
        format!("{}{}", random.capitals(1), random.digits(12)),
    ]
}

pub(crate) fn us_itin(random: &mut Random) -> Layouts {
    let group = random.one_of(&["50", "65", "70", "88", "90", "92", "94", "99"]);
    let itin = format!("9{}{group}{:04}", random.digits(2), random.number(1, 9999));
    in_shapes(&itin, &["#########", "###-##-####"])
}

/// 45 CFR 162.406: Luhn's check over `80840` and the number.
pub(crate) fn us_npi(random: &mut Random) -> Layouts {
    let whole = with_luhn(&format!("80840{}{}", random.number(1, 2), random.digits(8)));
    vec![whole.strip_prefix("80840").unwrap().to_owned()]
}

pub(crate) fn us_passport(random: &mut Random) -> Layouts {
    vec![
        random.number(100_000_000, 999_999_999).to_string(),
        format!("{}{}", random.capitals(1), random.digits(8)),
    ]
}

/// 49 CFR 565.15: letters as 1 to 9 in turn, times the weights of their places, modulo 11.
pub(crate) fn vehicle(random: &mut Random) -> Layouts {
    const LETTERS: &str = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ";
    const VALUES: &str = "012345678912345678123457923456789";
    let counted = |letter: char| {
        let place = LETTERS.chars().position(|other| other == letter).unwrap();
        value(VALUES.chars().nth(place).unwrap())
    };
    let body: Vec<char> =
        format!("1HG{}0{}", random.text(LETTERS, 5), random.text(LETTERS, 8)).chars().collect();
    let weights = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let rest = body.iter().zip(weights).map(|(letter, weight)| counted(*letter) * weight).sum::<i64>() % 11;
    let check = if rest == 10 { 'X' } else { char::from_digit(u32::try_from(rest).unwrap(), 10).unwrap() };
    vec![body.iter().enumerate().map(|(place, letter)| if place == 8 { check } else { *letter }).collect()]
}
