//! What this instance has counted for one scope, and how much of it the others can see.
//!
//! A count is in exactly one place: *fresh* (never sent), *pending* (sent, not acknowledged) or *acknowledged*. A
//! share in the store is always what is acknowledged, or that and what is pending.
//!
//! A write whose end is not known may reach the store later than ones after it. So from then on only the same bytes
//! are sent to that share, and what is counted next goes to another one. If they are not acknowledged before the
//! minute is over, the share is read back when nothing can reach it any more, and what did not get there is fresh
//! again. So nothing is lost or counted twice, however a write fails.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_ledger::UnixMillis;

use crate::bucket::{Amounts, Bucket, Totals};
use crate::time::{GRACE, Minute, PUBLISH_EVERY, READ_WITHIN, RETRY_WITHIN, SEND_WITHIN, SETTLED_AFTER};
use crate::time::{first_slice, is_over, later};

/// How many shares may be in doubt before nothing new is sent.
const DOUBTS: usize = 3;

/// One of the instance's own shares: its minute, and which of those in that minute it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ShareId(pub(crate) Minute, u32);

/// The instance's own counts of one scope.
#[derive(Debug, Default)]
pub(crate) struct Own {
    /// Counted in the current minute and not sent, with the time of the oldest.
    fresh: Option<Fresh>,
    shares: BTreeMap<ShareId, Share>,
}

#[derive(Debug)]
struct Fresh {
    minute: Minute,
    since: UnixMillis,
    bucket: Bucket,
}

/// A share of one minute.
#[derive(Debug, Default)]
struct Share {
    number: Option<u64>,
    acknowledged: Bucket,
    pending: Option<Pending>,
    revision: u32,
    sent: Option<UnixMillis>,
    /// Whether something was sent twice: one of the two may come late, so nothing else may be sent after it.
    frozen: bool,
    /// Whether something was acknowledged: then minute and hour are open.
    is_open: bool,
}

#[derive(Debug)]
struct Pending {
    bucket: Bucket,
    /// When the oldest of it was counted.
    since: UnixMillis,
    /// When it was last sent.
    sent: UnixMillis,
    /// Whether an answer of the store is still awaited.
    in_flight: bool,
}

/// When counts are published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// If the last publication is [`PUBLISH_EVERY`] ago: while other calls of the scope go on in this instance.
    Interval,
    /// At once: when no call of the scope goes on in this instance, or the counts are overdue. An instance that is
    /// idle has no time of its own to publish later.
    Now,
}

/// How a publication went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// The store has acknowledged every write.
    Acknowledged,
    /// The share was not written.
    Not,
    /// A write failed or was given up; it may have happened all the same.
    Unsure,
}

/// What is to be sent of a share.
#[derive(Debug)]
pub(crate) struct Sending {
    pub(crate) share: ShareId,
    pub(crate) number: Option<u64>,
    pub(crate) revision: u32,
    /// Whether minute and hour are known to be open.
    pub(crate) is_open: bool,
    pub(crate) bucket: Bucket,
}

impl Own {
    /// Counts what was used now.
    pub(crate) fn count(&mut self, amounts: &Amounts, now: UnixMillis) {
        self.pass(now);
        self.refresh(Bucket::default(), now, now);
        if let Some(fresh) = &mut self.fresh {
            fresh.bucket.add(amounts, now);
        }
    }

    /// Lets time pass: what is fresh counts for the current minute, and shares that everybody finds in a total are
    /// forgotten, as soon as no reading is left that lacks them.
    pub(crate) fn pass(&mut self, now: UnixMillis) {
        let minute = Minute::of(now);
        if let Some(fresh) = self.fresh.take_if(|fresh| fresh.minute < minute) {
            self.refresh(fresh.bucket.moved_to(now), fresh.since, now);
        }
        let nowhere =
            self.shares.iter().filter(|(id, share)| share.number.is_none() && share.is_settled(id.0, now));
        for id in nowhere.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.recovered(id, None, now);
        }
        let forgotten = |minute: Minute| is_over(later(minute.end(), GRACE), 2 * READ_WITHIN, now);
        self.shares.retain(|id, share| share.pending.is_some() || !forgotten(id.0));
    }

    /// Adds to what is fresh, which is of the current minute.
    fn refresh(&mut self, bucket: Bucket, since: UnixMillis, now: UnixMillis) {
        let fresh = self.fresh.get_or_insert_with(|| Fresh {
            minute: Minute::of(now),
            since,
            bucket: Bucket::default(),
        });
        fresh.since = fresh.since.min(since);
        fresh.bucket.merge(&bucket);
    }

    /// When the oldest count was made that the others may not see.
    pub(crate) fn unpublished_since(&self) -> Option<UnixMillis> {
        let pending = self.shares.values().filter_map(|share| Some(share.pending.as_ref()?.since));
        pending.chain(self.fresh.as_ref().map(|fresh| fresh.since)).min()
    }

    /// The numbers of its own shares: readers leave them out.
    pub(crate) fn numbers(&self) -> BTreeSet<(Minute, u64)> {
        self.shares.iter().filter_map(|(id, share)| Some((id.0, share.number?))).collect()
    }

    /// What to send now, if anything: the oldest write in doubt that may be repeated, or what is fresh.
    pub(crate) fn send(&mut self, pace: Pace, now: UnixMillis) -> Option<Sending> {
        self.pass(now);
        let again = self.shares.iter_mut().find(|(id, share)| share.is_to_retry(id.0, pace, now));
        if let Some((id, share)) = again {
            return share.send_again(*id, now);
        }
        let id = self.next_share(now)?;
        let share = self.shares.entry(id).or_default();
        let fresh = self.fresh.take_if(|_| share.is_due(pace, now))?;
        share.send(id, fresh, now)
    }

    /// The share that may change: the last of this minute, or a new one if that is frozen. None while a write to it
    /// goes on, or while too many are in doubt.
    fn next_share(&self, now: UnixMillis) -> Option<ShareId> {
        let minute = Minute::of(now);
        let pending = self.shares.values().filter(|share| share.pending.is_some()).count();
        let last = self.shares.range(ShareId(minute, 0)..).next_back();
        match last {
            _ if pending >= DOUBTS => None,
            None => Some(ShareId(minute, 0)),
            Some((_, share)) if share.pending.is_some() => None,
            Some((id, share)) if share.frozen => Some(ShareId(minute, id.1.saturating_add(1))),
            Some((id, _)) => Some(*id),
        }
    }

    /// A number was claimed for a share. Returns the number of the share, which is another one if it had one already.
    pub(crate) fn claimed(&mut self, id: ShareId, number: u64) -> Option<u64> {
        self.shares.get_mut(&id).map(|share| *share.number.get_or_insert(number))
    }

    /// How a sending went.
    pub(crate) fn sent(&mut self, id: ShareId, revision: u32, outcome: Sent, now: UnixMillis) {
        self.pass(now);
        let Some(share) = self.shares.get_mut(&id).filter(|share| share.revision == revision) else { return };
        match outcome {
            Sent::Acknowledged => share.acknowledge(),
            Sent::Not if !share.frozen => self.recovered(id, None, now),
            Sent::Not | Sent::Unsure => share.doubt(),
        }
    }

    /// The shares to read back: those in doubt that no write can reach any more.
    pub(crate) fn doubtful(&self, now: UnixMillis) -> impl Iterator<Item = (ShareId, u64)> {
        let settled = self.shares.iter().filter(move |(id, share)| share.is_settled(id.0, now));
        settled.filter_map(|(id, share)| Some((*id, share.number?)))
    }

    /// What was found where a share should be: which of its revisions, if any.
    pub(crate) fn recovered(&mut self, id: ShareId, found: Option<u32>, now: UnixMillis) {
        let Some(share) = self.shares.get_mut(&id) else { return };
        if found == Some(share.revision) {
            return share.acknowledge();
        }
        if let Some(pending) = share.pending.take() {
            self.refresh(pending.bucket.moved_to(now), pending.since, now);
        }
    }

    /// Adds all that is not in the totals of minutes before `live`. The windows are those of `now`.
    pub(crate) fn add_to(&self, live: Minute, now: UnixMillis, [minute, hour, day]: [&mut Totals; 3]) {
        let mut add = |at: Minute, bucket: &Bucket| {
            if at >= Minute::of(now).back(1) {
                minute.add_from(bucket, first_slice(at, now));
            }
            hour.add(bucket);
            day.add(bucket);
        };
        for (id, share) in &self.shares {
            if id.0 >= live {
                add(id.0, &share.acknowledged);
            }
            if let Some(pending) = &share.pending {
                add(id.0, &pending.bucket);
            }
        }
        if let Some(fresh) = &self.fresh {
            add(fresh.minute, &fresh.bucket);
        }
    }
}

impl Share {
    fn is_due(&self, pace: Pace, now: UnixMillis) -> bool {
        match pace {
            Pace::Now => true,
            Pace::Interval => self.sent.is_none_or(|sent| now >= later(sent, PUBLISH_EVERY)),
        }
    }

    fn is_to_retry(&self, minute: Minute, pace: Pace, now: UnixMillis) -> bool {
        let in_doubt = self.pending.as_ref().is_some_and(|pending| {
            // The answer to a write whose request went away will never be told.
            !pending.in_flight || is_over(pending.sent, SEND_WITHIN, now)
        });
        in_doubt && self.is_due(pace, now) && !is_over(minute.end(), RETRY_WITHIN, now)
    }

    /// Whether something is in doubt that no write can change any more.
    fn is_settled(&self, minute: Minute, now: UnixMillis) -> bool {
        let settled = |pending: &Pending| is_over(pending.sent, SETTLED_AFTER, now);
        is_over(minute.end(), RETRY_WITHIN, now) && self.pending.as_ref().is_some_and(settled)
    }

    fn send(&mut self, id: ShareId, fresh: Fresh, now: UnixMillis) -> Option<Sending> {
        let Fresh { minute: _, since, bucket } = fresh;
        self.revision = self.revision.saturating_add(1);
        self.pending = Some(Pending { bucket, since, sent: now, in_flight: true });
        self.sending(id, now)
    }

    fn send_again(&mut self, id: ShareId, now: UnixMillis) -> Option<Sending> {
        let pending = self.pending.as_mut()?;
        (pending.sent, pending.in_flight) = (now, true);
        self.frozen = true;
        self.sending(id, now)
    }

    fn sending(&mut self, share: ShareId, now: UnixMillis) -> Option<Sending> {
        self.sent = Some(now);
        let mut bucket = self.acknowledged.clone();
        bucket.merge(&self.pending.as_ref()?.bucket);
        Some(Sending { share, number: self.number, revision: self.revision, is_open: self.is_open, bucket })
    }

    fn acknowledge(&mut self) {
        self.is_open = true;
        if let Some(pending) = self.pending.take() {
            self.acknowledged.merge(&pending.bucket);
        }
    }

    fn doubt(&mut self) {
        if let Some(pending) = &mut self.pending {
            pending.in_flight = false;
        }
    }
}
