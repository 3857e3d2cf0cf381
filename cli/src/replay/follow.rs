//! Records as they are written: `portcullis replay --follow` and `portcullis sessions follow`.

use std::collections::BTreeSet;

use anyhow::Context as _;
use http::StatusCode;
use serde_json::Value;

use super::timeline::Live;
use crate::exit::Exit;
use crate::remote::{Refused, Remote};
use crate::terminal::{self, Style};
use crate::trial::problem::Reader;

/// Where records are followed.
pub(crate) const PLACE: &str = "/api/recordings/follow";

/// The records that were told already: a stream begins with what chains have that may still grow.
#[derive(Debug, Default)]
pub(crate) struct Seen(BTreeSet<(String, String)>);

/// How and what of it is shown.
pub(crate) struct Shown<'a> {
    pub(crate) reader: Reader,
    /// Whole arguments and answers.
    pub(crate) is_full: bool,
    /// Only events that have all of these texts.
    pub(crate) filter: &'a [String],
}

impl Seen {
    /// Whether a record comes for the first time.
    pub(crate) fn is_new(&mut self, record: &Value) -> bool {
        let text = |member: &str| record.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
        self.0.insert((text("id"), text("kind")))
    }
}

/// Prints what comes until the gateway ends the stream, and says why it does.
pub(crate) async fn follow(
    remote: &Remote,
    place: &str,
    mut seen: Seen,
    shown: &Shown<'_>,
) -> anyhow::Result<Exit> {
    let mut stream = match remote.listen(place).await? {
        Ok(stream) => stream,
        Err(refused) => return Ok(refused.tell(shown.reader)),
    };
    let mut live = Live::default();
    while let Some(event) = stream.next().await? {
        let value = || -> anyhow::Result<Value> {
            let data = event.data.as_deref().unwrap_or_default();
            serde_json::from_str(data).context("the gateway sends something that is no JSON")
        };
        match event.kind.as_deref() {
            Some("record") => shown.tell(&value()?, &mut seen, &mut live),
            Some("problem") => {
                let value = value()?;
                let text = value.get("problem").and_then(Value::as_str).unwrap_or_default();
                terminal::error(&format!("WARNING: {}", terminal::visible(text)));
            }
            Some("end") => {
                let value = value()?;
                let text =
                    |member: &str| value.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
                let (word, message) = (text("error"), text("message"));
                return Ok(Refused { status: StatusCode::OK, word, message }.tell(shown.reader));
            }
            // A later gateway may tell more.
            Some(_) | None => {}
        }
    }
    terminal::error("error: the gateway has ended the stream");
    Ok(Exit::Failure)
}

impl Shown<'_> {
    fn tell(&self, value: &Value, seen: &mut Seen, live: &mut Live) {
        let Some(record) = value.get("record").filter(|record| seen.is_new(record)) else { return };
        let event = live.take(record.clone());
        if !self.filter.iter().all(|text| event.has(text)) {
            return;
        }
        match self.reader {
            Reader::Person if event.is_begun() => {
                terminal::line(&format!("{} …", event.head(Style::of_output())));
            }
            Reader::Person => {
                event.lines(Style::of_output(), self.is_full).iter().for_each(|line| terminal::line(line));
            }
            Reader::Script => terminal::line(&terminal::json(value)),
        }
    }
}
