//! Telling receivers of what happens (`[[webhooks]]`), without anybody waiting for them.
//!
//! An event is put into the outbox of [`portcullis_webhook`] beside the record of what it is about. The instance that
//! saw it happen sends it first, in a task that outlives its answer; what does not arrive is sent again by whoever
//! serves a request later, or by maintenance. A receiver that fails, or hangs, is told to the operator and to nobody
//! else, and nothing is ever refused because of one.
//!
//! | module | what it is about |
//! |---|---|
//! | `deliver` | sending: the first attempt, and what is due |
//! | `expired` | finding requests that nobody has answered in time |
//! | `made` | events of requests for approval, refusals and the like, with what is masked masked |

mod deliver;
mod expired;
mod made;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;

use futures_util::future::join_all;
use portcullis_identity::seal::Sealer;
use portcullis_ledger::{AppName, UnixMillis};
use portcullis_settings::WebhookEvent;
use portcullis_usage::{Rate, Rates};
use portcullis_webhook::{Event, Failed, Key, Letter, MessageId, Outbox, Receiver, Store, Ticket};

use crate::gateway::Gateway;
use crate::ports::{Ports, StoreError, fresh};

pub(crate) use crate::webhooks::deliver::{catch_up, deliver, has_work};
pub(crate) use crate::webhooks::expired::expire;
pub(crate) use crate::webhooks::made::{decided, of_drift, of_push, of_refusal, requested};

/// What an instance knows of the events that it is about to send.
pub(crate) struct Post {
    outbox: Outbox,
    /// What this instance is the first to send.
    fresh: RefCell<VecDeque<Fresh>>,
    /// How many tasks are sending.
    n_couriers: Cell<usize>,
    /// When it was last looked for what is due, on the clock that only goes forward.
    looked: Cell<Option<u64>>,
    /// Denials that are told, by principal.
    denials: RefCell<Rates<String>>,
}

/// An event whose first attempt is ours.
struct Fresh {
    letter: Letter,
    /// Its place in the outbox; `None` if the store did not take it.
    ticket: Option<Ticket>,
}

impl Post {
    pub(crate) fn new(app: AppName, sealer: Sealer) -> Self {
        let few = DENIALS_PER_MINUTE.try_into().unwrap_or(std::num::NonZeroU32::MIN);
        Self {
            outbox: Outbox::new(app, sealer),
            fresh: RefCell::default(),
            n_couriers: Cell::new(0),
            looked: Cell::new(None),
            denials: RefCell::new(Rates::new(Rate { per_minute: few, burst: few }, REMEMBERED)),
        }
    }
}

impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Post").field("n_couriers", &self.n_couriers).finish_non_exhaustive()
    }
}

/// The store, as the outbox sees it.
struct Shelf<'p, P>(&'p P);

impl<P: Ports> Store for Shelf<'_, P> {
    async fn get(&self, key: &Key) -> Result<Option<Vec<u8>>, Failed> {
        self.0.get(key.as_str()).await.map_err(failed)
    }

    async fn set(&self, key: &Key, value: &[u8]) -> Result<(), Failed> {
        self.0.set(key.as_str(), value).await.map_err(failed)
    }

    fn add(&self, key: &Key, by: u64) -> Result<u64, Failed> {
        self.0.increment(key.as_str(), by).map_err(failed)
    }
}

fn failed(StoreError(reason): StoreError) -> Failed {
    Failed(reason)
}

/// Whether anybody wants to be told of this.
fn is_wanted(gateway: &Gateway, kind: WebhookEvent, connection: Option<&str>) -> bool {
    gateway.settings().webhooks.iter().any(|webhook| webhook.wants(kind, connection))
}

/// Puts an event into the outbox for everybody who wants to be told, to be sent soon.
async fn raise<P: Ports>(gateway: &Gateway, ports: &P, event: &Event) {
    if is_wanted(gateway, event.kind(), event.connection()) {
        raise_as(gateway, ports, event, &MessageId::of(fresh(ports))).await;
    }
}

/// The same under an id of its own. Whether it is in the outbox, for everybody.
async fn raise_as<P: Ports>(gateway: &Gateway, ports: &P, event: &Event, id: &MessageId) -> bool {
    let (kind, at) = (event.kind(), UnixMillis(ports.now()));
    let body = event.body(at);
    let wanting = gateway.settings().webhooks.iter();
    let wanting = wanting.filter(|webhook| webhook.wants(kind, event.connection()));
    let letters = wanting.map(|webhook| {
        let (id, to, body) = (id.clone(), Receiver::of(&webhook.url), body.clone());
        Letter { id, to, kind, at, body }
    });
    let kept = join_all(letters.map(|letter| keep(gateway, ports, letter))).await;
    kept.into_iter().all(|is_kept| is_kept)
}

async fn keep<P: Ports>(gateway: &Gateway, ports: &P, letter: Letter) -> bool {
    let post = &gateway.post;
    let (name, id) = (letter.kind.as_str(), letter.id.as_str().to_owned());
    let put = post.outbox.put(&Shelf(ports), &letter).await;
    if let Err(trouble) = &put {
        ports.log(&format!(
            "webhooks: {name} {id} is not in the outbox, so it is sent once at most: {trouble}"
        ));
    }
    let ticket = put.ok();
    let is_kept = ticket.is_some();
    if post.fresh.borrow().len() < MOST_FRESH {
        post.fresh.borrow_mut().push_back(Fresh { letter, ticket });
    } else if !is_kept {
        ports.log(&format!("webhooks: {name} {id} is lost: too many wait to be sent"));
    }
    is_kept
}

/// How many denials of one principal an instance tells of in a minute: callers can have them at will.
const DENIALS_PER_MINUTE: u32 = 8;
/// How many principals are told apart.
const REMEMBERED: usize = 1024;
/// How many events an instance keeps to be the first to send. The others are sent from the outbox.
const MOST_FRESH: usize = 64;
