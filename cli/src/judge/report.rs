//! What came of all calls together.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::exit::Exit;
use crate::judge::change::Judged;
use crate::judge::source::Source;
use crate::judge::told;
use crate::terminal::{self, Style};
use crate::trial::problem::Reader;
use crate::trial::told::place;

/// How many different things are counted apart; names come from records.
const MOST_COUNTED: usize = 10_000;
/// How many of the most frequent are told.
const MOST_TOLD: usize = 10;
/// How many problems are told one by one.
const MOST_PROBLEMS: u64 = 100;

/// Counts, and tells one call after the other.
#[derive(Debug)]
pub(super) struct Report {
    reader: Reader,
    /// Whether calls are told of which nothing changes.
    all: bool,
    style: Style,
    n_records: u64,
    n_problems: u64,
    judged: u64,
    changed: u64,
    approximate: u64,
    /// Of the changed ones.
    changed_approximate: u64,
    new_approvals: u64,
    kinds: Tally,
    policies: Tally,
    callers: Tally,
    unjudged: Tally,
}

/// How often things were there.
#[derive(Debug, Default)]
struct Tally(BTreeMap<String, u64>);

impl Report {
    pub(super) fn new(reader: Reader, all: bool) -> Self {
        Self {
            reader,
            all,
            style: Style::of_output(),
            n_records: 0,
            n_problems: 0,
            judged: 0,
            changed: 0,
            approximate: 0,
            changed_approximate: 0,
            new_approvals: 0,
            kinds: Tally::default(),
            policies: Tally::default(),
            callers: Tally::default(),
            unjudged: Tally::default(),
        }
    }

    pub(super) const fn n_records(&self) -> u64 {
        self.n_records
    }

    pub(super) const fn count_record(&mut self) {
        self.n_records += 1;
    }

    /// Counts a record that is of nothing to be judged.
    pub(super) fn count_unjudged(&mut self, why: String) {
        self.unjudged.count(why);
    }

    /// Says what could not be read, and where.
    pub(super) fn problem(&mut self, at: &str, what: &str) {
        self.n_problems += 1;
        if self.n_problems <= MOST_PROBLEMS {
            terminal::error(&format!("{}: {}", terminal::visible(at), terminal::visible(what)));
        }
    }

    /// Takes a call that was judged.
    pub(super) fn add(&mut self, judged: Judged) {
        self.judged += 1;
        let (is_changed, is_approximate) = (judged.is_changed(), !judged.doubts.is_empty());
        self.approximate += u64::from(is_approximate);
        self.new_approvals += u64::from(judged.needs_new_approval);
        if is_changed {
            self.changed += 1;
            self.changed_approximate += u64::from(is_approximate);
            self.count_change(&judged);
        }
        if !is_changed && !self.all {
            return;
        }
        match self.reader {
            Reader::Person => terminal::line(&told::line(&judged, self.style)),
            Reader::Script => terminal::line(&terminal::json(&told::json(&judged))),
        }
    }

    fn count_change(&mut self, judged: &Judged) {
        if judged.is_decided_otherwise() {
            self.kinds.count(format!("{} → {}", judged.was(), judged.now.word()));
            judged.by.iter().for_each(|policy| self.policies.count(place(policy)));
            if judged.by.is_empty() {
                self.policies.count("no policy of the folder".to_owned());
            }
        }
        if judged.masks.iter().any(|mask| !mask.now.is_seen()) {
            self.kinds.count("masks more".to_owned());
        }
        if judged.masks.iter().any(|mask| mask.now.is_seen()) {
            self.kinds.count("masks less".to_owned());
        }
        if !judged.withheld.is_empty() {
            self.kinds.count("tokens stay closed".to_owned());
        }
        let Judged { caller, connection, name, .. } = judged;
        self.callers.count(format!("{caller}  {connection} {name}"));
    }

    /// Tells the summary.
    pub(super) fn finish(self, source: Source) -> Exit {
        match self.reader {
            Reader::Person => self.tell(source),
            Reader::Script => terminal::line(&terminal::json(&json!({ "summary": self.to_json(source) }))),
        }
        match (self.n_problems, self.judged, self.changed) {
            (1.., _, _) | (0, 0, _) => Exit::Unknown,
            (0, _, 0) => Exit::Ok,
            (0, _, _) => Exit::Failure,
        }
    }

    fn tell(&self, source: Source) {
        let Self { n_records, judged, changed, approximate, changed_approximate, .. } = self;
        if self.changed > 0 || self.all {
            terminal::line("");
        }
        let unchanged = judged - changed;
        let head =
            format!("{judged} calls judged of {n_records} records: {changed} change, {unchanged} do not");
        terminal::line(&self.style.bold(&head));
        if *approximate > 0 {
            let of = if *changed_approximate > 0 {
                format!(", {changed_approximate} of them of those that change")
            } else {
                String::new()
            };
            terminal::line(&format!(
                "{approximate} are approximate{of}: policies read what is not on record"
            ));
        }
        for (heading, tally) in [
            ("what changes", &self.kinds),
            ("by policy", &self.policies),
            ("by caller and what is called", &self.callers),
            ("not judged", &self.unjudged),
        ] {
            tally.tell(heading);
        }
        if self.new_approvals > 0 {
            terminal::line(&format!(
                "{} calls would be held again that people had approved: approvals are for the policies that held them, \
                 so these need new ones",
                self.new_approvals
            ));
        }
        if self.n_problems > 0 {
            terminal::error(&format!("{} things could not be read, so this is not all", self.n_problems));
        }
        if *judged == 0 {
            terminal::error("there is no call to judge");
        }
        terminal::line(source.proof());
    }

    fn to_json(&self, source: Source) -> Value {
        let Self { n_records, n_problems, judged, changed, approximate, .. } = self;
        json!({
            "records": n_records, "judged": judged, "changed": changed, "unchanged": judged - changed,
            "approximate": approximate, "changed_approximate": self.changed_approximate,
            "new_approvals": self.new_approvals, "unreadable": n_problems, "verified": source.is_verified(),
            "changes": self.kinds.0, "by_policy": self.policies.most(), "by_caller": self.callers.most(),
            "not_judged": self.unjudged.0,
        })
    }
}

impl Tally {
    fn count(&mut self, what: String) {
        if self.0.len() >= MOST_COUNTED && !self.0.contains_key(&what) {
            *self.0.entry("all others".to_owned()).or_default() += 1;
        } else {
            *self.0.entry(what).or_default() += 1;
        }
    }

    /// The most frequent ones, the most frequent first.
    fn most(&self) -> Vec<(&str, u64)> {
        let mut all: Vec<(&str, u64)> = self.0.iter().map(|(what, n)| (what.as_str(), *n)).collect();
        all.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        all.truncate(MOST_TOLD);
        all
    }

    fn tell(&self, heading: &str) {
        if self.0.is_empty() {
            return;
        }
        terminal::line(&format!("{heading}:"));
        for (what, n) in self.most() {
            terminal::line(&format!("{n:>8}  {}", terminal::visible(what)));
        }
        let n_rest = self.0.len().saturating_sub(MOST_TOLD);
        if n_rest > 0 {
            terminal::line(&format!("          and {n_rest} more"));
        }
    }
}
