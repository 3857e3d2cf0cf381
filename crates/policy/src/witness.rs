//! Whether there are arguments with which what several conditions leave open comes out together.
//!
//! Each condition by itself may be true for some arguments, and still no arguments make one true and another false:
//! `amount <= 100` permits and `amount > 10` forbids leave nothing above 10. Where conditions only compare single
//! arguments with constants, they come out the same for all values between two neighbouring constants. So it is enough
//! to try, for each argument, every constant, of numbers also one between each two and one beyond the ends, a value that
//! equals none, and that the argument is not there; for each label that it is there and that it is not.
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
        let arguments = arguments.into_iter().map(|(name, constants)| (name, constants.samples())).collect();
        Self { arguments, labels }
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
    arguments: BTreeMap<&'f str, Constants<'f>>,
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
            Formula::Argument(name, fact) => self.arguments.entry(name).or_default().collect(fact),
            Formula::Constant(_) | Formula::Error | Formula::Open => {}
        }
    }
}

/// What one argument is compared with.
#[derive(Default)]
struct Constants<'f> {
    equal: BTreeSet<Sample<'f>>,
    whole_bounds: BTreeSet<i64>,
    decimal_bounds: BTreeSet<i64>,
}

impl<'f> Constants<'f> {
    fn collect(&mut self, fact: &'f Fact) {
        match fact {
            Fact::Exists => {}
            Fact::IsTrue => self.equal.extend([true, false].map(Sample::Bool)),
            Fact::Less(bound, _) => {
                self.whole_bounds.insert(*bound);
            }
            Fact::LessDecimal(bound, _) => {
                self.decimal_bounds.insert(bound.0);
            }
            Fact::OneOf(constants) => self.equal.extend(constants.iter().map(Sample::of)),
        }
    }

    /// A value of each kind that these constants tell apart.
    fn samples(self) -> Vec<Sample<'f>> {
        let Self { equal, whole_bounds, decimal_bounds } = self;
        let wholes = equal.iter().filter_map(|sample| match sample {
            Sample::Whole(number) => Some(*number),
            Sample::Absent | Sample::Bool(_) | Sample::Decimal(_) | Sample::Other | Sample::Text(_) => None,
        });
        let decimals = equal.iter().filter_map(|sample| match sample {
            Sample::Decimal(number) => Some(*number),
            Sample::Absent | Sample::Bool(_) | Sample::Other | Sample::Text(_) | Sample::Whole(_) => None,
        });
        let wholes = told_apart(whole_bounds, wholes).into_iter().map(Sample::Whole);
        let decimals = told_apart(decimal_bounds, decimals).into_iter().map(Sample::Decimal);
        let mut samples: BTreeSet<Sample<'f>> = wholes.chain(decimals).collect();
        samples.extend(equal);
        samples.extend([Sample::Absent, Sample::Other]);
        samples.into_iter().collect()
    }
}

/// One number of each kind that is told apart by being smaller than bounds and by being equal to other numbers: all of
/// them, one between each two, and one beyond each end, as far as there are any. None if there are no bounds.
fn told_apart(bounds: BTreeSet<i64>, equal: impl Iterator<Item = i64>) -> BTreeSet<i64> {
    if bounds.is_empty() {
        return bounds;
    }
    let mut numbers = bounds;
    numbers.extend(equal);
    let below = numbers.first().map(|first| first.saturating_sub(1));
    // The next number is either one of them or lies between it and the next of them.
    let above = numbers.iter().map(|number| number.saturating_add(1));
    above.chain(below).chain(numbers.iter().copied()).collect()
}

#[cfg(test)]
mod tests;
