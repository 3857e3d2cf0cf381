//! Whether there are arguments with which what several conditions leave open comes out together.
//!
//! Each condition by itself may be true for some arguments, and still no arguments make one true and another false:
//! `amount <= 100` permits and `amount > 10` forbids leave nothing above 10. Where conditions only compare single
//! arguments with constants, they come out the same for all values between two neighbouring constants. So it is enough
//! to try, for each argument, every constant, its neighbours, a value that equals none, and that the argument is not
//! there; for each label that it is there and that it is not.
//!
//! What a condition says besides is left open, so that trying never rules out what could happen. How much is tried has a
//! limit; beyond it nothing is ruled out.

use std::collections::{BTreeMap, BTreeSet};

use crate::formula::{Fact, Formula};
use crate::residual::{Sample, Suppose};

/// All that has to be tried for some conditions.
#[derive(Debug)]
pub(crate) struct Witnesses<'f> {
    arguments: BTreeMap<&'f str, Vec<Sample<'f>>>,
    labels: BTreeSet<&'f str>,
}

/// One of the things to try.
#[derive(Debug)]
pub(crate) struct Witness<'f> {
    arguments: BTreeMap<&'f str, Sample<'f>>,
    labels: BTreeMap<&'f str, bool>,
}

impl<'f> Witnesses<'f> {
    /// What to try for these conditions.
    pub(crate) fn of(formulas: impl Iterator<Item = &'f Formula>) -> Self {
        let mut collected = Collected::default();
        formulas.for_each(|formula| collected.collect(formula));
        let Collected { arguments, labels } = collected;
        let samples = |samples: BTreeSet<Sample<'f>>| samples.into_iter().collect();
        Self { arguments: arguments.into_iter().map(|(name, all)| (name, samples(all))).collect(), labels }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        let sizes = self.arguments.values().map(Vec::len).chain(self.labels.iter().map(|_| 2));
        sizes.fold(1, usize::saturating_mul)
    }

    /// One after the other.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Witness<'f>> {
        (0..self.count()).map(|number| self.at(number))
    }

    /// The choices are the digits of the number.
    fn at(&self, number: usize) -> Witness<'f> {
        let mut rest = number;
        let mut digit = |base: usize| {
            let digit = rest.checked_rem(base).unwrap_or_default();
            rest = rest.checked_div(base).unwrap_or_default();
            digit
        };
        let arguments = self.arguments.iter().filter_map(|(name, samples)| {
            let sample = samples.get(digit(samples.len()))?;
            Some((*name, *sample))
        });
        let arguments = arguments.collect();
        let labels = self.labels.iter().map(|class| (*class, digit(2) == 1)).collect();
        Witness { arguments, labels }
    }
}

impl Suppose for Witness<'_> {
    fn argument(&self, name: &str) -> Option<Sample<'_>> {
        self.arguments.get(name).copied()
    }

    fn label(&self, class: &str) -> Option<bool> {
        self.labels.get(class).copied()
    }
}

#[derive(Default)]
struct Collected<'f> {
    arguments: BTreeMap<&'f str, BTreeSet<Sample<'f>>>,
    labels: BTreeSet<&'f str>,
}

impl<'f> Collected<'f> {
    fn collect(&mut self, formula: &'f Formula) {
        match formula {
            Formula::And(left, right) => [left, right].into_iter().for_each(|part| self.collect(part)),
            Formula::If(test, then, otherwise) => {
                [test, then, otherwise].into_iter().for_each(|part| self.collect(part));
            }
            Formula::Not(inner) => self.collect(inner),
            Formula::Label(class) => {
                self.labels.insert(class);
            }
            Formula::Argument(name, fact) => {
                let samples = self.arguments.entry(name).or_default();
                samples.extend([Sample::Absent, Sample::Other]);
                samples.extend(samples_of(fact));
            }
            Formula::Constant(_) | Formula::Error | Formula::Open => {}
        }
    }
}

/// The values around which a fact changes.
fn samples_of(fact: &Fact) -> Vec<Sample<'_>> {
    match fact {
        Fact::Exists => Vec::new(),
        Fact::IsTrue => [true, false].map(Sample::Bool).to_vec(),
        Fact::Less(bound, _) => around(*bound).map(Sample::Whole).to_vec(),
        Fact::LessDecimal(bound, _) => around(bound.0).map(Sample::Decimal).to_vec(),
        Fact::OneOf(constants) => constants.iter().map(Sample::of).collect(),
    }
}

/// A number and its neighbours, as far as there are any.
fn around(number: i64) -> [i64; 3] {
    [number.saturating_sub(1), number, number.saturating_add(1)]
}

#[cfg(test)]
mod tests;
