//! A set of policies, ready for deciding.
//!
//! It is a bundle, whether it was read from one or from files: which policies can match a question is looked up in
//! the bundle's index, and each is parsed when it first can.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use cedar_policy as cedar;
use portcullis_identity::Principal;
use portcullis_settings::ConnectionName;

use crate::bundle::{self, BundleDigest, BundleError, Contents, Group, Section};
use crate::deny::DenyRules;
use crate::digest::{PolicyDigest, PolicySetDigest};
use crate::evaluate::Prepared;
use crate::facts::Facts;
use crate::layers::Layers;
use crate::numbers::Numbers;
use crate::policy::{Policy, PolicyId};
use crate::problem::{Problem, Problems};
use crate::question::Target;
use crate::reads::{Reads, may_name_usage};
use crate::scan::{line_of, statements};
use crate::scope::{self, Part};
use crate::statement::{Parsed, Placed};
use crate::thing::Kind;
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
    layers: Layers,
    /// By number.
    members: Vec<OnceLock<Member>>,
    /// The policies that read usage; found when somebody first asks.
    usage_readers: OnceLock<Numbers>,
    pub(crate) vocabulary: Vocabulary,
}

/// A policy of a set, read.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) policy: Arc<Policy>,
    /// What Cedar knows it by.
    pub(crate) key: String,
    /// `None` if its text is not the one that was put into the bundle. It errs wherever it could match.
    pub(crate) cedar: Option<cedar::Policy>,
    /// What it reads of a target; found when a list first needs it.
    reads: OnceLock<Reads>,
}

impl PolicySet {
    /// Reads policy files.
    ///
    /// No files, or files without policies, are a set that denies everything.
    ///
    /// # Errors
    /// [`Problems`] with everything that is wrong in any of the files: Cedar's own complaints, templates,
    /// missing, doubled or unusable ids, unknown annotations, values that an annotation does not take, groups
    /// without an issuer, conditions that are too large or too deep.
    pub fn parse(sources: &[Source<'_>]) -> Result<Self, Problems> {
        Self::parse_with(sources, &[])
    }

    /// Reads policy files, and keeps sections with them as [`Bundle::build`](crate::Bundle::build) does: the set has
    /// the same address as that bundle.
    ///
    /// # Errors
    /// As [`Bundle::build`](crate::Bundle::build).
    pub fn parse_with(sources: &[Source<'_>], sections: &[Section<'_>]) -> Result<Self, Problems> {
        let parsed = read(sources)?;
        bundle::check_names(sections)?;
        let bytes = bundle::write(&parsed, sections).ok_or_else(|| defect(&"they are too large"))?;
        let set = Self::from_bundle(bytes).map_err(|error| defect(&error))?;
        for (parsed, _) in parsed {
            let key = parsed.policy.id().to_string();
            let number = set.layers.number_of(&key);
            if let Some(member) = number.and_then(|number| set.members.get(number)) {
                member.get_or_init(|| Member::of(parsed, key));
            }
        }
        Ok(set)
    }

    /// Opens a bundle without parsing its policies: each is parsed when it first can match a question.
    ///
    /// # Errors
    /// [`BundleError`] if it is no bundle, is from a later version, or anything but the texts of its policies is
    /// not as it was written. A text that was changed is noticed when the policy is parsed; the policy then counts
    /// as one that cannot be evaluated, so what it could match is denied. [`Bundle::verify`](crate::Bundle::verify)
    /// checks the texts too.
    pub fn from_bundle(bytes: Vec<u8>) -> Result<Self, BundleError> {
        let contents = Contents::open(bytes)?;
        let members = std::iter::repeat_with(OnceLock::new).take(contents.len()).collect();
        // The names in it are constants.
        let vocabulary = Vocabulary::new().map_err(|_cedar| BundleError::Damaged)?;
        let layers = Layers::of_bundle(contents);
        Ok(Self { layers, members, usage_readers: OnceLock::new(), vocabulary })
    }

    /// The same with the rules of the settings, in the place of those that it had. They count as its policies do, and
    /// are no part of its bundle: its digests and [`PolicySet::ids`] stay as they are.
    #[must_use]
    pub fn with_rules(mut self, rules: &DenyRules) -> Self {
        self.layers = self.layers.with_rules(rules);
        self.members.truncate(self.layers.bundle().len());
        self.members.resize_with(self.layers.len(), OnceLock::new);
        Self { usage_readers: OnceLock::new(), ..self }
    }

    /// The policies, by id, and then the rules of the settings. Parses those that were no candidates yet.
    pub fn policies(&self) -> impl Iterator<Item = &Policy> {
        (0..self.layers.len()).filter_map(|number| Some(self.member(number)?.policy.as_ref()))
    }

    /// The digest of the whole set but the rules of the settings, whatever files its policies are in.
    #[must_use]
    pub fn digest(&self) -> PolicySetDigest {
        self.layers.bundle().set_digest()
    }

    /// Whether any policy reads what a principal has used, enforced or observed. If none does, nobody need count.
    ///
    /// The texts are looked through once, and only those that may name usage are parsed.
    #[must_use]
    pub fn reads_usage(&self) -> bool {
        !self.usage_readers().is_empty()
    }

    /// Whether a policy that can match a question reads what the principal has used. If none does, the answer is the
    /// same with and without [`Session::usage`](crate::Session). What a list shows never depends on it.
    ///
    /// Of the target everything counts but the URI: the answer for one resource holds for all of the connection.
    #[must_use]
    pub fn may_read_usage(
        &self,
        principal: &Principal,
        connection: &ConnectionName,
        target: Target<'_>,
    ) -> bool {
        let readers = self.usage_readers();
        if readers.is_empty() {
            return false;
        }
        // What cannot be put before the policies is denied without asking one.
        Facts::of_actor(principal, connection, target, &self.vocabulary).is_ok_and(|facts| {
            let with = |part| Some(self.layers.with_any(part, &scope::of_question(&facts, part)?));
            let parts = [Part::Principal, Part::Action].into_iter().filter_map(with);
            !parts.fold(readers.clone(), |some, others| some.and(&others)).is_empty()
        })
    }

    fn usage_readers(&self) -> &Numbers {
        self.usage_readers.get_or_init(|| {
            let may =
                |number: &usize| self.layers.placed(*number).is_none_or(|placed| may_name_usage(placed.text));
            let reads = |number: &usize| self.member(*number).is_none_or(|member| member.reads().usage());
            (0..self.layers.len()).filter(may).filter(reads).collect()
        })
    }

    /// The address of the bundle that this is, whether it was read from one or from files. Every record of a decision
    /// carries it.
    #[must_use]
    pub fn bundle_digest(&self) -> BundleDigest {
        self.layers.bundle().digest()
    }

    /// The ids and digests of the policies of the bundle, by id. Parses none.
    pub fn ids(&self) -> impl Iterator<Item = (PolicyId, PolicyDigest)> {
        let bundle = self.layers.bundle();
        (0..bundle.len()).filter_map(|number| Some((bundle.id(number)?, bundle.digest_of(number)?)))
    }

    /// The sections, by name, as they are: nothing in them is checked.
    pub fn sections(&self) -> impl Iterator<Item = Section<'_>> {
        self.layers.bundle().sections()
    }

    /// What is in a section; `None` if there is none of that name. It is hashed each time, so ask once.
    ///
    /// # Errors
    /// [`BundleError::Damaged`] if it is not what was put in.
    pub fn section(&self, name: &str) -> Result<Option<&[u8]>, BundleError> {
        self.layers.bundle().section(name).transpose()
    }

    /// Whether every text and every section is what was put in. It hashes all of them, and parses nothing.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        self.layers.bundle().is_intact()
    }

    /// The policies that can match a question.
    pub(crate) fn candidates(&self, facts: &Facts) -> Numbers {
        let with = |part| Some(self.layers.with_any(part, &scope::of_question(facts, part)?));
        let parts = Part::ALL.into_iter().filter_map(with);
        // Two parts of every question are known.
        parts.reduce(|some, others| some.and(&others)).unwrap_or_default()
    }

    /// Which policies can match questions of a kind; the facts are those of one of them.
    pub(crate) fn candidates_of_kind<'p>(&'p self, kind: &Kind, facts: &Facts) -> KindCandidates<'p> {
        let with = |part| self.layers.with_any(part, &scope::of_kind(kind, facts, part));
        let [principal, action, resource] = Part::ALL.map(with);
        KindCandidates {
            layers: &self.layers,
            all: principal.clone().and(&action).and(&resource),
            principal,
            action,
            resource,
        }
    }

    /// Those of some policies that belong to a group, with their numbers.
    pub(crate) fn members<'p>(
        &'p self,
        group: Group,
        numbers: &'p Numbers,
    ) -> impl Iterator<Item = (usize, &'p Member)> {
        let in_group = move |number: &usize| self.layers.group_of(*number) == Some(group);
        numbers.iter().filter(in_group).filter_map(|number| Some((number, self.member(number)?)))
    }

    /// Those of some policies that belong to a group, to be evaluated together.
    pub(crate) fn prepare(&self, group: Group, numbers: &Numbers) -> Prepared {
        Prepared::new(self.members(group, numbers).map(|(_, member)| member))
    }

    /// The policy that Cedar knows by this key.
    pub(crate) fn find(&self, key: &str) -> Option<Arc<Policy>> {
        let number = self.layers.number_of(key)?;
        Some(Arc::clone(&self.member(number)?.policy))
    }

    fn member(&self, number: usize) -> Option<&Member> {
        let member = self.members.get(number)?;
        Some(match member.get() {
            Some(known) => known,
            None => {
                let read = Member::read(&self.layers, number)?;
                member.get_or_init(|| read)
            }
        })
    }
}

/// The policies that can match questions of a kind.
#[derive(Debug)]
pub(crate) struct KindCandidates<'p> {
    layers: &'p Layers,
    /// Those that can match all of them.
    pub(crate) all: Numbers,
    principal: Numbers,
    action: Numbers,
    resource: Numbers,
}

impl KindCandidates<'_> {
    /// Whether any policy names the action or the resource whose name is a stem and then `own`.
    pub(crate) fn are_named(&self, stems: &Names, own: &str) -> bool {
        let is_key = |stem: &Option<String>| {
            stem.as_deref()
                .is_some_and(|stem| self.layers.has_key(&[stem.as_bytes(), own.as_bytes()].concat()))
        };
        is_key(&stems.action) || is_key(&stems.resource)
    }

    /// Those that can match only questions about an action or a resource that they name: this one.
    pub(crate) fn only_by_name(&self, names: &Names) -> Option<Numbers> {
        let with = |part, name: &Option<String>| {
            let name = name.as_deref()?;
            Some(self.layers.with_key(part, name)).filter(|found| !found.is_empty())
        };
        let (action, resource) = (with(Part::Action, &names.action), with(Part::Resource, &names.resource));
        if action.is_none() && resource.is_none() {
            return None;
        }
        let either = |general: &Numbers, named: Option<Numbers>| match named {
            Some(named) => general.clone().or(&named),
            None => general.clone(),
        };
        let (action, resource) = (either(&self.action, action), either(&self.resource, resource));
        Some(self.principal.clone().and(&action).and(&resource).without(&self.all))
    }
}

/// The keys that a question has to itself among those of its kind.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) action: Option<String>,
    pub(crate) resource: Option<String>,
}

impl Names {
    /// What the names begin with that end in `own`; `None` if one does not.
    pub(crate) fn without_end(self, own: &str) -> Option<Self> {
        let stem = |name: Option<String>| match name {
            Some(name) => name.strip_suffix(own).map(|stem| Some(stem.to_owned())),
            None => Some(None),
        };
        Some(Self { action: stem(self.action)?, resource: stem(self.resource)? })
    }
}

impl Member {
    fn read(layers: &Layers, number: usize) -> Option<Self> {
        let (placed, key) = (layers.placed(number)?, layers.key(number)?);
        let (id, digest) = (layers.id(number)?, layers.digest_of(number)?);
        // What is parsed must be what was put in: the digest covers the id and all that the policy says.
        let is_intact = PolicyDigest::of(placed.text) == digest;
        let parsed = Some(placed).filter(|_| is_intact).and_then(|placed| Parsed::read(placed).ok());
        let group = layers.group_of(number)?;
        let right = |parsed: &Parsed| *parsed.policy.id() == id && Group::of(&parsed.policy) == group;
        Some(match parsed.filter(right) {
            Some(parsed) => Self::of(parsed, key),
            None => {
                let policy = unreadable(id, digest, (group, placed));
                Self { policy: Arc::new(policy), key, cedar: None, reads: OnceLock::new() }
            }
        })
    }

    fn of(Parsed { policy, cedar }: Parsed, key: String) -> Self {
        let cedar = cedar.new_id(cedar::PolicyId::new(&key));
        Self { policy: Arc::new(policy), key, cedar: Some(cedar), reads: OnceLock::new() }
    }

    /// What the conditions read of a target.
    pub(crate) fn reads(&self) -> Reads {
        *self.reads.get_or_init(|| self.cedar.as_ref().map_or(Reads::EVERYTHING, Reads::of_policy))
    }
}

/// Stands for a policy whose text cannot be trusted.
fn unreadable(id: PolicyId, digest: PolicyDigest, (group, placed): (Group, Placed<'_>)) -> Policy {
    Policy::unreadable(id, digest, (group.mode(), group.effect()), (placed.file, placed.line))
}

/// Reads policy files: each policy with its text.
pub(crate) fn read<'s>(sources: &[Source<'s>]) -> Result<Vec<(Parsed, &'s str)>, Problems> {
    let mut problems = Vec::new();
    let mut parsed = Vec::new();
    for source in sources {
        let mut line = 1;
        let mut counted = 0;
        for statement in statements(source.text) {
            // Lines are counted once over a file.
            line += line_of(source.text.get(counted..).unwrap_or_default(), statement.offset - counted) - 1;
            counted = statement.offset;
            match Parsed::read(Placed { text: statement.text, file: source.file, line }) {
                Ok(policy) => parsed.push((policy, statement.text)),
                Err(found) => problems.extend(found),
            }
        }
    }
    problems.extend(doubled_ids(&parsed));
    Problems::none_in(problems)?;
    Ok(parsed)
}

fn doubled_ids(parsed: &[(Parsed, &str)]) -> Vec<Problem> {
    let mut first: BTreeMap<&PolicyId, &Policy> = BTreeMap::new();
    let mut problems = Vec::new();
    for (Parsed { policy, .. }, _) in parsed {
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

/// A failure that no policy text can cause.
pub(crate) fn defect(error: &dyn fmt::Display) -> Problems {
    let message = format!("the policies could not be prepared: {error}");
    Problems::of(Problem { file: "policies".to_owned(), line: 1, message, suggestion: None })
}

#[cfg(test)]
mod tests;
