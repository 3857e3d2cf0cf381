//! Which classes of data are masked for everyone who may not unmask them, and what stands in the place of a value.
//!
//! Masking is on unless narrowed: without `[masking]`, every class of sensitive values that a detector finds is masked.
//! Not here: detectors, and who may unmask (policy).

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use crate::name::ClassName;
use crate::read::{Report, Section, suggest};

/// Which classes of data are masked, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Masking {
    /// Only these classes and what is in them, as `pii.card` is in `pii`; an empty set masks nothing. `None` masks every
    /// class of sensitive values.
    classes: Option<BTreeSet<ClassName>>,
    strategies: BTreeMap<ClassName, Strategy>,
}

/// What stands in the place of a masked value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strategy {
    /// Nothing.
    Drop,
    /// A value of the same form that is nobody's, so that it still fits a schema.
    Dummy,
    /// A keyed digest, such as `[card:ahgkdbopcfaeldmn]`: the same for the same value, and for no other.
    Hash,
    /// Its last characters, such as `**** **** **** 1111`.
    Partial,
    /// The name of its class, such as `[card]`.
    #[default]
    Replace,
    /// A sealed form of it, such as `[card:pbldimfa…]`, in the place of which the gateway puts the value again when the
    /// same caller sends it to a tool that policy lets have it.
    Token,
}

impl Strategy {
    /// Every strategy.
    pub const ALL: [Self; 6] =
        [Self::Drop, Self::Dummy, Self::Hash, Self::Partial, Self::Replace, Self::Token];

    /// As settings spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Drop => "drop",
            Self::Dummy => "dummy",
            Self::Hash => "hash",
            Self::Partial => "partial",
            Self::Replace => "replace",
            Self::Token => "token",
        }
    }
}

impl FromStr for Strategy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = Self::ALL.map(Self::as_str);
        let found = Self::ALL.into_iter().find(|strategy| strategy.as_str() == text);
        found.ok_or_else(|| format!("`{text}` is no strategy; {}", suggest(text, &names)))
    }
}

impl Masking {
    /// Whether findings of this class, which is one of sensitive values or not, are masked.
    #[must_use]
    pub fn covers(&self, class: &ClassName, is_sensitive: bool) -> bool {
        match &self.classes {
            None => is_sensitive,
            Some(classes) => classes.iter().any(|named| class.is_in(named)),
        }
    }

    /// What stands in the place of a value of this class: what is set for it, or else for the nearest class it is in.
    #[must_use]
    pub fn strategy(&self, class: &ClassName) -> Strategy {
        let of_classes = self.strategies.iter().filter(|(named, _)| class.is_in(named));
        let nearest = of_classes.max_by_key(|(named, _)| named.as_str().len());
        nearest.map_or_else(Strategy::default, |(_, strategy)| *strategy)
    }

    /// Whether any class is masked this way.
    #[must_use]
    pub fn uses(&self, strategy: Strategy) -> bool {
        self.strategies.values().any(|used| *used == strategy)
    }

    /// Reads `[masking]`.
    pub(crate) fn read(section: &mut Section<'_, '_>, report: &mut Report) -> Self {
        let classes = section.parsed_list(report, "classes");
        let classes = classes.map(|classes| classes.into_iter().map(|class| class.value).collect());
        let mut strategies = BTreeMap::new();
        for (class, strategy) in section.named_texts(report, "strategies") {
            let class = report.parse("masking.strategies", &class);
            let strategy = report.parse("masking.strategies", &strategy);
            strategies.extend(class.zip(strategy).map(|(class, strategy)| (class.value, strategy.value)));
        }
        Self { classes, strategies }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(name: &str) -> ClassName {
        name.parse().unwrap()
    }

    #[test]
    fn a_class_is_masked_with_what_it_is_in() {
        let only =
            Masking { classes: Some([class("pii"), class("secret.jwt")].into()), ..Masking::default() };
        for (name, by_default, want) in [
            ("pii.card", true, true),
            ("pii", true, true),
            ("pii2.card", true, false),
            ("secret.jwt", true, true),
            ("secret", true, false),
            ("network.ip", false, false),
        ] {
            let is_sensitive = by_default;
            assert_eq!(Masking::default().covers(&class(name), is_sensitive), by_default, "{name}");
            assert_eq!(only.covers(&class(name), is_sensitive), want, "{name}");
        }
    }

    #[test]
    fn the_nearest_class_decides_how() {
        let strategies = [("pii", Strategy::Hash), ("pii.card", Strategy::Partial)];
        let strategies = strategies.map(|(name, strategy)| (class(name), strategy)).into();
        let masking = Masking { strategies, ..Masking::default() };
        for (name, want) in [
            ("pii.card", Strategy::Partial),
            ("pii.card.visa", Strategy::Partial),
            ("pii.email", Strategy::Hash),
            ("secret.jwt", Strategy::Replace),
        ] {
            assert_eq!(masking.strategy(&class(name)), want, "{name}");
        }
        assert!(masking.uses(Strategy::Hash) && !masking.uses(Strategy::Token));
        assert!(!Masking::default().uses(Strategy::Token));
    }

    #[test]
    fn a_strategy_is_read_as_it_is_spelt() {
        for strategy in Strategy::ALL {
            assert_eq!(strategy.as_str().parse(), Ok(strategy));
        }
        assert!("tokens".parse::<Strategy>().unwrap_err().contains("did you mean `token`?"));
    }
}
