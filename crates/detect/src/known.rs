//! Values that are known beforehand: the credentials that the gateway shows its upstreams, and what it has put into a
//! request in the place of a token.
//!
//! A server may give back what it was sent: in an error message, a dump of its environment, an example of a request. So
//! what flows back is searched for every form in which the value may be written: as it is, in base64 at each of the
//! three alignments, in hexadecimal, percent-encoded, and with the escapes of JSON.
//!
//! The search is Wu and Manber's for several patterns (A fast algorithm for multi-pattern searching, 1994): it looks at
//! the end of a window that is as long as the shortest pattern, and moves on as far as what stands there allows, so that
//! most bytes are never read.

use std::fmt;
use std::ops::Range;

use base64ct::{Base64, Base64Url, Encoding as _};

use crate::class::Class;
use crate::finding::{Confidence, Finding};

/// Values to find in whatever form.
#[derive(Clone)]
pub struct KnownValues {
    class: Class,
    patterns: Vec<Vec<u8>>,
    /// How long the shortest pattern is.
    shortest: usize,
    /// For each pair of bytes, by its hash, how far the window may move if it ends with the pair.
    shifts: Vec<u8>,
}

/// A form that is shorter than this is not searched for: it would be found everywhere.
const SHORTEST: usize = 6;

const HASHES: usize = 4096;

impl fmt::Debug for KnownValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KnownValues").field("n_patterns", &self.patterns.len()).finish_non_exhaustive()
    }
}

impl KnownValues {
    /// Finds these values as [`Class::CREDENTIAL`]; those shorter than six bytes are left out.
    #[must_use]
    pub fn new<'v>(values: impl IntoIterator<Item = &'v str>) -> Self {
        Self::of(Class::CREDENTIAL, values)
    }

    /// Finds these values as values of a class; those shorter than six bytes are left out.
    #[must_use]
    pub fn of<'v>(class: Class, values: impl IntoIterator<Item = &'v str>) -> Self {
        let mut patterns: Vec<Vec<u8>> = values.into_iter().flat_map(forms).collect();
        patterns.retain(|pattern| pattern.len() >= SHORTEST);
        patterns.sort_unstable_by(|left, right| right.len().cmp(&left.len()).then_with(|| left.cmp(right)));
        patterns.dedup();
        let shortest = patterns.last().map_or(0, Vec::len);
        let furthest = u8::try_from(shortest.saturating_sub(1)).unwrap_or(u8::MAX);
        let mut shifts = vec![furthest; HASHES];
        for pattern in &patterns {
            let window = pattern.get(..shortest).unwrap_or_default();
            for (place, pair) in window.windows(2).enumerate() {
                let to_end = u8::try_from(shortest - 2 - place).unwrap_or(u8::MAX);
                if let Some(shift) = shifts.get_mut(hash(pair)) {
                    *shift = to_end.min(*shift);
                }
            }
        }
        Self { class, patterns, shortest, shifts }
    }

    /// Whether a text is too short for any of the values.
    pub(crate) fn shortest(&self) -> usize {
        if self.patterns.is_empty() { usize::MAX } else { self.shortest }
    }

    /// Where the values stand in a text.
    pub(crate) fn find(&self, bytes: &[u8]) -> Vec<Finding> {
        let mut found = Vec::new();
        let mut end = self.shortest;
        while let Some(pair) = end.checked_sub(2).and_then(|start| bytes.get(start..end)) {
            let shift = self.shifts.get(hash(pair)).copied().unwrap_or_default();
            if shift > 0 {
                end += usize::from(shift);
                continue;
            }
            match self.pattern_at(bytes, end - self.shortest) {
                Some(range) => {
                    end = range.end + self.shortest;
                    // Patterns are whole characters, and so are the places of one in a text.
                    found.push(Finding { class: self.class, range, confidence: Confidence::High });
                }
                None => end += 1,
            }
        }
        found
    }

    /// The longest pattern that starts there.
    fn pattern_at(&self, bytes: &[u8], start: usize) -> Option<Range<usize>> {
        let rest = bytes.get(start..)?;
        let pattern = self.patterns.iter().find(|pattern| rest.starts_with(pattern))?;
        Some(start..start + pattern.len())
    }
}

/// A small number for two bytes.
fn hash(pair: &[u8]) -> usize {
    match pair {
        [left, right] => (usize::from(*left) << 5 ^ usize::from(*right)) % HASHES,
        _ => 0,
    }
}

/// Every form in which a value is searched for.
fn forms(value: &str) -> Vec<Vec<u8>> {
    let mut forms = vec![value.as_bytes().to_vec()];
    for alignment in 0..3 {
        forms.extend(base64(value, alignment).map(String::into_bytes));
    }
    let hex = |digits: &dyn Fn(u8) -> String| value.bytes().map(digits).collect::<String>().into_bytes();
    forms.push(hex(&|byte| format!("{byte:02x}")));
    forms.push(hex(&|byte| format!("{byte:02X}")));
    forms.push(hex(&|byte| percent(byte, &|byte| format!("%{byte:02x}"))));
    forms.push(hex(&|byte| percent(byte, &|byte| format!("%{byte:02X}"))));
    // A JSON text in a string; the second is how cautious writers escape.
    forms.push(value.replace('\\', "\\\\").replace('"', "\\\"").into_bytes());
    forms.push(value.replace('\\', "\\\\").replace('"', "\\\"").replace('/', "\\/").into_bytes());
    forms
}

/// As RFC 3986 §2.1 wants it: all but unreserved characters are encoded.
fn percent(byte: u8, encoded: &dyn Fn(u8) -> String) -> String {
    let is_unreserved = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    if is_unreserved { char::from(byte).to_string() } else { encoded(byte) }
}

/// The characters of base64, in both alphabets, that a value has wherever it stands in a longer text: those before and
/// after depend on what surrounds it.
fn base64(value: &str, alignment: usize) -> [String; 2] {
    let padded: Vec<u8> = std::iter::repeat_n(0, alignment).chain(value.bytes()).collect();
    let n_bits = padded.len() * 8;
    // The first character that has no bit of what stands before, and the last one that has none of what follows.
    let (first, end) = ((alignment * 8).div_ceil(6), n_bits / 6);
    let inner = |encoded: String| encoded.get(first..end).unwrap_or_default().to_owned();
    [inner(Base64::encode_string(&padded)), inner(Base64Url::encode_string(&padded))]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "q7/K+\"9 zR_p4";

    fn found(known: &KnownValues, text: &str) -> Vec<String> {
        known
            .find(text.as_bytes())
            .into_iter()
            .map(|finding| text.get(finding.range).unwrap().to_owned())
            .collect()
    }

    #[test]
    fn a_value_is_found_in_every_form() {
        let known = KnownValues::new([SECRET]);
        for text in [
            SECRET.to_owned(),
            format!("upstream said: {SECRET}!"),
            "q7%2FK%2B%229%20zR_p4".to_owned(),
            "q7%2fK%2b%229%20zR_p4".to_owned(),
            "{\"Authorization\":\"q7/K+\\\"9 zR_p4\"}".to_owned(),
            "q7\\/K+\\\"9 zR_p4".to_owned(),
            "71372f4b2b2239207a525f7034".to_owned(),
            "71372F4B2B2239207A525F7034".to_owned(),
        ] {
            assert_eq!(found(&known, &text).len(), 1, "text: {text}");
        }
        assert_eq!(found(&known, "q7/K+\"9 zR_p5"), [""; 0]);
        assert_eq!(found(&known, ""), [""; 0]);
    }

    #[test]
    fn nothing_is_found_where_nothing_is_known() {
        for known in [KnownValues::new([]), KnownValues::new(["short"])] {
            assert_eq!(found(&known, "short and long"), [""; 0]);
        }
    }

    #[test]
    fn they_are_found_as_the_class_that_they_are_of() {
        let classes = |known: KnownValues| {
            known.find(SECRET.as_bytes()).into_iter().map(|found| found.class).collect::<Vec<_>>()
        };
        assert_eq!(classes(KnownValues::new([SECRET])), [Class::CREDENTIAL]);
        assert_eq!(
            classes(KnownValues::of(Class::custom("acme.number"), [SECRET])),
            [Class::custom("acme.number")]
        );
    }

    #[test]
    fn the_values_are_not_shown() {
        assert!(!format!("{:?}", KnownValues::new([SECRET])).contains("q7"));
    }

    proptest! {
        #[test]
        fn a_value_is_found_in_base64_wherever_it_stands(
            before in "[ -~]{0,9}", value in "[!-~]{12,40}", after in "[ -~]{0,9}",
        ) {
            let known = KnownValues::new([value.as_str()]);
            let text = format!("{before}{value}{after}");
            let standard = Base64::encode_string(text.as_bytes());
            let url = Base64Url::encode_string(text.as_bytes());
            prop_assert_eq!(found(&known, &standard).len(), 1);
            prop_assert_eq!(found(&known, &format!("Basic {url}")).len(), 1);
            prop_assert!(!found(&known, &text).is_empty());
        }

        #[test]
        fn nothing_is_missed_and_nothing_made_up(
            values in prop::collection::vec("[ab]{6,9}", 1..4), text in "[ab]{0,60}",
        ) {
            let known = KnownValues::new(values.iter().map(String::as_str));
            let found = known.find(text.as_bytes());
            let first = (0..text.len()).find(|start| values.iter().any(|value| text.get(*start..).unwrap().starts_with(value.as_str())));
            prop_assert_eq!(found.first().map(|finding| finding.range.start), first);
            for finding in found {
                prop_assert!(values.iter().any(|value| Some(value.as_str()) == text.get(finding.range.clone())));
            }
        }
    }
}
