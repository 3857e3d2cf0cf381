//! Events that have not arrived: numbering them, finding what is due, settling what has arrived.
//!
//! A number is taken with a counter, so the outbox is read without listing keys: from the first one that is not known to
//! be settled, up to the counter. What is read at once is bounded; where there is more, a part of the rest is chosen by
//! chance, so that nothing that waits is passed over for ever. Only the last few thousand are looked at at all: what
//! waits longer than that many others is overrun, and the operator is told.

use std::collections::BTreeMap;
use std::fmt;

use futures_util::future::try_join_all;
use portcullis_identity::seal::Sealer;
use portcullis_ledger::{AppName, MAX_VALUE_BYTES, UnixMillis};
use portcullis_settings::WebhookEvent;

use crate::place::{Key, Place};
use crate::schedule::{Step, step};
use crate::stored::Letter;

/// The store, as far as the outbox needs it.
pub trait Store {
    /// Reads a value.
    fn get(&self, key: &Key) -> impl Future<Output = Result<Option<Vec<u8>>, Failed>>;

    /// Writes a value. `Ok` means that the store has acknowledged it.
    fn set(&self, key: &Key, value: &[u8]) -> impl Future<Output = Result<(), Failed>>;

    /// Adds to a counter, and returns what it then is.
    ///
    /// # Errors
    /// [`Failed`]; whether something was added is not known then.
    fn add(&self, key: &Key, by: u64) -> Result<u64, Failed>;
}

/// The store did not do what was asked. The text is for the operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Failed(pub String);

/// Why an event is not in the outbox.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The store failed.
    #[error("the store failed: {0}")]
    Failed(#[from] Failed),
    /// It is longer than a store takes.
    #[error("it is longer than a store takes")]
    TooLong,
}

/// Events wait in two lanes, so that what callers can cause at will never overruns what people wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// What a caller or a server can cause at will.
    Bulk,
    /// What people wait for.
    Urgent,
}

/// The place of an event in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket {
    pub(crate) lane: Lane,
    pub(crate) number: u64,
}

/// The outbox of an application.
#[derive(Clone, Debug)]
pub struct Outbox {
    app: AppName,
    sealer: Sealer,
}

/// An attempt that is the caller's to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Its place, for [`Outbox::settle`].
    pub ticket: Ticket,
    /// Which attempt it is, from 0.
    pub attempt: usize,
    /// What is sent.
    pub letter: Letter,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// What is to be sent now, oldest first.
    pub due: Vec<Due>,
    /// What has not arrived in all of its time, and never will.
    pub given_up: Vec<Letter>,
    /// How many wait for their next attempt, as far as was looked.
    pub n_waiting: u64,
    /// How many cannot be read, and are given up.
    pub n_unreadable: u64,
    /// How many were overrun by later ones. Some of these may have arrived.
    pub n_overrun: u64,
    /// What kept the look from being whole.
    pub trouble: Option<Failed>,
}

/// What is known of one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// There is nothing to be done about it.
    Settled,
    /// There is, or will be.
    Waiting,
}

impl Lane {
    const ALL: [Self; 2] = [Self::Urgent, Self::Bulk];

    /// The lane of a kind of event.
    #[must_use]
    pub const fn of(kind: WebhookEvent) -> Self {
        match kind {
            WebhookEvent::ApprovalDecided
            | WebhookEvent::ApprovalExpired
            | WebhookEvent::ApprovalRequested
            | WebhookEvent::ApprovalRevoked
            | WebhookEvent::PolicyPushed => Self::Urgent,
            WebhookEvent::CallDenied | WebhookEvent::DefinitionDrift => Self::Bulk,
        }
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bulk => "bulk",
            Self::Urgent => "urgent",
        })
    }
}

impl Outbox {
    /// The outbox of this application, whose events are sealed with this.
    #[must_use]
    pub const fn new(app: AppName, sealer: Sealer) -> Self {
        Self { app, sealer }
    }

    /// Puts a letter into the outbox. From then on it is sent until it arrives or its time is over, whatever becomes of
    /// this instance; the first attempt is the caller's.
    ///
    /// # Errors
    /// [`Trouble`]: it is not in the outbox, or nobody knows.
    pub async fn put<S: Store>(&self, store: &S, letter: &Letter) -> Result<Ticket, Trouble> {
        let lane = Lane::of(letter.kind);
        let count = self.key(Place::Count(lane));
        // Some stores make a counter when it is first added to, and some then forget what was added.
        store.add(&count, 0)?;
        let ticket = Ticket { lane, number: store.add(&count, 1)? };
        let key = self.key(Place::Entry(ticket));
        let value = letter.seal(&self.sealer, &key).filter(|value| value.len() <= MAX_VALUE_BYTES);
        store.set(&key, &value.ok_or(Trouble::TooLong)?).await?;
        Ok(ticket)
    }

    /// Notes that nothing is to be done any more about what is there.
    ///
    /// # Errors
    /// [`Failed`]: it may be sent again.
    pub async fn settle<S: Store>(&self, store: &S, ticket: Ticket, now: UnixMillis) -> Result<(), Failed> {
        store.set(&self.key(Place::Done(ticket)), now.0.to_string().as_bytes()).await
    }

    /// Whether it is time to look for what is due. If so nobody else looks for a while, as far as they hear of it.
    ///
    /// # Errors
    /// [`Failed`].
    pub async fn is_time<S: Store>(&self, store: &S, now: UnixMillis) -> Result<bool, Failed> {
        let key = self.key(Place::Looked);
        // One that is in the future comes from a clock that was wrong.
        let is_fresh = |then: &u64| now.0.abs_diff(*then) < LOOK_EVERY_MS;
        if number(store.get(&key).await?).as_ref().is_some_and(is_fresh) {
            return Ok(false);
        }
        store.set(&key, now.0.to_string().as_bytes()).await?;
        Ok(true)
    }

    /// Looks for what is due, and takes the right to send it. `random` is any number.
    pub async fn look<S: Store>(&self, store: &S, now: UnixMillis, random: u64) -> Look {
        let mut look = Look::default();
        for lane in Lane::ALL {
            if let Err(failed) = self.look_at(store, lane, (now, random), &mut look).await {
                look.trouble = Some(failed);
            }
        }
        look
    }

    /// How many letters never arrived.
    ///
    /// # Errors
    /// [`Failed`].
    pub fn n_given_up<S: Store>(&self, store: &S) -> Result<u64, Failed> {
        store.add(&self.key(Place::GivenUp), 0)
    }

    /// Whether it was told that a request has expired.
    ///
    /// # Errors
    /// [`Failed`].
    pub async fn is_told<S: Store>(&self, store: &S, request: &str) -> Result<bool, Failed> {
        Ok(store.get(&self.key(Place::Told(request))).await?.is_some())
    }

    /// Notes that it was.
    ///
    /// # Errors
    /// [`Failed`]: it may be told again, under the same id.
    pub async fn note_told<S: Store>(&self, store: &S, request: &str) -> Result<(), Failed> {
        store.set(&self.key(Place::Told(request)), b"1").await
    }

    /// Up to when it was told that requests have expired.
    ///
    /// # Errors
    /// [`Failed`].
    pub async fn told_until<S: Store>(&self, store: &S) -> Result<UnixMillis, Failed> {
        let value = store.get(&self.key(Place::Expired)).await?;
        Ok(UnixMillis(number(value).unwrap_or(0)))
    }

    /// Notes that all were told whose time was over by then.
    ///
    /// # Errors
    /// [`Failed`]: they are looked at again.
    pub async fn note_told_until<S: Store>(&self, store: &S, until: UnixMillis) -> Result<(), Failed> {
        store.set(&self.key(Place::Expired), until.0.to_string().as_bytes()).await
    }

    async fn look_at<S: Store>(
        &self,
        store: &S,
        lane: Lane,
        (now, random): (UnixMillis, u64),
        look: &mut Look,
    ) -> Result<(), Failed> {
        let count = store.add(&self.key(Place::Count(lane)), 0)?;
        let floor = number(store.get(&self.key(Place::Floor(lane))).await?).unwrap_or(0).min(count);
        let start = floor.max(count.saturating_sub(MOST_KEPT));
        look.n_overrun += start - floor;
        let tickets = numbers(start, count, random).map(|number| Ticket { lane, number });
        let standings = self.standings(store, tickets.collect(), now, look).await?;
        let is_settled = |number: &u64| standings.get(number) == Some(&Standing::Settled);
        let end = (start + 1..).take_while(is_settled).last().unwrap_or(start);
        if end > floor {
            store.set(&self.key(Place::Floor(lane)), end.to_string().as_bytes()).await?;
        }
        Ok(())
    }

    /// How it stands with some letters of a lane, in ascending order. What is due among them is noted.
    async fn standings<S: Store>(
        &self,
        store: &S,
        tickets: Vec<Ticket>,
        now: UnixMillis,
        look: &mut Look,
    ) -> Result<BTreeMap<u64, Standing>, Failed> {
        let keys: Vec<Key> = tickets.iter().map(|ticket| self.key(Place::Done(*ticket))).collect();
        let done = try_join_all(keys.iter().map(|key| store.get(key))).await?;
        let open: Vec<Ticket> =
            tickets.iter().zip(&done).filter(|(_, done)| done.is_none()).map(|(ticket, _)| *ticket).collect();
        let keys: Vec<Key> = open.iter().map(|ticket| self.key(Place::Entry(*ticket))).collect();
        let entries = try_join_all(keys.iter().map(|key| store.get(key))).await?;
        let entries: BTreeMap<Ticket, Option<Vec<u8>>> = open.into_iter().zip(entries).collect();
        let youngest_old = self.youngest_old(&tickets, &done, &entries, now);
        let mut standings = BTreeMap::new();
        for ticket in tickets {
            let standing = match entries.get(&ticket) {
                // It is done.
                None => Standing::Settled,
                // Whoever has the number is about to write it, or never will.
                Some(None) if youngest_old.is_some_and(|old| ticket < old) => Standing::Settled,
                Some(None) => Standing::Waiting,
                Some(Some(value)) => self.open_one(store, ticket, value, (now, look)).await,
            };
            standings.insert(ticket.number, standing);
        }
        Ok(standings)
    }

    /// The last of these that was there a while ago: what is before it, and is not there now, will not come.
    fn youngest_old(
        &self,
        tickets: &[Ticket],
        done: &[Option<Vec<u8>>],
        entries: &BTreeMap<Ticket, Option<Vec<u8>>>,
        now: UnixMillis,
    ) -> Option<Ticket> {
        let at = |(ticket, done): (&Ticket, &Option<Vec<u8>>)| match done {
            Some(_) => number(done.clone()),
            None => {
                let value = entries.get(ticket)?.as_ref()?;
                Some(Letter::open(&self.sealer, &self.key(Place::Entry(*ticket)), value)?.at.0)
            }
        };
        let is_old = |at: u64| at.saturating_add(LATE_MS) <= now.0;
        let all = tickets.iter().zip(done).rev();
        all.into_iter().find(|pair| at(*pair).is_some_and(is_old)).map(|(ticket, _)| *ticket)
    }

    /// What is to be done about a letter that is not settled.
    async fn open_one<S: Store>(
        &self,
        store: &S,
        ticket: Ticket,
        value: &[u8],
        (now, look): (UnixMillis, &mut Look),
    ) -> Standing {
        let Some(letter) = Letter::open(&self.sealer, &self.key(Place::Entry(ticket)), value) else {
            look.n_unreadable += 1;
            return self.settled(store, ticket, (now, look)).await;
        };
        match step(letter.at, now) {
            Step::GiveUp => {
                // Two who find it at once both tell of it, which is better than neither.
                let counter = self.key(Place::GivenUp);
                let counted = store.add(&counter, 0).and_then(|_| store.add(&counter, 1));
                look.trouble = counted.err().or_else(|| look.trouble.take());
                look.given_up.push(letter);
                self.settled(store, ticket, (now, look)).await
            }
            Step::Try(attempt) => {
                let fits = look.due.len() < MOST_DUE;
                if fits && self.is_mine(store, Place::Try(ticket, attempt), look) {
                    look.due.push(Due { ticket, attempt, letter });
                } else {
                    look.n_waiting += 1;
                }
                Standing::Waiting
            }
            Step::Wait => {
                look.n_waiting += 1;
                Standing::Waiting
            }
        }
    }

    async fn settled<S: Store>(
        &self,
        store: &S,
        ticket: Ticket,
        (now, look): (UnixMillis, &mut Look),
    ) -> Standing {
        match self.settle(store, ticket, now).await {
            Ok(()) => Standing::Settled,
            Err(failed) => {
                look.trouble = Some(failed);
                Standing::Waiting
            }
        }
    }

    /// Whether something is ours to do. If the store fails nobody may do it.
    fn is_mine<S: Store>(&self, store: &S, place: Place<'_>, look: &mut Look) -> bool {
        let key = self.key(place);
        let claimed = store.add(&key, 0).and_then(|count| Ok(count == 0 && store.add(&key, 1)? == 1));
        claimed.unwrap_or_else(|failed| {
            look.trouble = Some(failed);
            false
        })
    }

    fn key(&self, place: Place<'_>) -> Key {
        Key::new(&self.app, place)
    }
}

/// The numbers to look at, ascending: the first after `start`, and some of the rest.
fn numbers(start: u64, count: u64, random: u64) -> impl Iterator<Item = u64> {
    let first_end = start.saturating_add(PAGE).min(count);
    let skipped = random.checked_rem(count - first_end).unwrap_or(0);
    let rest = first_end + 1 + skipped;
    (start + 1..=first_end).chain(rest..=rest.saturating_add(PAGE - 1).min(count))
}

fn number(value: Option<Vec<u8>>) -> Option<u64> {
    str::from_utf8(&value?).ok()?.parse().ok()
}

/// How many letters of a lane are kept. What is older than that many others is overrun.
const MOST_KEPT: u64 = 4096;
/// How many are looked at from the first one on, and how many of the rest.
const PAGE: u64 = 48;
/// How many attempts one look takes.
const MOST_DUE: usize = 16;
/// How often all instances together look.
const LOOK_EVERY_MS: u64 = 10_000;
/// When a letter that has a number and is not there will not come any more.
const LATE_MS: u64 = 2 * 60 * 1000;
