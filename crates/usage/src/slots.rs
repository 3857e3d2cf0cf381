//! How many may be under way at once for each key.
//!
//! One instance keeps it alone: with n instances it is n times as many. A slot comes back when it is dropped, so that
//! a request that is given up in any way gives it back.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::rc::Rc;

/// The slots of all keys. Memory is bounded by what is under way.
#[derive(Debug)]
pub struct Slots<K> {
    limit: NonZeroU32,
    taken: Rc<RefCell<BTreeMap<K, u32>>>,
}

/// One slot, for as long as it lives.
#[derive(Debug)]
#[must_use]
pub struct Slot<K: Ord> {
    key: K,
    taken: Rc<RefCell<BTreeMap<K, u32>>>,
}

impl<K: Ord + Clone> Slots<K> {
    /// As many slots for each key.
    #[must_use]
    pub fn new(limit: NonZeroU32) -> Self {
        Self { limit, taken: Rc::default() }
    }

    /// A slot for this key, unless all are taken.
    pub fn take(&self, key: K) -> Option<Slot<K>> {
        let mut all = self.taken.borrow_mut();
        let taken = all.get(&key).copied().unwrap_or(0);
        if taken >= self.limit.get() {
            return None;
        }
        all.insert(key.clone(), taken.saturating_add(1));
        Some(Slot { key, taken: Rc::clone(&self.taken) })
    }
}

impl<K: Ord> Drop for Slot<K> {
    fn drop(&mut self) {
        let mut all = self.taken.borrow_mut();
        if let Some(taken) = all.get_mut(&self.key) {
            *taken = taken.saturating_sub(1);
            if *taken == 0 {
                all.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_its_slots_and_gets_them_back() {
        let slots = Slots::new(NonZeroU32::new(2).unwrap());
        let (first, second) = (slots.take("a"), slots.take("a"));
        assert!(first.is_some() && second.is_some() && slots.take("a").is_none());
        let other = slots.take("b");
        assert!(other.is_some());
        drop(first);
        assert!(slots.take("a").is_some(), "and that one was dropped at once");
        drop((second, other));
        assert!(slots.taken.borrow().is_empty(), "nothing is remembered of who has none");
    }
}
