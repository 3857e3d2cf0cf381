//! A file of detectors.

use std::collections::BTreeSet;

use portcullis_detect::Rules;
use portcullis_settings::read::{Report, Section, document};
use portcullis_settings::{ClassName, Problems};
use sha2::{Digest as _, Sha256};

use crate::read::Detector;
use crate::{compile, examples};

/// A file of detectors: read, compiled and held to its examples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetectorsFile {
    rules: Rules,
    classes: BTreeSet<ClassName>,
}

impl DetectorsFile {
    /// Reads the text of a file and compiles it; `file` is its name in messages.
    ///
    /// # Errors
    /// Every problem of the text, unless it is not TOML at all: then only what keeps it from being that. Examples are
    /// looked at once everything else is right.
    pub fn parse(text: &str, file: &str) -> Result<Self, Problems> {
        let (table, mut report) = document(text, file)?;
        let mut root = Section::root(&table);
        let detectors = detectors(&mut root, &mut report);
        root.finish(&mut report);
        let mut report = report.stop_if_any(file)?;
        let mut rules = compile::rules(&detectors, &mut report);
        rules.source = digest(text);
        let mut report = report.stop_if_any(file)?;
        examples::check(&detectors, &rules, &mut report);
        report.refuse_any(file)?;
        let classes = detectors.into_iter().map(|detector| detector.class).collect();
        Ok(Self { rules, classes })
    }

    /// Whether there is none in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.rules.is_empty()
    }

    /// Every class that is found.
    pub fn classes(&self) -> impl Iterator<Item = &ClassName> {
        self.classes.iter()
    }

    /// The compiled form. The same text gives the same bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.rules.to_bytes()
    }
}

/// What the compiled form of a text says of where it is from.
#[must_use]
pub fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

fn detectors(root: &mut Section<'_, '_>, report: &mut Report) -> Vec<Detector> {
    let sections = root.tables(report, "detector");
    let mut detectors = Vec::new();
    for section in sections {
        detectors.extend(Detector::read(section, report));
    }
    detectors
}
