//! From detectors to rules.

use portcullis_detect::{Automaton, Confidence, Find, Path, Rule, Rules};
use portcullis_settings::read::Report;
use regex_syntax::hir::Hir;

use crate::automaton::{self, Use};
use crate::read::{Detector, Finds};

/// Compiles every detector. What is too large is a problem.
pub(crate) fn rules(detectors: &[Detector], report: &mut Report) -> Rules {
    let mut rules = Rules::default();
    let mut patterns: Vec<(usize, &Hir)> = Vec::new();
    let mut n_bytes = 0;
    let mut n_steps = 0;
    for detector in detectors {
        match rule(detector) {
            Some(rule) => {
                n_bytes += size(&rule.find);
                n_steps += if let Find::Path(Path(steps)) = &rule.find { steps.len() + 1 } else { 0 };
                if let Finds::Text { pattern, .. } = &detector.finds {
                    patterns.push((rules.rules.len(), &pattern.value.0));
                }
                rules.rules.push(rule);
            }
            None => report.add(detector.line_of_find(), TOO_LARGE),
        }
    }
    for part in patterns.chunks(Rules::MOST_JOINED) {
        join(part, &mut rules.filters);
    }
    n_bytes += rules.filters.iter().map(|(automaton, _)| automaton.len()).sum::<usize>();
    if n_bytes > MOST_BYTES {
        let message = format!(
            "all detectors together take {n_bytes} bytes, and {MOST_BYTES} is the most; {LARGE_BECAUSE}"
        );
        report.add(1, message);
    }
    if n_steps > MOST_STEPS {
        report.add(1, format!("the steps of all `json_path` together, and one for each, are {n_steps}, and {MOST_STEPS} is the most"));
    }
    rules
}

/// The rules of one detector alone.
pub(crate) fn alone(rules: &Rules, number: usize, detector: &Detector) -> Option<Rules> {
    let rule = rules.rules.get(number)?.clone();
    let filters = match &detector.finds {
        Finds::Path(_) => Vec::new(),
        Finds::Text { pattern, .. } => vec![(automaton::of(&[&pattern.value.0], Use::Filter)?, vec![0])],
    };
    Some(Rules { source: rules.source, rules: vec![rule], filters })
}

impl Detector {
    /// Where it says what it finds.
    fn line_of_find(&self) -> usize {
        match &self.finds {
            Finds::Path(_) => self.line,
            Finds::Text { pattern, .. } => pattern.line,
        }
    }
}

/// `None` if an automaton becomes too large.
fn rule(detector: &Detector) -> Option<Rule> {
    let find = match &detector.finds {
        Finds::Path(path) => Find::Path(path.clone()),
        Finds::Text { pattern, is_words, context, validator } => {
            let of = |wanted| automaton::of(&[&pattern.value.0], wanted).map(Box::new);
            of(Use::Filter)?;
            Find::Text {
                forward: of(Use::Forward)?,
                backward: of(Use::Backward)?,
                is_words: *is_words,
                context: context.clone(),
                validator: *validator,
            }
        }
    };
    let confidence: Confidence = detector.confidence;
    Some(Rule { class: detector.class.as_str().to_owned(), confidence, find })
}

fn size(find: &Find) -> usize {
    match find {
        Find::Path(_) => 0,
        Find::Text { forward, backward, .. } => forward.len() + backward.len(),
    }
}

/// Makes one automaton that says which of the patterns match, or several where one would be too large.
fn join(patterns: &[(usize, &Hir)], filters: &mut Vec<(Automaton, Vec<usize>)>) {
    let all: Vec<&Hir> = patterns.iter().map(|(_, pattern)| *pattern).collect();
    if let Some(automaton) = automaton::of(&all, Use::Filter) {
        filters.push((automaton, patterns.iter().map(|(number, _)| *number).collect()));
    } else if let (1.., Some((left, right))) =
        (patterns.len() / 2, patterns.split_at_checked(patterns.len() / 2))
    {
        join(left, filters);
        join(right, filters);
    }
}

/// The most that all detectors together may take.
const MOST_BYTES: usize = 4 << 20;
/// As many as a place can tell apart.
const MOST_STEPS: usize = 128;
const TOO_LARGE: &str = "it becomes too large; ask for less of it: shorter repetitions (`{1,20}`), fewer classes of \
    letters of all scripts (`\\pL`), fewer words";
const LARGE_BECAUSE: &str =
    "long repetitions, classes of letters of all scripts and long lists of words take most";
