//! A store that fails when it is told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use portcullis_host::{Change, Changed, Key, KeyValue, KeyValueError, Pending};

/// Passes everything on until its countdown of changes has run out; then every operation fails.
pub(crate) struct Faulty {
    inner: Arc<dyn KeyValue>,
    changes_left: AtomicI64,
}

impl Faulty {
    pub(crate) fn new(inner: Arc<dyn KeyValue>) -> Self {
        Self { inner, changes_left: AtomicI64::new(i64::MAX) }
    }

    /// Lets `count` more changes succeed.
    pub(crate) fn fail_after(&self, count: i64) {
        self.changes_left.store(count, Ordering::SeqCst);
    }

    fn broken() -> KeyValueError {
        KeyValueError::Failed("a fault was injected".to_owned())
    }
}

impl KeyValue for Faulty {
    fn get<'a>(&'a self, label: &'a str, keys: Vec<Key>) -> Pending<'a, Vec<Option<Vec<u8>>>> {
        match self.changes_left.load(Ordering::SeqCst) {
            ..=0 => Box::pin(async { Err(Self::broken()) }),
            _ => self.inner.get(label, keys),
        }
    }

    fn keys<'a>(&'a self, label: &'a str, after: Option<Key>) -> Pending<'a, Vec<Key>> {
        self.inner.keys(label, after)
    }

    fn change<'a>(&'a self, label: &'a str, change: Change) -> Pending<'a, Changed> {
        match self.changes_left.fetch_sub(1, Ordering::SeqCst) {
            ..=0 => Box::pin(async { Err(Self::broken()) }),
            _ => self.inner.change(label, change),
        }
    }

    fn flush(&self) -> Pending<'_, ()> {
        self.inner.flush()
    }
}
