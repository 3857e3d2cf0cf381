//! A number laid out as ECMAScript's `Number::toString` does (ECMA-262 §6.1.6.1.20), from its digits.

/// Writes a number, given as it was written.
///
/// What has an exponent of more than 15 digits stays as it is: it is then equal to itself only.
pub(super) fn write(text: &str, out: &mut String) {
    let (sign, unsigned) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let significant = all.trim_start_matches('0');
    let digits = significant.trim_end_matches('0');
    if digits.is_empty() {
        // Zero has one form, whatever its sign and exponent (RFC 8785, appendix B).
        return out.push('0');
    }
    let n_leading = all.len() - significant.len();
    match point(whole.len(), n_leading, exponent) {
        Some(point) => {
            out.push_str(sign);
            lay_out(digits, point, out);
        }
        None => out.push_str(text),
    }
}

/// How many of the digits stand before the point; negative if zeros stand between.
fn point(n_whole: usize, n_leading: usize, exponent: &str) -> Option<i64> {
    let (is_negative, digits) = match exponent.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, exponent.strip_prefix('+').unwrap_or(exponent)),
    };
    let digits = digits.trim_start_matches('0');
    let size: i64 = match digits.len() {
        0 => 0,
        1..=LONGEST_EXPONENT => digits.parse().ok()?,
        _ => return None,
    };
    let exponent = if is_negative { -size } else { size };
    i64::try_from(n_whole).ok()?.checked_sub(i64::try_from(n_leading).ok()?)?.checked_add(exponent)
}

fn lay_out(digits: &str, point: i64, out: &mut String) {
    let n_digits = i64::try_from(digits.len()).unwrap_or(i64::MAX);
    if (n_digits..=LAST_PLAIN).contains(&point) {
        out.push_str(digits);
        push_zeros(point - n_digits, out);
    } else if (1..=LAST_PLAIN).contains(&point) {
        push_split(digits, usize::try_from(point).unwrap_or(digits.len()), out);
    } else if (FIRST_PLAIN..=0).contains(&point) {
        out.push_str("0.");
        push_zeros(-point, out);
        out.push_str(digits);
    } else {
        push_split(digits, 1, out);
        let exponent = point - 1;
        out.push_str(if exponent < 0 { "e-" } else { "e+" });
        out.push_str(&exponent.unsigned_abs().to_string());
    }
}

/// The digits with a point after the first `n`, if any come after them.
fn push_split(digits: &str, n: usize, out: &mut String) {
    let (before, after) = digits.split_at_checked(n).unwrap_or((digits, ""));
    out.push_str(before);
    if !after.is_empty() {
        out.push('.');
        out.push_str(after);
    }
}

fn push_zeros(n: i64, out: &mut String) {
    (0..n).for_each(|_| out.push('0'));
}

const LONGEST_EXPONENT: usize = 15;
/// Up to here a number is written without an exponent.
const LAST_PLAIN: i64 = 21;
/// From here on too.
const FIRST_PLAIN: i64 = -5;
