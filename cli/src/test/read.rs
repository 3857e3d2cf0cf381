//! Reads tables of a TOML file by key and collects every problem with its line.
//!
//! Like the reader of the settings: a [`Section`] knows which keys were asked for, and what is left over is refused.
//! A misspelt expectation would be one that is never checked.

use std::ops::Range;

use portcullis_identity::UnixSeconds;
use portcullis_mcp::json::Json;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::test::value;
use crate::trial::problem::{Problem, suggest};
use crate::trial::time;

/// The problems found so far, and the means to tell lines from offsets.
#[derive(Debug)]
pub(super) struct Report {
    file: String,
    /// Offset of the first byte of each line.
    line_starts: Vec<usize>,
    problems: Vec<Problem>,
    /// The deepest JSON that a request may hold.
    pub(super) depth: usize,
}

/// A value and the line it was read from.
#[derive(Clone, Debug)]
pub(super) struct Located<T> {
    pub(super) line: usize,
    pub(super) value: T,
}

impl Report {
    pub(super) fn new(file: &str, text: &str, depth: usize) -> Self {
        let after_newlines =
            text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let line_starts = std::iter::once(0).chain(after_newlines).collect();
        Self { file: file.to_owned(), line_starts, problems: Vec::new(), depth }
    }

    pub(super) fn add(&mut self, line: usize, message: impl Into<String>) {
        self.problems.push(Problem { file: self.file.clone(), line, message: message.into() });
    }

    /// The value, or nothing and a problem on this line.
    pub(super) fn keep<T>(&mut self, line: usize, value: Result<T, String>) -> Option<T> {
        value.map_err(|message| self.add(line, message)).ok()
    }

    pub(super) fn line(&self, span: &Range<usize>) -> usize {
        self.line_starts.partition_point(|start| *start <= span.start).max(1)
    }

    pub(super) fn file(&self) -> &str {
        &self.file
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems;
        problems.sort();
        problems
    }
}

/// One table of the file, while it is being read.
///
/// INVARIANT: whoever opens a section calls [`Section::finish`], which refuses the keys nobody asked for.
#[derive(Debug)]
pub(super) struct Section<'t, 'i> {
    /// As in the file, `test` or `principals.vendor`; empty for the whole file.
    path: String,
    pub(super) line: usize,
    table: &'t DeTable<'i>,
    known: Vec<&'static str>,
}

impl<'t, 'i> Section<'t, 'i> {
    /// The whole file.
    pub(super) const fn root(table: &'t DeTable<'i>) -> Self {
        Self { path: String::new(), line: 1, table, known: Vec::new() }
    }

    /// Whether a key is there, readable or not.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// The value of a key, as it is.
    pub(super) fn value(
        &mut self,
        report: &Report,
        key: &'static str,
    ) -> Option<Located<&'t Spanned<DeValue<'i>>>> {
        self.known.push(key);
        let table: &'t DeTable<'i> = self.table;
        table.get(key).map(|value| Located { line: report.line(&value.span()), value })
    }

    /// The tables inside a table of this one, by name: `[principals.a]` and `[principals.b]`.
    pub(super) fn named(&mut self, report: &mut Report, key: &'static str) -> Vec<(String, Self)> {
        let Some(parent) = self.section(report, key) else { return Vec::new() };
        let mut sections = Vec::new();
        for (name, value) in parent.table.iter() {
            let line = report.line(&name.span());
            let section = parent.as_section(report, name.as_ref(), value, line);
            sections.extend(section.map(|section| (name.as_ref().to_string(), section)));
        }
        sections
    }

    /// The tables of a list: every `[[test]]`.
    pub(super) fn tables(&mut self, report: &mut Report, key: &'static str) -> Vec<Self> {
        let Some(Located { line, value }) = self.value(report, key) else { return Vec::new() };
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong_type(report, line, key, "a list of tables", value.get_ref());
            return Vec::new();
        };
        let mut sections = Vec::new();
        for item in items.iter() {
            let line = report.line(&item.span());
            sections.extend(self.as_section(report, key, item, line));
        }
        sections
    }

    /// A table inside this one, if it is there.
    pub(super) fn section(&mut self, report: &mut Report, key: &'static str) -> Option<Self> {
        let Located { line, value } = self.value(report, key)?;
        self.as_section(report, key, value, line)
    }

    /// A text, if the key is there.
    pub(super) fn text(&mut self, report: &mut Report, key: &'static str) -> Option<Located<String>> {
        let Located { line, value } = self.value(report, key)?;
        self.as_text(report, key, value.get_ref(), line)
    }

    /// A list of texts, if the key is there.
    pub(super) fn texts(&mut self, report: &mut Report, key: &'static str) -> Option<Vec<Located<String>>> {
        let Located { line, value } = self.value(report, key)?;
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong_type(report, line, key, "a list of texts", value.get_ref());
            return None;
        };
        let mut texts = Vec::new();
        for item in items.iter() {
            let line = report.line(&item.span());
            texts.extend(self.as_text(report, key, item.get_ref(), line));
        }
        Some(texts)
    }

    /// A time, if the key is there.
    pub(super) fn time(&mut self, report: &mut Report, key: &'static str) -> Option<UnixSeconds> {
        let Located { line, value } = self.value(report, key)?;
        let read = match value.get_ref() {
            DeValue::Datetime(datetime) => time::seconds(*datetime),
            DeValue::String(text) => time::parse(text).ok(),
            DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => None,
        };
        if read.is_none() {
            report.add(line, format!("`{}` must be {}", self.join(key), time::RULE));
        }
        read
    }

    /// A JSON object, as a table or as a text, if the key is there.
    pub(super) fn object(
        &mut self,
        report: &mut Report,
        key: &'static str,
    ) -> Option<Located<Json<'static>>> {
        let Located { line, value } = self.value(report, key)?;
        let read = if let DeValue::String(text) = value.get_ref() {
            value::parse(text, report.depth)
        } else {
            value::json(value.get_ref(), report.depth)
        };
        let read = read.and_then(|json| {
            let is_object = json.as_object().is_some();
            is_object.then_some(json).ok_or_else(|| "it is not an object".to_owned())
        });
        let read = read.map_err(|error| format!("`{}`: {error}", self.join(key)));
        report.keep(line, read).map(|value| Located { line, value })
    }

    /// Reports a key that must be there and is not.
    pub(super) fn missing(&self, report: &mut Report, key: &str) {
        report.add(self.line, format!("`{}` is missing", self.join(key)));
    }

    /// Refuses every key that was not asked for.
    pub(super) fn finish(self, report: &mut Report) {
        for key in self.table.keys() {
            let name: &str = key.as_ref();
            if !self.known.contains(&name) {
                let line = report.line(&key.span());
                report
                    .add(line, format!("unknown key `{}`; {}", self.join(name), suggest(name, &self.known)));
            }
        }
    }

    /// The full name of a key of this section, for messages.
    pub(super) fn join(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// A value that must be a table.
    pub(super) fn as_section(
        &self,
        report: &mut Report,
        key: &str,
        value: &'t Spanned<DeValue<'i>>,
        line: usize,
    ) -> Option<Self> {
        if let DeValue::Table(table) = value.get_ref() {
            return Some(Self { path: self.join(key), line, table, known: Vec::new() });
        }
        self.wrong_type(report, line, key, "a table", value.get_ref());
        None
    }

    fn as_text(
        &self,
        report: &mut Report,
        key: &str,
        value: &DeValue<'_>,
        line: usize,
    ) -> Option<Located<String>> {
        if let DeValue::String(text) = value {
            return Some(Located { line, value: text.to_string() });
        }
        self.wrong_type(report, line, key, "a text", value);
        None
    }

    pub(super) fn wrong_type(
        &self,
        report: &mut Report,
        line: usize,
        key: &str,
        want: &str,
        got: &DeValue<'_>,
    ) {
        report.add(line, format!("`{}` must be {want}, not {}", self.join(key), value::kind(got)));
    }
}
