//! Dates of birth: dates near a word that speaks of one.

use std::ops::Range;

use crate::catalog;
use crate::context::Text;
use crate::date::{self, Date};
use crate::finding::{Confidence, Finding};
use crate::topic::Topic;

/// The years in which somebody whom a text is about was born.
const YEARS: Range<u32> = 1890..2031;

/// How far before a date the word may end, and how far after it.
const BEFORE: usize = 48;
const AFTER: usize = 16;

/// Looks for dates at the digits of one text.
#[derive(Debug)]
pub(crate) struct Births<'v, 't> {
    text: &'v Text<'v, 't>,
    /// Where the last date ends, of birth or not: what speaks of one speaks of the first after it.
    end: usize,
}

impl<'v, 't> Births<'v, 't> {
    pub(crate) fn new(text: &'v Text<'v, 't>) -> Self {
        Self { text, end: 0 }
    }

    /// Looks at the run of digits that starts at `place`. The places come in order.
    pub(crate) fn look(&mut self, place: usize, hits: &mut Vec<Finding>) {
        let bytes = self.text.bytes();
        if place < self.end || is_inside(bytes.get(place.saturating_sub(2)..place).unwrap_or_default()) {
            return;
        }
        let Some(Date { range, year }) = date::read(bytes, place).or_else(|| self.compact(place)) else {
            return;
        };
        let is_plausible = year < 100 || YEARS.contains(&year);
        if is_plausible && self.is_of_birth(&range) {
            hits.push(Finding {
                class: catalog::BIRTH_DATE,
                range: range.clone(),
                confidence: Confidence::High,
            });
        }
        self.end = range.end;
    }

    fn compact(&self, place: usize) -> Option<Date> {
        let date = date::compact(self.text.bytes(), place)?;
        let goes_on = self.text.bytes().get(date.range.end).is_some_and(u8::is_ascii_alphanumeric);
        (!goes_on && YEARS.contains(&date.year)).then_some(date)
    }

    fn is_of_birth(&self, range: &Range<usize>) -> bool {
        let floor = self.end.max(range.start.saturating_sub(BEFORE));
        let after = range.end..range.end.saturating_add(AFTER);
        let is_before = || self.text.speaks_within(Topic::Birth, &(floor..range.start));
        // `1985-03-12 (born)`, but not `updated 2026-03-01, born 1985-03-12`.
        let is_after = || {
            let sign = self.text.bytes().get(range.end..).unwrap_or_default();
            matches!(sign, [b' ', b'(', ..] | [b'(', ..]) && self.text.speaks_within(Topic::Birth, &after)
        };
        self.text.is_named(Topic::Birth) || is_before() || is_after()
    }
}

fn is_inside(before: &[u8]) -> bool {
    match before {
        [b'\\', b'n' | b'r' | b't'] => false,
        [.., last] if last.is_ascii_alphanumeric() || b"_$#".contains(last) => true,
        [digit, b'-' | b'.' | b'/' | b':'] => digit.is_ascii_digit(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::{Class, Detectors, catalog};

    fn dates<'t>(key: &str, text: &'t str) -> Vec<&'t str> {
        let findings = Detectors::builtin().scan_member(key, text);
        let dates = findings.iter().filter(|finding| finding.class == catalog::BIRTH_DATE);
        dates.map(|finding| text.get(finding.range.clone()).unwrap()).collect()
    }

    #[test]
    fn a_date_of_birth_is_found_however_it_is_written() {
        for date in [
            "1985-03-12",
            "1985/03/12",
            "12.03.1985",
            "12. 3. 1985",
            "12/03/1985",
            "3/12/1985",
            "03/25/85",
            "12-03-1985",
            "19850312",
            "12 March 1985",
            "12th of March, 1985",
            "March 12, 1985",
            "Mar. 12th 1985",
            "12-Mar-1985",
            "12. März 1985",
            "3. Jänner 1985",
            "1er août 1985",
            "12 mars 1985",
            "12 de marzo de 1985",
            "12 dicembre 1985",
            "12 maart 1985",
            "12 de março de 1985",
            "29 Feb 2000",
        ] {
            for text in [
                format!("DOB: {date}"),
                format!("She was born on {date} in Graz."),
                format!("Geburtsdatum {date}, ledig"),
                format!("né le {date}"),
                format!("Nacida el {date}."),
                format!("{date} (date of birth)"),
                format!(r#"{{"birthDate":"{date}","n":1}}"#),
            ] {
                assert_eq!(dates("", &text), [date], "text: {text}");
            }
            assert_eq!(dates("date_of_birth", date), [date]);
            assert_eq!(dates("", date), [""; 0]);
            assert_eq!(dates("created_at", date), [""; 0]);
        }
        assert_eq!(dates("dob", "1985-03-12T00:00:00Z"), ["1985-03-12"]);
    }

    #[test]
    fn other_dates_and_numbers_are_not_dates_of_birth() {
        for text in [
            "DOB: unknown, updated at 10:15",
            "DOB 1985-02-30",
            "born 1785-03-12",
            "born in 2150-01-01",
            "birth certificate 12.34.5678",
            "born 1.2.3.4",
            "born 12 apples 1985",
            "birthday cake no. 198503121",
            "created 2026-03-01, see the file",
            "a well-born 3-2-1",
        ] {
            assert_eq!(dates("", text), [""; 0], "text: {text}");
        }
    }

    #[test]
    fn a_word_speaks_of_the_first_date_after_it() {
        assert_eq!(dates("", r#"{"dob":"1985-03-12","created":"2026-03-01"}"#), ["1985-03-12"]);
        assert_eq!(dates("", "updated 2026-03-01, born 1985-03-12, left 2026-04-01"), ["1985-03-12"]);
    }

    #[test]
    fn a_date_that_is_a_number_is_found_by_its_name() {
        let findings = Detectors::builtin().scan_number("dob", "19850312");
        let classes: Vec<Class> = findings.iter().map(|finding| finding.class).collect();
        assert_eq!(classes, [catalog::BIRTH_DATE]);
    }
}
