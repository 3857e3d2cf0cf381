//! A set of policies, parsed once and prepared for deciding.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use cedar_policy as cedar;
use miette::Diagnostic;

use crate::annotations::{self, Complaint, Mode};
use crate::digest::{PolicyDigest, PolicySetDigest};
use crate::evaluate::Prepared;
use crate::policy::{Effect, Policy, PolicyId};
use crate::problem::{Problem, Problems};
use crate::reads::Reads;
use crate::scan::{Statement, annotation_keys, line_of, statements};
use crate::vocabulary::Vocabulary;

/// One policy file.
#[derive(Clone, Copy, Debug)]
pub struct Source<'s> {
    /// Its name, for messages.
    pub file: &'s str,
    /// What is in it.
    pub text: &'s str,
}

/// All policies that are in force. Immutable; an instance keeps it and decides any number of questions with it.
#[derive(Debug)]
pub struct PolicySet {
    pub(crate) policies: BTreeMap<PolicyId, Arc<Policy>>,
    pub(crate) digest: PolicySetDigest,
    /// Enforced permits and hard forbids.
    pub(crate) rules: Prepared,
    /// Enforced soft forbids.
    pub(crate) holds: Prepared,
    /// Observed permits. Apart from the forbids, which would hide them in Cedar's answer.
    pub(crate) observed_permits: Prepared,
    /// Observed forbids, hard and soft.
    pub(crate) observed_forbids: Prepared,
    /// What enforced policies read of a target; found when a list first needs it.
    reads: BTreeMap<cedar::PolicyId, OnceLock<Reads>>,
    pub(crate) vocabulary: Vocabulary,
}

impl PolicySet {
    /// Reads policy files.
    ///
    /// No files, or files without policies, are a set that denies everything.
    ///
    /// # Errors
    /// [`Problems`] with everything that is wrong in any of the files: Cedar's own complaints, templates,
    /// missing, doubled or unusable ids, unknown annotations, values that an annotation does not take.
    pub fn parse(sources: &[Source<'_>]) -> Result<Self, Problems> {
        let vocabulary = Vocabulary::new().map_err(|error| defect(&error))?;
        let mut problems = Vec::new();
        let mut parsed = Vec::new();
        for source in sources {
            for statement in statements(source.text) {
                match parse_statement(source, statement) {
                    Ok(policy) => parsed.push(policy),
                    Err(found) => problems.extend(found),
                }
            }
        }
        problems.extend(doubled_ids(&parsed));
        Problems::none_in(problems)?;
        Self::prepare(parsed, vocabulary)
    }

    /// The policies, by id.
    pub fn policies(&self) -> impl Iterator<Item = &Policy> {
        self.policies.values().map(AsRef::as_ref)
    }

    /// The digest of the whole set, which every record of a decision carries.
    #[must_use]
    pub const fn digest(&self) -> PolicySetDigest {
        self.digest
    }

    fn prepare(parsed: Vec<Parsed>, vocabulary: Vocabulary) -> Result<Self, Problems> {
        let mut rules = Vec::new();
        let mut holds = Vec::new();
        let mut observed_permits = Vec::new();
        let mut observed_forbids = Vec::new();
        let mut policies = BTreeMap::new();
        let mut reads = BTreeMap::new();
        for Parsed { policy, cedar } in parsed {
            let group = match (policy.mode(), policy.effect(), policy.approval()) {
                (Mode::Enforce, Effect::Forbid, Some(_)) => &mut holds,
                (Mode::Enforce, Effect::Forbid | Effect::Permit, _) => &mut rules,
                (Mode::Observe, Effect::Forbid, _) => &mut observed_forbids,
                (Mode::Observe, Effect::Permit, _) => &mut observed_permits,
            };
            reads.insert(cedar.id().clone(), OnceLock::new());
            group.push(cedar);
            policies.insert(policy.id().clone(), Arc::new(policy));
        }
        let digest = PolicySetDigest::of(policies.iter().map(|(id, policy)| (id, policy.digest())));
        let group = |policies| Prepared::new(policies).map_err(|error| defect(&error));
        Ok(Self {
            digest,
            rules: group(rules)?,
            holds: group(holds)?,
            observed_permits: group(observed_permits)?,
            observed_forbids: group(observed_forbids)?,
            policies,
            reads,
            vocabulary,
        })
    }

    /// What the conditions of a policy read of a target.
    pub(crate) fn reads_of(&self, policy: &cedar::Policy) -> Reads {
        let find = || Reads::of_policy(policy);
        self.reads.get(policy.id()).map_or_else(find, |known| *known.get_or_init(find))
    }
}

/// One policy, twice: as we see it and as Cedar does.
struct Parsed {
    policy: Policy,
    cedar: cedar::Policy,
}

fn parse_statement(source: &Source<'_>, statement: Statement<'_>) -> Result<Parsed, Vec<Problem>> {
    let cedar = cedar::Policy::parse(None, statement.text).map_err(|errors| {
        errors.iter().map(|error| cedar_problem(source, statement, error)).collect::<Vec<_>>()
    })?;
    let effect = match cedar.effect() {
        cedar::Effect::Permit => Effect::Permit,
        cedar::Effect::Forbid => Effect::Forbid,
    };
    let annotations = annotations::read(cedar.annotations(), effect).map_err(|complaints| {
        complaints
            .into_iter()
            .map(|complaint| annotation_problem(source, statement, complaint))
            .collect::<Vec<_>>()
    })?;
    let cedar = cedar.new_id(cedar::PolicyId::new(annotations.id.as_str()));
    let line = line_of(source.text, statement.offset);
    let digest = PolicyDigest::of(statement.text);
    Ok(Parsed { policy: Policy::new(annotations, (effect, digest), (source.file, line)), cedar })
}

fn cedar_problem(source: &Source<'_>, statement: Statement<'_>, error: &cedar::ParseError) -> Problem {
    let label = error.labels().and_then(|mut labels| labels.next());
    let offset = label.as_ref().map_or(0, miette::LabeledSpan::offset);
    // What Cedar expected comes as the text of the label, other advice as help.
    let expected = label.as_ref().and_then(miette::LabeledSpan::label).map(str::to_owned);
    let advice = error.help().map(|help| help.to_string()).or(expected);
    Problem {
        file: source.file.to_owned(),
        line: line_of(source.text, statement.offset + offset),
        message: one_line(&error.to_string()),
        suggestion: advice.map(|text| one_line(&text)),
    }
}

fn annotation_problem(source: &Source<'_>, statement: Statement<'_>, complaint: Complaint) -> Problem {
    let Complaint { key, message, suggestion } = complaint;
    let offset = annotation_keys(statement.text)
        .find(|(found, _)| key.as_deref() == Some(*found))
        .map_or(0, |(_, offset)| offset);
    Problem {
        file: source.file.to_owned(),
        line: line_of(source.text, statement.offset + offset),
        message,
        suggestion,
    }
}

fn doubled_ids(parsed: &[Parsed]) -> Vec<Problem> {
    let mut first: BTreeMap<&PolicyId, &Policy> = BTreeMap::new();
    let mut problems = Vec::new();
    for Parsed { policy, .. } in parsed {
        let earlier = *first.entry(policy.id()).or_insert(policy);
        if !std::ptr::eq(earlier, policy) {
            problems.push(Problem {
                file: policy.file().to_owned(),
                line: policy.line(),
                message: format!(
                    "the id `{}` is taken by {}:{}",
                    policy.id(),
                    earlier.file(),
                    earlier.line()
                ),
                suggestion: Some("give this policy an id of its own".to_owned()),
            });
        }
    }
    problems
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A failure that no policy text can cause.
fn defect(error: &dyn std::fmt::Display) -> Problems {
    let message = format!("the policies could not be prepared: {error}");
    Problems::of(Problem { file: "policies".to_owned(), line: 1, message, suggestion: None })
}
