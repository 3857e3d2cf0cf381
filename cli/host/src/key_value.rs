//! The key-value store behind the components: a small port, SQLite for real use and memory for tests.
//!
//! Data is kept per label, as Spin keeps it. The port is small so that a test can put a failing or slow store in its
//! place; `tests/key_value.rs` is the contract that every implementation keeps.

mod memory;
mod sqlite;

use std::fmt;
use std::future::Future;
use std::pin::Pin;

pub use self::memory::Memory;
pub use self::sqlite::{OpenError, Sqlite};

/// Longest key, in bytes: what every store of Spin can take.
pub const MAX_KEY_BYTES: usize = 255;

/// Longest value, in bytes.
pub const MAX_VALUE_BYTES: usize = 1 << 20;

/// Most keys in one page of [`KeyValue::keys`].
pub const MAX_PAGE: usize = 1_000;

/// A future of a store.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, KeyValueError>> + Send + 'a>>;

/// A key-value store with labelled sections, shared by all components.
///
/// Every method may be called from many tasks at once. An answered change is durable and visible to every later call.
/// A call that is dropped before its answer may or may not take effect.
pub trait KeyValue: Send + Sync + 'static {
    /// The values of `keys`, in their order; `None` where there is none.
    fn get<'a>(&'a self, label: &'a str, keys: Vec<Key>) -> Pending<'a, Vec<Option<Vec<u8>>>>;

    /// The keys after `after` in byte order, at most [`MAX_PAGE`] of them; an empty page is the end.
    fn keys<'a>(&'a self, label: &'a str, after: Option<Key>) -> Pending<'a, Vec<Key>>;

    /// Makes one change, all of it or nothing.
    fn change<'a>(&'a self, label: &'a str, change: Change) -> Pending<'a, Changed>;

    /// Waits until every change so far has been answered and is on disk.
    fn flush(&self) -> Pending<'_, ()>;
}

/// A key: at most [`MAX_KEY_BYTES`] bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(String);

impl Key {
    /// The key's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key's text, owned.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl TryFrom<String> for Key {
    type Error = KeyValueError;

    fn try_from(key: String) -> Result<Self, KeyValueError> {
        let bytes = key.len();
        if bytes > MAX_KEY_BYTES { Err(KeyValueError::KeyTooLong { bytes }) } else { Ok(Self(key)) }
    }
}

/// A value: at most [`MAX_VALUE_BYTES`] bytes. Its `Debug` shows only its length.
#[derive(Clone, PartialEq, Eq)]
pub struct Value(Vec<u8>);

impl Value {
    /// The value's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The value's bytes, owned.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl TryFrom<Vec<u8>> for Value {
    type Error = KeyValueError;

    fn try_from(value: Vec<u8>) -> Result<Self, KeyValueError> {
        let bytes = value.len();
        if bytes > MAX_VALUE_BYTES { Err(KeyValueError::ValueTooLong { bytes }) } else { Ok(Self(value)) }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value({} bytes)", self.0.len())
    }
}

/// One change to a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Removes keys; those that are absent are ignored.
    Delete(Vec<Key>),
    /// Adds to a counter, eight bytes little-endian, absent counting as zero.
    Increment(Key, i64),
    /// Sets values.
    Set(Vec<(Key, Value)>),
    /// Sets a value if the present one is the expected one.
    Swap {
        /// The key.
        key: Key,
        /// What must be there now; `None` for nothing.
        expected: Option<Vec<u8>>,
        /// What is there afterwards.
        value: Value,
    },
}

/// What a change did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// The counter's new value, for [`Change::Increment`].
    Counter(i64),
    /// Done, for [`Change::Delete`] and [`Change::Set`].
    Done,
    /// Whether the value was swapped, for [`Change::Swap`].
    Swapped(bool),
}

/// Why a store did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyValueError {
    /// The key is too long.
    #[error("the key has {bytes} bytes; the limit is {MAX_KEY_BYTES}")]
    KeyTooLong {
        /// The key's length.
        bytes: usize,
    },
    /// The value is too long.
    #[error("the value has {bytes} bytes; the limit is {MAX_VALUE_BYTES}")]
    ValueTooLong {
        /// The value's length.
        bytes: usize,
    },
    /// The value to increment is not a counter.
    #[error("the value to increment is not a counter of eight bytes")]
    NotACounter,
    /// The counter would not fit.
    #[error("the counter would overflow")]
    Overflow,
    /// The store failed; the reason is for the operator.
    #[error("the key-value store failed: {0}")]
    Failed(String),
    /// The store has been closed.
    #[error("the key-value store is closed")]
    Closed,
}

/// The counter in `present`, plus `delta`.
fn incremented(present: Option<&[u8]>, delta: i64) -> Result<i64, KeyValueError> {
    let counter = match present {
        None => 0,
        Some(bytes) => i64::from_le_bytes(bytes.try_into().map_err(|_| KeyValueError::NotACounter)?),
    };
    counter.checked_add(delta).ok_or(KeyValueError::Overflow)
}
