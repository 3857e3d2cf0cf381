//! The keys under which the outbox lies in the store.

use std::fmt;

use portcullis_ledger::AppName;

use crate::outbox::{Lane, Ticket};

/// A key of the store: at most 255 bytes of `[a-z0-9._:-]`, and nobody's text in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(String);

/// What lies in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place<'p> {
    Count(Lane),
    Done(Ticket),
    Entry(Ticket),
    /// Up to when it was told that requests have expired.
    Expired,
    Floor(Lane),
    GivenUp,
    Looked,
    /// That it was told that a request has expired. Its id is a digest and a number.
    Told(&'p str),
    Try(Ticket, usize),
}

impl Key {
    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn new(app: &AppName, place: Place<'_>) -> Self {
        let head = format!("pc1:{}:webhook", app.as_str());
        Self(match place {
            Place::Count(lane) => format!("{head}:count:{lane}"),
            Place::Done(Ticket { lane, number }) => format!("{head}:done:{lane}:{number}"),
            Place::Entry(Ticket { lane, number }) => format!("{head}:entry:{lane}:{number}"),
            Place::Expired => format!("{head}:expired"),
            Place::Floor(lane) => format!("{head}:floor:{lane}"),
            Place::GivenUp => format!("{head}:given-up"),
            Place::Looked => format!("{head}:looked"),
            Place::Told(request) => format!("{head}:told:{request}"),
            Place::Try(Ticket { lane, number }, attempt) => format!("{head}:try:{lane}:{number}:{attempt}"),
        })
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
