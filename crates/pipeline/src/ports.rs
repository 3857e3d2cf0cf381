//! What the pipeline needs from the world: a clock, randomness, a store, the network and a log.
//!
//! The component implements these over WASI, the tests over values. Nothing else in this crate can reach out.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::try_join_all;
use portcullis_ledger::Key;

/// The world around one request.
pub trait Ports: 'static {
    /// A body that arrives piece by piece: the caller's, or an upstream's.
    type Body: Chunks + 'static;

    /// The wall clock, in milliseconds since 1970-01-01T00:00:00Z.
    fn now(&self) -> u64;

    /// A clock that only goes forward, in microseconds from an arbitrary start.
    fn monotonic(&self) -> u64;

    /// Unpredictable bytes.
    fn random(&self) -> [u8; 32];

    /// Returns after this long.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()>;

    /// Writes a value. `Ok` means that the store has acknowledged it.
    fn set(&self, key: &str, value: &[u8]) -> impl Future<Output = Result<(), StoreError>>;

    /// Reads a value.
    fn get(&self, key: &str) -> impl Future<Output = Result<Option<Vec<u8>>, StoreError>>;

    /// Removes a value; `Ok` also if there is none. Removing it once more does no harm, so that whoever was stopped in the
    /// middle begins again. Something may still read what it was for a moment, on a store of several machines.
    fn delete(&self, key: &str) -> impl Future<Output = Result<(), StoreError>>;

    /// Adds to a counter, and returns what it then is. A counter that does not exist is 0. Everything else in this
    /// instance waits meanwhile, so this is for claims and for reading counters (`by` is 0 then), never once per call.
    /// The key of a counter is never [set](Ports::set).
    ///
    /// # Errors
    /// [`StoreError`]; whether something was added is not known then.
    fn increment(&self, key: &str, by: u64) -> Result<u64, StoreError>;

    /// Sends a request and returns the head of the response. Redirects are not followed.
    fn fetch(
        &self,
        request: http::Request<Bytes>,
        timeout: Duration,
    ) -> impl Future<Output = Result<http::Response<Self::Body>, FetchError>>;

    /// Tells the operator something. Never called with a credential, a token or an unmasked value.
    fn log(&self, line: &str);
}

/// The first bytes of a random value, for a nonce or an id.
pub(crate) fn fresh<P: Ports, const N: usize>(ports: &P) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.iter_mut().zip(ports.random()).for_each(|(to, from)| *to = from);
    bytes
}

/// How many values are read, or deleted, at once.
pub(crate) const AT_ONCE: usize = 64;

/// Reads these values, in order.
pub(crate) async fn get_all<P: Ports>(
    ports: &P,
    keys: Vec<Key>,
) -> Result<Vec<(Key, Option<Vec<u8>>)>, StoreError> {
    let mut read = Vec::with_capacity(keys.len());
    for some in keys.chunks(AT_ONCE) {
        let values = try_join_all(some.iter().map(|key| ports.get(key.as_str()))).await?;
        read.extend(some.iter().cloned().zip(values));
    }
    Ok(read)
}

/// Reads these values, and tells each as soon as it and some others are there: no more of them are in memory at once.
pub(crate) async fn get_each<P: Ports>(
    ports: &P,
    keys: &[Key],
    mut tell: impl FnMut(&Key, Option<&[u8]>),
) -> Result<(), StoreError> {
    for some in keys.chunks(AT_ONCE) {
        let values = try_join_all(some.iter().map(|key| ports.get(key.as_str()))).await?;
        some.iter().zip(values).for_each(|(key, value)| tell(key, value.as_deref()));
    }
    Ok(())
}

/// What a counter is.
pub(crate) fn count<P: Ports>(ports: &P, key: &Key) -> Result<u64, StoreError> {
    ports.increment(key.as_str(), 0)
}

/// A body that arrives piece by piece.
pub trait Chunks {
    /// The next piece; `None` at the end.
    fn next(&mut self) -> impl Future<Output = Option<Result<Bytes, BrokenBody>>>;
}

/// The store did not do what was asked. The text is for the operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("store: {0}")]
pub struct StoreError(pub String);

/// No response came. The text is for the operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The platform does not let the component reach this host.
    #[error("not in `allowed_outbound_hosts`: {0}")]
    NotAllowed(String),
    /// No answer within the time allowed.
    #[error("no answer in time")]
    TimedOut,
    /// No connection, or it broke.
    #[error("unreachable: {0}")]
    Unreachable(String),
}

/// A body ended before it was complete. The text is for the operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("body broke off: {0}")]
pub struct BrokenBody(pub String);
