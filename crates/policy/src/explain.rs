//! Why a question is decided as it is, in the words of the policy files.
//!
//! For people who write policies, and never on the data path: an [`Explanation`] holds no
//! [`Permit`](crate::Permit), so nothing can be forwarded with one. Not here: deciding. The verdict is that of
//! [`PolicySet::decide`], so an explanation cannot differ from what happens.

mod clauses;
mod difference;
mod nearest;

use std::collections::BTreeMap;

use portcullis_identity::Principal;
use portcullis_settings::{ClassName, ConnectionName, DenyRule};

pub use crate::explain::difference::{Difference, Failing};
pub use crate::explain::nearest::NearMiss;

use crate::annotations::Mode;
use crate::decision::{Decision, DenialKind, EvaluationFailure, Reasons, Requirement};
use crate::deny::{DenyRules, policy_of};
use crate::detokenize::Detokenizing;
use crate::digest::PolicyDigest;
use crate::facts::{Facts, FactsError};
use crate::policy::{Effect, Policy};
use crate::problem::{Problem, Problems};
use crate::question::Question;
use crate::scan::{Statement, line_of, statements};
use crate::set::{PolicySet, Source};
use crate::vocabulary::Vocabulary;

/// What is to be explained.
#[derive(Clone, Copy, Debug)]
pub enum Asked<'q> {
    /// What [`PolicySet::decide`] is asked.
    Call(Question<'q>),
    /// What [`PolicySet::may_detokenize`] is asked.
    Detokenize {
        /// Who sends tokens to which tool.
        asked: Detokenizing<'q>,
        /// Of which class the values are.
        class: &'q ClassName,
    },
    /// What [`PolicySet::may_unmask`] is asked.
    Unmask {
        /// Who would see it.
        principal: &'q Principal,
        /// Where it comes from.
        connection: &'q ConnectionName,
        /// What would be seen in clear.
        class: &'q ClassName,
    },
}

/// A decision without its proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It would go ahead.
    Allow,
    /// It would not.
    Deny(DenialKind),
    /// It would wait for these.
    Hold(Vec<Requirement>),
}

/// Everything that can be said about one question.
#[derive(Debug)]
pub struct Explanation {
    /// What is decided.
    pub verdict: Verdict,
    /// The policies behind it.
    pub reasons: Reasons,
    /// Where nothing permits: the permits that come nearest, the nearest first.
    pub nearest: Vec<NearMiss>,
}

/// Policies together with the text that they were read from.
#[derive(Debug)]
pub struct Explainer<'s> {
    policies: PolicySet,
    vocabulary: Vocabulary,
    /// By digest, since a policy's digest covers its id.
    places: BTreeMap<PolicyDigest, Place<'s>>,
    /// The rules of the settings as they are written there, by the digest of the policy that each becomes.
    rules: BTreeMap<PolicyDigest, String>,
}

/// A statement, and the file that it is in.
#[derive(Clone, Copy, Debug)]
struct Place<'s> {
    /// The whole text of the file.
    text: &'s str,
    statement: Statement<'s>,
}

impl<'s> Explainer<'s> {
    /// Reads policy files, as [`PolicySet::parse`] does.
    ///
    /// # Errors
    /// [`Problems`] with everything that is wrong in any of the files.
    pub fn parse(sources: &[Source<'s>]) -> Result<Self, Problems> {
        let vocabulary = Vocabulary::new().map_err(|error| {
            let message = format!("the policies could not be prepared: {error}");
            Problems::of(Problem { file: "policies".to_owned(), line: 1, message, suggestion: None })
        })?;
        let places = sources.iter().flat_map(|source| {
            let place = |statement| Place { text: source.text, statement };
            statements(source.text).into_iter().map(place)
        });
        Ok(Self {
            policies: PolicySet::parse(sources)?,
            vocabulary,
            places: places.map(|place| (PolicyDigest::of(place.statement.text), place)).collect(),
            rules: BTreeMap::new(),
        })
    }

    /// The same with the rules of the settings, which are in `file`.
    ///
    /// # Errors
    /// [`Problems`]: a rule has the id of a policy. Both would hold, but nobody could tell them apart.
    pub fn with_rules(self, rules: &[DenyRule], file: &str) -> Result<Self, Problems> {
        let taken = |rule: &DenyRule| {
            let policy = self.policies.policies().find(|policy| policy.id().as_str() == rule.id.as_str())?;
            let place = format!("{}:{}", policy.file(), policy.line());
            Some(Problem {
                file: file.to_owned(),
                line: rule.line,
                message: format!("the id `{}` is taken by {place}", rule.id),
                suggestion: Some("give this rule an id of its own".to_owned()),
            })
        };
        Problems::none_in(rules.iter().filter_map(taken).collect())?;
        let texts = rules.iter().map(|rule| (PolicyDigest::of(&policy_of(rule)), rule.text.clone()));
        Ok(Self {
            rules: texts.collect(),
            policies: self.policies.with_rules(&DenyRules::of(rules, file)?),
            ..self
        })
    }

    /// The policies.
    #[must_use]
    pub const fn policies(&self) -> &PolicySet {
        &self.policies
    }

    /// A policy as it is written, from its first annotation to its `;`, or a rule of the settings.
    #[must_use]
    pub fn text_of(&self, policy: &Policy) -> Option<&str> {
        let rule = || self.rules.get(&policy.digest()).map(String::as_str);
        self.places.get(&policy.digest()).map(|place| place.statement.text).or_else(rule)
    }

    /// The policies that are written in Cedar, each with its text.
    pub fn statements(&self) -> impl Iterator<Item = (&Policy, &'s str)> {
        let places = &self.places;
        let policies = self.policies.policies();
        policies.filter_map(|policy| Some((policy, places.get(&policy.digest())?.statement.text)))
    }

    /// What is decided, and why.
    #[must_use]
    pub fn explain(&self, asked: Asked<'_>) -> Explanation {
        let facts = asked.facts(&self.vocabulary);
        let (verdict, reasons) = match (asked, &facts) {
            (Asked::Call(question), _) => verdict(self.policies.decide(&question)),
            (Asked::Detokenize { .. } | Asked::Unmask { .. }, Ok(facts)) => {
                verdict(self.policies.decide_on(facts))
            }
            (Asked::Detokenize { .. } | Asked::Unmask { .. }, Err(error)) => {
                let failure = EvaluationFailure { policy: None, message: error.to_string() };
                (Verdict::Deny(DenialKind::EvaluationError(vec![failure])), Reasons::default())
            }
        };
        let nearest = match (&verdict, facts) {
            (Verdict::Deny(DenialKind::NoPolicyAllows), Ok(facts)) => nearest::find(self.permits(), &facts),
            _ => Vec::new(),
        };
        Explanation { verdict, reasons, nearest }
    }

    /// The permits that count, with their places.
    fn permits(&self) -> impl Iterator<Item = (&Policy, Place<'s>)> {
        self.policies
            .policies()
            .filter(|policy| policy.effect() == Effect::Permit && policy.mode() == Mode::Enforce)
            .filter_map(|policy| Some((policy, *self.places.get(&policy.digest())?)))
    }
}

impl Asked<'_> {
    fn facts(&self, vocabulary: &Vocabulary) -> Result<Facts, FactsError> {
        match self {
            Self::Call(question) => Facts::of_call(question, vocabulary),
            Self::Detokenize { asked, class } => Facts::of_detokenizing(*asked, class, vocabulary),
            Self::Unmask { principal, connection, class } => {
                Facts::of_unmasking(principal, connection, class, vocabulary)
            }
        }
    }
}

impl Place<'_> {
    /// The line of a byte of the statement in its file.
    fn line(&self, offset: usize) -> usize {
        line_of(self.text, self.statement.offset + offset)
    }
}

/// What is left of a decision when its proof is dropped.
fn verdict(decision: Decision) -> (Verdict, Reasons) {
    match decision {
        Decision::Allow(permit) => (Verdict::Allow, permit.reasons().clone()),
        Decision::Deny(denial) => (Verdict::Deny(denial.kind().clone()), denial.reasons().clone()),
        Decision::Hold(hold) => (Verdict::Hold(hold.requirements().to_vec()), hold.reasons().clone()),
    }
}
