//! What is in one text, and where.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use portcullis_detect::{Class, Confidence, Detectors, Finding, Findings};
use portcullis_settings::Masking;

use crate::trial::detection::{Masker, dangers};

/// Looks at texts. Made once, however many there are.
#[derive(Debug)]
pub(super) struct Inspector {
    detectors: Detectors,
    masker: Masker,
}

impl Inspector {
    pub(super) fn new(detectors: &Detectors, masking: &Masking) -> Self {
        Self { detectors: detectors.clone(), masker: Masker::for_anyone(detectors, masking) }
    }

    /// Looks at one text.
    pub(super) fn inspect<'t>(&'t self, text: &'t str) -> Found<'t> {
        Found { inspector: self, text, findings: self.detectors.scan(text) }
    }
}

/// What was found in a text.
#[derive(Debug)]
pub(super) struct Found<'t> {
    inspector: &'t Inspector,
    text: &'t str,
    findings: Findings,
}

/// A finding as people and programs count: characters are code points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) class: Class,
    pub(super) confidence: Confidence,
    /// In bytes.
    pub(super) range: Range<usize>,
    /// In characters, from 0.
    pub(super) start: usize,
    /// Behind the last character.
    pub(super) end: usize,
    /// From 1.
    pub(super) line: usize,
    /// In characters, from 1.
    pub(super) column: usize,
}

impl Found<'_> {
    /// The findings in order of their places. Of those that masking replaces no two overlap: where values lie over each
    /// other, the one that names the place is told. What is not masked is told beside them, so that a label does not hide a value.
    pub(super) fn placed(&self) -> Vec<Placed> {
        if self.findings.is_empty() {
            return Vec::new();
        }
        let values = self.findings.of_classes(|class| self.is_masked(class));
        let labels = self.findings.of_classes(|class| !self.is_masked(class));
        let mut findings: Vec<&Finding> = values.iter().chain(&labels).collect();
        findings.sort_by_key(|finding| (finding.range.start, finding.range.end));
        let mut cursor = Cursor::new(self.text);
        findings.into_iter().map(|finding| cursor.place(finding)).collect()
    }

    /// Everything that a policy would see of a request with this text.
    pub(super) fn labels(&self) -> BTreeSet<&'static str> {
        self.findings.classes().into_iter().chain(dangers(self.text)).map(Class::as_str).collect()
    }

    /// The text as somebody would get it who may see nothing in clear.
    pub(super) fn masked(&self) -> Cow<'_, str> {
        self.inspector.masker.masked_text(self.text, &self.findings)
    }

    /// What stands around a finding on the line that it starts on, masked, and by `…` cut where that is long. Values have
    /// their placeholders here whatever settings say, since a part of a value must not be shown for its end.
    pub(super) fn excerpt(&self, finding: &Placed) -> String {
        let (before, after) = self.text.split_at_checked(finding.range.start).unwrap_or((self.text, ""));
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = after.find('\n').map_or(self.text.len(), |newline| finding.range.start + newline);
        let start = self.text.ceil_char_boundary(finding.range.start.saturating_sub(AROUND)).max(line_start);
        let end = self.text.floor_char_boundary(finding.range.end.saturating_add(AROUND)).min(line_end);
        let part = self.text.get(start..end).unwrap_or_default();
        let (inside, masks) = (self.findings.in_part(start..end), |class| self.is_masked(class));
        let masked = self.inspector.detectors.mask("", part, &inside, masks).text;
        let cut = |is_cut| if is_cut { "…" } else { "" };
        format!("{}{}{}", cut(start > line_start), masked.trim_end_matches('\r'), cut(end < line_end))
    }

    fn is_masked(&self, class: Class) -> bool {
        self.inspector.masker.masks(class)
    }
}

/// How much is shown before and after a finding, in bytes.
const AROUND: usize = 60;

/// Counts characters and lines while it goes through a text.
struct Cursor<'t> {
    text: &'t str,
    offset: usize,
    characters: usize,
    line: usize,
    column: usize,
}

impl<'t> Cursor<'t> {
    const fn new(text: &'t str) -> Self {
        Self { text, offset: 0, characters: 0, line: 1, column: 1 }
    }

    /// Places a finding that starts no earlier than the one before.
    fn place(&mut self, finding: &Finding) -> Placed {
        let Finding { class, range, confidence } = finding.clone();
        self.go(range.start);
        let length = self.text.get(range.clone()).unwrap_or_default().chars().count();
        Placed {
            class,
            confidence,
            range,
            start: self.characters,
            end: self.characters + length,
            line: self.line,
            column: self.column,
        }
    }

    fn go(&mut self, offset: usize) {
        let passed = self.text.get(self.offset..offset).unwrap_or_default();
        let characters = passed.chars().count();
        self.characters += characters;
        match passed.rsplit_once('\n') {
            None => self.column += characters,
            Some((lines, last)) => {
                self.line += lines.bytes().filter(|byte| *byte == b'\n').count() + 1;
                self.column = last.chars().count() + 1;
            }
        }
        self.offset = offset;
    }
}
