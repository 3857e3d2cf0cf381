//! Lines of JSON: a text in each, and for each what is found, in the same order.
//!
//! Memory is bounded by one line. What is found is written when no whole line is waiting, so that a program which sends a
//! line and waits for the answer gets it, and a large file is not written line by line.

use std::io::{BufRead, BufReader, BufWriter, Read as _, Write, stdout};

use anyhow::{Context as _, ensure};
use portcullis_mcp::json::{self, Bounds, Json, JsonError, Object};

use super::found::{Found, Inspector};
use super::input::{Input, LONGEST, is_too_long};
use crate::arguments::Inspect;

/// How deep an `id`, or whatever else is in a line, may be.
const DEPTH: usize = 64;
/// Room for many lines, in bytes.
const BUFFER: usize = 256 << 10;

/// Why a line is none.
#[derive(Debug, thiserror::Error)]
enum LineError {
    #[error("not JSON: {0}")]
    Json(#[from] JsonError),
    #[error("not an object with `id` and `text`")]
    NoObject,
    #[error("`id` is missing")]
    NoId,
    #[error("`text` must be there and a string")]
    NoText,
}

/// Looks at each line of each input. The first line that is none ends it, with all before it answered.
pub(super) fn run(inspector: &Inspector, inputs: &[Input], arguments: &Inspect) -> anyhow::Result<()> {
    let mut out = BufWriter::with_capacity(BUFFER, stdout().lock());
    let done = inputs.iter().try_for_each(|input| {
        let mut lines = BufReader::with_capacity(BUFFER, input.open()?);
        let mut line = Vec::new();
        for number in 1_usize.. {
            line.clear();
            let n_read = (&mut lines).take(LONGEST + 1).read_until(b'\n', &mut line);
            if n_read.with_context(|| format!("cannot read {input}"))? == 0 {
                break;
            }
            ensure!(!is_too_long(&line), "{input}:{number}: longer than {} MiB", LONGEST >> 20);
            let answer = answer(inspector, &line, arguments).with_context(|| format!("{input}:{number}"))?;
            writeln!(out, "{answer}")?;
            if !lines.buffer().contains(&b'\n') {
                out.flush()?;
            }
        }
        Ok(())
    });
    // What was found before a line that is none is no less true.
    out.flush()?;
    done
}

fn answer<'l>(inspector: &Inspector, line: &'l [u8], arguments: &Inspect) -> Result<Json<'l>, LineError> {
    let Json::Object(mut line) = json::parse(line, Bounds::answer(DEPTH))? else {
        return Err(LineError::NoObject);
    };
    let id = line.remove("id").ok_or(LineError::NoId)?;
    let Some(Json::String(text)) = line.get("text") else { return Err(LineError::NoText) };
    let found = inspector.inspect(text);
    let mut answer = Object::new().with("id", id).with("spans", spans(&found));
    if arguments.request {
        let labels: Vec<Json<'_>> = found.labels().into_iter().map(Json::from).collect();
        answer.insert("labels", labels);
    }
    if arguments.masked {
        answer.insert("masked", found.masked().into_owned());
    }
    Ok(Json::Object(answer))
}

/// `[start, end, class]` for each finding.
fn spans(found: &Found<'_>) -> Vec<Json<'static>> {
    let count = |count: usize| Json::from(i64::try_from(count).unwrap_or(i64::MAX));
    let placed = found.placed().into_iter();
    placed
        .map(|finding| {
            Json::Array(vec![count(finding.start), count(finding.end), finding.class.as_str().into()])
        })
        .collect()
}
