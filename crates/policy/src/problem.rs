//! What is wrong with policy files: every problem at once, each with its file and line.

use std::fmt;

/// One thing that is wrong in a policy file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, as it was named in its [`Source`](crate::Source).
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong. One line.
    pub message: String,
    /// What to write instead, where that is known. One line.
    pub suggestion: Option<String>,
}

/// Everything that is wrong with a set of policy files; never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Problems {
    problems: Vec<Problem>,
}

impl Problems {
    /// `Err` with the problems by file and line, or `Ok` when there are none.
    pub(crate) fn none_in(mut problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() {
            return Ok(());
        }
        problems.sort();
        Err(Self { problems })
    }

    pub(crate) fn of(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }

    /// The problems, by file and line.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, message, suggestion } = self;
        write!(f, "{file}:{line}: {message}")?;
        suggestion.as_ref().map_or(Ok(()), |suggestion| write!(f, "; {suggestion}"))
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}
