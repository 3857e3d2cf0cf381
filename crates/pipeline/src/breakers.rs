//! Leaving an upstream alone that fails.
//!
//! Each instance finds out for itself, connection by connection. A call is refused before it is recorded as leaving;
//! the last look is when it would be sent.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use http::{Response, StatusCode};
use portcullis_settings::{ConnectionName, Settings};
use portcullis_usage::{Breaker, Outcome, Pass, Refused, Thresholds};

use crate::ports::FetchError;
use crate::refusal::Refusal;

/// The breakers of all connections.
#[derive(Debug)]
pub(crate) struct Breakers(RefCell<BTreeMap<ConnectionName, Breaker>>);

impl Breakers {
    pub(crate) fn new(settings: &Settings) -> Self {
        let breaker = |connection: &portcullis_settings::Connection| {
            let portcullis_settings::Breaker { failures, pause, longest_pause } = connection.breaker;
            // A try that has no answer by then has failed, so another one may try.
            let try_within = settings.limits.response_time;
            Breaker::new(Thresholds { failures, pause, longest_pause, try_within })
        };
        let all = settings.connections.values();
        Self(RefCell::new(all.map(|connection| (connection.name.clone(), breaker(connection))).collect()))
    }

    /// Whether a call would be refused now.
    ///
    /// # Errors
    /// [`Refusal::Paused`].
    pub(crate) fn check(&self, connection: &ConnectionName, now: Duration) -> Result<(), Refusal> {
        self.0.borrow().get(connection).map_or(Ok(()), |breaker| breaker.check(now)).map_err(paused)
    }

    /// Lets a call pass. It may be the one that tries.
    ///
    /// # Errors
    /// [`Refusal::Paused`].
    pub(crate) fn admit(&self, connection: &ConnectionName, now: Duration) -> Result<Option<Pass>, Refusal> {
        self.0.borrow_mut().get_mut(connection).map(|breaker| breaker.admit(now)).transpose().map_err(paused)
    }

    /// Takes in how a call ended that was let pass.
    pub(crate) fn ended<B>(
        &self,
        connection: &ConnectionName,
        pass: Option<Pass>,
        answered: &Result<Response<B>, FetchError>,
        now: Duration,
    ) {
        let mut all = self.0.borrow_mut();
        if let (Some(breaker), Some(pass), Some(outcome)) = (all.get_mut(connection), pass, outcome(answered))
        {
            breaker.ended(pass, outcome, now);
        }
    }
}

/// What an answer says of the upstream; nothing if it was not even asked.
fn outcome<B>(answered: &Result<Response<B>, FetchError>) -> Option<Outcome> {
    match answered {
        Ok(response) => Some(match response.status() {
            StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
                Outcome::Failure
            }
            _ => Outcome::Success,
        }),
        Err(FetchError::TimedOut | FetchError::Unreachable(_)) => Some(Outcome::Failure),
        Err(FetchError::NotAllowed(_)) => None,
    }
}

fn paused(Refused { retry_after }: Refused) -> Refusal {
    Refusal::Paused { retry_after }
}
