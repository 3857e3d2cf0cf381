//! JSON numbers as Cedar knows them: exactly, or not at all.

use cedar_policy::RestrictedExpression;

/// The number as a `Long` or a `decimal`; `None` if neither holds it exactly.
///
/// The spelling decides the type, not the value: `1` is a `Long`, `1.0` and `1e0` are decimals.
pub(crate) fn exact(text: &str) -> Option<RestrictedExpression> {
    if text.contains(['.', 'e', 'E']) {
        return ten_thousandths(text).map(|value| RestrictedExpression::new_decimal(decimal_text(value)));
    }
    text.parse().ok().map(RestrictedExpression::new_long)
}

/// The value in units of 10⁻⁴, in which Cedar counts decimals.
fn ten_thousandths(text: &str) -> Option<i64> {
    let (negative, magnitude) = text.strip_prefix('-').map_or((false, text), |magnitude| (true, magnitude));
    let (mantissa, exponent) = magnitude.split_once(['e', 'E']).unwrap_or((magnitude, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_start_matches('0').trim_end_matches('0');
    if significant.is_empty() {
        return Some(0);
    }
    // Zeros at the end move the point: 1.50000 has one digit after it that counts.
    let n_zeros = digits.len() - digits.trim_end_matches('0').len();
    let shift = exponent
        .parse::<i64>()
        .ok()?
        .checked_sub(i64::try_from(fraction.len()).ok()?)?
        .checked_add(i64::try_from(n_zeros).ok()?)?
        .checked_add(DIGITS_AFTER_POINT)?;
    let scale = 10_i128.checked_pow(u32::try_from(shift).ok()?)?;
    let value = significant.parse::<i128>().ok()?.checked_mul(scale)?;
    i64::try_from(if negative { -value } else { value }).ok()
}

fn decimal_text(value: i64) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let magnitude = value.unsigned_abs();
    format!("{sign}{}.{:04}", magnitude / UNITS_PER_ONE, magnitude % UNITS_PER_ONE)
}

const DIGITS_AFTER_POINT: i64 = 4;
const UNITS_PER_ONE: u64 = 10_000;

#[cfg(test)]
mod tests;
