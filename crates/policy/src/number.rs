//! JSON numbers as Cedar knows them: exactly, or not at all.
//!
//! Where no schema says what a number is, the value decides the type and not the spelling: `5`, `5.0` and `0.5e1` are
//! the same number to every server, so a rule that compares with `5` must see the same in all of them. Cedar finds a
//! `Long` and a `decimal` unequal without an error, and a forbid could be evaded by writing a number differently.

use cedar_policy::RestrictedExpression;

/// The number as a `Long` if it is whole, as a `decimal` if not; `None` if that type does not hold it exactly.
pub(crate) fn exact(text: &str) -> Option<RestrictedExpression> {
    let number = Number::parse(text)?;
    if number.is_whole() { number.long() } else { number.decimal() }
}

/// The number as a `Long`, if it is whole and fits.
pub(crate) fn long(text: &str) -> Option<RestrictedExpression> {
    Number::parse(text)?.long()
}

/// The number as a `decimal`, whole or not, if that holds it exactly.
pub(crate) fn decimal(text: &str) -> Option<RestrictedExpression> {
    Number::parse(text)?.decimal()
}

/// Whether the number is whole, however it is written and however large it is.
pub(crate) fn is_whole(text: &str) -> bool {
    Number::parse(text).is_some_and(|number| number.is_whole())
}

/// `significant` times ten to the power of `shift`, with as large a `shift` as there is.
#[derive(Clone, Copy, Debug)]
struct Number {
    significant: i128,
    shift: i64,
}

impl Number {
    /// `None` if it has more digits than any type of Cedar holds.
    fn parse(text: &str) -> Option<Self> {
        let (negative, magnitude) =
            text.strip_prefix('-').map_or((false, text), |magnitude| (true, magnitude));
        let (mantissa, exponent) = magnitude.split_once(['e', 'E']).unwrap_or((magnitude, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        let significant = digits.trim_start_matches('0').trim_end_matches('0');
        if significant.is_empty() {
            return Some(Self { significant: 0, shift: 0 });
        }
        // Zeros at the end move the point: 1.50000 has one digit after it that counts.
        let n_zeros = digits.len() - digits.trim_end_matches('0').len();
        let shift = exponent
            .parse::<i64>()
            .ok()?
            .checked_sub(i64::try_from(fraction.len()).ok()?)?
            .checked_add(i64::try_from(n_zeros).ok()?)?;
        let magnitude = significant.parse::<i128>().ok()?;
        Some(Self { significant: if negative { -magnitude } else { magnitude }, shift })
    }

    const fn is_whole(self) -> bool {
        self.shift >= 0
    }

    fn long(self) -> Option<RestrictedExpression> {
        self.scaled(self.shift).map(RestrictedExpression::new_long)
    }

    fn decimal(self) -> Option<RestrictedExpression> {
        let ten_thousandths = self.scaled(self.shift.checked_add(DIGITS_AFTER_POINT)?)?;
        Some(RestrictedExpression::new_decimal(decimal_text(ten_thousandths)))
    }

    /// The significant digits times ten to the power of `shift`.
    fn scaled(self, shift: i64) -> Option<i64> {
        if self.significant == 0 {
            return Some(0);
        }
        let factor = 10_i128.checked_pow(u32::try_from(shift).ok()?)?;
        i64::try_from(self.significant.checked_mul(factor)?).ok()
    }
}

fn decimal_text(ten_thousandths: i64) -> String {
    let sign = if ten_thousandths < 0 { "-" } else { "" };
    let magnitude = ten_thousandths.unsigned_abs();
    format!("{sign}{}.{:04}", magnitude / UNITS_PER_ONE, magnitude % UNITS_PER_ONE)
}

/// Cedar counts decimals in units of 10⁻⁴.
const DIGITS_AFTER_POINT: i64 = 4;
const UNITS_PER_ONE: u64 = 10_000;

#[cfg(test)]
mod tests;
