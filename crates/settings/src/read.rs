//! Reads tables of a TOML file by key and collects every problem with its line.
//!
//! Serde stops at the first problem; an operator wants all of them. So the file is read through
//! [`Section`], which knows which keys were asked for: whatever is left over is unknown and refused.
//! Not here: which keys there are (`draft`).

use std::ops::{Range, RangeInclusive};
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::issuer::ClaimValue;
use crate::problem::{Problem, Problems};
use crate::telemetry::Sample;
pub use crate::words::suggest;

/// A value and the line it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located<T> {
    /// From 1.
    pub line: usize,
    /// What was read.
    pub value: T,
}

/// The problems found so far, and the means to tell lines from offsets.
#[derive(Debug)]
pub struct Report {
    /// Offset of the first byte of each line.
    line_starts: Vec<usize>,
    problems: Vec<Problem>,
}

impl Report {
    /// No problems yet.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let after_newlines =
            text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { line_starts: std::iter::once(0).chain(after_newlines).collect(), problems: Vec::new() }
    }

    /// One more problem.
    pub fn add(&mut self, line: usize, message: impl Into<String>) {
        self.problems.push(Problem { line, message: message.into() });
    }

    /// The line on which something starts.
    #[must_use]
    pub fn line(&self, span: &Range<usize>) -> usize {
        self.line_starts.partition_point(|start| *start <= span.start).max(1)
    }

    /// Parses a text that was found on a line; a failure becomes a problem there.
    pub fn parse<T: FromStr<Err: ToString>>(
        &mut self,
        path: &str,
        text: &Located<String>,
    ) -> Option<Located<T>> {
        match text.value.parse() {
            Ok(value) => Some(Located { line: text.line, value }),
            Err(error) => {
                self.add(text.line, format!("`{path}`: {}", error.to_string()));
                None
            }
        }
    }

    /// Itself while nothing is wrong.
    ///
    /// # Errors
    /// The problems, if there are any.
    pub fn stop_if_any(self, file: &str) -> Result<Self, Problems> {
        let Self { line_starts, problems } = self;
        Problems::refuse_any(file, problems)?;
        Ok(Self { line_starts, problems: Vec::new() })
    }

    /// Refuses the file if anything is wrong with it.
    ///
    /// # Errors
    /// The problems, in the order of their lines.
    pub fn refuse_any(self, file: &str) -> Result<(), Problems> {
        Problems::refuse_any(file, self.problems)
    }

    pub(crate) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }
}

/// One table of the file, while it is being read.
///
/// INVARIANT: whoever opens a section calls [`Section::finish`], which refuses the keys nobody asked for.
#[derive(Debug)]
pub struct Section<'t, 'i> {
    /// As in the file, `limits` or `issuers.demo`; empty for the whole file.
    pub path: String,
    /// Where the table begins, for what is missing in it.
    pub line: usize,
    table: &'t DeTable<'i>,
    known: Vec<&'static str>,
}

impl<'t, 'i> Section<'t, 'i> {
    /// The whole file.
    #[must_use]
    pub const fn root(table: &'t DeTable<'i>) -> Self {
        Self { path: String::new(), line: 1, table, known: Vec::new() }
    }

    /// A table inside this one, if it is there.
    pub fn section(&mut self, report: &mut Report, key: &'static str) -> Option<Self> {
        let (value, line) = self.value(report, key)?;
        self.as_section(report, key, value, line)
    }

    /// The tables of a list: every `[[detector]]`.
    pub fn tables(&mut self, report: &mut Report, key: &'static str) -> Vec<Self> {
        let Some((value, line)) = self.value(report, key) else {
            return Vec::new();
        };
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

    /// The tables inside a table of this one, by name: `[issuers.a]` and `[issuers.b]` of `issuers`.
    pub fn sections(&mut self, report: &mut Report, key: &'static str) -> Vec<(Located<String>, Self)> {
        let Some(parent) = self.section(report, key) else {
            return Vec::new();
        };
        let mut sections = Vec::new();
        for (name, value) in parent.table.iter() {
            let line = report.line(&name.span());
            if let Some(section) = parent.as_section(report, name.as_ref(), value, line) {
                sections.push((Located { line, value: name.as_ref().to_string() }, section));
            }
        }
        sections
    }

    /// A text, if the key is there.
    pub fn text(&mut self, report: &mut Report, key: &'static str) -> Option<Located<String>> {
        let (value, line) = self.value(report, key)?;
        self.as_text(report, key, value.get_ref(), line)
    }

    /// A text that must be there.
    pub fn required_text(&mut self, report: &mut Report, key: &'static str) -> Option<Located<String>> {
        if !self.table.contains_key(key) {
            self.missing(report, key);
        }
        self.text(report, key)
    }

    /// The texts of a table of this one, each with the name that it has there.
    pub fn named_texts(
        &mut self,
        report: &mut Report,
        key: &'static str,
    ) -> Vec<(Located<String>, Located<String>)> {
        let Some(parent) = self.section(report, key) else {
            return Vec::new();
        };
        let mut texts = Vec::new();
        for (name, value) in parent.table.iter() {
            let line = report.line(&name.span());
            if let Some(text) = parent.as_text(report, name.as_ref(), value.get_ref(), line) {
                texts.push((Located { line, value: name.as_ref().to_string() }, text));
            }
        }
        texts
    }

    /// A list of texts, if the key is there.
    pub fn texts(&mut self, report: &mut Report, key: &'static str) -> Option<Vec<Located<String>>> {
        let (value, line) = self.value(report, key)?;
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong_type(report, line, key, "a list of texts", value.get_ref());
            return None;
        };
        let texts = items.iter().filter_map(|item| {
            let line = report.line(&item.span());
            self.as_text(report, key, item.get_ref(), line)
        });
        Some(texts.collect())
    }

    /// A list of texts, each parsed, if the key is there.
    pub fn parsed_list<T: FromStr<Err: ToString>>(
        &mut self,
        report: &mut Report,
        key: &'static str,
    ) -> Option<Vec<Located<T>>> {
        let path = self.join(key);
        let texts = self.texts(report, key)?;
        Some(texts.iter().filter_map(|text| report.parse(&path, text)).collect())
    }

    /// A text, parsed, if the key is there.
    pub fn parsed<T: FromStr<Err: ToString>>(
        &mut self,
        report: &mut Report,
        key: &'static str,
    ) -> Option<Located<T>> {
        let text = self.text(report, key)?;
        report.parse(&self.join(key), &text)
    }

    /// A text, `true` or `false`, if the key is there.
    pub(crate) fn claim_value(&mut self, report: &mut Report, key: &'static str) -> Option<ClaimValue> {
        let (value, line) = self.value(report, key)?;
        if let DeValue::Boolean(flag) = value.get_ref() {
            return Some(ClaimValue::Flag(*flag));
        }
        self.as_text(report, key, value.get_ref(), line).map(|text| ClaimValue::Text(text.value))
    }

    /// `true` or `false`, if the key is there.
    pub fn flag(&mut self, report: &mut Report, key: &'static str) -> Option<bool> {
        let (value, line) = self.value(report, key)?;
        if let DeValue::Boolean(flag) = value.get_ref() {
            return Some(*flag);
        }
        self.wrong_type(report, line, key, "true or false", value.get_ref());
        None
    }

    /// A whole number within bounds, or the default if the key is absent.
    pub fn number(
        &mut self,
        report: &mut Report,
        key: &'static str,
        bounds: RangeInclusive<u32>,
        default: u32,
    ) -> u32 {
        let Some((value, line)) = self.value(report, key) else {
            return default;
        };
        let DeValue::Integer(integer) = value.get_ref() else {
            self.wrong_type(report, line, key, "a whole number", value.get_ref());
            return default;
        };
        match u32::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(number) if bounds.contains(&number) => number,
            Ok(_) | Err(_) => {
                let (low, high) = (bounds.start(), bounds.end());
                report.add(line, format!("`{}` must be from {low} to {high}, not {integer}", self.join(key)));
                default
            }
        }
    }

    /// A share, from 0 to 1, if the key is there.
    pub(crate) fn share(&mut self, report: &mut Report, key: &'static str) -> Option<Sample> {
        let (value, line) = self.value(report, key)?;
        let text = if let DeValue::Float(fraction) = value.get_ref() {
            fraction.as_str()
        } else if let DeValue::Integer(whole) = value.get_ref() {
            whole.as_str()
        } else {
            self.wrong_type(report, line, key, "a number", value.get_ref());
            return None;
        };
        let share = Sample::parse(text);
        if share.is_none() {
            let path = self.join(key);
            let form = "from 0 to 1 with at most six digits behind the point, such as `0.1`";
            report.add(line, format!("`{path}` must be {form}, not {text}"));
        }
        share
    }

    /// The first and the last line of it.
    pub(crate) fn lines(&self, report: &Report) -> (usize, usize) {
        let ends = self.table.iter().map(|(_, value)| value.span().end);
        let last = ends.max().map_or(0, |end| report.line(&(end.saturating_sub(1)..end)));
        (self.line, last.max(self.line))
    }

    /// Whether the key is there.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Reports a key that must be there and is not.
    pub fn missing(&self, report: &mut Report, key: &str) {
        report.add(self.line, format!("`{}` is missing", self.join(key)));
    }

    /// Refuses every key that was not asked for.
    pub fn finish(self, report: &mut Report) {
        for key in self.table.keys() {
            if !self.known.contains(&key.as_ref().as_ref()) {
                let line = report.line(&key.span());
                let path = self.join(key.as_ref());
                report.add(line, format!("unknown key `{path}`; {}", suggest(key.as_ref(), &self.known)));
            }
        }
    }

    /// The full name of a key of this section, for messages.
    #[must_use]
    pub fn join(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn value(&mut self, report: &Report, key: &'static str) -> Option<(&'t Spanned<DeValue<'i>>, usize)> {
        self.known.push(key);
        let table: &'t DeTable<'i> = self.table;
        table.get(key).map(|value| (value, report.line(&value.span())))
    }

    fn as_section(
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

    fn wrong_type(&self, report: &mut Report, line: usize, key: &str, want: &str, got: &DeValue<'_>) {
        let got = match got {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a fraction",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        report.add(line, format!("`{}` must be {want}, not {got}", self.join(key)));
    }
}

/// Reads the text of a file as TOML.
///
/// # Errors
/// What keeps it from being that.
pub fn document<'t>(text: &'t str, file: &str) -> Result<(DeTable<'t>, Report), Problems> {
    let mut report = Report::new(text);
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let line = error.span().map_or(1, |span| report.line(&span));
        let message = error.message().replace('\n', ", ");
        report.add(line, format!("not TOML: {message}"));
    }
    Ok((document.into_inner(), report.stop_if_any(file)?))
}
