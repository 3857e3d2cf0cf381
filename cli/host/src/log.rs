//! Where lines for the operator go: what components print, and what the host has to say about them.
//!
//! The default writes to standard error. Tests capture lines with [`MemoryLog`].

use std::fmt;
use std::io::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One line for the operator, without its line feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Line<'a> {
    /// The component that printed the line or that it is about; `None` for the host itself.
    pub component: Option<&'a str>,
    /// The text. A component's text is untrusted; [`Line`]'s `Display` escapes control characters.
    pub text: &'a str,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] ", self.component.unwrap_or("host"))?;
        // An escape sequence in a component's output could rewrite the operator's terminal.
        self.text.chars().try_for_each(|c| match c {
            '\t' => f.write_str("\t"),
            c if c.is_control() => write!(f, "{}", c.escape_default()),
            c => write!(f, "{c}"),
        })
    }
}

/// Takes lines; called from any thread, must not block for long and must not panic.
pub trait Log: Send + Sync + 'static {
    /// Takes one line.
    fn line(&self, line: Line<'_>);
}

/// Writes each line to standard error, as `[component] text`.
#[derive(Clone, Copy, Debug, Default)]
pub struct StderrLog;

impl Log for StderrLog {
    fn line(&self, line: Line<'_>) {
        // One write per line keeps lines of several threads apart. A closed standard error is no reason to stop.
        let _ = std::io::stderr().lock().write_all(format!("{line}\n").as_bytes());
    }
}

/// Keeps every line in memory, for tests.
#[derive(Debug, Default)]
pub struct MemoryLog {
    lines: Mutex<Vec<String>>,
}

impl MemoryLog {
    /// The lines so far, each as `[component] text`.
    pub fn lines(&self) -> Vec<String> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<String>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log for MemoryLog {
    fn line(&self, line: Line<'_>) {
        self.lock().push(line.to_string());
    }
}

/// The shortcuts that the host uses on itself. A text of several lines is logged line by line.
pub(crate) trait LogExt {
    fn host(&self, text: fmt::Arguments<'_>);
    fn component(&self, component: &str, text: fmt::Arguments<'_>);
}

impl<L: Log + ?Sized> LogExt for L {
    fn host(&self, text: fmt::Arguments<'_>) {
        text.to_string().lines().for_each(|text| self.line(Line { component: None, text }));
    }

    fn component(&self, component: &str, text: fmt::Arguments<'_>) {
        text.to_string().lines().for_each(|text| self.line(Line { component: Some(component), text }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        for (text, want) in [
            ("plain\ttext", "[gateway] plain\ttext"),
            ("\u{1b}[2J", "[gateway] \\u{1b}[2J"),
            ("a\rb", "[gateway] a\\rb"),
        ] {
            assert_eq!(Line { component: Some("gateway"), text }.to_string(), want);
        }
        assert_eq!(Line { component: None, text: "ready" }.to_string(), "[host] ready");
    }
}
