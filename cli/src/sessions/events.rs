//! `portcullis sessions events`: the records of many recordings, a line of JSON each, for other systems.

use std::collections::BTreeSet;

use clap::{Args, ValueEnum};
use http::Method;
use serde_json::Value;

use super::{Filters, tell_problems};
use crate::exit::Exit;
use crate::remote::{Body, Gateway, Remote, encoded, go_on, path};
use crate::terminal;
use crate::trial::problem::Reader;

/// `portcullis sessions events`
#[derive(Debug, Args)]
pub(super) struct Events {
    #[command(flatten)]
    filters: Filters,
    /// What a line is.
    #[arg(long, value_enum, default_value_t = Format::Ocsf)]
    format: Format,
    #[command(flatten)]
    gateway: Gateway,
}

/// The form of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// An event of the Open Cybersecurity Schema Framework.
    Ocsf,
    /// A record as it is stored, in clear.
    Records,
}

impl Format {
    /// Its name in a query, and where an answer has what is asked for.
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Ocsf => ("ocsf", "events"),
            Self::Records => ("records", "records"),
        }
    }
}

pub(super) async fn run(arguments: &Events) -> anyhow::Result<Exit> {
    let Events { filters, format, gateway } = arguments;
    let reader = Reader::of(gateway.json);
    let remote = Remote::find(gateway).await?;
    let (mut cursor, mut exit, mut seen) = (None::<String>, Exit::Ok, BTreeSet::new());
    loop {
        let place = path("/api/recordings", &filters.members(cursor.as_deref()));
        let page = match remote.ask(Method::GET, &place, Body::None).await? {
            Ok(page) => page,
            Err(refused) => return Ok(refused.tell(reader)),
        };
        if tell_problems(&page) {
            exit = Exit::Failure;
        }
        let entries = page.get("recordings").and_then(Value::as_array).into_iter().flatten();
        let ids = entries.filter_map(|entry| entry.get("recording").and_then(Value::as_str));
        for id in ids {
            // One that several instances have served is listed several times.
            if seen.insert(id.to_owned()) {
                match one(&remote, arguments, *format, id).await? {
                    Ok(Exit::Ok) => {}
                    Ok(worse) => exit = worse,
                    Err(refused) => return Ok(refused.tell(reader)),
                }
            }
        }
        if !go_on(&page, &mut cursor)? {
            return Ok(exit);
        }
    }
}

/// Prints all of one recording.
async fn one(
    remote: &Remote,
    Events { filters, .. }: &Events,
    format: Format,
    id: &str,
) -> anyhow::Result<Result<Exit, crate::remote::Refused>> {
    let place = format!("/api/recordings/{}", encoded(id));
    let (asked, member) = format.names();
    let (mut cursor, mut exit) = (None::<String>, Exit::Ok);
    loop {
        let [day, from, to] = filters.days.members();
        let members = [day, from, to, ("format", Some(asked)), ("cursor", cursor.as_deref())];
        let page = match remote.ask(Method::GET, &path(&place, &members), Body::None).await? {
            Ok(page) => page,
            Err(refused) => return Ok(Err(refused)),
        };
        let events = page.get(member).and_then(Value::as_array).into_iter().flatten();
        events.for_each(|event| terminal::line(&terminal::json(event)));
        if tell_problems(&page) {
            exit = Exit::Failure;
        }
        if !go_on(&page, &mut cursor)? {
            return Ok(Ok(exit));
        }
    }
}
