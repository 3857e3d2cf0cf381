//! What people read.

use std::io::Write as _;

/// A line of results, on standard output. A closed output is no reason to stop measuring.
pub(crate) fn line(text: &str) {
    _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// A line about progress, on standard error.
pub(crate) fn progress(text: &str) {
    _ = writeln!(std::io::stderr().lock(), "{text}");
}
