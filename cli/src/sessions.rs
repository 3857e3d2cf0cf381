//! `portcullis sessions`: which recordings a gateway has, what they add up to, an export of them, and what becomes of one.

mod events;
mod keep;
mod usage;

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use http::Method;
use portcullis_identity::UnixSeconds;
use serde_json::Value;

use crate::exit::Exit;
use crate::remote::{Body, Gateway, Remote, go_on, next, path};
use crate::replay::follow::{self, PLACE, Seen, Shown};
use crate::terminal;
use crate::trial::problem::Reader;
use crate::trial::time;

/// `portcullis sessions`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Sessions {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    list: List,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a recording unreadable for good, on these days.
    Erase(keep::Keep),
    /// Print the records of many recordings, a line of JSON each, for other systems.
    Events(events::Events),
    /// Fetch what is stored of some days, for `portcullis verify`.
    Export(Export),
    /// Print records as they are written, until it is interrupted.
    Follow(Follow),
    /// Keep a recording from being deleted.
    Hold(keep::Keep),
    /// Print what is kept from being deleted.
    Holds(keep::Holds),
    /// Let a recording go again that was kept from being deleted.
    Release(keep::Release),
    /// Say how much was called, refused and recorded, day by day and by connection.
    Usage(usage::Usage),
}

#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    filters: Filters,
    /// How many pages of a hundred are fetched, at most.
    #[arg(long, default_value_t = 1)]
    pages: u32,
    /// Where to go on, as the page before said.
    #[arg(long)]
    cursor: Option<String>,
    #[command(flatten)]
    gateway: Gateway,
}

/// Which recordings are asked for.
#[derive(Debug, Args)]
struct Filters {
    #[command(flatten)]
    days: Days,
    /// Only those of this principal, as `issuer|subject`.
    #[arg(long)]
    principal: Option<String>,
    /// Only those on this connection.
    #[arg(long)]
    connection: Option<String>,
    /// Only those with a call to which policy said this: allow, deny or hold.
    #[arg(long)]
    decision: Option<String>,
}

impl Filters {
    fn members<'q>(&'q self, cursor: Option<&'q str>) -> [(&'static str, Option<&'q str>); 7] {
        let [day, from, to] = self.days.members();
        [
            day,
            from,
            to,
            ("principal", self.principal.as_deref()),
            ("connection", self.connection.as_deref()),
            ("decision", self.decision.as_deref()),
            ("cursor", cursor),
        ]
    }
}

/// `portcullis sessions export`
#[derive(Debug, Args)]
struct Export {
    #[command(flatten)]
    days: Days,
    /// Where to write it.
    #[arg(long, value_name = "FILE", default_value = "ledger.jsonl")]
    out: PathBuf,
    #[command(flatten)]
    gateway: Gateway,
}

/// `portcullis sessions follow`
#[derive(Debug, Args)]
struct Follow {
    /// Only those of this principal, as `issuer|subject`.
    #[arg(long)]
    principal: Option<String>,
    /// Only those on this connection.
    #[arg(long)]
    connection: Option<String>,
    /// Only events that have this text in their method, name, decision, policies or outcome; may be repeated.
    #[arg(long, value_name = "TEXT")]
    filter: Vec<String>,
    /// Print whole arguments and answers.
    #[arg(long)]
    full: bool,
    #[command(flatten)]
    gateway: Gateway,
}

/// Which days are asked for.
#[derive(Debug, Args)]
pub(crate) struct Days {
    /// One day, such as 2026-08-23; the last seven unless set.
    #[arg(long, conflicts_with_all = ["from", "to"])]
    day: Option<String>,
    /// The first of several days.
    #[arg(long)]
    from: Option<String>,
    /// The last of them; today unless set.
    #[arg(long)]
    to: Option<String>,
}

impl Days {
    pub(crate) fn members(&self) -> [(&'static str, Option<&str>); 3] {
        [("day", self.day.as_deref()), ("from", self.from.as_deref()), ("to", self.to.as_deref())]
    }
}

pub(crate) async fn run(arguments: Sessions) -> anyhow::Result<Exit> {
    match arguments.command {
        None => list(&arguments.list).await,
        Some(Command::Erase(arguments)) => keep::erase(&arguments).await,
        Some(Command::Events(arguments)) => events::run(&arguments).await,
        Some(Command::Export(arguments)) => export(&arguments).await,
        Some(Command::Follow(arguments)) => follow(&arguments).await,
        Some(Command::Hold(arguments)) => keep::hold(&arguments).await,
        Some(Command::Holds(arguments)) => keep::holds(&arguments).await,
        Some(Command::Release(arguments)) => keep::release(&arguments).await,
        Some(Command::Usage(arguments)) => usage::run(&arguments).await,
    }
}

async fn follow(arguments: &Follow) -> anyhow::Result<Exit> {
    let Follow { principal, connection, filter, full, gateway } = arguments;
    let remote = Remote::find(gateway).await?;
    let members = [("principal", principal.as_deref()), ("connection", connection.as_deref())];
    let shown = Shown { reader: Reader::of(gateway.json), is_full: *full, filter };
    follow::follow(&remote, &path(PLACE, &members), Seen::default(), &shown).await
}

async fn list(arguments: &List) -> anyhow::Result<Exit> {
    let List { filters, pages, cursor, gateway } = arguments;
    let reader = Reader::of(gateway.json);
    let remote = Remote::find(gateway).await?;
    let (mut cursor, mut exit) = (cursor.clone(), Exit::Ok);
    let mut is_first = true;
    for _ in 0..(*pages).max(1) {
        let members = filters.members(cursor.as_deref());
        let page = match remote.ask(Method::GET, &path("/api/recordings", &members), Body::None).await? {
            Ok(page) => page,
            Err(refused) => return Ok(refused.tell(reader)),
        };
        let entries = page.get("recordings").and_then(Value::as_array).cloned().unwrap_or_default();
        if reader == Reader::Person && is_first {
            terminal::line(&row("RECORDING", "FIRST", "RECORDS", "DECISIONS", "CONNECTION", "PRINCIPAL"));
        }
        is_first = false;
        for entry in &entries {
            match reader {
                Reader::Person => terminal::line(&shown(entry)),
                Reader::Script => terminal::line(&terminal::json(entry)),
            }
        }
        if tell_problems(&page) {
            exit = Exit::Failure;
        }
        cursor = next(&page);
        if cursor.is_none() {
            break;
        }
    }
    if let Some(cursor) = cursor {
        terminal::error(&format!("there are more: --cursor {}", terminal::visible(&cursor)));
    }
    Ok(exit)
}

/// Says what an answer says is wrong, if anything is.
pub(crate) fn tell_problems(answer: &Value) -> bool {
    let problems = answer.get("problems").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    for problem in problems.iter().filter_map(Value::as_str) {
        terminal::error(&format!("WARNING: {}", terminal::visible(problem)));
    }
    !problems.is_empty()
}

fn shown(entry: &Value) -> String {
    let text = |member: &str| terminal::visible(entry.get(member).and_then(Value::as_str).unwrap_or("-"));
    let millis = entry.get("first_at").and_then(Value::as_u64).unwrap_or_default();
    let records = entry.get("records").and_then(Value::as_u64).unwrap_or_default();
    let decisions = entry.get("decisions").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let decisions: Vec<String> = decisions.iter().filter_map(Value::as_str).map(terminal::visible).collect();
    row(
        &text("recording"),
        &time::show(UnixSeconds(millis / 1000)),
        &records.to_string(),
        &decisions.join(","),
        &text("connection"),
        &text("principal"),
    )
}

fn row(
    recording: &str,
    first: &str,
    records: &str,
    decisions: &str,
    connection: &str,
    principal: &str,
) -> String {
    format!("{recording:32}  {first:20}  {records:>7}  {decisions:15}  {connection:12}  {principal}")
}

async fn export(arguments: &Export) -> anyhow::Result<Exit> {
    let Export { days, out, gateway } = arguments;
    let reader = Reader::of(gateway.json);
    let remote = Remote::find(gateway).await?;
    let cannot = || format!("cannot write {}", out.display());
    let mut file = BufWriter::new(File::create_new(out).with_context(cannot)?);
    let (mut cursor, mut n_lines) = (None::<String>, 0_u64);
    loop {
        let [day, from, to] = days.members();
        let members = [day, from, to, ("cursor", cursor.as_deref())];
        let page = match remote.ask(Method::GET, &path("/api/ledger/export", &members), Body::None).await? {
            Ok(page) => page,
            Err(refused) => return Ok(refused.tell(reader)),
        };
        for line in
            page.get("lines").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
        {
            writeln!(file, "{line}").with_context(cannot)?;
            n_lines += 1;
        }
        if !go_on(&page, &mut cursor)? {
            break;
        }
    }
    file.flush().with_context(cannot)?;
    terminal::line(&format!("{}: {n_lines} lines; `portcullis verify` proves them", out.display()));
    Ok(Exit::Ok)
}
