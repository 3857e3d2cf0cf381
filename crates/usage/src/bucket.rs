//! What is counted, and the sums of it.

use std::collections::BTreeMap;

use portcullis_ledger::UnixMillis;
use portcullis_settings::ClassName;

use crate::class::PerClass;
use crate::key::ValueDigest;
use crate::sketch::Sketch;
use crate::time::slice;

/// What a call, or a part of its answer, adds to the usage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Calls that were let through.
    pub calls: u64,
    /// Calls that were denied.
    pub denials: u64,
    /// Bytes that went out to the caller.
    pub bytes_out: u64,
    /// Items that went out: contents, members of lists, rows. What an item is, the caller of this crate says.
    pub items_out: u64,
    /// Findings in what went out, by class.
    pub findings: BTreeMap<ClassName, u64>,
    /// The values found, by class, as keyed digests.
    pub values: Vec<(ClassName, ValueDigest)>,
}

/// Sums of what adds up. They stop at the maximum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) calls: u64,
    pub(crate) denials: u64,
    pub(crate) bytes_out: u64,
    pub(crate) items_out: u64,
    pub(crate) findings: PerClass<u64>,
}

impl Counts {
    fn add(&mut self, amounts: &Amounts) {
        // Every field is either a sum or counted by the bucket: a new one must be looked at.
        let Amounts { calls, denials, bytes_out, items_out, findings, values: _ } = amounts;
        self.calls = self.calls.saturating_add(*calls);
        self.denials = self.denials.saturating_add(*denials);
        self.bytes_out = self.bytes_out.saturating_add(*bytes_out);
        self.items_out = self.items_out.saturating_add(*items_out);
        for (class, n) in findings {
            self.findings.update(class, |count| *count = count.saturating_add(*n));
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        let Self { calls, denials, bytes_out, items_out, findings } = other;
        self.calls = self.calls.saturating_add(*calls);
        self.denials = self.denials.saturating_add(*denials);
        self.bytes_out = self.bytes_out.saturating_add(*bytes_out);
        self.items_out = self.items_out.saturating_add(*items_out);
        self.findings.merge(findings, |ours, theirs| *ours = ours.saturating_add(*theirs));
    }
}

/// The usage of a minute, or an instance's share of it. Sums are kept by slice; distinct values by the whole minute,
/// since a sketch is much larger than a sum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    pub(crate) slices: BTreeMap<u8, Counts>,
    pub(crate) distinct: PerClass<Sketch>,
}

impl Bucket {
    /// Counts what was used at this time.
    pub(crate) fn add(&mut self, amounts: &Amounts, at: UnixMillis) {
        self.slices.entry(slice(at)).or_default().add(amounts);
        for (class, value) in &amounts.values {
            self.distinct.update(class, |sketch| sketch.insert(value.0));
        }
    }

    /// Adds another share.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (slice, theirs) in &other.slices {
            self.slices.entry(*slice).or_default().merge(theirs);
        }
        self.distinct.merge(&other.distinct, Sketch::merge);
    }

    /// The same usage, as if all of it had been at this time.
    pub(crate) fn moved_to(self, at: UnixMillis) -> Self {
        let mut counts = Counts::default();
        self.slices.values().for_each(|theirs| counts.merge(theirs));
        Self { slices: BTreeMap::from([(slice(at), counts)]), distinct: self.distinct }
    }

    /// How many digests it holds: what its size depends on.
    pub(crate) fn digests(&self) -> usize {
        self.distinct.iter().map(|(_, sketch)| sketch.digests().len()).sum()
    }
}

/// The usage of an hour, or of a window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub(crate) counts: Counts,
    pub(crate) distinct: PerClass<Sketch>,
}

impl Totals {
    /// Calls that were let through.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.counts.calls
    }

    /// Calls that were denied.
    #[must_use]
    pub fn denials(&self) -> u64 {
        self.counts.denials
    }

    /// Bytes that went out.
    #[must_use]
    pub fn bytes_out(&self) -> u64 {
        self.counts.bytes_out
    }

    /// Items that went out.
    #[must_use]
    pub fn items_out(&self) -> u64 {
        self.counts.items_out
    }

    /// Findings of a class. `None` when it is unknown, since there were more than [`CLASSES`](crate::CLASSES) classes:
    /// a rule that reads it must not be given a zero.
    #[must_use]
    pub fn findings(&self, class: &ClassName) -> Option<u64> {
        self.counts.findings.known(class, |n| *n)
    }

    /// Distinct values of a class: exact up to [`K`](crate::K), estimated above. `None` when it is unknown, since there
    /// were more than [`CLASSES`](crate::CLASSES) classes.
    #[must_use]
    pub fn distinct(&self, class: &ClassName) -> Option<u64> {
        self.distinct.known(class, Sketch::count)
    }

    /// Adds all of a minute.
    pub(crate) fn add(&mut self, bucket: &Bucket) {
        self.add_from(bucket, 0);
    }

    /// Adds the sums of a minute from a slice on, and all of its distinct values.
    pub(crate) fn add_from(&mut self, bucket: &Bucket, first: u8) {
        bucket.slices.range(first..).for_each(|(_, counts)| self.counts.merge(counts));
        self.distinct.merge(&bucket.distinct, Sketch::merge);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.counts.merge(&other.counts);
        self.distinct.merge(&other.distinct, Sketch::merge);
    }

    pub(crate) fn digests(&self) -> usize {
        self.distinct.iter().map(|(_, sketch)| sketch.digests().len()).sum()
    }
}
