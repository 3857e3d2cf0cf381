//! Leaving an upstream alone that fails, and trying it again with one call.
//!
//! Closed lets every call pass and counts failures in a row. Enough of them open it: no call passes until a pause is
//! over. Then it is half open: one call tries, and everyone else waits for how it ends. Each try that fails doubles
//! the pause, up to a limit; one that succeeds closes the breaker.
//!
//! One instance keeps it alone; each finds out for itself.

use std::num::NonZeroU32;
use std::time::Duration;

/// When a breaker opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// How many failures in a row open it.
    pub failures: NonZeroU32,
    /// The first pause.
    pub pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// How long a try may take before another call may try. A try whose caller left tells nothing.
    pub try_within: Duration,
}

/// The breaker of one upstream. Times are of a clock that only goes forward, from any start.
#[derive(Debug)]
pub struct Breaker {
    thresholds: Thresholds,
    state: State,
    /// How often the state has changed: what calls tell that were let through in another state counts for nothing.
    turn: u64,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Closed { failures: u32 },
    HalfOpen { pause: Duration, trying_since: Duration },
    Open { pause: Duration, until: Duration },
}

/// That a call may go to the upstream; how it ends is to be told with [`Breaker::ended`].
#[derive(Debug)]
#[must_use]
pub struct Pass {
    turn: u64,
}

/// That no call may go to the upstream for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the upstream has failed repeatedly and is left alone for another {} ms", retry_after.as_millis())]
pub struct Refused {
    /// When another call may be let through.
    pub retry_after: Duration,
}

/// How a call ended. A refusal by the upstream is a success: it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Not reached, no answer in time, or one that says that it cannot serve.
    Failure,
    /// It answered.
    Success,
}

impl Breaker {
    /// A closed breaker.
    #[must_use]
    pub fn new(thresholds: Thresholds) -> Self {
        Self { thresholds, state: State::Closed { failures: 0 }, turn: 0 }
    }

    /// Whether a call may go to the upstream.
    ///
    /// # Errors
    /// [`Refused`] while the breaker is open, and while another call tries.
    pub fn admit(&mut self, now: Duration) -> Result<Pass, Refused> {
        self.check(now)?;
        match self.state {
            State::Closed { .. } => {}
            State::Open { pause, .. } | State::HalfOpen { pause, .. } => {
                self.turn_to(State::HalfOpen { pause, trying_since: now });
            }
        }
        Ok(Pass { turn: self.turn })
    }

    /// Whether a call would be refused now. Asking changes nothing.
    ///
    /// # Errors
    /// As [`Breaker::admit`].
    pub fn check(&self, now: Duration) -> Result<(), Refused> {
        match self.free_at() {
            Some(free_at) if now < free_at => Err(Refused { retry_after: free_at.saturating_sub(now) }),
            Some(_) | None => Ok(()),
        }
    }

    /// When the next call may try; `None` while all pass.
    fn free_at(&self) -> Option<Duration> {
        match self.state {
            State::Closed { .. } => None,
            State::Open { until, .. } => Some(until),
            State::HalfOpen { trying_since, .. } => {
                Some(trying_since.saturating_add(self.thresholds.try_within))
            }
        }
    }

    /// Takes in how a call ended.
    pub fn ended(&mut self, pass: Pass, outcome: Outcome, now: Duration) {
        let Pass { turn } = pass;
        if turn != self.turn {
            return;
        }
        match (self.state, outcome) {
            (State::Closed { .. }, Outcome::Success) => self.state = State::Closed { failures: 0 },
            (State::Closed { failures }, Outcome::Failure) => self.failed(failures.saturating_add(1), now),
            (State::HalfOpen { .. }, Outcome::Success) => self.turn_to(State::Closed { failures: 0 }),
            (State::HalfOpen { pause, .. }, Outcome::Failure) => {
                self.open(pause.saturating_mul(2).min(self.thresholds.longest_pause), now);
            }
            // Nothing passes an open breaker, so no call is of its turn.
            (State::Open { .. }, Outcome::Failure | Outcome::Success) => {}
        }
    }

    fn failed(&mut self, failures: u32, now: Duration) {
        if failures >= self.thresholds.failures.get() {
            self.open(self.thresholds.pause, now);
        } else {
            self.state = State::Closed { failures };
        }
    }

    fn open(&mut self, pause: Duration, now: Duration) {
        self.turn_to(State::Open { pause, until: now.saturating_add(pause) });
    }

    fn turn_to(&mut self, state: State) {
        self.state = state;
        self.turn = self.turn.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn breaker() -> Breaker {
        Breaker::new(Thresholds {
            failures: NonZeroU32::new(3).unwrap(),
            pause: at(5),
            longest_pause: at(15),
            try_within: at(30),
        })
    }

    fn fail(breaker: &mut Breaker, times: u32, now: Duration) {
        for _ in 0..times {
            let pass = breaker.admit(now).unwrap();
            breaker.ended(pass, Outcome::Failure, now);
        }
    }

    fn refused(breaker: &mut Breaker, now: Duration) -> Option<Duration> {
        breaker.admit(now).err().map(|refused| refused.retry_after)
    }

    #[test]
    fn only_failures_in_a_row_open_it() {
        let mut breaker = breaker();
        fail(&mut breaker, 2, at(0));
        let pass = breaker.admit(at(0)).unwrap();
        breaker.ended(pass, Outcome::Success, at(0));
        fail(&mut breaker, 2, at(1));
        assert_eq!(refused(&mut breaker, at(1)), None);
        fail(&mut breaker, 1, at(1));
        assert_eq!(refused(&mut breaker, at(2)), Some(at(4)));
    }

    #[test]
    fn one_call_tries_and_closes_it() {
        let mut breaker = breaker();
        fail(&mut breaker, 3, at(0));
        let trial = breaker.admit(at(5)).unwrap();
        assert_eq!(refused(&mut breaker, at(6)), Some(at(29)), "while it tries, the others wait");
        breaker.ended(trial, Outcome::Success, at(7));
        assert_eq!(refused(&mut breaker, at(7)), None);
        fail(&mut breaker, 2, at(8));
        assert_eq!(refused(&mut breaker, at(8)), None, "and failures are counted anew");
    }

    #[test]
    fn each_failed_try_doubles_the_pause_up_to_the_longest() {
        let mut breaker = breaker();
        fail(&mut breaker, 3, at(0));
        let mut now = at(5);
        for pause in [10, 15, 15] {
            fail(&mut breaker, 1, now);
            assert_eq!(refused(&mut breaker, now), Some(at(pause)));
            now += at(pause);
        }
    }

    #[test]
    fn a_try_that_never_ends_does_not_keep_it_half_open() {
        let mut breaker = breaker();
        fail(&mut breaker, 3, at(0));
        let lost = breaker.admit(at(5)).unwrap();
        let second = breaker.admit(at(35)).unwrap();
        breaker.ended(lost, Outcome::Success, at(36));
        assert!(refused(&mut breaker, at(36)).is_some(), "what the lost one tells is of the past");
        breaker.ended(second, Outcome::Success, at(36));
        assert_eq!(refused(&mut breaker, at(36)), None);
    }

    #[test]
    fn calls_from_before_it_opened_neither_close_nor_reopen_it() {
        let mut breaker = breaker();
        let [early, late] = [(); 2].map(|()| breaker.admit(at(0)).unwrap());
        fail(&mut breaker, 3, at(0));
        breaker.ended(early, Outcome::Success, at(1));
        assert_eq!(refused(&mut breaker, at(1)), Some(at(4)));
        let trial = breaker.admit(at(5)).unwrap();
        breaker.ended(late, Outcome::Failure, at(6));
        breaker.ended(trial, Outcome::Success, at(6));
        assert_eq!(refused(&mut breaker, at(6)), None);
    }
}
