//! What was read of the others: summed up for the windows, and what of the past is worth keeping.

use std::collections::BTreeMap;

use portcullis_ledger::UnixMillis;

use crate::bucket::{Bucket, Totals};
use crate::own::Own;
use crate::reading::Usage;
use crate::time::{Hour, Minute, READ_EVERY, READ_WITHIN, first_slice, is_over};

/// The most digests of a total that is kept. Larger ones are read again: there are few, and many would fill memory.
const KEPT_DIGESTS: usize = 128;

/// What the others have used, as of one load.
#[derive(Debug)]
pub(crate) struct View {
    started: UnixMillis,
    minute: Minute,
    /// The first minute that is not sealed. Own shares from here on are not in the view, the ones before are.
    live: Minute,
    /// The current minute and the one before, which the window of a minute cuts.
    recent: Vec<(Minute, Bucket)>,
    /// Whether the minute before is in the totals of the day already, as part of its hour.
    hour_has_previous: bool,
    /// The last hour without the recent minutes.
    hour: Totals,
    /// The last day without the recent minutes, unless they are part of an hour that has a total.
    day: Totals,
}

impl View {
    pub(crate) fn new(
        started: UnixMillis,
        minutes: &BTreeMap<Minute, Bucket>,
        hours: &BTreeMap<Hour, Totals>,
    ) -> Self {
        let minute = Minute::of(started);
        let previous = minute.back(1);
        let is_recent = |at: Minute| at >= previous;
        let mut view = Self {
            started,
            minute,
            live: if previous.is_sealed(started) { minute } else { previous },
            recent: Vec::new(),
            hour_has_previous: hours.contains_key(&previous.hour()),
            hour: Totals::default(),
            day: Totals::default(),
        };
        for at in minute.last_hour().chain([minute]) {
            let Some(bucket) = minutes.get(&at) else { continue };
            if is_recent(at) {
                view.recent.push((at, bucket.clone()));
                continue;
            }
            view.hour.add(bucket);
            if !hours.contains_key(&at.hour()) {
                view.day.add(bucket);
            }
        }
        for hour in minute.hour().last_day() {
            hours.get(&hour).into_iter().for_each(|total| view.day.merge(total));
        }
        view
    }

    /// Whether it may still be used for a decision.
    pub(crate) fn is_current(&self, now: UnixMillis) -> bool {
        self.minute == Minute::of(now) && !is_over(self.started, READ_WITHIN, now)
    }

    /// Whether it should be read again.
    pub(crate) fn is_due(&self, now: UnixMillis) -> bool {
        !self.is_current(now) || is_over(self.started, READ_EVERY, now)
    }

    /// Whether this view is of an earlier time.
    pub(crate) fn is_before(&self, started: UnixMillis) -> bool {
        self.started < started
    }

    /// The usage of everybody: of the others as it was read, of this instance as it is.
    pub(crate) fn usage(&self, own: &Own, now: UnixMillis) -> Usage {
        let mut usage = Usage { minute: Totals::default(), hour: self.hour.clone(), day: self.day.clone() };
        for (at, bucket) in &self.recent {
            usage.minute.add_from(bucket, first_slice(*at, now));
            usage.hour.add(bucket);
            if *at == self.minute || !self.hour_has_previous {
                usage.day.add(bucket);
            }
        }
        own.add_to(self.live, now, [&mut usage.minute, &mut usage.hour, &mut usage.day]);
        usage
    }
}

/// Totals that nobody will change.
#[derive(Debug, Default)]
pub(crate) struct Past {
    minutes: BTreeMap<Minute, Bucket>,
    hours: BTreeMap<Hour, Totals>,
}

impl Past {
    /// What of this is sealed, in reach of the windows, and small.
    pub(crate) fn new(
        started: UnixMillis,
        mut minutes: BTreeMap<Minute, Bucket>,
        mut hours: BTreeMap<Hour, Totals>,
    ) -> Self {
        let current = Minute::of(started);
        let oldest = current.last_hour().next();
        minutes.retain(|minute, bucket| {
            minute.is_sealed(started)
                && oldest.is_some_and(|oldest| *minute >= oldest)
                && bucket.digests() <= KEPT_DIGESTS
        });
        let oldest = current.hour().last_day().next();
        hours.retain(|hour, totals| {
            oldest.is_some_and(|oldest| *hour >= oldest) && totals.digests() <= KEPT_DIGESTS
        });
        Self { minutes, hours }
    }

    pub(crate) fn minutes(&self) -> impl Iterator<Item = (Minute, &Bucket)> {
        self.minutes.iter().map(|(minute, bucket)| (*minute, bucket))
    }

    pub(crate) fn hours(&self) -> impl Iterator<Item = (Hour, &Totals)> {
        self.hours.iter().map(|(hour, totals)| (*hour, totals))
    }
}
