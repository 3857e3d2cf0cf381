//! `portcullis replay`: a recording as a timeline, or recorded calls judged again ([`crate::judge`]).

pub(crate) mod follow;
mod timeline;

use std::io::stdin;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use http::Method;
use serde_json::Value;

use self::timeline::{Event, Timeline};
use crate::exit::Exit;
use crate::judge;
use crate::remote::{Body, Gateway, Remote, encoded, go_on, path};
use crate::sessions::{Days, tell_problems};
use crate::terminal::{self, Style};
use crate::trial::problem::Reader;

/// The longest pause between two events, however long nothing happened.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// `portcullis replay`
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// The recording, as `portcullis sessions` names it.
    #[arg(required_unless_present = "against")]
    pub(crate) recording: Option<String>,
    /// Judge the recorded calls again, by the policies in a folder, and print what would change.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["speed", "step", "filter", "full"])]
    against: Option<PathBuf>,
    /// With --against: records in a file, as `portcullis records` prints them; `-` is standard input.
    #[arg(
        long,
        value_name = "FILE",
        requires = "against",
        conflicts_with_all = ["recording", "day", "from", "to", "persona", "gateway", "token_file"]
    )]
    pub(crate) records: Option<PathBuf>,
    /// With --against: only calls of this principal, as `issuer|subject`.
    #[arg(long, requires = "against")]
    pub(crate) principal: Option<String>,
    /// With --against: only calls on this connection.
    #[arg(long, requires = "against")]
    pub(crate) connection: Option<String>,
    /// With --against: print also the calls of which nothing changes.
    #[arg(long, requires = "against")]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) days: Days,
    /// How many times faster than it happened, pauses at most 5 s; at once unless set.
    #[arg(long, value_name = "FACTOR", value_parser = clap::value_parser!(u32).range(1..))]
    speed: Option<u32>,
    /// Wait for the Enter key after each event.
    #[arg(long, conflicts_with = "speed")]
    step: bool,
    /// Go on with what happens from now on, until it is interrupted.
    #[arg(long, conflicts_with_all = ["against", "speed", "step", "day", "from", "to"])]
    follow: bool,
    /// Only events that have this text in their method, name, decision, policies or outcome; may be repeated.
    #[arg(long, value_name = "TEXT")]
    filter: Vec<String>,
    /// Print whole arguments and answers.
    #[arg(long)]
    full: bool,
    #[command(flatten)]
    pub(crate) gateway: Gateway,
}

pub(crate) async fn run(arguments: Replay) -> anyhow::Result<Exit> {
    if let Some(folder) = &arguments.against {
        return Ok(judge::run(&arguments, folder).await);
    }
    let recording = arguments.recording.as_deref().context("no recording is given")?;
    let reader = Reader::of(arguments.gateway.json);
    let remote = Remote::find(&arguments.gateway).await?;
    let place = format!("/api/recordings/{}", encoded(recording));
    let (mut timeline, mut cursor, mut exit) = (Timeline::default(), None::<String>, Exit::Ok);
    let mut seen = follow::Seen::default();
    loop {
        let [day, from, to] = arguments.days.members();
        let members = [day, from, to, ("cursor", cursor.as_deref())];
        let page = match remote.ask(Method::GET, &path(&place, &members), Body::None).await? {
            Ok(page) => page,
            Err(refused) => return Ok(refused.tell(reader)),
        };
        page.get("records").and_then(Value::as_array).into_iter().flatten().for_each(|one| {
            seen.is_new(one);
            timeline.take(one);
        });
        if tell_problems(&page) {
            exit = Exit::Failure;
        }
        match page.get("erased").and_then(Value::as_u64) {
            Some(0) | None => {}
            Some(n) => terminal::error(&format!("{n} records of it were erased")),
        }
        if !go_on(&page, &mut cursor)? {
            break;
        }
    }
    let events: Vec<Event> = timeline
        .events()
        .into_iter()
        .filter(|event| arguments.filter.iter().all(|text| event.has(text)))
        .collect();
    play(&arguments, &events, reader).await?;
    if !arguments.follow {
        return Ok(exit);
    }
    let place = path(follow::PLACE, &[("recording", Some(recording))]);
    let shown = follow::Shown { reader, is_full: arguments.full, filter: &arguments.filter };
    follow::follow(&remote, &place, seen, &shown).await
}

async fn play(arguments: &Replay, events: &[Event], reader: Reader) -> anyhow::Result<()> {
    let style = Style::of_output();
    let mut last: Option<u64> = None;
    for event in events {
        if let (Some(last), Some(speed)) = (last, arguments.speed) {
            let pause = Duration::from_millis(event.at().saturating_sub(last)) / speed;
            tokio::time::sleep(pause.min(LONGEST_PAUSE)).await;
        }
        last = Some(event.at());
        match reader {
            Reader::Person => event.lines(style, arguments.full).iter().for_each(|line| terminal::line(line)),
            Reader::Script => terminal::line(&terminal::json(&event.to_json())),
        }
        if arguments.step && stdin().read_line(&mut String::new())? == 0 {
            break;
        }
    }
    Ok(())
}
