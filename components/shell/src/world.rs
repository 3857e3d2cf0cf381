//! The ports of the pipeline over WASI and Spin.

use std::fmt;
use std::pin::{Pin, pin};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, select};
use http::{Request, Response};
use http_body::Body as _;
use portcullis_pipeline::{BrokenBody, Chunks, FetchError, Ports, StoreError};
use spin_sdk::experimental::wasi::keyvalue::{atomics, store};
use spin_sdk::http::{FullBody, IntoRequest as _};
use spin_sdk::key_value::{self, Store};
use spin_sdk::wasip3::clocks::{monotonic_clock, system_clock};
use spin_sdk::wasip3::http::client;
use spin_sdk::wasip3::http::types::{ErrorCode, RequestOptions};
use spin_sdk::wasip3::http_compat::{
    IncomingRequestBody, IncomingResponseBody, RequestOptionsExtension, http_from_wasi_response,
};
use spin_sdk::wasip3::random::random::get_random_bytes;

/// How long connecting to an upstream may take.
const CONNECT: Duration = Duration::from_secs(5);
/// The label of the store, which is the one that `Store::open_default` opens.
const LABEL: &str = "default";
/// How long the key-value store may take over one operation.
const STORE: Duration = Duration::from_secs(5);

/// The outside, as one request sees it.
pub struct World {
    store: Result<Store, String>,
}

/// A body that comes in: a caller's or an upstream's.
pub enum Incoming {
    /// A caller's.
    Request(IncomingRequestBody),
    /// An upstream's.
    Response(IncomingResponseBody),
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("has_store", &self.store.is_ok()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Incoming(…)")
    }
}

impl World {
    /// Opens the key-value store for one request. A store that cannot be opened fails at its first use, where
    /// the refusal can be told to the caller in the right shape.
    pub(crate) async fn open() -> Self {
        Self { store: in_time(Store::open_default()).await.map_err(|StoreError(reason)| reason) }
    }

    fn store(&self) -> Result<&Store, StoreError> {
        self.store.as_ref().map_err(|error| StoreError(error.clone()))
    }
}

impl Ports for World {
    type Body = Incoming;

    fn now(&self) -> u64 {
        let now = system_clock::now();
        let seconds = u64::try_from(now.seconds).unwrap_or(0);
        seconds.saturating_mul(1000).saturating_add(u64::from(now.nanoseconds / 1_000_000))
    }

    fn monotonic(&self) -> u64 {
        monotonic_clock::now() / 1000
    }

    fn random(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        let mut filled = 0;
        while filled < bytes.len() {
            // The host may return fewer bytes than asked for.
            let missing = bytes.iter_mut().skip(filled);
            let random = get_random_bytes(32);
            filled += missing.zip(&random).map(|(to, from)| *to = *from).count();
        }
        bytes
    }

    async fn sleep(&self, duration: Duration) {
        spin_sdk::time::sleep(duration).await;
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        let store = self.store()?;
        in_time(store.set(key, value)).await
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let store = self.store()?;
        in_time(store.get(key)).await
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        let store = self.store()?;
        in_time(store.delete(key)).await
    }

    fn increment(&self, key: &str, by: u64) -> Result<u64, StoreError> {
        let by = i64::try_from(by).map_err(|_| StoreError("a counter cannot grow by so much".to_owned()))?;
        // The interface of `spin:key-value` has no counters. Both open the same store.
        let bucket = store::open(LABEL).map_err(|error| counter_fault(&error))?;
        let counter = atomics::increment(&bucket, key, by).map_err(|error| counter_fault(&error))?;
        u64::try_from(counter).map_err(|_| StoreError("a counter is below zero".to_owned()))
    }

    async fn fetch(
        &self,
        request: Request<Bytes>,
        timeout: Duration,
    ) -> Result<Response<Incoming>, FetchError> {
        let mut request = request.map(FullBody::new);
        request.extensions_mut().insert(RequestOptionsExtension(options(timeout)));
        let request = request.into_request().map_err(|error| fault(&error))?;
        let answer = pin!(client::send(request));
        match select(answer, pin!(self.sleep(timeout))).await {
            Either::Left((Ok(response), _)) => {
                let response = http_from_wasi_response(response).map_err(|error| fault(&error))?;
                Ok(response.map(Incoming::Response))
            }
            Either::Left((Err(error), _)) => Err(fault(&error)),
            Either::Right(_) => Err(FetchError::TimedOut),
        }
    }

    fn log(&self, line: &str) {
        log(line);
    }
}

/// What the store answers, or an error if it does not in time: a client of a store that is down may wait for
/// ever, and a caller must not.
async fn in_time<T>(answer: impl Future<Output = Result<T, key_value::Error>>) -> Result<T, StoreError> {
    match select(pin!(answer), pin!(spin_sdk::time::sleep(STORE))).await {
        Either::Left((Ok(value), _)) => Ok(value),
        Either::Left((Err(error), _)) => Err(StoreError(error.to_string())),
        Either::Right(_) => Err(StoreError(format!("no answer within {STORE:?}"))),
    }
}

fn counter_fault(error: &store::Error) -> StoreError {
    StoreError(match error {
        store::Error::AccessDenied => "access denied".to_owned(),
        store::Error::NoSuchStore => "no such store".to_owned(),
        store::Error::Other(reason) => reason.clone(),
    })
}

/// The operator reads this on the host's side.
#[expect(clippy::print_stderr, reason = "the log of a component is its standard error")]
pub(crate) fn log(line: &str) {
    eprintln!("{line}");
}

fn options(timeout: Duration) -> RequestOptions {
    let options = RequestOptions::new();
    let nanoseconds = |duration: Duration| u64::try_from(duration.as_nanos()).ok();
    // A host may not know an option; the deadline above holds either way. Between bytes there is no limit
    // here: the pipeline knows how long which stream may be silent.
    _ = options.set_connect_timeout(nanoseconds(CONNECT));
    _ = options.set_first_byte_timeout(nanoseconds(timeout));
    options
}

fn fault(error: &ErrorCode) -> FetchError {
    let text = error.to_string();
    if matches!(error, ErrorCode::HttpRequestDenied) {
        FetchError::NotAllowed(text)
    } else if matches!(error, ErrorCode::ConnectionTimeout | ErrorCode::HttpResponseTimeout) {
        FetchError::TimedOut
    } else {
        FetchError::Unreachable(text)
    }
}

impl Chunks for Incoming {
    async fn next(&mut self) -> Option<Result<Bytes, BrokenBody>> {
        loop {
            let frame = std::future::poll_fn(|context| match self {
                Self::Request(body) => Pin::new(body).poll_frame(context),
                Self::Response(body) => Pin::new(body).poll_frame(context),
            });
            match frame.await? {
                Ok(frame) => match frame.into_data() {
                    Ok(data) => return Some(Ok(data)),
                    // Trailers carry nothing that MCP reads.
                    Err(_) => continue,
                },
                Err(error) => return Some(Err(BrokenBody(error.to_string()))),
            }
        }
    }
}
