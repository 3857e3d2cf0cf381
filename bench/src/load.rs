//! The load generator: N connections that are kept, each with one request at a time, each sent when the answer
//! to the last one is complete.

mod connection;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::child::{self, Process};
use crate::load::connection::Connection;
use crate::{clock, latency, terminal};

/// What the load generator sends, for how long, and what must come back.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Plan {
    pub(crate) address: SocketAddr,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
    /// What the first answer must contain. All others must be as long as it.
    pub(crate) present: String,
    /// What it must not contain.
    pub(crate) absent: Option<String>,
    pub(crate) connections: usize,
    pub(crate) warm_up_seconds: u64,
    pub(crate) seconds: u64,
}

/// What was measured, without what came in the warm-up.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Load {
    pub(crate) requests: usize,
    /// How long was measured.
    pub(crate) seconds: f64,
    pub(crate) p50_microseconds: u32,
    pub(crate) p99_microseconds: u32,
}

/// What the process says when the warm-up is over, and when the time is.
const BEGIN: &str = "begin";
const END: &str = "end";

/// Runs the load generator, and calls `mark` at both ends of the time that is measured.
pub(crate) fn run<T>(plan: &Plan, mark: impl Fn() -> anyhow::Result<T>) -> anyhow::Result<(Load, T, T)> {
    let mut process = Process::start(child::own("load")?.stdout(Stdio::piped()))?;
    process.tell(plan)?;
    let mut lines = process.lines()?;
    let mut marked = |word: &str| {
        let line = lines.next()?;
        anyhow::ensure!(line == word, "the load generator says `{line}` in place of `{word}`");
        mark()
    };
    let (begin, end) = (marked(BEGIN)?, marked(END)?);
    let load = serde_json::from_str(&lines.next()?).context("the load generator tells no result")?;
    Ok((load, begin, end))
}

/// The process.
pub(crate) fn generate() -> anyhow::Result<()> {
    let plan: Plan = child::told()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let load = runtime.block_on(load(plan))?;
    terminal::line(&serde_json::to_string(&load)?);
    Ok(())
}

/// The time that counts.
#[derive(Clone, Copy, Debug)]
struct Window {
    begin: Instant,
    end: Instant,
}

async fn load(plan: Plan) -> anyhow::Result<Load> {
    let length = Connection::open(&plan).await?.probe(&plan).await?;
    let begin = clock::now() + Duration::from_secs(plan.warm_up_seconds);
    let window = Window { begin, end: begin + Duration::from_secs(plan.seconds) };
    let mut connections = Vec::new();
    for _ in 0..plan.connections {
        let connection = Connection::open(&plan).await?;
        connections.push(tokio::spawn(connection.exchange_until(window, length)));
    }
    for (at, word) in [(window.begin, BEGIN), (window.end, END)] {
        tokio::time::sleep_until(at.into()).await;
        terminal::line(word);
    }
    let mut latencies = Vec::new();
    for connection in connections {
        latencies.append(&mut connection.await??);
    }
    latencies.sort_unstable();
    let percentile =
        |percent| latency::percentile(&latencies, percent).context("nothing was answered in time");
    Ok(Load {
        requests: latencies.len(),
        seconds: (window.end - window.begin).as_secs_f64(),
        p50_microseconds: percentile(50)?,
        p99_microseconds: percentile(99)?,
    })
}
