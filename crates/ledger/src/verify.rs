//! Proves an export of the ledger, without the store and without any secret.
//!
//! What is proved: every segment is as it was signed, is where it belongs, and follows the one before it; no chain that
//! was claimed is missing; and all that a published checkpoint has seen is still there. What was written after the newest
//! published checkpoint can be cut off at its end without a trace, and [`Report::vouched`] says from where on that is.
//!
//! Lines are taken one by one. What is kept meanwhile grows with the number of chains that checkpoints name, about a
//! hundred bytes each, and not with the records.

mod finding;
mod known;
mod walk;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use crate::checkpoint::{Checkpoint, StoredCheckpoint};
use crate::day::Day;
use crate::export::Line;
use crate::hash::ContentHash;
use crate::id::UnixMillis;
use crate::key::AppName;
use crate::sign::TrustedKeys;
use crate::tombstone::Tombstone;

pub use finding::{Finding, Problem};
use known::Known;
use walk::Walk;

/// How many findings a report has; it says how many there are.
pub const MAX_FINDINGS: usize = 100;

/// Verifies an export line by line.
#[derive(Debug)]
pub struct Verifier {
    trusted: TrustedKeys,
    app: Option<AppName>,
    known: Known,
    tombstones: BTreeMap<Day, Tombstone>,
    days: RangeInclusive<Day>,
    stage: Stage,
    walk: Option<Walk>,
    n_lines: u64,
    report: Report,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What is wrong, the first first; not more than [`MAX_FINDINGS`] of it.
    pub findings: Vec<Finding>,
    /// How much is wrong.
    pub n_findings: u64,
    /// How many segments were seen.
    pub segments: u64,
    /// How many records end in them.
    pub records: u64,
    /// How many chains were claimed and, as a checkpoint states, never begun.
    pub never_begun: u64,
    /// The newest published checkpoint that the export agrees with. Up to it, whatever is missing was found; of what came
    /// later, an end that was cut off would not be. `None`: that goes for everything.
    pub vouched: Option<Vouched>,
    /// The days that the export says it is of, if it is not of all.
    pub days: Option<(Day, Day)>,
}

/// A published checkpoint that is part of the export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vouched {
    /// Its place among the checkpoints.
    pub serial: u64,
    /// When it was made.
    pub at: UnixMillis,
}

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Ledger,
    Days,
    Tombstones,
    Checkpoints,
    Chains,
    Nothing,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.n_findings == 0
    }

    fn add(&mut self, finding: Finding) {
        self.n_findings = self.n_findings.saturating_add(1);
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(finding);
        }
    }
}

impl Verifier {
    /// Verifies what these keys have signed, against checkpoints that were kept outside of the store.
    #[must_use]
    pub fn new(trusted: TrustedKeys, published: Vec<Checkpoint>) -> Self {
        let mut report = Report::default();
        let (genuine, forged): (Vec<_>, Vec<_>) =
            published.into_iter().partition(|checkpoint| checkpoint.verify(&trusted).is_ok());
        for checkpoint in forged {
            report.add(Finding::of(0, Problem::PublishedForged { serial: checkpoint.serial() }));
        }
        Self {
            trusted,
            app: None,
            known: Known::new(genuine),
            tombstones: BTreeMap::new(),
            days: Day::FIRST..=Day::LAST,
            stage: Stage::Ledger,
            walk: None,
            n_lines: 0,
            report,
        }
    }

    /// Takes the next line, without its line break.
    pub fn line(&mut self, text: &str) {
        self.n_lines = self.n_lines.saturating_add(1);
        let line = match Line::parse(text) {
            Ok(line) => line,
            Err(error) => return self.find(Problem::Unreadable(error.to_string())),
        };
        let stage = match &line {
            Line::Ledger(_) => Stage::Ledger,
            Line::Days { .. } => Stage::Days,
            Line::Tombstone(_) => Stage::Tombstones,
            Line::Checkpoint(_) => Stage::Checkpoints,
            Line::Day { .. } | Line::Segment { .. } | Line::End { .. } => Stage::Chains,
        };
        if stage < self.stage {
            return self.find(Problem::OutOfOrder);
        }
        if stage == Stage::Chains && self.stage != Stage::Chains {
            self.begin_chains();
        }
        match line {
            Line::Ledger(app) => {
                self.app = Some(app);
                self.stage = Stage::Days;
            }
            Line::Days { first, last } => {
                (self.days, self.report.days) = (first..=last, Some((first, last)));
                self.stage = Stage::Tombstones;
            }
            Line::Tombstone(value) => {
                self.stage = Stage::Tombstones;
                self.tombstone(&value);
            }
            Line::Checkpoint(value) => {
                self.stage = Stage::Checkpoints;
                self.checkpoint(&value);
            }
            Line::Day { day, chains } => self.on_walk(|walk, (known, _)| walk.day(day, chains, known)),
            Line::Segment { id, value } => self.on_walk(|walk, by| walk.segment(id, &value, by)),
            Line::End { lines } => self.end(lines),
        }
    }

    /// What was found, when there are no more lines.
    #[must_use]
    pub fn finish(mut self) -> Report {
        if self.stage != Stage::Nothing {
            self.find(Problem::Incomplete);
        }
        self.report
    }

    fn find(&mut self, problem: Problem) {
        self.report.add(Finding::of(self.n_lines, problem));
    }

    fn tombstone(&mut self, value: &[u8]) {
        let Ok(tombstone) = Tombstone::decode(value) else {
            return self.find(Problem::TombstoneMalformed);
        };
        let day = tombstone.day();
        if let Err(error) = tombstone.verify(&self.trusted) {
            return self.find(Problem::TombstoneUnsigned { day, error });
        }
        if self.app.as_ref() != Some(tombstone.app()) {
            return self.find(Problem::OtherLedger);
        }
        if self.tombstones.last_key_value().is_some_and(|(last, _)| *last >= day) {
            return self.find(Problem::OutOfOrder);
        }
        self.tombstones.insert(day, tombstone);
    }

    fn checkpoint(&mut self, value: &[u8]) {
        let Ok(stored) = StoredCheckpoint::decode(value) else {
            return self.find(Problem::CheckpointMalformed);
        };
        let serial = stored.checkpoint().serial();
        if let Err(error) = stored.checkpoint().verify(&self.trusted) {
            return self.find(Problem::CheckpointUnsigned { serial, error });
        }
        if self.app.as_ref() != Some(stored.checkpoint().app()) {
            return self.find(Problem::OtherLedger);
        }
        if let Err(problem) = self.known.learn(&stored) {
            self.find(problem);
        }
    }

    /// All checkpoints are there.
    fn begin_chains(&mut self) {
        self.stage = Stage::Chains;
        self.report.vouched = self.known.vouched();
        for problem in self.known.missing_checkpoints() {
            self.find(problem);
        }
        let mut disagreeing = Vec::new();
        for (day, tombstone) in &self.tombstones {
            if !tombstone.is_of(&self.known.heads(*day)) {
                disagreeing.push(*day);
            }
        }
        for day in disagreeing {
            self.find(Problem::TombstoneDisagrees { day });
        }
        let app = self.app.clone();
        self.walk = app.map(|app| Walk::new(app, std::mem::take(&mut self.tombstones), self.days.clone()));
    }

    fn on_walk(&mut self, step: impl FnOnce(&mut Walk, (&Known, &TrustedKeys))) {
        let Some(walk) = &mut self.walk else { return self.find(Problem::OutOfOrder) };
        step(walk, (&self.known, &self.trusted));
        for (record, problem) in walk.take_problems() {
            self.report.add(Finding { line: self.n_lines, record, problem });
        }
    }

    fn end(&mut self, lines: u64) {
        self.on_walk(|walk, (known, _)| walk.end(known));
        if let Some(walk) = &self.walk {
            let counts = walk.counts();
            (self.report.segments, self.report.records, self.report.never_begun) = counts;
        }
        self.stage = Stage::Nothing;
        if lines != self.n_lines {
            self.find(Problem::Incomplete);
        }
    }
}

/// A hash that must be met, and which checkpoint says so.
#[derive(Clone, Copy, Debug)]
struct Seen {
    segments: u32,
    hash: ContentHash,
    checkpoint: u64,
}

#[cfg(test)]
mod tests;
