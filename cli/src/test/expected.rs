//! What a test expects, and how that compares with what is.

use std::collections::BTreeSet;

use portcullis_detect::Detectors;
use portcullis_mcp::json::Json;
use portcullis_policy::{Explanation, Policy, PolicySet, Verdict, Visibility};
use portcullis_settings::Draft;
use toml::de::DeValue;

use crate::test::read::{Located, Report, Section};
use crate::test::value;
use crate::trial::detection::Masker;
use crate::trial::problem::suggest;
use crate::trial::wanted::Wanted;
use crate::trial::{Trial, told};

/// Everything that a test expects; at least one thing.
#[derive(Debug)]
pub(super) struct Expected {
    decision: Option<&'static str>,
    /// The ids of the determining policies, all of them.
    by: Option<BTreeSet<String>>,
    /// The groups that a hold waits for.
    approval: Option<BTreeSet<String>>,
    listed: Option<Listed>,
    masks: Vec<Mask>,
}

/// How something appears in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listed {
    /// Shown, whether or not it needs approval.
    Yes,
    No,
    NeedsApproval,
}

/// An answer and what the principal sees of it.
#[derive(Debug)]
struct Mask {
    answer: Json<'static>,
    shows: Json<'static>,
}

/// One thing that is not as expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) what: &'static str,
    pub(super) expected: String,
    pub(super) actual: String,
}

impl Expected {
    pub(super) fn read(
        section: &mut Section<'_, '_>,
        report: &mut Report,
        wanted: Option<&Wanted>,
        policies: &PolicySet,
    ) -> Option<Self> {
        let decision = section.text(report, "expect");
        let decision = decision.and_then(|text| report.keep(text.line, decision_named(&text.value)));
        let by = section.texts(report, "by").map(|ids| known_ids(ids, report, policies));
        let approval = section.texts(report, "approval");
        let approval = approval.map(|groups| groups.into_iter().map(|group| group.value).collect());
        let listed = listed(section, report, wanted);
        let masks = section.tables(report, "masks");
        let masks = masks.into_iter().filter_map(|section| mask(section, report)).collect();
        // One that is there and cannot be read is a problem of its own.
        if !KEYS.into_iter().any(|key| section.has(key)) {
            report.add(section.line, format!("the test expects nothing; give `{}`", KEYS.join("`, `")));
            return None;
        }
        Some(Self { decision, by, approval, listed, masks })
    }

    /// What is not as expected.
    pub(super) fn compare(
        &self,
        trial: &Trial,
        explanation: &Explanation,
        (policies, draft, detectors): (&PolicySet, &Draft, &Detectors),
    ) -> Vec<Failure> {
        let Self { decision, by, approval, listed, masks } = self;
        let mut failures = Vec::new();
        let mut compare = |what, expected: String, actual: String| {
            if expected != actual {
                failures.push(Failure { what, expected, actual });
            }
        };
        if let Some(decision) = decision {
            compare("decision", (*decision).to_owned(), told::word(&explanation.verdict).to_owned());
        }
        if let Some(by) = by {
            compare("by", list(by), list(&determining(explanation)));
        }
        if let Some(approval) = approval {
            compare("approval", list(approval), list(&approvers(&explanation.verdict)));
        }
        if let (Some(listed), Some(visibility)) = (listed, trial.visibility(policies)) {
            let actual = listed.seen_in(visibility);
            compare("listed", listed.told().to_owned(), actual.told().to_owned());
        }
        for Mask { answer, shows } in masks {
            let masker =
                Masker::new(policies, (detectors, draft.masking()), &trial.principal, &trial.connection);
            let mut seen = answer.clone();
            masker.value(&mut seen);
            compare("masks", shown(shows), shown(&seen));
        }
        failures
    }
}

impl Listed {
    /// What is seen, no more exactly than was asked.
    fn seen_in(self, visibility: Visibility) -> Self {
        match (visibility, self) {
            (Visibility::Hidden, _) => Self::No,
            (Visibility::Shown, _) | (Visibility::ShownNeedsApproval, Self::Yes) => Self::Yes,
            (Visibility::ShownNeedsApproval, Self::No | Self::NeedsApproval) => Self::NeedsApproval,
        }
    }

    const fn told(self) -> &'static str {
        match self {
            Self::Yes => "true",
            Self::No => "false",
            Self::NeedsApproval => "needs-approval",
        }
    }
}

fn decision_named(text: &str) -> Result<&'static str, String> {
    let found = DECISIONS.into_iter().find(|decision| *decision == text);
    found.ok_or_else(|| format!("`test.expect` cannot be `{text}`; {}", suggest(text, &DECISIONS)))
}

fn known_ids(ids: Vec<Located<String>>, report: &mut Report, policies: &PolicySet) -> BTreeSet<String> {
    let known: Vec<&str> = policies.policies().map(|policy| Policy::id(policy).as_str()).collect();
    for Located { line, value } in &ids {
        if !known.contains(&value.as_str()) {
            report.add(*line, format!("no policy has the id `{value}`{}", nearest(value, &known)));
        }
    }
    ids.into_iter().map(|id| id.value).collect()
}

/// Only what is near: all ids of a folder are no advice.
fn nearest(wrong: &str, known: &[&str]) -> String {
    let advice = suggest(wrong, known);
    if advice.starts_with("did you mean") { format!("; {advice}") } else { String::new() }
}

fn listed(section: &mut Section<'_, '_>, report: &mut Report, wanted: Option<&Wanted>) -> Option<Listed> {
    let Located { line, value } = section.value(report, "listed")?;
    if wanted.is_some_and(|wanted| !wanted.is_listed()) {
        report.add(line, "`test.listed` is for tools, prompts and resources; no list has this");
    }
    match value.get_ref() {
        DeValue::Boolean(true) => Some(Listed::Yes),
        DeValue::Boolean(false) => Some(Listed::No),
        DeValue::String(text) if text == Listed::NeedsApproval.told() => Some(Listed::NeedsApproval),
        other @ (DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_)
        | DeValue::Table(_)) => {
            section.wrong_type(report, line, "listed", "true, false or \"needs-approval\"", other);
            None
        }
    }
}

fn mask(mut section: Section<'_, '_>, report: &mut Report) -> Option<Mask> {
    let mut side = |key| {
        let Some(Located { line, value }) = section.value(report, key) else {
            section.missing(report, key);
            return None;
        };
        report.keep(line, value::json(value.get_ref(), report.depth))
    };
    let (answer, shows) = (side("answer"), side("shows"));
    section.finish(report);
    Some(Mask { answer: answer?, shows: shows? })
}

fn determining(explanation: &Explanation) -> BTreeSet<String> {
    explanation.reasons.determining.iter().map(|policy| policy.id().to_string()).collect()
}

fn approvers(verdict: &Verdict) -> BTreeSet<String> {
    match verdict {
        Verdict::Hold(requirements) => {
            requirements.iter().map(|requirement| requirement.rule.group.to_string()).collect()
        }
        Verdict::Allow | Verdict::Deny(_) => BTreeSet::new(),
    }
}

fn list(items: &BTreeSet<String>) -> String {
    if items.is_empty() {
        return "nothing".to_owned();
    }
    items.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// A text as it is, other JSON as JSON.
fn shown(value: &Json<'_>) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

const KEYS: [&str; 5] = ["expect", "by", "approval", "listed", "masks"];
const DECISIONS: [&str; 3] = ["allow", "deny", "hold"];
