//! Problems found in a manifest, with their place in the file.

use std::fmt;
use std::ops::Range;
use std::path::Path;

/// One thing that is wrong in a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong, as one sentence.
    pub text: String,
}

/// All problems found, at least one, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// The problems, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }

    /// One line per problem: `path:line:column: text`.
    pub(super) fn located<'a>(&'a self, path: &'a Path) -> impl fmt::Display + 'a {
        Located { problems: self, path }
    }
}

struct Located<'a> {
    problems: &'a Problems,
    path: &'a Path,
}

impl fmt::Display for Located<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.problems.0.iter().enumerate() {
            let separator = if n == 0 { "" } else { "\n" };
            let Problem { line, column, text } = problem;
            write!(f, "{separator}{}:{line}:{column}: {text}", self.path.display())?;
        }
        Ok(())
    }
}

/// Collects problems while a manifest is checked.
#[derive(Debug)]
pub(super) struct Found<'s> {
    source: &'s str,
    problems: Vec<(usize, Problem)>,
}

impl<'s> Found<'s> {
    pub(super) fn in_source(source: &'s str) -> Self {
        Self { source, problems: Vec::new() }
    }

    /// Notes a problem at `span`, a byte range of the source.
    pub(super) fn at(&mut self, span: Range<usize>, text: impl fmt::Display) {
        let before = self.source.get(..span.start).unwrap_or(self.source);
        let line_start = before.rfind('\n').map_or(0, |feed| feed + 1);
        let problem = Problem {
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).map_or(0, |text| text.chars().count()) + 1,
            text: text.to_string(),
        };
        self.problems.push((span.start, problem));
    }

    /// Notes a problem in `result` at `span` and goes on without its value.
    pub(super) fn keep<T, E: fmt::Display>(&mut self, span: Range<usize>, result: Result<T, E>) -> Option<T> {
        result.map_err(|problem| self.at(span, problem)).ok()
    }

    /// `value` if nothing was found.
    pub(super) fn or<T>(mut self, value: T) -> Result<T, Problems> {
        if self.problems.is_empty() { Ok(value) } else { Err(self.take()) }
    }

    /// The problems, in the order of the file.
    pub(super) fn take(&mut self) -> Problems {
        self.problems.sort_by_key(|(offset, _)| *offset);
        Problems(self.problems.drain(..).map(|(_, problem)| problem).collect())
    }
}
