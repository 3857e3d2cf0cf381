//! `portcullis replay --against`: recorded calls, judged again by the policies of a folder.
//!
//! Records come from a gateway or from a file, one by one, and what is kept of one is small: a call is judged when its
//! intent is read, waits for its outcome to know what was masked, and is told then. Records are not trusted: what
//! cannot be read is said with its line, and nothing that a record says steers the terminal.
//!
//! Not here: how a decision is made. It is that of the gateway, by the code that `portcullis test` runs too.

mod call;
mod candidate;
mod change;
mod masked;
mod progress;
mod report;
mod source;
mod told;

use std::collections::BTreeMap;
use std::path::Path;

use portcullis_ledger::{Outcome, Record, RecordId};

use crate::exit::{self, Exit};
use crate::judge::call::{Call, Unjudged};
use crate::judge::candidate::Candidate;
use crate::judge::change::Judged;
use crate::judge::progress::Progress;
use crate::judge::report::Report;
use crate::judge::source::Source;
use crate::remote::Remote;
use crate::replay::Replay;
use crate::trial::folder::Folder;
use crate::trial::problem::{Reader, refuse};

/// How many calls wait for their outcome at most; of more, the oldest are told without.
const MOST_WAITING: usize = 100_000;

/// Judges what is asked for by the policies in a folder.
pub(crate) async fn run(arguments: &Replay, folder: &Path) -> Exit {
    judge(arguments, folder).await.unwrap_or_else(|error| {
        exit::failure(&error);
        Exit::Unknown
    })
}

async fn judge(arguments: &Replay, folder: &Path) -> anyhow::Result<Exit> {
    let reader = Reader::of(arguments.gateway.json);
    let texts = Folder::read(folder)?;
    let parsed = match texts.parse() {
        Ok(parsed) => parsed,
        Err(problems) => return Ok(refuse(&problems, reader)),
    };
    let world = parsed.world();
    let mut judge = Judge {
        candidate: Candidate::new(&parsed, &world),
        filter: Filter { principal: arguments.principal.clone(), connection: arguments.connection.clone() },
        report: Report::new(reader, arguments.all),
        progress: Progress::on_terminal(),
        waiting: BTreeMap::new(),
        early: BTreeMap::new(),
    };
    let source = match &arguments.records {
        Some(file) => {
            source::file(file, &mut judge)?;
            Source::File
        }
        None => {
            let remote = Remote::find(&arguments.gateway).await?;
            source::gateway(&remote, arguments, &mut judge).await?;
            Source::Gateway
        }
    };
    Ok(judge.finish(source))
}

/// Judges records, one after the other.
struct Judge<'c> {
    candidate: Candidate<'c>,
    filter: Filter,
    report: Report,
    progress: Progress,
    /// Calls without an outcome so far; `None` for one that is not judged, or not asked for.
    waiting: BTreeMap<RecordId, Option<Box<Judged>>>,
    /// Outcomes that were read before their intents.
    early: BTreeMap<RecordId, Masks>,
}

/// Which calls are asked for.
struct Filter {
    /// `issuer|subject`.
    principal: Option<String>,
    connection: Option<String>,
}

/// How many values of each class an answer had, and how many were masked.
#[derive(Debug, Default)]
struct Masks {
    findings: BTreeMap<String, u32>,
    masked: BTreeMap<String, u32>,
}

impl Judge<'_> {
    /// Takes a record.
    fn take(&mut self, record: Record) {
        self.report.count_record();
        match record {
            Record::Drift(_) => {}
            Record::Intent(intent) => {
                let id = intent.id;
                let judged = self.judged(Call::of_intent(intent));
                match self.early.remove(&id) {
                    Some(masks) => judged.into_iter().for_each(|judged| self.close(*judged, Some(&masks))),
                    None => _ = self.waiting.insert(id, judged),
                }
                if self.waiting.len() > MOST_WAITING {
                    self.close_oldest();
                }
            }
            Record::Outcome(Outcome { id, findings, masked, .. }) => {
                let masks = Masks { findings, masked };
                match self.waiting.remove(&id) {
                    Some(judged) => judged.into_iter().for_each(|judged| self.close(*judged, Some(&masks))),
                    // One that comes again, or whose intent is not there or comes yet.
                    None if self.early.len() < MOST_WAITING => _ = self.early.insert(id, masks),
                    None => {}
                }
            }
            Record::Refusal(refusal) => {
                if let Some(judged) = self.judged(Call::of_refusal(refusal)) {
                    self.close(*judged, None);
                }
            }
        }
        self.progress.step(self.report.n_records());
    }

    /// Notes what could not be read, and where.
    fn problem(&mut self, place: &str, what: &str) {
        self.progress.clear();
        self.report.problem(place, what);
    }

    fn judged(&mut self, call: Result<Call, Unjudged>) -> Option<Box<Judged>> {
        let call = match call {
            Ok(call) if !self.filter.takes(&call) => return None,
            Ok(call) => call,
            Err(Unjudged::Damaged { id, why }) => {
                self.problem(&format!("record {id}"), why);
                return None;
            }
            Err(Unjudged::NoQuestion(why)) => {
                self.report.count_unjudged(why);
                return None;
            }
        };
        match self.candidate.judge(call) {
            Ok(judged) => Some(Box::new(judged)),
            Err((id, why)) => {
                self.problem(&format!("record {id}"), &why);
                None
            }
        }
    }

    fn close(&mut self, mut judged: Judged, masks: Option<&Masks>) {
        if let Some(Masks { findings, masked }) = masks {
            self.candidate.compare_masks(&mut judged, findings, masked);
        }
        self.progress.clear();
        self.report.add(judged);
    }

    fn close_oldest(&mut self) {
        if let Some((_, Some(judged))) = self.waiting.pop_first() {
            self.close(*judged, None);
        }
    }

    fn finish(mut self, source: Source) -> Exit {
        while !self.waiting.is_empty() {
            self.close_oldest();
        }
        self.progress.clear();
        self.report.finish(source)
    }
}

impl Filter {
    fn takes(&self, call: &Call) -> bool {
        let is = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|wanted| wanted == found);
        is(&self.principal, &call.caller) && is(&self.connection, &call.connection)
    }
}
