//! The numbering plans of the world, as an automaton that reads digits.
//!
//! `plan.txt` is made by `plan.py` from the metadata of libphonenumber and accepts what that library calls a valid
//! number: the calling code and then a national number of one of its kinds. `national.txt` accepts the numbers of large
//! countries as they are dialled there. Both are read where they lie.

/// An automaton; its form is described in `plan.py`.
#[derive(Debug)]
pub(super) struct Plan {
    table: &'static [u8],
    /// The state before the first digit.
    start: usize,
}

/// Numbers that start with a calling code.
pub(super) const INTERNATIONAL: &Plan = &Plan::new(include_bytes!("plan.txt"));

/// Numbers without one.
pub(super) const NATIONAL: &Plan = &Plan::new(include_bytes!("national.txt"));

/// How many bytes stand before the targets of a state.
const HEAD: usize = 2;
/// How many bytes name a target.
const TARGET: usize = 3;

/// The bit for states where a number may end.
const ENDS: usize = 1 << 10;

impl Plan {
    const fn new(table: &'static [u8]) -> Self {
        Self { table, start: after_first_line(table) }
    }

    /// Whether the digits of all parts together are a number.
    pub(super) fn accepts(&self, parts: [&[u8]; 2]) -> bool {
        let mut digits = parts.into_iter().flatten();
        let end = digits.try_fold(self.start, |state, digit| self.next(state, *digit));
        end.and_then(|state| self.head(state)).is_some_and(|head| head & ENDS != 0)
    }

    /// The state after another digit, if any number goes on like this.
    fn next(&self, state: usize, digit: u8) -> Option<usize> {
        let digit = u32::from(digit.checked_sub(b'0').filter(|digit| *digit < 10)?);
        let changes = self.head(state)? & ((2 << digit) - 1);
        let index = usize::try_from(changes.count_ones()).ok()?.checked_sub(1)?;
        let place = state + HEAD + index * TARGET;
        number(self.table.get(place..place + TARGET)?).filter(|target| *target != 0)
    }

    fn head(&self, state: usize) -> Option<usize> {
        number(self.table.get(state..state + HEAD)?)
    }
}

fn number(characters: &[u8]) -> Option<usize> {
    let six = |byte: u8| byte.checked_sub(b'0').map(usize::from);
    characters.iter().try_fold(0, |number, byte| Some(number << 6 | six(*byte)?))
}

const fn after_first_line(mut rest: &[u8]) -> usize {
    let mut n = 1;
    while let [first, tail @ ..] = rest {
        if *first == b'\n' {
            return n;
        }
        n += 1;
        rest = tail;
    }
    0
}
