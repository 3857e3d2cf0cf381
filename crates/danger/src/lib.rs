//! What a text would do if something ran it: classes for policy, not values to mask.
//!
//! A string in a request may be SQL, a line for a shell or a path. Whether it is run is the upstream's business; what it
//! would do if it were is said here, so that policy can refuse it. A text is read as a piece of any language in which it
//! is one, in every dialect: who writes it knows which one the server speaks, and the gateway does not. What looks like
//! SQL and cannot be read is [`Danger::SqlInvalid`], which a policy that refuses [`Danger::SqlDestructive`] should refuse
//! too.
//!
//! ```
//! use portcullis_danger::{Danger, classes};
//!
//! let found = classes("WITH old AS (DELETE FROM orders) SELECT 1");
//! assert!(found.contains(&Danger::SqlDestructive));
//! assert!(classes("Please drop the table reservation; thank you.").is_empty());
//! ```
//!
//! What is not here: JSON (the caller hands over each decoded string), and decisions. The cost is linear in the length of
//! the text. Prose is told apart by its first words and the places where a command can start; only what can be SQL reaches
//! the parser, and only if it is short enough for one.

#![forbid(unsafe_code)]

mod path;
mod shell;
mod sql;
mod work;

use std::collections::BTreeSet;
use std::fmt;

/// Something that a text does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Danger {
    /// Leaves the folder it should stay in, names a file that holds secrets, or is a `file:` URL.
    PathTraversal,
    /// Deletes files, more than one at a time.
    ShellDelete,
    /// Writes to a disk below its file system.
    ShellDisk,
    /// A value with a command behind it, to be run by a shell that was meant to see a value.
    ShellInjection,
    /// Runs what it fetches or decodes.
    ShellPipe,
    /// Gives somebody else a shell.
    ShellReverse,
    /// SQL with a comment that changes what is run, or with a quote that nothing closes.
    SqlComment,
    /// SQL that destroys data or its structure, hands out rights, or reaches out of the database: to files, programs and
    /// other servers.
    SqlDestructive,
    /// Reads as SQL, or as something to be spliced into SQL, and can be read in no dialect, or is too deep to be.
    SqlInvalid,
    /// Several statements of SQL.
    SqlMultiple,
    /// SQL that reads.
    SqlRead,
    /// SQL that changes or fetches every row of a table.
    SqlUnbounded,
    /// SQL that changes data or structure.
    SqlWrite,
}

impl Danger {
    /// All of them, in order of their names.
    pub const ALL: [Self; 13] = [
        Self::PathTraversal,
        Self::ShellDelete,
        Self::ShellDisk,
        Self::ShellInjection,
        Self::ShellPipe,
        Self::ShellReverse,
        Self::SqlComment,
        Self::SqlDestructive,
        Self::SqlInvalid,
        Self::SqlMultiple,
        Self::SqlRead,
        Self::SqlUnbounded,
        Self::SqlWrite,
    ];

    /// The name of the class that policies and records use, such as `sql.destructive`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PathTraversal => "path.traversal",
            Self::ShellDelete => "shell.delete",
            Self::ShellDisk => "shell.disk",
            Self::ShellInjection => "shell.injection",
            Self::ShellPipe => "shell.pipe",
            Self::ShellReverse => "shell.reverse",
            Self::SqlComment => "sql.comment",
            Self::SqlDestructive => "sql.destructive",
            Self::SqlInvalid => "sql.invalid",
            Self::SqlMultiple => "sql.multiple",
            Self::SqlRead => "sql.read",
            Self::SqlUnbounded => "sql.unbounded",
            Self::SqlWrite => "sql.write",
        }
    }
}

impl fmt::Display for Danger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a text would do, as it is written and as a person reads it: without invisible characters, and with the letters
/// and signs that only look like ASCII as ASCII.
#[must_use]
pub fn classes(text: &str) -> BTreeSet<Danger> {
    let mut found = BTreeSet::new();
    classify(text, &mut found);
    let folded = portcullis_detect::folded(text);
    if folded != text {
        classify(&folded, &mut found);
    }
    found
}

fn classify(text: &str, found: &mut BTreeSet<Danger>) {
    sql::classify(text, found);
    shell::classify(text, found);
    path::classify(text, found);
}

#[cfg(test)]
mod tests;
