//! One detector, as it is written.

use portcullis_detect::{Class, Confidence, Path, Validator, folded};
use portcullis_settings::ClassName;
use portcullis_settings::read::{Located, Report, Section, suggest};

use crate::pattern::{self, Pattern};

/// One detector.
#[derive(Clone, Debug)]
pub(crate) struct Detector {
    /// Where it begins.
    pub(crate) line: usize,
    pub(crate) class: ClassName,
    pub(crate) confidence: Confidence,
    pub(crate) finds: Finds,
    /// In which it must find something.
    pub(crate) examples: Vec<Located<String>>,
    /// In which it must not.
    pub(crate) counterexamples: Vec<Located<String>>,
}

/// What it finds.
#[derive(Clone, Debug)]
pub(crate) enum Finds {
    Path(Path),
    Text { pattern: Located<Pattern>, is_words: bool, context: Vec<String>, validator: Option<Validator> },
}

/// What a detector says of what it finds.
struct Keys {
    regex: Option<Located<String>>,
    words: Option<Located<Vec<Located<String>>>>,
    path: Option<Located<String>>,
    case_sensitive: Option<bool>,
    context: Option<Vec<Located<String>>>,
    validator: Option<Located<String>>,
}

impl Detector {
    /// Reads one; nothing if anything is wrong with it.
    pub(crate) fn read(mut section: Section<'_, '_>, report: &mut Report) -> Option<Self> {
        let class = section.required_text(report, "class");
        let class = class.and_then(|class| read_class(report, &class));
        let confidence = section.text(report, "confidence");
        let confidence = match confidence {
            Some(name) => one_of(report, "confidence", &name, &CONFIDENCES),
            None => Some(Confidence::High),
        };
        let keys = Keys::read(&mut section, report);
        let finds = keys.finds(&section, report);
        let examples = section.texts(report, "examples").unwrap_or_default();
        let counterexamples = section.texts(report, "counterexamples").unwrap_or_default();
        let line = section.line;
        section.finish(report);
        Some(Self { line, class: class?, confidence: confidence?, finds: finds?, examples, counterexamples })
    }
}

impl Keys {
    fn read(section: &mut Section<'_, '_>, report: &mut Report) -> Self {
        let regex = section.text(report, "regex");
        let words = section.texts(report, "words");
        let line = words.as_ref().and_then(|words| words.first()).map_or(section.line, |word| word.line);
        Self {
            regex,
            words: words.map(|value| Located { line, value }),
            path: section.text(report, "json_path"),
            case_sensitive: section.flag(report, "case_sensitive"),
            context: section.texts(report, "context"),
            validator: section.text(report, "validator"),
        }
    }

    fn finds(self, section: &Section<'_, '_>, report: &mut Report) -> Option<Finds> {
        let Self { regex, words, path, case_sensitive, context, validator } = self;
        if words.is_none() && case_sensitive.is_some() {
            report.add(
                section.line,
                "`case_sensitive` is for `words`; in an expression, write `(?i)` at its start",
            );
        }
        let context = context.map(|cues| read_cues(report, &cues));
        let validator =
            validator.map(|name| (name.line, one_of(report, "validator", &name, &Validator::ALL)));
        match (regex, words, path) {
            (Some(regex), None, None) => {
                let validator = validator.map_or(Some(None), |(_, validator)| validator.map(Some));
                let pattern = located(report, regex.line, "regex", pattern::of_regex(&regex.value));
                let context = context.unwrap_or_default();
                Some(Finds::Text { pattern: pattern?, is_words: false, context, validator: validator? })
            }
            (None, Some(words), None) => {
                if let Some((line, _)) = validator {
                    report.add(line, "`validator` is for `regex`: a list says itself which words are meant");
                }
                let is_exact = case_sensitive.unwrap_or_default();
                let pattern = read_words(report, &words, is_exact)?;
                let context = context.unwrap_or_default();
                Some(Finds::Text { pattern, is_words: true, context, validator: None })
            }
            (None, None, Some(path)) => {
                if context.is_some() || validator.is_some() {
                    let message =
                        "`context` and `validator` are for texts: all that `json_path` leads to is found";
                    report.add(path.line, message);
                }
                report.parse("json_path", &path).map(|path| Finds::Path(path.value))
            }
            (None, None, None) => {
                report.add(section.line, "it finds nothing: write one of `regex`, `words` and `json_path`");
                None
            }
            _ => {
                let message = "it can have only one of `regex`, `words` and `json_path`: write a detector for each, of the \
                     same class";
                report.add(section.line, message);
                None
            }
        }
    }
}

/// A class that is nearly one that is built in would be one that no policy means.
fn read_class(report: &mut Report, class: &Located<String>) -> Option<ClassName> {
    let name = report.parse::<ClassName>("class", class)?.value;
    let is_near = |built_in: &Class| strsim::damerau_levenshtein(built_in.as_str(), name.as_str()) == 1;
    let is_built_in = name.as_str().parse::<Class>().is_ok();
    if let Some(near) = Class::built_in().find(is_near).filter(|_| !is_built_in) {
        report.add(class.line, format!("`class`: there is no `{name}`; did you mean `{near}`?"));
        return None;
    }
    if !name.as_str().contains('.') {
        let message =
            format!("`class`: `{name}` has one part only; put before it whose it is, as in `acme.{name}`");
        report.add(class.line, message);
        return None;
    }
    Some(name)
}

fn read_cues(report: &mut Report, cues: &[Located<String>]) -> Vec<String> {
    let mut read = Vec::new();
    for cue in cues {
        let lower = folded(&cue.value).to_lowercase();
        if lower.is_empty() || !lower.chars().all(|ch| ch.is_ascii_alphabetic() || !ch.is_ascii()) {
            report.add(
                cue.line,
                format!("`context`: `{}` is not one word of letters; list the words", shown(&cue.value)),
            );
        }
        read.push(lower);
    }
    read.sort();
    read.dedup();
    read
}

fn read_words(
    report: &mut Report,
    words: &Located<Vec<Located<String>>>,
    is_exact: bool,
) -> Option<Located<Pattern>> {
    if words.value.is_empty() {
        report.add(words.line, "`words` has none");
        return None;
    }
    let mut texts = Vec::new();
    for word in &words.value {
        let text = folded(&word.value).into_owned();
        if text.trim().is_empty() || text.trim() != text {
            report.add(
                word.line,
                format!("`words`: `{}` is blank, or has blanks around it", shown(&word.value)),
            );
        }
        texts.push(text);
    }
    located(report, words.line, "words", pattern::of_words(texts, is_exact))
}

fn located<T>(report: &mut Report, line: usize, key: &str, value: Result<T, String>) -> Option<Located<T>> {
    match value {
        Ok(value) => Some(Located { line, value }),
        Err(message) => {
            report.add(line, format!("`{key}`: {message}"));
            None
        }
    }
}

/// What a name stands for.
fn one_of<T: Copy>(report: &mut Report, key: &str, name: &Located<String>, all: &[(&str, T)]) -> Option<T> {
    let found = all.iter().find(|(known, _)| *known == name.value);
    if found.is_none() {
        let known: Vec<&str> = all.iter().map(|(known, _)| *known).collect();
        let advice = suggest(&name.value, &known);
        report.add(name.line, format!("`{key}`: there is no `{}`; {advice}", shown(&name.value)));
    }
    found.map(|(_, value)| *value)
}

/// A text that came from the file, in a message of one line.
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(LONGEST_SHOWN).flat_map(char::escape_debug).collect()
}

const LONGEST_SHOWN: usize = 80;

const CONFIDENCES: [(&str, Confidence); 3] =
    [("high", Confidence::High), ("low", Confidence::Low), ("medium", Confidence::Medium)];
