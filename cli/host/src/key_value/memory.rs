//! A store in memory, for tests and for trying things out. It is empty again after a restart.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, PoisonError};

use super::{Change, Changed, Key, KeyValue, KeyValueError, MAX_PAGE, Pending, incremented};

/// Key-value data in memory.
#[derive(Debug, Default)]
pub struct Memory {
    labels: Mutex<BTreeMap<String, Section>>,
}

type Section = BTreeMap<Key, Vec<u8>>;

impl Memory {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn with<T>(&self, label: &str, action: impl FnOnce(&mut Section) -> T) -> T {
        // A change is made in one step at its end, so a panic leaves nothing half done.
        let mut labels = self.labels.lock().unwrap_or_else(PoisonError::into_inner);
        action(labels.entry(label.to_owned()).or_default())
    }
}

impl KeyValue for Memory {
    fn get<'a>(&'a self, label: &'a str, keys: Vec<Key>) -> Pending<'a, Vec<Option<Vec<u8>>>> {
        Box::pin(async move {
            Ok(self.with(label, |section| keys.iter().map(|key| section.get(key).cloned()).collect()))
        })
    }

    fn keys<'a>(&'a self, label: &'a str, after: Option<Key>) -> Pending<'a, Vec<Key>> {
        Box::pin(async move {
            let from = after.map_or(Bound::Unbounded, Bound::Excluded);
            let page = |section: &mut Section| {
                section.range((from, Bound::Unbounded)).take(MAX_PAGE).map(|(key, _)| key.clone()).collect()
            };
            Ok(self.with(label, page))
        })
    }

    fn change<'a>(&'a self, label: &'a str, change: Change) -> Pending<'a, Changed> {
        Box::pin(async move { self.with(label, |section| apply(section, change)) })
    }

    fn flush(&self) -> Pending<'_, ()> {
        Box::pin(async { Ok(()) })
    }
}

fn apply(section: &mut Section, change: Change) -> Result<Changed, KeyValueError> {
    match change {
        Change::Delete(keys) => {
            for key in keys {
                section.remove(&key);
            }
            Ok(Changed::Done)
        }
        Change::Increment(key, delta) => {
            let counter = incremented(section.get(&key).map(Vec::as_slice), delta)?;
            section.insert(key, counter.to_le_bytes().to_vec());
            Ok(Changed::Counter(counter))
        }
        Change::Set(pairs) => {
            section.extend(pairs.into_iter().map(|(key, value)| (key, value.into_bytes())));
            Ok(Changed::Done)
        }
        Change::Swap { key, expected, value } => {
            let swapped = section.get(&key) == expected.as_ref();
            if swapped {
                section.insert(key, value.into_bytes());
            }
            Ok(Changed::Swapped(swapped))
        }
    }
}
