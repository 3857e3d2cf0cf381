//! What the query of a URL asks for. Whatever is not known, doubled or malformed is refused, so that nobody takes a list for
//! a filtered one that is not.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::str::FromStr;

use portcullis_ledger::{Day, MAX_PAGE, UnixMillis, Verdict};

use crate::control::Objection;

/// How many days one request may be about.
const MAX_DAYS: u32 = 31;
/// How many days a request is about that names none.
const USUAL_DAYS: u32 = 7;

/// The members of a query.
#[derive(Debug)]
pub(super) struct Query(BTreeMap<String, String>);

impl Query {
    /// Reads a query that may have these members.
    pub(super) fn parse(text: Option<&str>, known: &[&str]) -> Result<Self, Objection> {
        let mut members = BTreeMap::new();
        for part in text.unwrap_or_default().split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let value = decoded(value).ok_or_else(|| wrong(format!("`{name}` is not encoded as in URLs")))?;
            if !known.contains(&name) {
                return Err(wrong(format!("`{name}` is none of {}", known.join(", "))));
            }
            if members.insert(name.to_owned(), value).is_some() {
                return Err(wrong(format!("`{name}` is there twice")));
            }
        }
        Ok(Self(members))
    }

    /// A member as it is.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A member of a type that says itself what is wrong.
    pub(super) fn get<T: FromStr>(&self, name: &str) -> Result<Option<T>, Objection>
    where
        T::Err: std::fmt::Display,
    {
        let parsed = self.text(name).map(str::parse::<T>).transpose();
        parsed.map_err(|error| wrong(format!("`{name}`: {error}")))
    }

    /// The days: `day`, or `from` to `to`, or else the last seven.
    pub(super) fn days(&self, now: u64) -> Result<RangeInclusive<Day>, Objection> {
        let today = Day::of(UnixMillis(now));
        let (day, from, to) = (self.get::<Day>("day")?, self.get::<Day>("from")?, self.get::<Day>("to")?);
        let before = |last: Day| Day::new(last.number().saturating_sub(USUAL_DAYS - 1)).unwrap_or(last);
        let (first, last) = match (day, from, to) {
            (Some(day), None, None) => (day, day),
            (None, from, to) => {
                let last = to.unwrap_or(today);
                (from.unwrap_or_else(|| before(last)), last)
            }
            (Some(_), _, _) => return Err(wrong("give `day`, or `from` and `to`".to_owned())),
        };
        if first > last || last.number() - first.number() >= MAX_DAYS {
            return Err(wrong(format!("{first} to {last} is not 1 to {MAX_DAYS} days")));
        }
        Ok(first..=last)
    }

    /// What policy said.
    pub(super) fn decision(&self) -> Result<Option<Verdict>, Objection> {
        match self.text("decision") {
            None => Ok(None),
            Some("allow") => Ok(Some(Verdict::Allow)),
            Some("deny") => Ok(Some(Verdict::Deny)),
            Some("hold") => Ok(Some(Verdict::Hold)),
            Some(_) => Err(wrong("`decision` is allow, deny or hold".to_owned())),
        }
    }

    /// How many entries a page has.
    pub(super) fn limit(&self) -> Result<usize, Objection> {
        let limit = self.get::<usize>("limit")?.unwrap_or(MAX_PAGE);
        let is_allowed = (1..=MAX_PAGE).contains(&limit);
        if is_allowed { Ok(limit) } else { Err(wrong(format!("`limit` is 1 to {MAX_PAGE}"))) }
    }
}

pub(super) fn wrong(text: String) -> Objection {
    Objection::Query(text)
}

/// Percent-decoding; a plus is a plus.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let byte = match byte {
            b'%' => {
                let (high, low) =
                    (char::from(rest.next()?).to_digit(16)?, char::from(rest.next()?).to_digit(16)?);
                u8::try_from(high * 16 + low).ok()?
            }
            plain => plain,
        };
        bytes.push(byte);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 5] = ["day", "from", "to", "limit", "decision"];

    fn days(text: &str) -> Option<(String, String)> {
        let query = Query::parse(Some(text), &NAMES).ok()?;
        let days = query.days(1_800_000_000_000).ok()?;
        Some((days.start().to_string(), days.end().to_string()))
    }

    #[test]
    fn days_are_one_or_some_or_the_last_seven() {
        let pair = |first: &str, last: &str| Some((first.to_owned(), last.to_owned()));
        for (text, expected) in [
            ("", pair("2027-01-09", "2027-01-15")),
            ("day=2027-01-02", pair("2027-01-02", "2027-01-02")),
            ("from=2027-01-02", pair("2027-01-02", "2027-01-15")),
            ("to=2027-01-08", pair("2027-01-02", "2027-01-08")),
            ("from=2027-01-02&to=2027-01-03", pair("2027-01-02", "2027-01-03")),
            ("day=2027%2d01-02", pair("2027-01-02", "2027-01-02")),
            ("from=2027-01-03&to=2027-01-02", None),
            ("from=2026-01-02&to=2027-01-02", None),
            ("day=2027-01-02&to=2027-01-02", None),
            ("day=yesterday", None),
            ("day=2027-01-02&day=2027-01-02", None),
            ("days=2027-01-02", None),
            ("day=%2", None),
            ("day=%+1", None),
            ("day=%ff", None),
        ] {
            assert_eq!(days(text), expected, "{text}");
        }
    }

    #[test]
    fn limits_and_decisions_are_what_there_is() {
        let limit = |text: &str| Query::parse(Some(text), &NAMES).ok()?.limit().ok();
        assert_eq!(
            (limit(""), limit("limit=3"), limit("limit=0"), limit("limit=101")),
            (Some(100), Some(3), None, None)
        );
        let decision = |text: &str| Query::parse(Some(text), &NAMES).ok()?.decision().ok();
        assert_eq!((decision(""), decision("decision=deny")), (Some(None), Some(Some(Verdict::Deny))));
        assert_eq!(decision("decision=maybe"), None);
    }
}
