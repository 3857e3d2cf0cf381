//! The numbering plans of the world, as an automaton that reads digits.
//!
//! `plan.txt` is made by `plan.py` from the metadata of libphonenumber and accepts what that library calls a valid
//! number: the calling code and then a national number of one of its kinds. It is read where it lies.

/// The automaton; its form is described in `plan.py`.
const PLAN: &[u8] = include_bytes!("plan.txt");

/// The state before the first digit.
const START: usize = after_first_line(PLAN);

/// How many bytes stand before the targets of a state.
const HEAD: usize = 2;
/// How many bytes name a target.
const TARGET: usize = 3;

/// The bit for states where a number may end.
const ENDS: usize = 1 << 10;

/// How far a number was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct State(usize);

impl State {
    /// Before the calling code.
    pub(super) const fn start() -> Self {
        Self(START)
    }

    /// After another digit, if any number goes on like this.
    pub(super) fn next(self, digit: u8) -> Option<Self> {
        let digit = u32::from(digit.checked_sub(b'0').filter(|digit| *digit < 10)?);
        let changes = self.head()? & ((2 << digit) - 1);
        let index = usize::try_from(changes.count_ones()).ok()?.checked_sub(1)?;
        let place = self.0 + HEAD + index * TARGET;
        let target = number(PLAN.get(place..place + TARGET)?)?;
        (target != 0).then_some(Self(target))
    }

    /// After more digits.
    pub(super) fn read(self, digits: &[u8]) -> Option<Self> {
        digits.iter().try_fold(self, |state, digit| state.next(*digit))
    }

    /// Whether the number is complete.
    pub(super) fn ends(self) -> bool {
        self.head().is_some_and(|head| head & ENDS != 0)
    }

    fn head(self) -> Option<usize> {
        number(PLAN.get(self.0..self.0 + HEAD)?)
    }
}

/// Whether a calling code and the digits after it are a number.
pub(super) fn is_valid(code: &[u8], national: &[u8]) -> bool {
    State::start().read(code).and_then(|state| state.read(national)).is_some_and(State::ends)
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
