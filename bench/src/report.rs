//! The results: a table for people and a file for programs.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::Serialize;

use crate::arguments::Runtime;
use crate::load::Load;
use crate::machine::Machine;
use crate::processes::Usage;
use crate::rows::{ROWS, Row, Way};
use crate::scan::{self, Scan};

/// All results of a run.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub(crate) measured_at: u64,
    pub(crate) machine: Machine,
    pub(crate) runtime: Runtime,
    /// Whether the embedded host was built with them, as the development profile does.
    pub(crate) debug_assertions: bool,
    pub(crate) warm_up_seconds: u64,
    pub(crate) load_average_before: String,
    pub(crate) load_average_after: String,
    pub(crate) rows: Vec<Measured>,
    /// How fast texts are scanned, if that was measured.
    pub(crate) scans: Vec<Scan>,
}

/// The results of a row in a round.
#[derive(Debug, Serialize)]
pub(crate) struct Measured {
    pub(crate) round: usize,
    pub(crate) name: &'static str,
    pub(crate) concurrency: usize,
    #[serde(flatten)]
    pub(crate) load: Load,
    pub(crate) requests_per_second: f64,
    /// Events per second, where the answer is a stream.
    pub(crate) events_per_second: Option<f64>,
    /// Bytes of the answers per second, in millions, where answers are long.
    pub(crate) megabytes_per_second: Option<f64>,
    /// Processor seconds of the host per 1,000 requests.
    pub(crate) cpu_seconds_per_1000: Option<f64>,
    /// The most memory that the host had resident while it was measured.
    pub(crate) peak_kib: Option<u64>,
}

impl Measured {
    /// In the first round.
    pub(crate) fn new(row: &Row, concurrency: usize, load: Load, used: Option<Usage>) -> Self {
        let requests = count(load.requests);
        let requests_per_second = requests / load.seconds;
        Self {
            round: 1,
            name: row.name,
            concurrency,
            requests_per_second,
            events_per_second: row.exchange.events().map(|events| count(events) * requests_per_second),
            megabytes_per_second: row.counts_bytes().then(|| megabytes(load.bytes) / load.seconds),
            cpu_seconds_per_1000: used.map(|used| used.cpu.as_secs_f64() * 1000.0 / requests),
            peak_kib: used.map(|used| used.peak_kib),
            load,
        }
    }
}

/// Exact for every number of requests that a run can make.
fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}

/// Precise to a millionth.
fn megabytes(bytes: u64) -> f64 {
    usize::try_from(bytes / 1000).map_or(f64::INFINITY, count) / 1000.0
}

const HEAD: [&str; COLUMNS] = [
    "row",
    "req/s",
    "spread",
    "of direct",
    "of bare",
    "p50 ms",
    "p99 ms",
    "CPU s/1000",
    "peak MiB",
    "events/s",
    "MB/s",
];
const COLUMNS: usize = 11;

/// A row over all rounds.
struct Summary<'m> {
    /// The round with the median of requests per second.
    median: &'m Measured,
    /// How far the rounds lie apart, as a part of the median; nothing for one round.
    spread: Option<f64>,
}

impl Report {
    /// The file's text.
    pub(crate) fn json(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// The table, with what its rows mean.
    pub(crate) fn table(&self) -> String {
        let mut text = self.about();
        let levels: BTreeSet<usize> = self.rows.iter().map(|row| row.concurrency).collect();
        for concurrency in levels {
            let summaries =
                ROWS.iter().filter_map(|row| self.summary(row, concurrency).map(|found| (row, found)));
            let mut lines = vec![HEAD.map(str::to_owned)];
            lines.extend(summaries.map(|(row, summary)| self.cells(row, &summary)));
            text += &format!("\n{concurrency} at a time\n{}", aligned(&lines));
        }
        if !self.scans.is_empty() {
            text += &scan::table(&self.scans);
        }
        text + &self.legend()
    }

    fn about(&self) -> String {
        let Machine { cores, processor, kernel } = &self.machine;
        let host = match (self.runtime, self.debug_assertions) {
            (Runtime::Embedded, true) => "embedded, with debug assertions",
            (Runtime::Embedded, false) => "embedded",
            (Runtime::Spin, _) => "spin",
        };
        let rounds = self.rows.iter().map(|row| row.round).max().unwrap_or_default();
        let (before, after) = (&self.load_average_before, &self.load_average_after);
        format!(
            "\nhost: {host}; rounds: {rounds}; {cores} cores, {processor}, Linux {kernel}; load {before} before, \
             {after} after\n"
        )
    }

    fn rounds(&self, row: &Row, concurrency: usize) -> impl Iterator<Item = &Measured> {
        let is_wanted =
            move |measured: &&Measured| measured.name == row.name && measured.concurrency == concurrency;
        self.rows.iter().filter(is_wanted)
    }

    fn summary(&self, row: &Row, concurrency: usize) -> Option<Summary<'_>> {
        let mut rounds: Vec<&Measured> = self.rounds(row, concurrency).collect();
        rounds.sort_by(|left, right| left.requests_per_second.total_cmp(&right.requests_per_second));
        let median = *middle(&rounds)?;
        let spread = match rounds.as_slice() {
            [least, .., most] => {
                Some((most.requests_per_second - least.requests_per_second) / median.requests_per_second)
            }
            [] | [_] => None,
        };
        Some(Summary { median, spread })
    }

    fn cells(&self, row: &Row, summary: &Summary<'_>) -> [String; COLUMNS] {
        let Summary { median, spread } = summary;
        let ratio = |way| optional(self.ratio(row, median.concurrency, way), |ratio| format!("{ratio:.2}"));
        let milliseconds = |microseconds: u32| format!("{:.2}", f64::from(microseconds) / 1000.0);
        [
            row.name.to_owned(),
            rate(median.requests_per_second),
            optional(*spread, |spread| format!("{:.0} %", spread * 100.0)),
            ratio(Way::Direct),
            ratio(Way::Bare),
            milliseconds(median.load.p50_microseconds),
            milliseconds(median.load.p99_microseconds),
            optional(median.cpu_seconds_per_1000, |seconds| format!("{seconds:.3}")),
            optional(median.peak_kib, |peak| peak.div_ceil(1024).to_string()),
            optional(median.events_per_second, |events| format!("{events:.0}")),
            optional(median.megabytes_per_second, rate),
        ]
    }

    /// Requests per second as a part of those of the same answer on another way: the median of what each round
    /// says. Between rounds the machine changes; within one, less.
    fn ratio(&self, row: &Row, concurrency: usize, way: Way) -> Option<f64> {
        let other = row.compared_with(way)?;
        let ratio = |measured: &Measured| {
            let mut others = self.rounds(other, concurrency);
            let other = others.find(|other| other.round == measured.round)?;
            Some(measured.requests_per_second / other.requests_per_second)
        };
        let mut ratios: Vec<f64> = self.rounds(row, concurrency).filter_map(ratio).collect();
        ratios.sort_by(f64::total_cmp);
        middle(&ratios).copied()
    }

    fn legend(&self) -> String {
        let is_measured = |row: &&Row| self.rows.iter().any(|measured| measured.name == row.name);
        let rows = ROWS.iter().filter(is_measured);
        let lines = rows.map(|row| format!("  {:<16}{}\n", row.name, row.about));
        format!("\n{}{COLUMNS_EXPLAINED}", lines.collect::<String>())
    }
}

const COLUMNS_EXPLAINED: &str = "\
CPU and memory are the host's alone, while it is measured. `of direct` and `of bare` compare requests per second
of the same answer in the same round. `spread` is how far the slowest and the fastest round lie apart: what is
within it is noise. At 1 at a time, `direct` runs three times as fast when the scheduler keeps both of its
processes on one core; then `of direct` is that much smaller.";

/// The value in the middle of sorted ones; of two, the lower.
fn middle<T>(sorted: &[T]) -> Option<&T> {
    sorted.get(sorted.len().saturating_sub(1) / 2)
}

/// With digits after the point where there are few before it.
fn rate(per_second: f64) -> String {
    if per_second < 10.0 { format!("{per_second:.2}") } else { format!("{per_second:.0}") }
}

fn optional<T>(value: Option<T>, show: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| "-".to_owned(), show)
}

/// The first column to the left, the others to the right.
fn aligned(lines: &[[String; COLUMNS]]) -> String {
    let width = |column: usize| {
        lines.iter().filter_map(|line| line.get(column)).map(String::len).max().unwrap_or_default()
    };
    let line = |line: &[String; COLUMNS]| {
        let cells = line.iter().enumerate().map(|(column, cell)| match column {
            0 => format!("{cell:<width$}", width = width(column)),
            _ => format!("  {cell:>width$}", width = width(column)),
        });
        cells.collect::<String>() + "\n"
    };
    lines.iter().map(line).collect()
}
