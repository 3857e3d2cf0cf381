//! Points in time as people write them: `2026-03-02T10:30:00Z`.

use portcullis_identity::UnixSeconds;
use toml::value::{Date, Datetime, Offset, Time};

/// Reads a time with its offset; the error says how to write one.
pub(crate) fn parse(text: &str) -> Result<UnixSeconds, String> {
    text.parse().ok().and_then(seconds).ok_or_else(|| format!("`{text}` is not {RULE}"))
}

/// The time of a TOML value, if it has a date, a time and an offset.
pub(crate) fn seconds(datetime: Datetime) -> Option<UnixSeconds> {
    let Datetime { date: Some(date), time: Some(time), offset: Some(offset) } = datetime else {
        return None;
    };
    let Date { year, month, day } = date;
    let Time { hour, minute, second, nanosecond: _ } = time;
    let ahead = match offset {
        Offset::Z => 0,
        Offset::Custom { minutes } => i64::from(minutes) * 60,
    };
    let days = days(year.into(), month.into(), day.into());
    let of_day = (i64::from(hour) * 60 + i64::from(minute)) * 60 + i64::from(second.unwrap_or(0));
    u64::try_from(days * SECONDS_PER_DAY + of_day - ahead).ok().map(UnixSeconds)
}

/// Days from 1970-01-01 to a date of the Gregorian calendar. Years are counted from March, so that the leap day is
/// the last of its year.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month_from_march = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year
        - DAYS_TO_EPOCH
}

/// A time as people write it, to the second.
pub(crate) fn show(UnixSeconds(seconds): UnixSeconds) -> String {
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    // As in `days`, from March of the year 0.
    let days = days + DAYS_TO_EPOCH.unsigned_abs();
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// What a time must look like.
pub(crate) const RULE: &str = "a time with an offset, such as 2026-03-02T10:30:00Z, from 1970 on";
const SECONDS_PER_DAY: i64 = 24 * 60 * 60;
/// From 0000-03-01 to 1970-01-01.
const DAYS_TO_EPOCH: i64 = 719_468;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_offset() {
        for (text, want) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2026-03-02T10:30:00Z", Some(1_772_447_400)),
            ("2026-03-02T12:30:00+02:00", Some(1_772_447_400)),
            ("2024-02-29T23:59:59Z", Some(1_709_251_199)),
            ("2100-03-01T00:00:00.75Z", Some(4_107_542_400)),
            ("1969-12-31T23:59:59Z", None),
            ("2026-03-02T10:30:00", None),
            ("2026-03-02", None),
            ("yesterday", None),
        ] {
            assert_eq!(parse(text).ok(), want.map(UnixSeconds), "case: {text}");
        }
    }

    #[test]
    fn times_are_shown_as_they_are_read() {
        for seconds in (0..400).map(|n| n * 12_345_678).chain([1_709_251_199, 951_782_400, 4_107_542_400]) {
            assert_eq!(parse(&show(UnixSeconds(seconds))), Ok(UnixSeconds(seconds)), "{seconds}");
        }
        assert_eq!(show(UnixSeconds(1_772_447_400)), "2026-03-02T10:30:00Z");
    }
}
