//! A bundle and the rules of the settings, looked up as one.
//!
//! Policies are known by their numbers. Those of the bundle are the bundle's own; those of the rules follow. Rules are no
//! part of a bundle: what is pushed replaces the bundle, and must not take away what the settings of the gateway deny.
//!
//! Nothing keeps a pushed bundle from having a policy with the id of a rule. Both hold then, so Cedar, to whom an id
//! is a policy, knows rules by another name: see [`Layers::key`].

use crate::bundle::{Contents, Group};
use crate::deny::DenyRules;
use crate::digest::PolicyDigest;
use crate::numbers::Numbers;
use crate::policy::PolicyId;
use crate::scope::Part;
use crate::statement::Placed;

/// A bundle, and rules that hold beside any bundle.
#[derive(Debug)]
pub(crate) struct Layers {
    bundle: Contents,
    rules: Option<Contents>,
}

impl Layers {
    pub(crate) const fn of_bundle(bundle: Contents) -> Self {
        Self { bundle, rules: None }
    }

    /// With these rules and no others.
    pub(crate) fn with_rules(self, rules: &DenyRules) -> Self {
        Self { rules: rules.contents().cloned(), ..self }
    }

    /// What was pushed or mounted.
    pub(crate) const fn bundle(&self) -> &Contents {
        &self.bundle
    }

    /// How many policies there are.
    pub(crate) fn len(&self) -> usize {
        self.bundle.len() + self.rules.as_ref().map_or(0, Contents::len)
    }

    /// What Cedar knows a policy by.
    pub(crate) fn key(&self, number: usize) -> Option<String> {
        let (contents, number) = self.at(number)?;
        let id = contents.id(number)?;
        let is_rule = !std::ptr::eq(contents, &self.bundle);
        Some(if is_rule { format!("{RULE}{id}") } else { id.to_string() })
    }

    pub(crate) fn number_of(&self, key: &str) -> Option<usize> {
        match key.strip_prefix(RULE) {
            Some(id) => Some(self.bundle.len() + self.rules.as_ref()?.number_of(id)?),
            None => self.bundle.number_of(key),
        }
    }

    pub(crate) fn id(&self, number: usize) -> Option<PolicyId> {
        let (contents, number) = self.at(number)?;
        contents.id(number)
    }

    pub(crate) fn digest_of(&self, number: usize) -> Option<PolicyDigest> {
        let (contents, number) = self.at(number)?;
        contents.digest_of(number)
    }

    pub(crate) fn group_of(&self, number: usize) -> Option<Group> {
        let (contents, number) = self.at(number)?;
        contents.group_of(number)
    }

    /// The text of a policy.
    pub(crate) fn placed(&self, number: usize) -> Option<Placed<'_>> {
        let (contents, number) = self.at(number)?;
        contents.placed(number)
    }

    /// The policies that have any of these keys in a part of their scope.
    pub(crate) fn with_any<'k>(
        &self,
        part: Part,
        keys: impl IntoIterator<Item = &'k String> + Clone,
    ) -> Numbers {
        let mut numbers = self.bundle.with_any(part, keys.clone());
        if let Some(rules) = &self.rules {
            numbers.extend(rules.with_any(part, keys).iter().map(|number| self.bundle.len() + number));
        }
        numbers
    }

    /// Whether any policy has this key in some part of its scope.
    pub(crate) fn has_key(&self, key: &[u8]) -> bool {
        self.bundle.has_key(key) || self.rules.as_ref().is_some_and(|rules| rules.has_key(key))
    }

    /// The policies that have this key in a part of their scope.
    pub(crate) fn with_key(&self, part: Part, key: &str) -> Numbers {
        self.with_any(part, [&key.to_owned()])
    }

    /// Where a policy is, and its number there.
    fn at(&self, number: usize) -> Option<(&Contents, usize)> {
        match number.checked_sub(self.bundle.len()) {
            None => Some((&self.bundle, number)),
            Some(number) => Some((self.rules.as_ref()?, number)),
        }
    }
}

/// Before the id of a rule. No id has a blank.
const RULE: &str = "deny ";
