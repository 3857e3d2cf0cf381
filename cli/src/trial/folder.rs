//! A policy folder as text, and what is in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use portcullis_detect::{Custom, Detectors};
use portcullis_detectors::DetectorsFile;
use portcullis_pins::Pins;
use portcullis_policy::{Explainer, Source};
use portcullis_schema::World;
use portcullis_settings::{ClassName, ConnectionName, Draft};

use crate::trial::problem::{Problem, suggest};

/// The texts of a policy folder. Files are named as they are reached from here, so that an editor finds them.
#[derive(Debug)]
pub(crate) struct Folder {
    settings: File,
    policies: Vec<File>,
    pins: Vec<File>,
    detectors: Option<File>,
}

/// A text file.
#[derive(Debug)]
pub(crate) struct File {
    /// Its path, for messages.
    pub(crate) name: String,
    pub(crate) text: String,
}

/// What is in a policy folder.
#[derive(Debug)]
pub(crate) struct Parsed<'f> {
    pub(crate) draft: Draft,
    pub(crate) explainer: Explainer<'f>,
    pub(crate) pins: Vec<Pins>,
    /// Those that are not built in; `None` if there is no file of them.
    pub(crate) own: Option<DetectorsFile>,
    /// All of them.
    pub(crate) detectors: Detectors,
}

impl Folder {
    /// Reads the settings, the policies, the pins and the detectors.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Self> {
        let (pins, detectors) = (folder.join(PINS), folder.join(DETECTORS));
        Ok(Self {
            settings: File::read(&folder.join(SETTINGS))?,
            policies: files(folder, "cedar")?,
            pins: if pins.is_dir() { files(&pins, "json")? } else { Vec::new() },
            detectors: detectors.exists().then(|| File::read(&detectors)).transpose()?,
        })
    }

    /// The settings, the policies, the pins and the detectors, or everything that is wrong with any of them.
    pub(crate) fn parse(&self) -> Result<Parsed<'_>, Vec<Problem>> {
        self.parse_some(|_| true)
    }

    /// Like [`Folder::parse`], as if a connection had no pins.
    pub(crate) fn parse_without_pins_of(&self, connection: &str) -> Result<Parsed<'_>, Vec<Problem>> {
        self.parse_some(|stem| stem != connection)
    }

    fn parse_some(&self, wanted: impl Fn(&str) -> bool) -> Result<Parsed<'_>, Vec<Problem>> {
        let File { name, text } = &self.settings;
        let sources: Vec<Source<'_>> =
            self.policies.iter().map(|file| Source { file: &file.name, text: &file.text }).collect();
        let (draft, explainer) = (Draft::parse(text, name), Explainer::parse(&sources));
        let mut problems = Vec::new();
        if let Err(found) = &draft {
            problems.extend(found.iter().map(|problem| Problem::of_settings(name, problem)));
        }
        if let Err(found) = &explainer {
            problems.extend(found.iter().map(Problem::of_policy));
        }
        let mut pins = Vec::new();
        for file in self.pins.iter().filter(|file| wanted(file.stem())) {
            match file.pins(draft.as_ref().ok()) {
                Ok(read) => pins.push(read),
                Err(problem) => problems.push(problem),
            }
        }
        let own = self.detectors.as_ref().map(File::detectors).transpose();
        problems.extend(own.as_ref().err().into_iter().flatten().cloned());
        match (draft, explainer, own) {
            (Ok(draft), Ok(explainer), Ok(own)) if problems.is_empty() => {
                let explainer = explainer.with_rules(draft.deny(), name);
                let explainer =
                    explainer.map_err(|found| found.iter().map(Problem::of_policy).collect::<Vec<_>>())?;
                let (own, detectors) = own.unzip();
                let detectors = detectors.unwrap_or(Detectors::builtin());
                Ok(Parsed { draft, explainer, pins, own, detectors })
            }
            _ => Err(problems),
        }
    }

    /// The policy files, by path.
    pub(crate) fn policies(&self) -> &[File] {
        &self.policies
    }

    /// The file of detectors, if there is one.
    pub(crate) const fn detectors(&self) -> Option<&File> {
        self.detectors.as_ref()
    }

    /// The settings, for pointing at a place in them.
    pub(crate) const fn settings(&self) -> &File {
        &self.settings
    }
}

impl Parsed<'_> {
    /// What policies may name.
    pub(crate) fn world(&self) -> World {
        World::new(&self.draft, &self.pins).with_classes(self.classes())
    }

    /// The classes that are found besides those that are built in.
    pub(crate) fn classes(&self) -> impl Iterator<Item = &ClassName> {
        self.own.iter().flat_map(DetectorsFile::classes)
    }
}

impl File {
    fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Self { name: path.display().to_string(), text })
    }

    /// Its name without folder.
    pub(crate) fn bare_name(&self) -> &str {
        Path::new(&self.name).file_name().and_then(|name| name.to_str()).unwrap_or_default()
    }

    /// Its name without folder and extension.
    fn stem(&self) -> &str {
        Path::new(&self.name).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default()
    }

    /// The detectors in it, as a file and ready to search with.
    fn detectors(&self) -> Result<(DetectorsFile, Detectors), Vec<Problem>> {
        let read = DetectorsFile::parse(&self.text, &self.name);
        let own = read.map_err(|problems| {
            problems.iter().map(|problem| Problem::of_settings(&self.name, problem)).collect::<Vec<_>>()
        })?;
        let opened = Custom::open(own.to_bytes()).map_err(|error| {
            vec![Problem { file: self.name.clone(), line: 1, message: error.to_string() }]
        })?;
        Ok((own, Detectors::with_custom(Arc::new(opened))))
    }

    /// The pins in it. They are of the connection that the file is named for, which the settings must have.
    fn pins(&self, draft: Option<&Draft>) -> Result<Pins, Problem> {
        let stem = self.stem();
        let problem = |line, message| Problem { file: self.name.clone(), line, message };
        let known: Option<Vec<&str>> =
            draft.map(|draft| draft.connections().map(ConnectionName::as_str).collect());
        if let Some(known) = known.filter(|known| !known.contains(&stem)) {
            let advice = suggest(stem, &known);
            return Err(problem(1, format!("the settings have no connection `{stem}`; {advice}")));
        }
        let connection: ConnectionName =
            stem.parse().map_err(|error| problem(1, format!("it is named for no connection: {error}")))?;
        Pins::parse(&connection, &self.text)
            .map_err(|error| problem(error.line(&self.text), error.to_string()))
    }
}

/// The files of a folder with this extension, by name.
pub(crate) fn files(folder: &Path, extension: &str) -> anyhow::Result<Vec<File>> {
    let listed = || format!("cannot list {}", folder.display());
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).with_context(listed)? {
        let path = entry.with_context(listed)?.path();
        if path.extension().is_some_and(|found| found == extension) {
            paths.push(path);
        }
    }
    paths.sort();
    paths.iter().map(|path| File::read(path)).collect()
}

const SETTINGS: &str = "portcullis.toml";
/// Detectors that are not built in, in the folder of the policies.
pub(crate) const DETECTORS: &str = "detectors.toml";
/// The folder of the pins, in the folder of the policies.
pub(crate) const PINS: &str = "pins";
