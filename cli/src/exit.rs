//! How a command ends.

use std::process::{ExitCode, Termination};

use crate::terminal;

/// What scripts can tell from the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It worked.
    Ok,
    /// It did not work.
    Failure,
    /// It worked, and the answer is no.
    Denied,
    /// A policy or a setting is wrong.
    Invalid,
    /// The answer cannot be told, where 1 is an answer.
    Unknown,
    /// The command line is wrong.
    Usage,
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Ok => 0,
            Self::Failure => 1,
            Self::Denied | Self::Unknown => 2,
            Self::Invalid => 3,
            Self::Usage => 64,
        })
    }
}

/// Says what went wrong, with its causes.
pub(crate) fn failure(error: &anyhow::Error) -> Exit {
    terminal::error(&format!("error: {error:#}"));
    Exit::Failure
}

/// Says what is wrong with the command line, or prints the help that was asked for.
pub(crate) fn usage(error: &clap::Error) -> Exit {
    // Nothing can be done if even this cannot be printed.
    _ = error.print();
    if error.use_stderr() { Exit::Usage } else { Exit::Ok }
}
