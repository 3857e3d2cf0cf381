//! Something for each class of findings, for a bounded number of classes.

use std::collections::BTreeMap;

use portcullis_settings::ClassName;

/// For how many classes findings are counted, and for how many distinct values.
pub const CLASSES: usize = 16;

/// A value for each class.
///
/// Beyond [`CLASSES`] the first ones by name are kept and the rest is marked as unknown. Which ones those are does not
/// depend on the order of counting, so folds agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PerClass<T> {
    kept: BTreeMap<ClassName, T>,
    dropped: bool,
}

impl<T> Default for PerClass<T> {
    fn default() -> Self {
        Self { kept: BTreeMap::new(), dropped: false }
    }
}

impl<T: Default> PerClass<T> {
    /// Changes the value of a class, if it is one that is kept.
    pub(crate) fn update(&mut self, class: &ClassName, change: impl FnOnce(&mut T)) {
        if let Some(value) = self.kept.get_mut(class) {
            return change(value);
        }
        change(self.kept.entry(class.clone()).or_default());
        if self.kept.len() > CLASSES {
            self.kept.pop_last();
            self.dropped = true;
        }
    }

    /// Takes over what another has, class by class.
    pub(crate) fn merge(&mut self, other: &Self, merge: impl Fn(&mut T, &T)) {
        self.dropped |= other.dropped;
        for (class, theirs) in &other.kept {
            self.update(class, |ours| merge(ours, theirs));
        }
    }

    /// The value of a class; the default if there is none; nothing if it may have been dropped.
    pub(crate) fn known<U>(&self, class: &ClassName, read: impl FnOnce(&T) -> U) -> Option<U> {
        match self.kept.get(class) {
            Some(value) => Some(read(value)),
            None if self.dropped => None,
            None => Some(read(&T::default())),
        }
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (&ClassName, &T)> {
        self.kept.iter()
    }

    pub(crate) fn has_dropped(&self) -> bool {
        self.dropped
    }

    /// Values from their parts; `None` if no counting leads there.
    pub(crate) fn from_parts(parts: Vec<(ClassName, T)>, dropped: bool) -> Option<Self> {
        let ascending = parts.windows(2).all(|pair| matches!(pair, [(a, _), (b, _)] if a < b));
        let fits = parts.len() <= CLASSES && (!dropped || parts.len() == CLASSES);
        (ascending && fits).then(|| Self { kept: parts.into_iter().collect(), dropped })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(n: usize) -> ClassName {
        format!("c.{n:02}").parse().unwrap()
    }

    fn counted(classes: impl Iterator<Item = usize>) -> PerClass<u64> {
        let mut counts = PerClass::default();
        classes.for_each(|n| counts.update(&class(n), |count| *count += 1));
        counts
    }

    #[test]
    fn a_class_beyond_the_most_is_unknown_and_not_zero() {
        let counts = counted(0..20);
        assert_eq!(counts.known(&class(15), |n| *n), Some(1));
        assert_eq!(counts.known(&class(16), |n| *n), None);
        assert_eq!(counts.known(&class(99), |n| *n), None);
        assert_eq!(counted(0..3).known(&class(99), |n| *n), Some(0));
    }

    #[test]
    fn which_classes_are_kept_depends_on_no_order() {
        let forward = counted(0..20);
        assert_eq!(counted((0..20).rev()), forward);
        let mut merged = counted(10..20);
        merged.merge(&counted(0..10), |ours, theirs| *ours += theirs);
        assert_eq!(merged, forward);
    }
}
