//! Where in a document a value is, as far as paths ask.
//!
//! All paths together are one automaton with a state for each step, and a [`Place`] is the set of the states that it is in.
//! So a walk over a document carries one number, and does nothing where there are no paths.

use super::Kind;

/// The most steps that all paths together can have, one more for each path.
const MOST_STATES: usize = 128;

/// The members in which a message of the protocol holds a document of somebody's own. Paths lead from there too.
const DOCUMENTS: [&str; 2] = ["arguments", "structuredContent"];

/// Where a value is in the document that it is part of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place(u128);

/// A path: steps from the top of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path(pub Vec<Step>);

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Whether it may be taken from anything below as well.
    pub is_deep: bool,
    /// Where it leads.
    pub target: Target,
}

/// Where a step leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// To every member and every item.
    Any,
    /// To the item at a place in a list, from 0.
    Item(usize),
    /// To the member of this name.
    Member(String),
}

/// A text is no path; the message says what one is like.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a path is like `$.customer.note`, `$..note`, `$.list[*].note`, `$.list[0]` or `$['a b']`; at `{rest}` it is not"
)]
pub struct StepError {
    rest: String,
}

impl std::str::FromStr for Path {
    type Err = StepError;

    fn from_str(text: &str) -> Result<Self, StepError> {
        let wrong = |rest: &str| StepError { rest: rest.chars().flat_map(char::escape_debug).collect() };
        let mut rest = text.strip_prefix('$').ok_or_else(|| wrong(text))?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (step, after) = step(rest).ok_or_else(|| wrong(rest))?;
            steps.push(step);
            rest = after;
        }
        if steps.is_empty() { Err(wrong(text)) } else { Ok(Self(steps)) }
    }
}

/// The step that a text starts with, and what follows it.
fn step(text: &str) -> Option<(Step, &str)> {
    let (is_deep, rest) = match text.strip_prefix("..") {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('.').unwrap_or(text)),
    };
    let (target, rest) = match rest.strip_prefix('[') {
        Some(_) if !is_deep && text.starts_with('.') => return None,
        Some(rest) => bracket(rest)?,
        None if text.starts_with('.') => name(rest)?,
        None => return None,
    };
    Some((Step { is_deep, target }, rest))
}

fn name(text: &str) -> Option<(Target, &str)> {
    if let Some(rest) = text.strip_prefix('*') {
        return Some((Target::Any, rest));
    }
    let end = text.find(['.', '[']).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end)?;
    let is_plain = |ch: char| ch.is_alphanumeric() || matches!(ch, '_' | '-');
    (!name.is_empty() && name.chars().all(is_plain)).then(|| (Target::Member(name.to_owned()), rest))
}

/// What is after an opening bracket.
fn bracket(text: &str) -> Option<(Target, &str)> {
    if let Some(rest) = text.strip_prefix("*]") {
        return Some((Target::Any, rest));
    }
    for (start, end) in [("'", "']"), ("\"", "\"]")] {
        if let Some(quoted) = text.strip_prefix(start) {
            let (name, rest) = quoted.split_once(end)?;
            return Some((Target::Member(name.to_owned()), rest));
        }
    }
    let (number, rest) = text.split_once(']')?;
    Some((Target::Item(number.parse().ok()?), rest))
}

/// What a value is in what holds it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Child<'c> {
    Item(usize),
    Member(&'c str),
}

/// All paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Paths {
    /// The first state of each path.
    first: u128,
    /// By state: the step to the next one, or what is found where a path has led.
    states: Vec<State>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    On(Step),
    Reached(Kind),
}

impl Paths {
    /// Adds one; `None` if there are too many.
    pub(super) fn add(&mut self, path: Path, kind: Kind) -> Option<()> {
        self.first |= bit(self.states.len());
        self.states.extend(path.0.into_iter().map(State::On));
        self.states.push(State::Reached(kind));
        (self.states.len() <= MOST_STATES).then_some(())
    }

    pub(super) fn kinds(&self) -> impl Iterator<Item = Kind> {
        self.states.iter().filter_map(|state| match state {
            State::On(_) => None,
            State::Reached(kind) => Some(*kind),
        })
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.states.is_empty()
    }

    /// The top of a document.
    pub(crate) const fn top(&self) -> Place {
        Place(self.first)
    }

    /// What a path leads to at this place. All that is in it is found as well.
    pub(super) fn reached(&self, place: Place) -> impl Iterator<Item = Kind> {
        self.at(place).filter_map(|(_, state)| match state {
            State::On(_) => None,
            State::Reached(kind) => Some(*kind),
        })
    }

    /// The place of a value in what is at `place`.
    pub(crate) fn enter(&self, place: Place, child: Child<'_>) -> Place {
        let mut to = 0;
        for (number, state) in self.at(place) {
            match state {
                State::Reached(_) => to |= bit(number),
                State::On(step) => {
                    to |= if step.is_deep { bit(number) } else { 0 };
                    to |= if step.target.is(child) { bit(number + 1) } else { 0 };
                }
            }
        }
        match child {
            Child::Member(name) if DOCUMENTS.contains(&name) => Place(to | self.first),
            Child::Member(_) | Child::Item(_) => Place(to),
        }
    }

    fn at(&self, place: Place) -> impl Iterator<Item = (usize, &State)> {
        let mut bits = place.0;
        std::iter::from_fn(move || {
            let number = usize::try_from(bits.trailing_zeros()).ok()?;
            bits &= bits.checked_sub(1)?;
            Some((number, self.states.get(number)?))
        })
    }
}

impl Target {
    fn is(&self, child: Child<'_>) -> bool {
        match (self, child) {
            (Self::Any, _) => true,
            (Self::Item(wanted), Child::Item(index)) => *wanted == index,
            (Self::Member(wanted), Child::Member(name)) => wanted == name,
            (Self::Item(_), Child::Member(_)) | (Self::Member(_), Child::Item(_)) => false,
        }
    }
}

fn bit(number: usize) -> u128 {
    u32::try_from(number).ok().and_then(|number| 1_u128.checked_shl(number)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Class, Confidence};

    fn leads(path: &str, children: &[Child<'_>]) -> bool {
        let mut paths = Paths::default();
        let kind = Kind { class: Class::custom("acme.x"), confidence: Confidence::High };
        paths.add(path.parse().unwrap(), kind).unwrap();
        let place = children.iter().fold(paths.top(), |place, child| paths.enter(place, *child));
        paths.reached(place).count() == 1
    }

    #[test]
    fn a_path_leads_to_what_it_names_and_all_in_it() {
        use Child::{Item, Member};
        for (path, children, want) in [
            ("$.a", vec![Member("a")], true),
            ("$.a", vec![Member("b")], false),
            ("$.a", vec![Member("b"), Member("a")], false),
            ("$.a", vec![Member("a"), Member("b"), Item(3)], true),
            ("$..a", vec![Member("b"), Item(1), Member("a")], true),
            ("$..a", vec![Member("b"), Member("c")], false),
            ("$.a.*", vec![Member("a"), Member("z")], true),
            ("$.a.*", vec![Member("a")], false),
            ("$.a[*].b", vec![Member("a"), Item(7), Member("b")], true),
            ("$.a[1]", vec![Member("a"), Item(1)], true),
            ("$.a[1]", vec![Member("a"), Item(0)], false),
            ("$['a b'].c", vec![Member("a b"), Member("c")], true),
            ("$..[\"a.b\"]", vec![Member("x"), Member("a.b")], true),
            ("$.a", vec![Member("structuredContent"), Member("a")], true),
            ("$.a", vec![Member("params"), Member("arguments"), Member("a")], true),
            ("$.a..b.c", vec![Member("a"), Member("b"), Member("b"), Member("c")], true),
        ] {
            assert_eq!(leads(path, &children), want, "{path}: {children:?}");
        }
    }

    #[test]
    fn what_is_no_path_is_refused_where_it_is_none() {
        for (text, rest) in [
            ("", ""),
            ("$", "$"),
            ("a", "a"),
            ("$a", "a"),
            ("$.", "."),
            ("$..", ".."),
            ("$.a[", "["),
            ("$.a[x]", "[x]"),
            ("$.a[?(@.b)]", "[?(@.b)]"),
            ("$.a b", ".a b"),
            ("$.[0]", ".[0]"),
        ] {
            assert_eq!(text.parse::<Path>().unwrap_err().rest, rest, "path: {text}");
        }
    }

    #[test]
    fn there_are_only_so_many_paths() {
        let mut paths = Paths::default();
        let kind = Kind { class: Class::custom("acme.x"), confidence: Confidence::High };
        let added = std::iter::from_fn(|| paths.add("$.a".parse().unwrap(), kind)).take(100).count();
        assert_eq!(added, MOST_STATES / 2);
    }
}
