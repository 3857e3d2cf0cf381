//! The load generator: N connections that are kept, each with one request at a time, each sent when the answer
//! to the last one is complete.

mod connection;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::child::{self, Lines, Process};
use crate::load::connection::{Connection, Whole};
use crate::{clock, latency, terminal};

/// What the load generator sends, for how long, and what must come back.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Plan {
    pub(crate) address: SocketAddr,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
    /// The body of the one request that is tried before.
    pub(crate) trial: String,
    /// What its answer must contain. All others must be as long as it.
    pub(crate) present: String,
    /// What it must not contain.
    pub(crate) absent: Option<String>,
    /// How many lines all others must have, where they are longer than the one that is tried.
    pub(crate) lines: Option<usize>,
    /// Whether the time goes on until every request is answered. For answers that take long.
    pub(crate) is_whole: bool,
    pub(crate) connections: usize,
    pub(crate) warm_up_seconds: u64,
    pub(crate) seconds: u64,
}

/// What was measured, without what came in the warm-up.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Load {
    pub(crate) requests: usize,
    /// The bodies of their answers.
    pub(crate) bytes: u64,
    /// How long was measured.
    pub(crate) seconds: f64,
    pub(crate) p50_microseconds: u32,
    pub(crate) p99_microseconds: u32,
    pub(crate) p999_microseconds: u32,
}

/// What the process says when the warm-up is over, and when the time is.
const BEGIN: &str = "begin";
const END: &str = "end";

/// Runs the load generator, and calls `begin` and `end` at the ends of the time that is measured.
pub(crate) fn run<B, E>(
    plan: &Plan,
    begin: impl FnOnce() -> anyhow::Result<B>,
    end: impl FnOnce() -> anyhow::Result<E>,
) -> anyhow::Result<(Load, B, E)> {
    let mut process = Process::start(child::own("load")?.stdout(Stdio::piped()))?;
    process.tell(plan)?;
    let mut lines = process.lines()?;
    expect(&mut lines, BEGIN)?;
    let begun = begin()?;
    expect(&mut lines, END)?;
    let ended = end()?;
    let load = serde_json::from_str(&lines.next()?).context("the load generator tells no result")?;
    Ok((load, begun, ended))
}

fn expect(lines: &mut Lines, word: &str) -> anyhow::Result<()> {
    let line = lines.next()?;
    anyhow::ensure!(line == word, "the load generator says `{line}` in place of `{word}`");
    Ok(())
}

/// The process.
pub(crate) fn generate() -> anyhow::Result<()> {
    let plan: Plan = child::told()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let load = runtime.block_on(load(plan))?;
    terminal::line(&serde_json::to_string(&load)?);
    Ok(())
}

/// What counts.
#[derive(Clone, Copy, Debug)]
struct Window {
    begin: Instant,
    /// No request is sent later.
    end: Instant,
    /// Whether answers count that come later.
    is_whole: bool,
}

async fn load(plan: Plan) -> anyhow::Result<Load> {
    let length = Connection::open(&plan, &plan.trial).await?.probe(&plan).await?;
    let whole = plan.lines.map_or(Whole::Length(length), Whole::Lines);
    let begin = clock::now() + Duration::from_secs(plan.warm_up_seconds);
    let end = begin + Duration::from_secs(plan.seconds);
    let window = Window { begin, end, is_whole: plan.is_whole };
    let mut connections = Vec::new();
    for _ in 0..plan.connections {
        let connection = Connection::open(&plan, &plan.body).await?;
        connections.push(tokio::spawn(connection.exchange_until(window, whole)));
    }
    tokio::time::sleep_until(begin.into()).await;
    terminal::line(BEGIN);
    if !plan.is_whole {
        tokio::time::sleep_until(end.into()).await;
        terminal::line(END);
    }
    let mut all = Counted::default();
    for connection in connections {
        all.add(connection.await??);
    }
    let ended = if plan.is_whole { clock::now() } else { end };
    if plan.is_whole {
        terminal::line(END);
    }
    all.into_load(ended - begin)
}

/// The answers that count.
#[derive(Debug, Default)]
struct Counted {
    /// How long each took, in microseconds.
    latencies: Vec<u32>,
    bytes: u64,
}

impl Counted {
    fn add(&mut self, mut more: Self) {
        self.latencies.append(&mut more.latencies);
        self.bytes += more.bytes;
    }

    fn into_load(mut self, time: Duration) -> anyhow::Result<Load> {
        self.latencies.sort_unstable();
        let quantile =
            |per_mille| latency::quantile(&self.latencies, per_mille).context("nothing was answered in time");
        Ok(Load {
            requests: self.latencies.len(),
            bytes: self.bytes,
            seconds: time.as_secs_f64(),
            p50_microseconds: quantile(500)?,
            p99_microseconds: quantile(990)?,
            p999_microseconds: quantile(999)?,
        })
    }
}
