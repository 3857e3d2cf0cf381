//! A short hold: the answer to a call that is made again while people have not said anything yet comes once they have,
//! or after a while.
//!
//! Its caller's user was sent to the page already. The answer is a stream that begins at once, and comments show that it
//! lives (`stream`). Nothing is kept meanwhile but the request itself: the store is looked at now and then, and in the
//! end the call is made anew as if it had just come, with who calls and what is in force at that time.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use portcullis_approval::{Read, RequestId, State};
use portcullis_ledger::UnixMillis;
use portcullis_mcp::era::Call;
use portcullis_mcp::message::Message;

use crate::approvals::drive::drive;
use crate::approvals::held::Held;
use crate::exchange::Exchange;
use crate::ports::Ports;
use crate::refusal::Refusal;
use crate::relay::Relay;
use crate::stream::EventStream;
use crate::usage;

/// How long until the store is looked at first. The pause doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// An answer that is held back.
pub(crate) struct Coming<P: Ports> {
    arrival: LocalBoxFuture<'static, Arrival<P>>,
    /// Whether nobody waits for it any more.
    is_left: Rc<Cell<bool>>,
}

/// What came of it.
pub(crate) enum Arrival<P: Ports> {
    /// The call goes on.
    Answer(Box<Relay<P>>),
    /// Its caller has left.
    Nothing,
    /// It does not go on, and its caller is told why.
    Refusal(Message<'static>),
    /// It has ended already, and its caller is told how.
    Told(Message<'static>),
}

impl<P: Ports> Coming<P> {
    /// What comes whether or not its caller waits for it.
    pub(super) fn sure(arrival: impl Future<Output = Arrival<P>> + 'static) -> Self {
        Self { arrival: Box::pin(arrival), is_left: Rc::default() }
    }

    /// Waits for it. Giving up waiting loses nothing.
    pub(crate) async fn arrive(&mut self) -> Arrival<P> {
        self.arrival.as_mut().await
    }

    /// Its caller has left. A hold ends then; what is on its way into the records already is finished first, so that
    /// nothing is left half done.
    pub(crate) async fn leave(mut self) -> Arrival<P> {
        self.is_left.set(true);
        self.arrive().await
    }
}

/// Holds back the answer to a call that waits as `held` says.
pub(crate) async fn begin<P: Ports>(
    mut x: Exchange<P>,
    call: Call<'static>,
    held: Box<Held>,
) -> EventStream<P> {
    // What others have counted must not wait for people.
    usage::settle(&x).await;
    let (slot, is_left) = (x.slot.take(), Rc::new(Cell::new(false)));
    let arrival = Box::pin(arrival(x, call, held, Rc::clone(&is_left)));
    let mut events = EventStream::held(Coming { arrival, is_left });
    events.hold(slot);
    events
}

async fn arrival<P: Ports>(
    mut x: Exchange<P>,
    call: Call<'static>,
    held: Box<Held>,
    is_left: Rc<Cell<bool>>,
) -> Arrival<P> {
    wait(&x, held.request, &is_left).await;
    if is_left.get() {
        x.note(&Refusal::Held(held)).await;
        return Arrival::Nothing;
    }
    match again(&mut x, call).await {
        Ok(relay) => {
            usage::settle(&x).await;
            Arrival::Answer(Box::new(relay))
        }
        Err(refusal) => {
            x.note(&refusal).await;
            Arrival::Refusal(refusal.message(&x.to))
        }
    }
}

/// Makes the call anew.
async fn again<P: Ports>(x: &mut Exchange<P>, call: Call<'static>) -> Result<Relay<P>, Refusal> {
    (x.now, x.lapped) = (x.ports.now(), x.ports.monotonic());
    if let Some(place) = x.place.clone() {
        x.authenticate(place).await?;
    }
    x.refresh().await?;
    crate::start(x, call).await
}

/// Returns when the request is no longer open, when nobody waits any more, or after as long as the settings say. What
/// the store does not tell is told when the call is made anew.
async fn wait<P: Ports>(x: &Exchange<P>, request: RequestId, is_left: &Cell<bool>) {
    let (longest, begun) = (x.gateway.settings().approvals.hold, x.ports.monotonic());
    let (mut slept, mut pause) = (Duration::ZERO, FIRST_PAUSE);
    loop {
        let passed = Duration::from_micros(x.ports.monotonic().saturating_sub(begun)).max(slept);
        let next = pause.min(longest.saturating_sub(passed));
        if next.is_zero() {
            return;
        }
        x.ports.sleep(next).await;
        if is_left.get() || !is_open(x, request).await {
            return;
        }
        slept = slept.saturating_add(next);
        pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
    }
}

async fn is_open<P: Ports>(x: &Exchange<P>, request: RequestId) -> bool {
    let mut read = Read::new(x.gateway.approvals(), request);
    drive(&*x.ports, &mut read).await;
    let now = UnixMillis(x.ports.now());
    let Ok(Some(reading)) = read.finish(now) else { return false };
    matches!(reading.case.state(now), State::Pending(_))
}
