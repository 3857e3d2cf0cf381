//! What is wrong with a settings file: every problem at once, each with its line.
//!
//! Messages never repeat the value of a variable, since the variable may be a secret.

use std::fmt;

/// One thing that is wrong with a settings file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line in the file, from 1.
    pub line: usize,
    /// What is wrong and, where one is known, what to write instead. One line.
    pub message: String,
}

/// Everything that is wrong with a settings file, in the order of its lines; never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Problems {
    file: String,
    problems: Vec<Problem>,
}

impl Problems {
    /// `Err` with the problems in the order of their lines, or `Ok` when there are none.
    pub(crate) fn refuse_any(file: &str, mut problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() {
            return Ok(());
        }
        problems.sort_by_key(|problem| problem.line);
        Err(Self { file: file.to_owned(), problems })
    }

    /// A single problem.
    pub(crate) fn one(file: &str, problem: Problem) -> Self {
        Self { file: file.to_owned(), problems: vec![problem] }
    }

    /// The problems, in the order of their lines.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Problem { line, message }) in self.problems.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{}:{line}: {message}", self.file)?;
        }
        Ok(())
    }
}
