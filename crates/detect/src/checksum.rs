//! The sums that check digits make right, and the dates that numbers hold.

/// The digits times their weights, added; what is longer on either side is left out.
pub(crate) fn weighted(digits: impl Iterator<Item = u32>, weights: &[u32]) -> u32 {
    digits.zip(weights).map(|(digit, weight)| digit * weight).sum()
}

/// The check of ISO/IEC 7812-1 annex B, that of Luhn: every second digit from the right is doubled. The
/// digits come from the last to the first.
pub(crate) fn luhn(backwards: impl Iterator<Item = u32>) -> bool {
    let values = backwards.enumerate().map(|(place, digit)| match (place % 2, digit * 2) {
        (0, _) => digit,
        (_, double) => double / 10 + double % 10,
    });
    values.sum::<u32>().is_multiple_of(10)
}

/// The check by Verhoeff, over the dihedral group of ten elements. The digits come from the last to the first.
pub(crate) fn verhoeff(backwards: impl Iterator<Item = u32>) -> bool {
    let value = backwards.enumerate().try_fold(0_u8, |value, (place, digit)| {
        let digit = *PERMUTATIONS.get(place % 8)?.get(usize::try_from(digit).ok()?)?;
        PRODUCTS.get(usize::from(value))?.get(usize::from(digit)).copied()
    });
    value == Some(0)
}

/// What letters, as 10 to 35, and digits leave as one number when it is divided by 97: 1 by ISO/IEC 7064 MOD 97-10.
pub(crate) fn mod_97(values: impl Iterator<Item = u32>) -> u32 {
    values.fold(0, |rest, value| (if value < 10 { rest * 10 } else { rest * 100 } + value) % 97)
}

/// The check of ISO 7064 MOD 11,10.
pub(crate) fn mod_11_10(digits: impl DoubleEndedIterator<Item = u32>) -> bool {
    let mut digits = digits;
    let Some(check) = digits.next_back() else { return false };
    let product = digits.fold(10, |product, digit| match (product + digit) % 10 {
        0 => 20 % 11,
        sum => sum * 2 % 11,
    });
    (product + check) % 10 == 1
}

/// The check of EAN-13: weights of one and three in turn.
pub(crate) fn ean_13(digits: impl Iterator<Item = u32>) -> bool {
    weighted(digits, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]).is_multiple_of(10)
}

/// Whether all digits are the same, as in a number that stands for any.
pub(crate) fn is_one_digit(mut digits: impl Iterator<Item = u32>) -> bool {
    let first = digits.next();
    digits.all(|digit| Some(digit) == first)
}

/// Whether there is such a day in a year. Which year is not asked: many numbers do not say the century.
pub(crate) fn is_day(day: u64, month: u64) -> bool {
    is_date(2000, month, day)
}

/// Whether a day is one of the Gregorian calendar.
pub(crate) fn is_date(year: u64, month: u64, day: u64) -> bool {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let n_days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=n_days).contains(&day)
}

const PRODUCTS: [[u8; 10]; 10] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
    [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
    [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
    [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
    [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
    [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
    [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
    [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
    [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
];

const PERMUTATIONS: [[u8; 10]; 8] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
    [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
    [8, 9, 1, 6, 0, 4, 3, 5, 2, 7],
    [9, 4, 5, 3, 1, 2, 6, 8, 7, 0],
    [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
    [2, 7, 9, 3, 8, 0, 6, 4, 1, 5],
    [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
];

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> impl DoubleEndedIterator<Item = u32> + '_ {
        text.chars().filter_map(|digit| digit.to_digit(10))
    }

    #[test]
    fn the_examples_of_the_specifications_pass_and_no_other_last_digit_does() {
        type Check = fn(&str) -> bool;
        let luhn: Check = |text| luhn(digits(text).rev());
        let mod_11_10: Check = |text| mod_11_10(digits(text));
        let ean_13: Check = |text| ean_13(digits(text));
        for (check, number) in [(luhn, "79927398713"), (mod_11_10, "07945"), (ean_13, "4006381333931")] {
            let body = number.get(..number.len() - 1).unwrap();
            for last in 0..10 {
                let other = format!("{body}{last}");
                assert_eq!(check(&other), other == number, "number: {other}");
            }
        }
    }

    #[test]
    fn days_are_those_of_a_leap_year() {
        for (day, month, want) in
            [(29, 2, true), (30, 2, false), (31, 4, false), (31, 12, true), (0, 1, false), (1, 13, false)]
        {
            assert_eq!(is_day(day, month), want, "{day}.{month}.");
        }
    }
}
