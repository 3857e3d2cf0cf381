//! One policy, from its text: everything that is checked about it by itself.

use cedar_policy as cedar;
use miette::Diagnostic;

use crate::annotations::{self, Complaint};
use crate::digest::PolicyDigest;
use crate::groups;
use crate::nesting;
use crate::policy::{Effect, Policy};
use crate::problem::Problem;
use crate::scan::{annotation_keys, line_of};

/// The text of a policy and where it is from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed<'s> {
    pub(crate) text: &'s str,
    pub(crate) file: &'s str,
    /// The line that the text starts on, from 1.
    pub(crate) line: usize,
}

/// One policy, twice: as we see it and as Cedar does.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) policy: Policy,
    pub(crate) cedar: cedar::Policy,
}

impl Parsed {
    /// Reads a policy, or says everything that is wrong with it.
    pub(crate) fn read(placed: Placed<'_>) -> Result<Self, Vec<Problem>> {
        // Before Cedar, which recurses.
        nesting::check(placed.text).map_err(|(offset, complaint)| vec![placed.problem(offset, complaint)])?;
        let cedar = cedar::Policy::parse(None, placed.text)
            .map_err(|errors| errors.iter().map(|error| cedar_problem(placed, error)).collect::<Vec<_>>())?;
        let effect = match cedar.effect() {
            cedar::Effect::Permit => Effect::Permit,
            cedar::Effect::Forbid => Effect::Forbid,
        };
        let mut problems: Vec<Problem> = groups::complaints(placed.text)
            .map(|(offset, complaint)| placed.problem(offset, complaint))
            .collect();
        let annotations = annotations::read(cedar.annotations(), effect).map_err(|complaints| {
            problems.extend(complaints.into_iter().map(|complaint| annotation_problem(placed, complaint)));
        });
        match annotations {
            Ok(annotations) if problems.is_empty() => {
                let cedar = cedar.new_id(cedar::PolicyId::new(annotations.id.as_str()));
                let digest = PolicyDigest::of(placed.text);
                let place = (placed.file, placed.line);
                Ok(Self { policy: Policy::new(annotations, (effect, digest), place), cedar })
            }
            Ok(_) | Err(()) => Err(problems),
        }
    }
}

impl Placed<'_> {
    fn problem(self, offset: usize, Complaint { key: _, message, suggestion }: Complaint) -> Problem {
        let line = self.line + line_of(self.text, offset) - 1;
        Problem { file: self.file.to_owned(), line, message, suggestion }
    }
}

fn cedar_problem(placed: Placed<'_>, error: &cedar::ParseError) -> Problem {
    let label = error.labels().and_then(|mut labels| labels.next());
    let offset = label.as_ref().map_or(0, miette::LabeledSpan::offset);
    // What Cedar expected comes as the text of the label, other advice as help.
    let expected = label.as_ref().and_then(miette::LabeledSpan::label).map(str::to_owned);
    let advice = error.help().map(|help| help.to_string()).or(expected);
    let suggestion = advice.map(|text| one_line(&text));
    placed.problem(offset, Complaint { key: None, message: one_line(&error.to_string()), suggestion })
}

fn annotation_problem(placed: Placed<'_>, complaint: Complaint) -> Problem {
    let offset = annotation_keys(placed.text)
        .find(|(found, _)| complaint.key.as_deref() == Some(*found))
        .map_or(0, |(_, offset)| offset);
    placed.problem(offset, complaint)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
