//! Which days are to be pruned, by age and by size.

use crate::day::Day;

/// How much is kept. What is not limited stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// How many days before today are kept.
    pub days: Option<u32>,
    /// How many bytes of segments are kept, those of today included.
    pub bytes: Option<u64>,
}

/// How much was recorded on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DaySize {
    /// The day.
    pub day: Day,
    /// How many bytes its segments have, without those that must not be deleted.
    pub bytes: u64,
}

impl Retention {
    /// The days to be pruned, the oldest first. Today and yesterday never are, since they may still have open chains.
    #[must_use]
    pub fn due(self, days: &[DaySize], today: Day) -> Vec<Day> {
        let mut newest_first = days.to_vec();
        newest_first.sort_unstable_by_key(|one| std::cmp::Reverse(one.day));
        let mut kept_bytes = 0_u64;
        let mut due: Vec<_> = newest_first
            .into_iter()
            .filter(|DaySize { day, bytes }| {
                kept_bytes = kept_bytes.saturating_add(*bytes);
                let age = today.number().saturating_sub(day.number());
                let is_old = self.days.is_some_and(|days| age > days);
                let is_too_much = self.bytes.is_some_and(|bytes| kept_bytes > bytes);
                age > 1 && (is_old || is_too_much)
            })
            .map(|one| one.day)
            .collect();
        due.reverse();
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_days_go_first_and_never_those_that_may_be_open() {
        let day = |n: u32| Day::new(20_000 + n).unwrap();
        let days: Vec<_> = (0..6).map(|n| DaySize { day: day(n), bytes: 10 }).collect();
        for (retention, expected) in [
            (Retention { days: None, bytes: None }, vec![]),
            (Retention { days: Some(3), bytes: None }, vec![0, 1]),
            (Retention { days: Some(0), bytes: None }, vec![0, 1, 2, 3]),
            (Retention { days: None, bytes: Some(60) }, vec![]),
            (Retention { days: None, bytes: Some(59) }, vec![0]),
            (Retention { days: None, bytes: Some(0) }, vec![0, 1, 2, 3]),
            (Retention { days: Some(4), bytes: Some(45) }, vec![0, 1]),
        ] {
            let expected: Vec<_> = expected.into_iter().map(day).collect();
            assert_eq!(retention.due(&days, day(5)), expected, "{retention:?}");
        }
    }
}
