//! What upstreams define, and whether that is what people have approved.
//!
//! A client's model does what a description tells it, so a tool or a prompt may be used only while its definition is
//! the pinned one. Lists are judged as they pass by. A call needs a definition that was seen at most a minute ago, in
//! a whole list: by this instance, or by another one that has left it in the store; else the gateway reads the list
//! itself first.
//!
//! Where drift is blocked, only what is pinned can be approved, so a name without a pin is refused without asking
//! anybody. Where it is held, people are asked about the definition, once for all who call it, and what they approve
//! counts as pinned until it is taken back. What is not listed is found out once a minute and session, however often it
//! is called.
//!
//! Resources are judged in lists only: a read names a URI, and no definition comes with it.

mod drifted;
mod held;
mod known;
mod lifted;
mod news;
mod read;
mod report;
mod stored;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use portcullis_approval::RequestId;
use portcullis_mcp::era::Call;
use portcullis_mcp::method::Method;
use portcullis_pins::{DefinitionDigest, Kind, Pin};
use portcullis_settings::{ConnectionName, Drift};

pub use crate::definitions::drifted::Drifted;
pub(crate) use crate::definitions::drifted::Judge;
pub use crate::definitions::held::HeldDefinition;
pub(crate) use crate::definitions::known::{BELIEVED_MS, Extent, Known, Shown};
pub(crate) use crate::definitions::lifted::{Lifted, lifted};
pub(crate) use crate::definitions::news::News;
pub(crate) use crate::definitions::read::{Place, read};
use crate::definitions::report::report_asked;
pub(crate) use crate::definitions::report::{Reported, report};

use crate::definitions::drifted::Difference;
use crate::definitions::known::{Seen, Standing};
use crate::exchange::Exchange;
use crate::ports::Ports;
use crate::refusal::Refusal;
use crate::session::Session;

/// How often a request looks whether another one has read the list.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// What a call is made under, as far as that is known.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Basis {
    /// The digest of the definition.
    pub(crate) definition: Option<DefinitionDigest>,
    /// The request in which people have approved it, where it is not what is pinned.
    pub(crate) approval: Option<RequestId>,
}

/// Whether a call may be made as far as definitions decide that, and what it is made under.
///
/// # Errors
/// The definition is not the approved one, and the settings do not let that pass; or it cannot be had.
pub(crate) async fn of_call<P: Ports>(
    x: &Exchange<P>,
    call: &Call<'_>,
    session: Option<&Session>,
) -> Result<Basis, Refusal> {
    let (Some(kind), Some(name)) = (kind(call.method), call.name()) else { return Ok(Basis::default()) };
    let Some(judge) = Judge::new(x.active.approved(), x.connection()?) else { return Ok(Basis::default()) };
    let place = Place { kind, era: call.era, session };
    match (judge.pin(kind, name), judge.setting()) {
        (Pin::Unpinned, _) => Ok(Basis::default()),
        (Pin::Missing, setting) => {
            let seen = match setting {
                Drift::Hold => held::shown(x, &place, name).await?,
                Drift::Block | Drift::Log => seen(x, &place, name)?,
            };
            let difference = Difference::Unapproved { live: seen.and_then(Seen::one) };
            settle(x, &judge, &place, judge.drifted(kind, name, difference)).await
        }
        (Pin::Approved(pinned), Drift::Log) => {
            // Nothing hangs on it, so a page will do.
            let standing = match seen(x, &place, name)? {
                Some(seen) => Some(Standing::of(pinned, seen)),
                None => known(x, &place, name, pinned)?,
            };
            match standing {
                None | Some(Standing::Gone) => Ok(Basis::default()),
                Some(standing) => stands(x, &judge, (&place, name), pinned, standing).await,
            }
        }
        (Pin::Approved(pinned), Drift::Block | Drift::Hold) => {
            let standing = match known(x, &place, name, pinned)? {
                Some(standing) => standing,
                None => find_out(x, &place, name, pinned).await?,
            };
            stands(x, &judge, (&place, name), pinned, standing).await
        }
    }
}

/// The definition that an approval of a call is bound to: the pinned one, unless another is known to be in force. Where
/// nothing is pinned it is not always known what is in force, so an approval for it would be lost by chance.
pub(crate) fn bound<P: Ports>(
    x: &Exchange<P>,
    call: &Call<'_>,
    found: Option<DefinitionDigest>,
) -> Result<Option<DefinitionDigest>, Refusal> {
    let (Some(kind), Some(name)) = (kind(call.method), call.name()) else { return Ok(None) };
    let Some(judge) = Judge::new(x.active.approved(), x.connection()?) else { return Ok(None) };
    Ok(match judge.pin(kind, name) {
        Pin::Approved(pinned) => Some(found.unwrap_or(pinned)),
        // Where it is held, it is always known.
        Pin::Missing => found.filter(|_| judge.setting() == Drift::Hold),
        Pin::Unpinned => None,
    })
}

/// What kind of definition a call is made under, if any.
fn kind(method: Method) -> Option<Kind> {
    match method {
        Method::PromptsGet => Some(Kind::Prompt),
        Method::ToolsCall => Some(Kind::Tool),
        Method::Complete
        | Method::Initialize
        | Method::LoggingSetLevel
        | Method::Ping
        | Method::PromptsList
        | Method::ResourcesList
        | Method::ResourcesRead
        | Method::ResourcesSubscribe
        | Method::ResourcesTemplatesList
        | Method::ResourcesUnsubscribe
        | Method::ServerDiscover
        | Method::SubscriptionsListen
        | Method::TasksCancel
        | Method::TasksGet
        | Method::TasksList
        | Method::TasksResult
        | Method::TasksUpdate
        | Method::ToolsList => None,
    }
}

/// What was last seen, whatever it is.
fn seen<P: Ports>(x: &Exchange<P>, place: &Place<'_>, name: &str) -> Result<Option<Seen>, Refusal> {
    let known = x.gateway.definitions.borrow();
    Ok(known.seen(x.connection_name()?, place.kind, name, x.now))
}

/// What this instance knows; `None` if it has to find out.
fn known<P: Ports>(
    x: &Exchange<P>,
    place: &Place<'_>,
    name: &str,
    pinned: DefinitionDigest,
) -> Result<Option<Standing>, Refusal> {
    let known = x.gateway.definitions.borrow();
    Ok(known.standing(x.connection_name()?, place, name, pinned, x.now))
}

/// Asks the store, then the upstream. One request of an instance does so at a time, and the others wait for what it
/// finds; one whose own session sees something else, or that waited for one which failed, then looks for itself.
async fn find_out<P: Ports>(
    x: &Exchange<P>,
    place: &Place<'_>,
    name: &str,
    pinned: DefinitionDigest,
) -> Result<Standing, Refusal> {
    let what = (x.connection_name()?.clone(), place.kind);
    let _turn = turn(x, &what).await?;
    // Who had the turn before may have found it.
    if let Some(standing) = known(x, place, name, pinned)? {
        return Ok(standing);
    }
    stored::load(x, place.kind).await?;
    if let Some(standing) = known(x, place, name, pinned)? {
        return Ok(standing);
    }
    read(x, place).await?;
    Ok(known(x, place, name, pinned)?.unwrap_or(Standing::Gone))
}

/// Waits for the turn, but no longer than for the list: many may be before this request, and read in vain.
async fn turn<'t, P: Ports>(
    x: &'t Exchange<P>,
    what: &'t (ConnectionName, Kind),
) -> Result<Turn<'t>, Refusal> {
    let free = pin!(async {
        loop {
            if let Some(turn) = Turn::take(&x.gateway.reading, what) {
                return turn;
            }
            x.ports.sleep(LOOK_AGAIN).await;
        }
    });
    match select(free, pin!(x.ports.sleep(x.gateway.settings().limits.response_time))).await {
        Either::Left((turn, _)) => Ok(turn),
        Either::Right(((), _)) => Err(read::too_slow(what.1)),
    }
}

async fn stands<P: Ports>(
    x: &Exchange<P>,
    judge: &Judge<'_>,
    (place, name): (&Place<'_>, &str),
    pinned: DefinitionDigest,
    standing: Standing,
) -> Result<Basis, Refusal> {
    let difference = match standing {
        Standing::Approved => return Ok(Basis { definition: Some(pinned), approval: None }),
        // In which members it differs was told when it was seen.
        Standing::Seen(Seen::One(live)) => Difference::Changed { pinned, live, members: Vec::new() },
        Standing::Seen(Seen::Several) => Difference::Several { pinned },
        Standing::Gone => Difference::Gone { pinned },
    };
    settle(x, judge, place, judge.drifted(place.kind, name, difference)).await
}

/// What the settings say to a definition that is not the approved one.
async fn settle<P: Ports>(
    x: &Exchange<P>,
    judge: &Judge<'_>,
    place: &Place<'_>,
    drifted: Drifted,
) -> Result<Basis, Refusal> {
    match judge.setting() {
        Drift::Block => Err(Refusal::Drift(Box::new(drifted))),
        Drift::Hold => held::pass(x, place, drifted).await,
        Drift::Log => {
            let definition = drifted.difference.live();
            report(&x.gateway, &*x.ports, News::of(drifted)).await;
            Ok(Basis { definition, approval: None })
        }
    }
}

/// The right to find out; given back when dropped, also when the request is cancelled.
struct Turn<'t> {
    reading: &'t RefCell<BTreeSet<(ConnectionName, Kind)>>,
    what: &'t (ConnectionName, Kind),
}

impl<'t> Turn<'t> {
    fn take(
        reading: &'t RefCell<BTreeSet<(ConnectionName, Kind)>>,
        what: &'t (ConnectionName, Kind),
    ) -> Option<Self> {
        let is_free = reading.borrow_mut().insert(what.clone());
        // Made only if the turn is ours: dropping one gives the turn back.
        is_free.then(|| Self { reading, what })
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.reading.borrow_mut().remove(self.what);
    }
}
