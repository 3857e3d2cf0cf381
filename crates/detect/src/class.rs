//! The classes of findings, and how many of each were seen.
//!
//! A class is the word that policies, records and masks share. Its name has a first part that says what kind of finding
//! it is, and everything in it is in every class before a dot: `secret.token.github` is in `secret.token`, and that in
//! `secret`. Which principal may see which class is policy's.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use crate::catalog;

/// One kind of finding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Class(&'static str);

impl Class {
    /// A credential that the gateway shows an upstream: nobody may see it, whatever policy says.
    pub const CREDENTIAL: Self = catalog::CREDENTIAL;

    /// A class of the catalog.
    pub(crate) const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// Every class that a built-in detector finds, in order.
    pub fn built_in() -> impl Iterator<Item = Self> + Clone {
        catalog::ALL.iter().copied()
    }

    /// A class that is named in a configuration. A name that is not built in is remembered for as long as the process
    /// lives, once.
    #[must_use]
    pub fn custom(name: &str) -> Self {
        static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
        if let Ok(class) = name.parse() {
            return class;
        }
        let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = names.get(name) {
            return Self(known);
        }
        let name: &'static str = Box::leak(name.into());
        names.insert(name);
        Self(name)
    }

    /// The name that policies and records use, such as `pii.card`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// The class that it is counted in: one of all that a token of any service is in, so that there are not hundreds.
    #[must_use]
    pub fn counted_as(self) -> Self {
        if self.0.starts_with("secret.token.") { catalog::TOKEN } else { self }
    }

    /// What stands in the place of a masked value, such as `[card]`: the last part of the name; of a token of a service,
    /// such as `[github token]`, also what it is.
    #[must_use]
    pub fn placeholder(self) -> String {
        match self.0.strip_prefix("secret.token.") {
            Some(service) => format!("[{service} token]"),
            None => format!("[{}]", self.0.rsplit('.').next().unwrap_or(self.0)),
        }
    }

    /// Whether `[name]` is its placeholder; several classes may have the same.
    #[must_use]
    pub fn is_shown_as(self, name: &str) -> bool {
        match self.0.strip_prefix("secret.token.") {
            Some(service) => name.strip_suffix(" token") == Some(service),
            None => self.0.rsplit('.').next() == Some(name),
        }
    }

    /// Whether it is a value that somebody may not see. All else is what a text does or tells, which is a label and
    /// nothing to mask unless settings say so.
    #[must_use]
    pub fn is_sensitive(self) -> bool {
        !catalog::NOT_SENSITIVE.iter().any(|kind| {
            self.0.strip_prefix(kind).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }
}

impl fmt::Debug for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A class name that no built-in detector finds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown class `{name}`")]
pub struct UnknownClass {
    name: String,
}

impl FromStr for Class {
    type Err = UnknownClass;

    fn from_str(name: &str) -> Result<Self, UnknownClass> {
        match catalog::ALL.binary_search_by(|class| class.0.cmp(name)) {
            Ok(index) => catalog::ALL.get(index).copied().ok_or(()),
            Err(_) => Err(()),
        }
        .map_err(|()| UnknownClass { name: name.to_owned() })
    }
}

/// How many values of each class. A class that was not seen has no entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<Class, u32>);

impl Counts {
    /// Counts one more value of `class`; the count stops at `u32::MAX`.
    pub fn add(&mut self, class: Class) {
        self.add_many(class, 1);
    }

    /// Adds the counts of `other` to these.
    pub fn merge(&mut self, other: &Self) {
        for (class, n) in other.iter() {
            self.add_many(class, n);
        }
    }

    /// How many values of `class`.
    #[must_use]
    pub fn of(&self, class: Class) -> u32 {
        self.0.get(&class).copied().unwrap_or(0)
    }

    /// The classes seen and how often, in the order of [`Class`].
    pub fn iter(&self) -> impl Iterator<Item = (Class, u32)> + '_ {
        self.0.iter().map(|(class, n)| (*class, *n))
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn add_many(&mut self, class: Class, n: u32) {
        let count = self.0.entry(class).or_insert(0);
        *count = count.saturating_add(n);
    }
}

impl FromIterator<Class> for Counts {
    fn from_iter<I: IntoIterator<Item = Class>>(classes: I) -> Self {
        let mut counts = Self::default();
        for class in classes {
            counts.add(class);
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_parses_from_its_own_name() {
        for class in Class::built_in() {
            assert_eq!(class.as_str().parse(), Ok(class));
        }
    }

    #[test]
    fn every_class_is_shown_as_its_placeholder_says() {
        for class in Class::built_in() {
            let placeholder = class.placeholder();
            let name = placeholder.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap();
            assert!(class.is_shown_as(name), "class: {class}");
            assert!(!class.is_shown_as(&format!("{name}x")) && !class.is_shown_as(""), "class: {class}");
        }
        assert!(!Class::custom("secret.token.github").is_shown_as("github"));
    }

    #[test]
    fn a_name_that_is_not_exact_is_refused() {
        for name in ["", "card", "PII.CARD", "pii.card ", "pii"] {
            let error = name.parse::<Class>().unwrap_err();
            assert_eq!(error.to_string(), format!("unknown class `{name}`"));
        }
    }

    #[test]
    fn a_name_is_one_class_wherever_it_is_named() {
        assert_eq!(Class::custom("pii.card"), catalog::CARD);
        assert_eq!(Class::custom("acme.project"), Class::custom(&["acme", "project"].join(".")));
        assert!(Class::custom("acme.project").is_sensitive());
        assert_eq!(Class::custom("acme.project").placeholder(), "[project]");
    }

    #[test]
    fn tokens_are_counted_together_and_all_else_by_itself() {
        for (name, want) in [
            ("pii.card", "pii.card"),
            ("secret.token.github", "secret.token"),
            ("acme.project", "acme.project"),
            ("secret.token.acme", "secret.token"),
        ] {
            assert_eq!(Class::custom(name).counted_as().as_str(), want, "class: {name}");
        }
    }

    #[test]
    fn what_a_text_does_is_nothing_to_mask() {
        for (name, want) in [
            ("pii.card", true),
            ("secret.jwt", true),
            ("sql.destructive", false),
            ("sql", false),
            ("sqlite.path", true),
            ("network.ip", false),
        ] {
            assert_eq!(Class::custom(name).is_sensitive(), want, "class: {name}");
        }
    }

    #[test]
    fn merging_adds_class_by_class_and_stops_at_the_maximum() {
        let (card, email, iban) = (catalog::CARD, catalog::EMAIL, catalog::IBAN);
        let mut counts: Counts = [card, email, card].into_iter().collect();
        let other: Counts = [iban, card].into_iter().collect();
        counts.merge(&other);
        assert_eq!(counts.iter().collect::<Vec<_>>(), [(card, 3), (email, 1), (iban, 1)]);

        counts.add_many(card, u32::MAX);
        assert_eq!(counts.of(card), u32::MAX);
    }
}
