//! The classes of sensitive values, and how many of each were seen.
//!
//! A class is the word that policies, records and masks share. Which principal may see which class is policy's.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// One kind of sensitive value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A payment card number, ISO/IEC 7812.
    Card,
    /// An electronic mail address, RFC 5321 in the form people use.
    Email,
    /// An international bank account number, ISO 13616.
    Iban,
}

impl Class {
    /// Every class, in order.
    pub const ALL: [Self; 3] = [Self::Card, Self::Email, Self::Iban];

    /// The name that policies and records use, such as `pii.card`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Card => "pii.card",
            Self::Email => "pii.email",
            Self::Iban => "pii.iban",
        }
    }

    /// What stands in the place of a masked value, such as `[card]`.
    #[must_use]
    pub const fn placeholder(self) -> &'static str {
        match self {
            Self::Card => "[card]",
            Self::Email => "[email]",
            Self::Iban => "[iban]",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A class name that nothing detects.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown class `{name}`")]
pub struct UnknownClass {
    name: String,
}

impl FromStr for Class {
    type Err = UnknownClass;

    fn from_str(name: &str) -> Result<Self, UnknownClass> {
        Self::ALL
            .into_iter()
            .find(|class| class.as_str() == name)
            .ok_or_else(|| UnknownClass { name: name.to_owned() })
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
        for class in Class::ALL {
            assert_eq!(class.as_str().parse(), Ok(class));
        }
    }

    #[test]
    fn a_name_that_is_not_exact_is_refused() {
        for name in ["", "card", "PII.CARD", "pii.card ", "pii"] {
            let error = name.parse::<Class>().unwrap_err();
            assert_eq!(error.to_string(), format!("unknown class `{name}`"));
        }
    }

    #[test]
    fn merging_adds_class_by_class_and_stops_at_the_maximum() {
        let mut counts: Counts = [Class::Card, Class::Email, Class::Card].into_iter().collect();
        let other: Counts = [Class::Iban, Class::Card].into_iter().collect();
        counts.merge(&other);
        assert_eq!(
            counts.iter().collect::<Vec<_>>(),
            [(Class::Card, 3), (Class::Email, 1), (Class::Iban, 1)]
        );

        counts.add_many(Class::Card, u32::MAX);
        assert_eq!(counts.of(Class::Card), u32::MAX);
    }
}
