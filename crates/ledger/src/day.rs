//! Days in UTC, by which the ledger is laid out.

use std::fmt;
use std::str::FromStr;

use crate::id::UnixMillis;

/// A day in UTC, as the number of days since 1970-01-01. Written as `2026-08-23`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(u32);

const MILLIS: u64 = 24 * 60 * 60 * 1000;

impl Day {
    /// The first day there is.
    pub const FIRST: Self = Self(0);

    /// The last day that is written with four digits for its year.
    pub const LAST: Self = Self(2_932_896);

    /// The day with this number; `None` after the year 9999.
    #[must_use]
    pub fn new(number: u32) -> Option<Self> {
        (number <= Self::LAST.0).then_some(Self(number))
    }

    /// The day of a time. A time after the year 9999 counts as its last day.
    #[must_use]
    pub fn of(at: UnixMillis) -> Self {
        let number = u32::try_from(at.0 / MILLIS).unwrap_or(u32::MAX);
        Self::new(number).unwrap_or(Self::LAST)
    }

    /// The number of days since 1970-01-01.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// When the day is over.
    #[must_use]
    pub fn end(self) -> UnixMillis {
        UnixMillis((u64::from(self.0) + 1) * MILLIS)
    }

    /// The day after, if it is before the year 10000.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        Self::new(self.0.saturating_add(1))
    }

    /// The day before, if there is one.
    #[must_use]
    pub fn previous(self) -> Option<Self> {
        self.0.checked_sub(1).map(Self)
    }

    /// Year, month and day (the algorithm of Hinnant, with years that begin in March).
    const fn civil(self) -> (u32, u32, u32) {
        let shifted = self.0 + 719_468;
        let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
        (year, month, day)
    }

    fn from_civil(year: u32, month: u32, day: u32) -> Option<Self> {
        let year = if month <= 2 { year.checked_sub(1)? } else { year };
        let shifted_month = (month + 9) % 12;
        let day_of_year = (153 * shifted_month + 2) / 5 + day.checked_sub(1)?;
        let (era, year_of_era) = (year / 400, year % 400);
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Self::new((era * 146_097 + day_of_era).checked_sub(719_468)?)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// Text that is no day since 1970.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a day is written as `2026-08-23` and is not before 1970")]
pub struct InvalidDay;

impl FromStr for Day {
    type Err = InvalidDay;

    fn from_str(text: &str) -> Result<Self, InvalidDay> {
        let mut numbers = text.splitn(3, '-').map(str::parse::<u32>);
        let (Some(Ok(year)), Some(Ok(month)), Some(Ok(day))) =
            (numbers.next(), numbers.next(), numbers.next())
        else {
            return Err(InvalidDay);
        };
        if year > 9999 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return Err(InvalidDay);
        }
        // Only what is written the one way, so no 31st of June and no sign.
        Self::from_civil(year, month, day).filter(|day| day.to_string() == text).ok_or(InvalidDay)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn days_are_written_as_dates() {
        for (number, text) in [
            (0, "1970-01-01"),
            (59, "1970-03-01"),
            (789, "1972-02-29"),
            (11_016, "2000-02-29"),
            (20_688, "2026-08-23"),
            (2_932_896, "9999-12-31"),
        ] {
            assert_eq!(Day::new(number).unwrap().to_string(), text);
        }
        assert_eq!(Day::of(UnixMillis(1_787_480_130_123)).to_string(), "2026-08-23");
        assert_eq!(Day::of(UnixMillis(u64::MAX)), Day::LAST);
        assert_eq!(Day::new(2_932_897), None);
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in [
            "",
            "2026",
            "2026-8-23",
            "2026-02-29",
            "2026-00-01",
            "2026-13-01",
            "2026-01-00",
            "1969-12-31",
            "10000-01-01",
            "2026-08-23-1",
            "+026-08-23",
            "0000-00-00",
            "2026-08-2é",
        ] {
            assert_eq!(text.parse::<Day>(), Err(InvalidDay), "text: {text}");
        }
    }

    proptest! {
        #[test]
        fn a_day_parses_from_its_text_and_sorts_as_it(a in 0..=Day::LAST.0, b in 0..=Day::LAST.0) {
            prop_assert_eq!(Day(a).to_string().parse(), Ok(Day(a)));
            prop_assert_eq!(Day(a).cmp(&Day(b)), Day(a).to_string().cmp(&Day(b).to_string()));
        }

        #[test]
        fn every_time_is_before_the_end_of_its_day(at in 0..=Day::LAST.end().0) {
            let day = Day::of(UnixMillis(at));
            prop_assert!(at < day.end().0 || day == Day::LAST);
            prop_assert!(day.previous().is_none_or(|before| before.end().0 <= at));
        }
    }
}
