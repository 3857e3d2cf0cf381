//! A store on which operations go wrong.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{Lost, Store};

/// What becomes of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Luck {
    /// It is not done.
    Fails,
    /// It is done and acknowledged.
    Good,
    /// It is done later than its caller waits.
    Late,
    /// It is done, and the acknowledgement is lost.
    Lies,
    /// A counter is raised at the same time by another one, and both are told the same: if it was there, what it is
    /// afterwards, else what was added. Else it is well done.
    Shared,
    /// It is delivered twice: a value is set again at some later time, and a counter is raised twice at once.
    Twice,
}

/// What is still to be done.
enum Change {
    Add(String, u64),
    Set(String, Vec<u8>),
}

/// The store. Reads can only fail.
pub(crate) struct Faulty<'s, S> {
    inner: &'s S,
    luck: RefCell<VecDeque<Luck>>,
    /// That of all operations after those.
    then: Cell<Luck>,
    late: RefCell<VecDeque<Change>>,
    /// Counters that whoever raises them next has raised already, at the same time as another one, and what both are told.
    shared: RefCell<BTreeMap<String, u64>>,
    /// Counters that were made.
    counted: RefCell<BTreeSet<String>>,
    n_operations: Cell<usize>,
}

impl<'s, S: Store> Faulty<'s, S> {
    /// The store with this luck in the operations to come, and good luck after them.
    pub(crate) fn new(inner: &'s S, luck: impl IntoIterator<Item = Luck>) -> Self {
        Self {
            inner,
            luck: RefCell::new(luck.into_iter().collect()),
            then: Cell::new(Luck::Good),
            late: RefCell::default(),
            shared: RefCell::default(),
            counted: RefCell::default(),
            n_operations: Cell::new(0),
        }
    }

    /// The store as somebody sees it who is cut off from it after so many operations, the last of which has this luck.
    pub(crate) fn cut_off(inner: &'s S, after: usize, last: Luck) -> Self {
        let luck =
            std::iter::repeat_n(Luck::Good, after.saturating_sub(1)).chain((after > 0).then_some(last));
        let store = Self::new(inner, luck);
        store.then.set(Luck::Fails);
        store
    }

    /// From here on nothing goes wrong.
    pub(crate) fn mend(&self) {
        self.luck.borrow_mut().clear();
        self.then.set(Luck::Good);
    }

    /// Does the oldest of what is late.
    pub(crate) fn land(&self) -> bool {
        let Some(change) = self.late.borrow_mut().pop_front() else { return false };
        match change {
            Change::Add(key, by) => _ = self.inner.increment(&key, by).unwrap(),
            Change::Set(key, value) => self.inner.set(&key, &value).unwrap(),
        }
        true
    }

    /// How many operations there were.
    pub(crate) fn n_operations(&self) -> usize {
        self.n_operations.get()
    }

    fn next(&self) -> Luck {
        self.n_operations.set(self.n_operations.get() + 1);
        self.luck.borrow_mut().pop_front().unwrap_or(self.then.get())
    }
}

impl<S: Store> Store for Faulty<'_, S> {
    fn set(&self, key: &str, value: &[u8]) -> Result<(), Lost> {
        let later = || self.late.borrow_mut().push_back(Change::Set(key.to_owned(), value.to_vec()));
        match self.next() {
            Luck::Fails => Err(Lost),
            Luck::Good | Luck::Shared => self.inner.set(key, value),
            Luck::Late => {
                later();
                Err(Lost)
            }
            Luck::Lies => self.inner.set(key, value).and(Err(Lost)),
            Luck::Twice => {
                later();
                self.inner.set(key, value)
            }
        }
    }

    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Lost> {
        match self.next() {
            Luck::Fails | Luck::Lies => Err(Lost),
            Luck::Good | Luck::Late | Luck::Shared | Luck::Twice => self.inner.get(key),
        }
    }

    fn increment(&self, key: &str, by: u64) -> Result<u64, Lost> {
        let luck = self.next();
        let is_told = by > 0 && matches!(luck, Luck::Good | Luck::Shared | Luck::Twice);
        if let Some(told) = is_told.then(|| self.shared.borrow_mut().remove(key)).flatten() {
            return Ok(told);
        }
        match luck {
            Luck::Fails => Err(Lost),
            Luck::Good => self.inner.increment(key, by),
            Luck::Late => {
                self.late.borrow_mut().push_back(Change::Add(key.to_owned(), by));
                Err(Lost)
            }
            Luck::Lies => self.inner.increment(key, by).and(Err(Lost)),
            Luck::Shared if by > 0 => {
                let counter = self.inner.increment(key, 2 * by)?;
                // Adding 0 makes a counter too, and then nobody is told what was added.
                let is_new = counter == 2 * by && !self.counted.borrow().contains(key);
                let told = if is_new { by } else { counter };
                self.shared.borrow_mut().insert(key.to_owned(), told);
                Ok(told)
            }
            Luck::Shared => self.inner.increment(key, by),
            Luck::Twice => self.inner.increment(key, by).and_then(|_| self.inner.increment(key, by)),
        }
        .inspect(|_| _ = self.counted.borrow_mut().insert(key.to_owned()))
    }

    fn pass_to(&self, now: u64) {
        self.inner.pass_to(now);
    }
}
