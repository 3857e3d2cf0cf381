//! What a partly evaluated condition can still become.

use crate::formula::{Bound, Constant, Decimal, Fact, Formula};

/// The values that a condition can have. Where it can have none, it errs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Possible {
    pub(crate) truth: bool,
    pub(crate) falsity: bool,
}

/// What is supposed of the unknowns.
pub(crate) trait Suppose {
    /// The value of an argument; `None` if nothing is supposed of it.
    fn argument(&self, name: &str) -> Option<Sample<'_>>;

    /// Whether a class was found; `None` if nothing is supposed of it.
    fn label(&self, class: &str) -> Option<bool>;
}

/// A value that an argument may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sample<'f> {
    /// It is not there.
    Absent,
    /// A flag.
    Bool(bool),
    /// A decimal, in units of 1/10,000.
    Decimal(i64),
    /// A value that no policy compares it with, and of none of the other types.
    Other,
    /// A text.
    Text(&'f str),
    /// A whole number.
    Whole(i64),
}

/// Nothing is supposed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nothing;

impl Suppose for Nothing {
    fn argument(&self, _: &str) -> Option<Sample<'_>> {
        None
    }

    fn label(&self, _: &str) -> Option<bool> {
        None
    }
}

impl Possible {
    const TRUE: Self = Self { truth: true, falsity: false };
    const FALSE: Self = Self { truth: false, falsity: true };
    const EITHER: Self = Self { truth: true, falsity: true };
    pub(crate) const ERROR: Self = Self { truth: false, falsity: false };

    /// What a condition can be. Parts are looked at by themselves, so it may be said to be more than it can be, and
    /// never less.
    pub(crate) fn of(formula: &Formula, supposed: &impl Suppose) -> Self {
        let of = |part: &Formula| Self::of(part, supposed);
        match formula {
            Formula::And(left, right) => of(left).and(|| of(right)),
            Formula::Argument(name, fact) => {
                supposed.argument(name).map_or(Self::EITHER, |sample| Self::of_fact(fact, sample))
            }
            Formula::Constant(value) => Self::known(*value),
            Formula::Error => Self::ERROR,
            Formula::If(test, then, otherwise) => {
                let (test, then, otherwise) = (of(test), of(then), of(otherwise));
                Self {
                    truth: (test.truth && then.truth) || (test.falsity && otherwise.truth),
                    falsity: (test.truth && then.falsity) || (test.falsity && otherwise.falsity),
                }
            }
            Formula::Label(class) => supposed.label(class).map_or(Self::EITHER, Self::known),
            Formula::Not(inner) => {
                let Self { truth, falsity } = of(inner);
                Self { truth: falsity, falsity: truth }
            }
            Formula::Open => Self::EITHER,
        }
    }

    fn of_fact(fact: &Fact, sample: Sample<'_>) -> Self {
        match (fact, sample) {
            (Fact::Exists, sample) => Self::known(sample != Sample::Absent),
            (Fact::IsTrue, Sample::Bool(value)) => Self::known(value),
            (Fact::Less(bound, kind), Sample::Whole(value)) => Self::less(value, *bound, *kind),
            (Fact::LessDecimal(bound, kind), Sample::Decimal(value)) => Self::less(value, bound.0, *kind),
            (Fact::OneOf(_), Sample::Absent) => Self::ERROR,
            (Fact::OneOf(constants), sample) => {
                Self::known(constants.iter().any(|constant| Sample::of(constant) == sample))
            }
            (Fact::IsTrue | Fact::Less(..) | Fact::LessDecimal(..), _of_another_type) => Self::ERROR,
        }
    }

    const fn less(value: i64, bound: i64, kind: Bound) -> Self {
        Self::known(match kind {
            Bound::Excluded => value < bound,
            Bound::Included => value <= bound,
        })
    }

    const fn known(value: bool) -> Self {
        if value { Self::TRUE } else { Self::FALSE }
    }

    /// The right side counts only where the left is true.
    fn and(self, right: impl FnOnce() -> Self) -> Self {
        if !self.truth {
            return self;
        }
        let right = right();
        Self { truth: right.truth, falsity: self.falsity || right.falsity }
    }
}

impl<'f> Sample<'f> {
    /// The value that a policy names.
    pub(crate) fn of(constant: &'f Constant) -> Self {
        match constant {
            Constant::Bool(value) => Self::Bool(*value),
            Constant::Decimal(Decimal(value)) => Self::Decimal(*value),
            Constant::Text(text) => Self::Text(text),
            Constant::Whole(value) => Self::Whole(*value),
        }
    }
}
