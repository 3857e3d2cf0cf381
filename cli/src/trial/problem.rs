//! What is wrong with files that a person wrote, in one line each.

use std::fmt;

pub(crate) use portcullis_settings::words::suggest;
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::terminal;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Problem {
    pub(crate) file: String,
    /// From 1.
    pub(crate) line: usize,
    pub(crate) message: String,
}

impl Problem {
    pub(crate) fn of_settings(file: &str, problem: &portcullis_settings::Problem) -> Self {
        Self { file: file.to_owned(), line: problem.line, message: problem.message.clone() }
    }

    pub(crate) fn of_policy(problem: &portcullis_policy::Problem) -> Self {
        let portcullis_policy::Problem { file, line, message, suggestion } = problem;
        let message = match suggestion {
            Some(suggestion) => format!("{message}; {suggestion}"),
            None => message.clone(),
        };
        Self { file: file.clone(), line: *line, message }
    }

    pub(crate) fn to_json(&self) -> Value {
        let Self { file, line, message } = self;
        json!({ "file": file, "line": line, "message": message })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, message } = self;
        write!(f, "{file}:{line}: {message}")
    }
}

/// Whom a command speaks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    Person,
    Script,
}

impl Reader {
    pub(crate) const fn of(json: bool) -> Self {
        if json { Self::Script } else { Self::Person }
    }
}

/// Lists the problems and ends the command.
pub(crate) fn refuse(problems: &[Problem], reader: Reader) -> Exit {
    match reader {
        Reader::Person => problems.iter().for_each(|problem| terminal::line(&problem.to_string())),
        Reader::Script => {
            let problems: Vec<Value> = problems.iter().map(Problem::to_json).collect();
            terminal::line(&json!({ "problems": problems }).to_string());
        }
    }
    Exit::Invalid
}
