//! Reading a whole body, with a limit on its size and a deadline.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};

use crate::ports::{BrokenBody, Chunks, Ports};

/// Why a body could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It broke off.
    #[error(transparent)]
    Broken(#[from] BrokenBody),
    /// It is larger than allowed.
    #[error("body exceeds {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// It took too long to arrive.
    #[error("body took longer than {limit:?}")]
    TooSlow {
        /// The time allowed for the whole body.
        limit: Duration,
    },
}

/// Reads a body of at most `limit` bytes that must be complete within `time`, or half as long again where the instance
/// was busy.
///
/// # Errors
/// [`BodyError`]
pub(crate) async fn read<P: Ports>(
    ports: &P,
    body: &mut P::Body,
    limit: usize,
    time: Duration,
) -> Result<Vec<u8>, BodyError> {
    let mut whole = pin!(collect(body, limit));
    if let Either::Left((result, _)) = select(whole.as_mut(), pin!(ports.sleep(time))).await {
        return result;
    }
    // The store may have stopped the whole instance meanwhile, and the clock does not stop with it: what the caller
    // has sent in time may still wait to be read.
    match select(whole, pin!(ports.sleep(time / 2))).await {
        Either::Left((result, _)) => result,
        Either::Right(((), _)) => Err(BodyError::TooSlow { limit: time }),
    }
}

async fn collect(body: &mut impl Chunks, limit: usize) -> Result<Vec<u8>, BodyError> {
    let mut whole = Vec::new();
    while let Some(chunk) = body.next().await {
        let chunk = chunk?;
        if whole.len() + chunk.len() > limit {
            return Err(BodyError::TooLarge { limit });
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole)
}
