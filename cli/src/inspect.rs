//! `portcullis inspect`: what is found in texts, and how it would be masked.
//!
//! Detection and masking are those of the gateway, for somebody who may see nothing in clear. A text is looked at by
//! itself, as that of a tool's result is; a document whose members say what their values are is one text too.

mod found;
mod input;
mod lines;
mod told;

use std::io::{self, Write as _, stdout};

use portcullis_detect::Detectors;
use portcullis_settings::Masking;
use serde_json::{Map, Value, json};

use crate::arguments::{Format, Inspect};
use crate::exit::Exit;
use crate::inspect::found::Inspector;
use crate::inspect::input::Input;
use crate::terminal::{self, Style};
use crate::trial::folder::Folder;
use crate::trial::problem::{Reader, refuse};

/// Prints what is found; exit code 1 if a text cannot be read, 3 if a file of the policies is wrong.
pub(crate) fn run(arguments: &Inspect) -> anyhow::Result<Exit> {
    let format = if arguments.json { Format::Json } else { arguments.format };
    if format == Format::Text && arguments.masked && arguments.request {
        terminal::error("error: with `--masked` only the text is printed, so leave `--request` out");
        return Ok(Exit::Usage);
    }
    let inspector = match &arguments.policies {
        None => Inspector::new(&Detectors::builtin(), &Masking::default()),
        Some(folder) => {
            let folder = Folder::read(folder)?;
            match folder.parse() {
                Ok(parsed) => Inspector::new(&parsed.detectors, parsed.draft.masking()),
                Err(problems) => return Ok(refuse(&problems, Reader::of(format != Format::Text))),
            }
        }
    };
    let inputs = Input::all(&arguments.files);
    let done = match (format, arguments.masked) {
        (Format::Jsonl, _) => lines::run(&inspector, &inputs, arguments),
        (Format::Json, _) => document(&inspector, &inputs, arguments),
        (Format::Text, true) => masked(&inspector, &inputs),
        (Format::Text, false) => listed(&inspector, &inputs, arguments),
    };
    match done {
        Err(error) if is_reader_gone(&error) => Ok(Exit::Ok),
        done => done.map(|()| Exit::Ok),
    }
}

/// Whoever reads what is printed has seen enough, as `head` has.
fn is_reader_gone(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// A line for each finding.
fn listed(inspector: &Inspector, inputs: &[Input], arguments: &Inspect) -> anyhow::Result<()> {
    let style = Style::of_output();
    let mut out = stdout().lock();
    for input in inputs {
        let text = input.text()?;
        let found = inspector.inspect(&text);
        for line in told::lines(&input.name(), &found, style) {
            writeln!(out, "{line}")?;
        }
        if arguments.request {
            let labels: Vec<&str> = found.labels().into_iter().collect();
            let labels = if labels.is_empty() { "none".to_owned() } else { labels.join(", ") };
            writeln!(out, "{}: labels: {labels}", input.name())?;
        }
    }
    Ok(())
}

/// The texts, masked, and nothing else.
fn masked(inspector: &Inspector, inputs: &[Input]) -> anyhow::Result<()> {
    let mut out = stdout().lock();
    for input in inputs {
        out.write_all(inspector.inspect(&input.text()?).masked().as_bytes())?;
    }
    Ok(out.flush()?)
}

/// One document about all texts.
fn document(inspector: &Inspector, inputs: &[Input], arguments: &Inspect) -> anyhow::Result<()> {
    let mut texts: Vec<Value> = Vec::with_capacity(inputs.len());
    for input in inputs {
        let text = input.text()?;
        let found = inspector.inspect(&text);
        let mut about = Map::new();
        about.insert("file".to_owned(), input.name().into());
        about.insert("findings".to_owned(), told::findings(&found));
        if arguments.request {
            about.insert("labels".to_owned(), found.labels().into_iter().collect());
        }
        if arguments.masked {
            about.insert("masked".to_owned(), found.masked().into());
        }
        texts.push(about.into());
    }
    Ok(writeln!(stdout().lock(), "{}", json!({ "texts": texts }))?)
}
