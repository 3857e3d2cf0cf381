//! What people read: standard output for results, standard error for everything else.

use std::io::{IsTerminal as _, Write as _, stderr, stdout};

use portcullis_pins::is_invisible;

/// Prints a line of the result. A reader that is gone is no error.
pub(crate) fn line(text: &str) {
    _ = writeln!(stdout(), "{text}");
}

/// Prints a line for the operator.
pub(crate) fn error(text: &str) {
    _ = writeln!(stderr(), "{text}");
}

/// A text from elsewhere in one line, with everything written out that would not be seen, turn text round or steer a
/// terminal.
pub(crate) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if is_invisible(character) {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
    }
    out
}

/// Styles text where a terminal shows it; plain text stays plain in pipes and files.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    on: bool,
}

impl Style {
    /// The style of standard output.
    pub(crate) fn of_output() -> Self {
        Self { on: stdout().is_terminal() }
    }

    /// A heading.
    pub(crate) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// Something to copy.
    pub(crate) fn accent(self, text: &str) -> String {
        self.paint("36", text)
    }

    /// Something that explains.
    pub(crate) fn faint(self, text: &str) -> String {
        self.paint("2", text)
    }

    /// Something that is there now.
    pub(crate) fn added(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// Something that is no longer there.
    pub(crate) fn removed(self, text: &str) -> String {
        self.paint("31", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.on { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}
