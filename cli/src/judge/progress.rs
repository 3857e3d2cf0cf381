//! How far it is, on standard error, if a person looks at it.

use std::io::{IsTerminal as _, Write as _, stderr};

/// After how many records it is said again.
const STEP: u64 = 250;

/// A line that is written over.
#[derive(Debug)]
pub(super) struct Progress {
    is_on: bool,
    is_shown: bool,
}

impl Progress {
    /// Nothing is shown unless standard error is a terminal.
    pub(super) fn on_terminal() -> Self {
        Self { is_on: stderr().is_terminal(), is_shown: false }
    }

    /// Says how many records were read.
    pub(super) fn step(&mut self, n_records: u64) {
        if self.is_on && n_records.is_multiple_of(STEP) {
            // Nothing is lost if it cannot be shown.
            _ = write!(stderr(), "\r{n_records} records");
            _ = stderr().flush();
            self.is_shown = true;
        }
    }

    /// Takes the line away, for another one.
    pub(super) fn clear(&mut self) {
        if self.is_shown {
            _ = write!(stderr(), "\r\u{1b}[K");
            self.is_shown = false;
        }
    }
}
