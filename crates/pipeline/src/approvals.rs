//! Approvals: a call that policy holds becomes a request that people see, and goes on once they have approved it.
//!
//! Nothing is remembered here: the request is found by what the call is, so the same call by the same caller finds it
//! again, whatever instance it comes to. Policy is asked anew every time, and a grant lifts only the
//! soft forbids that it names, as they stand now; what policy denies stays denied.
//!
//! | module | what it is about |
//! |---|---|
//! | `carried` | what a client on 2026-07-28 carries while its call waits |
//! | `drive` | what the protocols of [`portcullis_approval`] ask for, done with the store |
//! | `held` | a call that waits, and what its caller is told |
//! | `hold` | holding back the answer for a while |
//! | `matter` | what a call is, as people approve it |
//! | `task` | a held call as a task, for clients that ask how it stands |

mod carried;
mod drive;
mod held;
pub(crate) mod hold;
mod matter;
pub(crate) mod task;

use futures_util::future::join_all;
use portcullis_approval::{
    Asked, Consume, Covered, Create, Creation, Find, Found, Lost, NoRoom, RequestId, Room, StoreTrouble, Use,
    Write, later,
};
use portcullis_ledger::{RecordId, UnixMillis};
use portcullis_policy::{Hold, Permit, Reasons};

pub(crate) use crate::approvals::carried::Carried;
pub use crate::approvals::drive::{drive, settle};
pub(crate) use crate::approvals::held::Held;
use crate::approvals::held::{Standing, Told};
pub(crate) use crate::approvals::matter::Matter;

use crate::decide::Passage;
use crate::exchange::Exchange;
use crate::ports::{Ports, StoreError};
use crate::record;
use crate::refusal::Refusal;
use crate::{usage, webhooks};

/// How often a call looks again after others have used what it found.
const MOST_LOOKS: u32 = 4;

/// A call that people have approved.
#[derive(Debug)]
pub(crate) struct Approved {
    /// The request that they approved.
    pub(crate) request: RequestId,
    /// The id of the call's records.
    pub(crate) call: RecordId,
    /// What makes it easier to read what became of the request.
    notes: Vec<Write>,
}

/// The permit of a call that policy lets pass as this says.
///
/// # Errors
/// As for [`permit`]. What the caller has brought back belongs to another call, or its user did not open the page.
pub(crate) async fn settled<P: Ports>(
    x: &Exchange<P>,
    passage: Passage,
    matter: &Matter<'_>,
) -> Result<(Permit, Option<Approved>), Refusal> {
    if matter.carried.is_back() {
        matter.carried.check(x, matter.operation(x, &Reasons::default())?)?;
    }
    match (passage, matter.carried.declined()) {
        (Passage::Open(permit), None) => {
            matter.carried.task.claim(x)?;
            Ok((permit, None))
        }
        (Passage::Held(hold), None) => permit(x, hold, matter).await,
        (passage, Some(request)) => {
            let hold = match passage {
                Passage::Held(hold) => Some(hold),
                Passage::Open(_) => None,
            };
            Err(Held::new(x, hold, request, (Standing::Declined, Told::Finally)).into())
        }
    }
}

/// The permit of a call that policy holds, if people have approved it; a grant for one call is used up by it. So this is
/// the last thing before the call is recorded and leaves.
///
/// # Errors
/// [`Refusal::Held`]: people are asked now, have not answered, or have said no. Anything else that the call is refused
/// for: nothing is known of its approval, or policy has changed its mind meanwhile.
async fn permit<P: Ports>(
    x: &Exchange<P>,
    mut hold: Box<Hold>,
    matter: &Matter<'_>,
) -> Result<(Permit, Option<Approved>), Refusal> {
    let mut asked = matter.asked(x, &hold)?;
    let mut spent = None;
    for _ in 0..MOST_LOOKS {
        let found = find(x, &asked, spent.take()).await?;
        matter.carried.task.lapsed(x, &asked, &found).await?;
        let (covered, settlement) = match found {
            Found::Granted { covered, settle } => (covered, settle),
            Found::MustCreate { id, after: _ } => {
                return Err(match matter.carried.request() {
                    // Who waited for one request is not the one to ask for another: a replay would ask people again.
                    Some(over) => Held::new(x, hold, over, (Standing::Over, Told::Finally)).into(),
                    None => create(x, hold, matter, (id, asked)).await,
                });
            }
            Found::Pending(case) => {
                let waiting = (case.request().id, Standing::Waiting);
                return Err(held(x, hold, matter, (waiting, &asked)).into());
            }
            Found::Rejected { case, next: _ } => {
                let rejected = (Standing::Rejected, Told::Finally);
                return Err(Held::new(x, hold, case.request().id, rejected).into());
            }
        };
        // What policy reads may have changed while the store was asked. From here on nothing is waited for that others
        // could come in between, until the call is counted.
        hold = match crate::passage(x, matter.call, matter.labels)? {
            Passage::Held(hold) => hold,
            Passage::Open(permit) => {
                matter.carried.task.claim(x)?;
                count(x)?;
                return Ok((permit, None));
            }
        };
        let asked_now = matter.asked(x, &hold)?;
        if asked_now.requirements != asked.requirements {
            asked = asked_now;
            continue;
        }
        matter.carried.task.claim(x)?;
        let call = record::record_id(&*x.ports, x.ports.now());
        let (cleared, trace) = match covered {
            Covered::Window(cleared) => (cleared, None),
            Covered::Once(once) => {
                let id = once.request();
                let used = Use { at: UnixMillis(x.ports.now()), call };
                let mut consume = Consume::new(x.gateway.approvals(), once, used).map_err(unwritable)?;
                drive(&*x.ports, &mut consume).await;
                match consume.finish() {
                    Ok((cleared, trace)) => (cleared, Some(trace)),
                    Err(Lost::Taken) => {
                        spent = Some(id);
                        continue;
                    }
                    Err(lost @ Lost::Unknown) => return Err(StoreError(lost.to_string()).into()),
                }
            }
        };
        let request = cleared.request();
        let permit = hold.cleared(cleared).map_err(Refusal::NeedsApproval)?;
        count(x)?;
        let notes = settlement.into_iter().chain(trace).collect();
        return Ok((permit, Some(Approved { request, call, notes })));
    }
    Err(StoreTrouble::Endless.into())
}

/// Writes what makes it easier to read what became of a request. Without it a grant is used up all the same.
pub(crate) async fn note<P: Ports>(x: &Exchange<P>, approved: Option<&Approved>) {
    let notes = approved.into_iter().flat_map(|approved| &approved.notes);
    join_all(notes.map(|note| settle(&*x.ports, Some(note.clone())))).await;
}

/// Finds what of this was asked, granted or rejected, `spent` requests aside.
pub(crate) async fn find<P: Ports>(
    x: &Exchange<P>,
    asked: &Asked,
    spent: Option<RequestId>,
) -> Result<Found, StoreTrouble> {
    let mut find = Find::new(x.gateway.approvals(), asked.clone(), UnixMillis(x.ports.now()));
    if let Some(spent) = spent {
        find = find.past(spent);
    }
    drive(&*x.ports, &mut find).await;
    find.finish()
}

/// Asks people, and says what the call is refused for.
async fn create<P: Ports>(
    x: &Exchange<P>,
    hold: Box<Hold>,
    matter: &Matter<'_>,
    (id, asked): (RequestId, Asked),
) -> Refusal {
    match room(x, id, &asked).await {
        Ok(()) => {}
        Err(NoRoom::Full) => {
            let most = x.gateway.settings().approvals.open_per_principal;
            return Refusal::TooManyOpen { reasons: hold.reasons().clone(), most };
        }
        Err(NoRoom::Store(trouble)) => return trouble.into(),
    }
    let context = matter.context(x, &hold);
    let create = Create::new(x.gateway.approvals(), (id, asked.clone()), context, UnixMillis(x.ports.now()));
    let mut create = match create {
        Ok(create) => create,
        Err(why) => return Refusal::Unapprovable { reasons: hold.reasons().clone(), why: why.to_string() },
    };
    drive(&*x.ports, &mut create).await;
    let created = match create.finish() {
        Ok(Creation::Created(request)) => {
            webhooks::requested(x, &request).await;
            (request.id, Standing::Asked)
        }
        Ok(Creation::Raced(id)) => (id, Standing::Waiting),
        Err(trouble) => return trouble.into(),
    };
    held(x, hold, matter, (created, &asked)).into()
}

/// A call that waits for this request.
fn held<P: Ports>(
    x: &Exchange<P>,
    hold: Box<Hold>,
    matter: &Matter<'_>,
    (waiting, asked): ((RequestId, Standing), &Asked),
) -> Held {
    let asked = (&asked.subject.requester().id, &asked.requirements);
    let (request, told) = matter.carried.waiting(x, waiting, asked);
    Held::new(x, hold, request, told)
}

/// Sees that there are not too many requests of whoever asks before there is one more.
pub(crate) async fn room<P: Ports>(x: &Exchange<P>, id: RequestId, asked: &Asked) -> Result<(), NoRoom> {
    let now = UnixMillis(x.ports.now());
    let until = later(now, asked.requirements.ttl());
    let most = usize::try_from(x.gateway.settings().approvals.open_per_principal).unwrap_or(usize::MAX);
    let principal = &asked.subject.requester().id;
    let mut room = Room::new(x.gateway.approvals(), principal, (id, until), (most, now));
    drive(&*x.ports, &mut room).await;
    room.finish()
}

/// A call that goes on is counted as any other.
fn count<P: Ports>(x: &Exchange<P>) -> Result<(), Refusal> {
    usage::decided(x, &Ok::<(), Refusal>(()))
}

/// Something about a request has no form in which it could be stored.
pub(crate) fn unwritable(why: portcullis_approval::Unusable) -> Refusal {
    StoreError(why.to_string()).into()
}
