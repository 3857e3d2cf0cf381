//! Vehicle identification numbers, ISO 3779, with the check digit of North America and China (49 CFR 565.15).

use crate::catalog;
use crate::context::Text;
use crate::finding::{Confidence, Finding};
use crate::topic::Topic;

/// How long one is.
const LENGTH: usize = 17;

/// What each place weighs; that of the check digit nothing.
const WEIGHTS: [u32; LENGTH] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];

/// Looks at the long word that starts at `start`.
pub(crate) fn look_at_word(text: &Text<'_, '_>, start: usize, hits: &mut Vec<Finding>) {
    let range = start..start + LENGTH;
    let bytes = text.bytes();
    let Some(word) = bytes.get(range.clone()) else { return };
    let goes_on =
        bytes.get(range.end).is_some_and(|next| next.is_ascii_alphanumeric() || b"_+/".contains(next));
    if !goes_on && is_number(word) && text.speaks_of(Topic::Vehicle, &range) {
        hits.push(Finding { class: catalog::VEHICLE, range, confidence: Confidence::High });
    }
}

fn is_number(word: &[u8]) -> bool {
    let values = word.iter().map(|byte| value(*byte));
    let sum = values.zip(WEIGHTS).try_fold(0, |sum, (value, weight)| Some(sum + value? * weight));
    let check = match word.get(8) {
        Some(b'X') => Some(10),
        Some(digit) => char::from(*digit).to_digit(10),
        None => None,
    };
    sum.is_some_and(|sum| sum > 0 && Some(sum % 11) == check)
}

/// What a character stands for; `I`, `O` and `Q` are none.
fn value(byte: u8) -> Option<u32> {
    match byte {
        b'0'..=b'9' => Some(u32::from(byte - b'0')),
        b'A'..=b'H' => Some(u32::from(byte - b'A') + 1),
        b'J'..=b'N' => Some(u32::from(byte - b'J') + 1),
        b'P' => Some(7),
        b'R' => Some(9),
        b'S'..=b'Z' => Some(u32::from(byte - b'S') + 2),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::{Detectors, catalog};

    fn found(key: &str, text: &str) -> bool {
        let findings = Detectors::builtin().scan_member(key, text);
        findings.iter().any(|finding| finding.class == catalog::VEHICLE)
    }

    #[test]
    fn a_number_with_its_check_digit_is_found_near_a_word_for_it() {
        for vin in ["1M8GDM9AXKP042788", "1HGCM82633A004352", "5GZCZ43D13S812715"] {
            assert!(found("vin", vin), "{vin}");
            assert!(found("", &format!("VIN: {vin}, blue")), "{vin}");
            assert!(found("", &format!("chassis ({vin}).")), "{vin}");
            assert!(!found("", vin), "{vin}");
        }
        for other in ["1M8GDM9A1KP042788", "1HGCM82633A00435O", "1HGCM82633A0043521", "x1HGCM82633A004352"] {
            assert!(!found("vin", other), "{other}");
        }
    }
}
