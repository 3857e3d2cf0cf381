//! Which of the things that are not known of a question its decision may hang on.
//!
//! For questions that were decided before and are judged again: a record has texts with masked values, and not
//! everything that policies may read. What is known and what is not is said by [`Gaps`]. A decision hangs on nothing
//! that is missing if no policy that could match reads it, or if those that do come out the same whatever it was.
//!
//! INVARIANT: where nothing is found, [`PolicySet::decide`] gives the answer that it would give if everything were
//! known. Finding too much only says of an exact answer that it may not be.
//!
//! Never on the data path, where everything is known. Not here: what is missing, and why.

mod read;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use cedar_policy::{Effect, RestrictedExpression};
use portcullis_identity::Principal;
use portcullis_mcp::json::{Json, Object};
use portcullis_settings::{ClassName, ConnectionName};

use crate::arguments;
use crate::bundle::Group;
use crate::doubt::read::Read;
use crate::evaluate::Prepared;
use crate::facts::{Facts, FactsError};
use crate::input_type::{InputType, RecordType, ValueType};
use crate::prospect::Prospect;
use crate::question::Question;
use crate::set::{Member, PolicySet};
use crate::vocabulary::Vocabulary;

/// Something that is not known of a question.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gap {
    /// The value of an argument, by the names of the members that lead to it; without any, all arguments. That it is
    /// there is known.
    Argument(Vec<String>),
    /// The attributes of the principal.
    Attributes,
    /// What was found in the request.
    Labels,
    /// What the principal had used.
    Usage,
}

/// Everything that is not known of a question.
pub type Gaps = BTreeSet<Gap>;

/// Finds what decisions hang on. What policies read is looked up once in each.
#[derive(Debug)]
pub struct Doubts<'p> {
    policies: &'p PolicySet,
    /// By what Cedar knows the policy by.
    reads: BTreeMap<String, Read>,
}

impl<'p> Doubts<'p> {
    /// Of decisions of these policies.
    #[must_use]
    pub const fn new(policies: &'p PolicySet) -> Self {
        Self { policies, reads: BTreeMap::new() }
    }

    /// Those of the gaps that the answer to a question may hang on. The question has something in the place of what is
    /// missing, or nothing.
    pub fn of_call(&mut self, question: &Question<'_>, gaps: &Gaps) -> Gaps {
        if gaps.is_empty() {
            return Gaps::new();
        }
        // What cannot be put before the policies is denied, and not for what is missing.
        let Ok(facts) = Facts::of_call(question, &self.policies.vocabulary) else { return Gaps::new() };
        let Ok(partial) = partial(question, gaps, &self.policies.vocabulary) else { return gaps.clone() };
        self.of_facts(&facts, Some(&partial), gaps)
    }

    /// Whether it may hang on the attributes of the principal what it may see in clear.
    pub fn of_unmasking(
        &mut self,
        principal: &Principal,
        connection: &ConnectionName,
        class: &ClassName,
    ) -> bool {
        let facts = Facts::of_unmasking(principal, connection, class, &self.policies.vocabulary);
        let gaps = Gaps::from([Gap::Attributes]);
        facts.is_ok_and(|facts| !self.of_facts(&facts, None, &gaps).is_empty())
    }

    fn of_facts(&mut self, facts: &Facts, partial: Option<&Facts>, gaps: &Gaps) -> Gaps {
        let policies = self.policies;
        let candidates = policies.candidates(facts);
        let mut found = Vec::new();
        for group in [Group::Rules, Group::Holds] {
            let members = policies.members(group, &candidates);
            found.extend(members.map(|(_, member)| (group, member, self.read(member).touched(gaps))));
        }
        if found.iter().all(|(_, _, touched)| touched.is_empty()) {
            return Gaps::new();
        }
        let (mut known, mut open, mut may_permit) = (Prospect::default(), Gaps::new(), false);
        for group in [Group::Rules, Group::Holds] {
            let of_group = || found.iter().filter(|(of, ..)| *of == group);
            let plain = of_group().filter(|(.., touched)| touched.is_empty()).map(|(_, member, _)| *member);
            let mut said = Prepared::new(plain).settle(facts);
            for (_, member, touched) in of_group().filter(|(.., touched)| !touched.is_empty()) {
                let alone = Prepared::new([*member]);
                let prospect = partial.filter(|_| touched.is_foreseeable()).map(|facts| alone.foresee(facts));
                match prospect.filter(|prospect| prospect.open.is_empty()) {
                    Some(prospect) => said = said.join(prospect),
                    None => {
                        may_permit |= member.cedar.as_ref().is_some_and(|it| it.effect() == Effect::Permit);
                        open.extend(touched.gaps.iter().cloned());
                    }
                }
            }
            // A soft forbid that is satisfied settles nothing yet.
            let forbids = said.forbids && group == Group::Rules;
            known = known.join(Prospect { forbids, ..said });
        }
        let is_denied = known.errs || known.forbids || !(known.permits || may_permit);
        if is_denied { Gaps::new() } else { open }
    }

    fn read(&mut self, member: &Member) -> &Read {
        let read = || member.cedar.as_ref().map_or_else(Read::everything, Read::of_policy);
        self.reads.entry(member.key.clone()).or_insert_with(read)
    }
}

/// The facts with what is missing unknown.
fn partial(question: &Question<'_>, gaps: &Gaps, vocabulary: &Vocabulary) -> Result<Facts, FactsError> {
    let types = question.types.and_then(InputType::record);
    let input = match question.input {
        _ if gaps.contains(&Gap::Argument(Vec::new())) => RestrictedExpression::new_unknown("input"),
        Some(Json::Object(object)) => Hollow { gaps, vocabulary }.record(object, types, &mut Vec::new())?,
        Some(_) | None => {
            RestrictedExpression::new_record([]).map_err(|_cedar| FactsError::Unexpressible("arguments"))?
        }
    };
    Facts::of_incomplete(
        question,
        input,
        (gaps.contains(&Gap::Labels), gaps.contains(&Gap::Usage)),
        vocabulary,
    )
}

/// Makes a record of arguments of which some are unknown.
struct Hollow<'h> {
    gaps: &'h Gaps,
    vocabulary: &'h Vocabulary,
}

impl Hollow<'_> {
    fn record(
        &self,
        object: &Object<'_>,
        types: Option<&RecordType>,
        path: &mut Vec<String>,
    ) -> Result<RestrictedExpression, FactsError> {
        let mut members = Vec::new();
        for (key, value) in object.iter().filter(|(_, value)| **value != Json::Null) {
            let declared = types.and_then(|types| types.member(key)).map_or(&ValueType::Any, |it| &it.value);
            path.push(key.to_owned());
            let is_hollow = self
                .gaps
                .iter()
                .any(|gap| matches!(gap, Gap::Argument(gap) if gap.starts_with(path.as_slice())));
            let expression = match (value, declared) {
                _ if !is_hollow && !may_be_decimal(value, declared) => {
                    arguments::member(value, declared, self.vocabulary)?
                }
                _ if self.gaps.contains(&Gap::Argument(path.clone())) => unknown(path),
                (Json::Object(object), ValueType::Any) => self.record(object, None, path)?,
                (Json::Object(object), ValueType::Record(types)) => self.record(object, Some(types), path)?,
                _ => unknown(path),
            };
            path.pop();
            members.push((key.to_owned(), expression));
        }
        RestrictedExpression::new_record(members).map_err(|_cedar| FactsError::Unexpressible("arguments"))
    }
}

/// Whether a value has a decimal. Cedar reads nothing of a record that has one beside an unknown, so they are unknown
/// too: what reads them is looked at as if it could be anything.
fn may_be_decimal(value: &Json<'_>, declared: &ValueType) -> bool {
    match (value, declared) {
        (Json::Number(number), ValueType::Any) => number.as_i64().is_none(),
        (Json::Number(_), ValueType::Decimal) => true,
        (Json::Array(items), ValueType::Any) => items.iter().any(|it| may_be_decimal(it, &ValueType::Any)),
        (Json::Array(items), ValueType::Set(item)) => items.iter().any(|it| may_be_decimal(it, item)),
        (Json::Object(object), ValueType::Any) => {
            object.iter().any(|(_, value)| may_be_decimal(value, &ValueType::Any))
        }
        (Json::Object(object), ValueType::Record(types)) => object.iter().any(|(key, value)| {
            may_be_decimal(value, types.member(key).map_or(&ValueType::Any, |member| &member.value))
        }),
        _ => false,
    }
}

fn unknown(path: &[String]) -> RestrictedExpression {
    RestrictedExpression::new_unknown(format!("input.{}", path.join(".")))
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument(path) if path.is_empty() => f.write_str("arguments"),
            Self::Argument(path) => write!(f, "arguments.{}", path.join(".")),
            Self::Attributes => f.write_str("attributes"),
            Self::Labels => f.write_str("labels"),
            Self::Usage => f.write_str("usage"),
        }
    }
}
