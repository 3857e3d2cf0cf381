//! What a client asks about a task that waits for people: how it stands, and to end it.
//!
//! To ask how it stands is what carries it out once people have approved it. The answer to that question is a stream,
//! which begins at once; a client that leaves loses nothing, since what came of the call is kept before it is told.

use std::rc::Rc;
use std::time::Duration;

use http::{Response, StatusCode};
use portcullis_approval::{Cast, PrincipalId, Read, RequestId, State};
use portcullis_ledger::UnixMillis;
use portcullis_mcp::era::{Call, Era, Rejection};
use portcullis_mcp::message::{Message, Outcome, Response as Answered};
use portcullis_mcp::method::Method;
use portcullis_policy::{Lifecycle, Target};

use super::kept::{End, Ended};
use super::told::{Created, Status};
use super::{Claim, Errand, Ticket, is_ours, kept, told};
use crate::Answer;
use crate::aggregate::names;
use crate::approvals::drive::drive;
use crate::approvals::held::{Held, Standing, Told};
use crate::approvals::hold::{Arrival, Coming};
use crate::decide;
use crate::edge::Place;
use crate::exchange::Exchange;
use crate::features::TASKS_EXTENSION;
use crate::owner::Owner;
use crate::ports::{Ports, StoreError};
use crate::prepare::{self, Prepared};
use crate::record;
use crate::refusal::{Addressee, Refusal, respond};
use crate::relay::Relay;
use crate::reply;
use crate::round::ANSWERS;
use crate::source::{JSON, Source};
use crate::stream::EventStream;
use crate::usage;

/// How much longer than its server may take the end of a call may take to be kept. After that it is lost.
const SPARE: Duration = Duration::from_secs(60);
/// What is said of a request that is taken back with its task.
const WITHDRAWN: &str = "the task that waited for it was cancelled";

/// A task that is asked about.
#[derive(Clone)]
struct Task {
    ticket: Ticket,
    request: RequestId,
    shown: Created,
}

impl Task {
    /// The task of a call; its caller must be the one that it was made for, at the same connection.
    fn open<P: Ports>(x: &Exchange<P>, call: &Call<'_>) -> Option<Self> {
        let id = call.name()?;
        let caller = x.caller().ok()?;
        let owner = Owner::new(caller.principal(), x.connection_name().ok()?, None);
        let ticket = Ticket::open(&x.gateway, &owner, id, x.ports.now())?;
        let request = ticket.request()?;
        let shown = Created { id: id.to_owned(), created: ticket.created, expires: ticket.expires };
        Some(Self { ticket, request, shown })
    }
}

/// Serves what is asked about a task of the gateway's own; `None` if the call is about anything else.
///
/// # Errors
/// [`Rejection::UnknownTask`]: the caller has no such task here. [`Rejection::Round`]: answers to what no such task asks.
/// What else keeps the gateway from telling; then nothing has happened, and the same may be asked again.
pub(crate) async fn serve<P: Ports>(
    x: &mut Exchange<P>,
    call: &Call<'_>,
) -> Result<Option<Response<Answer<P>>>, Refusal> {
    let is_about_ours = call.method.is_about_a_task() && call.name().is_some_and(is_ours);
    if call.era != Era::Modern || !is_about_ours {
        return Ok(None);
    }
    if !prepare::declares_tasks(call) {
        return Err(Rejection::MissingCapability { extension: TASKS_EXTENSION }.into());
    }
    let task = Task::open(x, call).ok_or(Rejection::UnknownTask)?;
    x.name = Some(task.request.to_string());
    if call.method == Method::TasksGet {
        return get(x, call, &task).await.map(Some);
    }
    if call.method == Method::TasksCancel {
        return cancel(x, call, &task).await.map(Some);
    }
    // It asks for nothing, so nothing is answered.
    Err(Rejection::Round(ANSWERS).into())
}

/// Whether the call of a task is made.
enum Made<P: Ports> {
    /// It is not, and so the task stands.
    Not(Status),
    /// It is, from now on.
    Now(Box<Relay<P>>),
}

/// How a task stands. If people have approved it, its call is made now.
async fn get<P: Ports>(
    x: &mut Exchange<P>,
    call: &Call<'_>,
    task: &Task,
) -> Result<Response<Answer<P>>, Refusal> {
    if let Some(ended) = kept::read(&x.gateway, &*x.ports, &task.ticket.nonce).await? {
        return tell(x, call, task, Status::Ended(ended)).await;
    }
    let made = task.ticket.call(call.id.clone().into_owned(), x.gateway.settings().limits.depth)?;
    let errand = Rc::new(Errand::new(&x.gateway, &task.ticket, task.request));
    let asked = (x.to.clone(), x.name.clone(), x.place.clone());
    // What comes of it is named as its own connection names it, wherever the client will ask for it.
    x.place = Some(Place::Connection(x.connection_name()?.clone()));
    x.errand = Some(Rc::clone(&errand));
    let started = crate::start(x, made).await;
    x.errand = None;
    let stands = match started {
        Ok(relay) => errand.claim(x).map(|()| Made::Now(Box::new(relay))),
        Err(refusal) => stands(x, task, &errand, refusal).await.map(Made::Not),
    };
    (x.to, x.name, x.place) = asked;
    match stands? {
        Made::Not(status) => tell(x, call, task, status).await,
        Made::Now(relay) => Ok(reply::streamed(carry_out(x, call, task, *relay))),
    }
}

/// How a task stands whose call is not made now, for this reason.
async fn stands<P: Ports>(
    x: &Exchange<P>,
    task: &Task,
    errand: &Errand,
    refusal: Refusal,
) -> Result<Status, Refusal> {
    if errand.claim.get() == Claim::Free {
        if let Refusal::Held(held) = &refusal
            && held.waits()
        {
            if held.is_new() {
                x.note(&refusal).await;
            }
            return Ok(Status::Working(told::waits(held.request, held.page())));
        }
        if !is_final(&refusal) {
            return Err(refusal);
        }
        // Nobody may make the call any more.
        if let Err(unclaimed) = errand.claim(x)
            && errand.claim.get() == Claim::Unknown
        {
            return Err(unclaimed);
        }
    }
    match errand.claim.get() {
        Claim::Lost => later(x, task).await,
        Claim::Ours => {
            x.note(&refusal).await;
            let ended = Ended { at: x.ports.now(), end: failed(&refusal, x.to.era) };
            kept::write(&x.gateway, &*x.ports, &task.ticket.nonce, ended.clone()).await?;
            Ok(Status::Ended(ended))
        }
        Claim::Free | Claim::Unknown => Err(refusal),
    }
}

/// How a task stands that somebody else carries out, or has ended.
async fn later<P: Ports>(x: &Exchange<P>, task: &Task) -> Result<Status, Refusal> {
    let nonce = &task.ticket.nonce;
    if let Some(ended) = kept::read(&x.gateway, &*x.ports, nonce).await? {
        return Ok(Status::Ended(ended));
    }
    let since = kept::missed_since(&x.gateway, &*x.ports, nonce).await?;
    let longest = x.gateway.settings().limits.response_time.saturating_add(SPARE);
    let missed = Duration::from_millis(x.ports.now().saturating_sub(since));
    if missed < longest {
        return Ok(Status::Working(told::goes_on()));
    }
    let lost = Refusal::from(Held::new(x, None, task.request, (Standing::Lost, Told::Finally)));
    x.note(&lost).await;
    Ok(Status::Ended(Ended { at: x.ports.now(), end: failed(&lost, x.to.era) }))
}

/// Makes the call of a task, which is ours now, keeps what comes of it, and says so.
fn carry_out<P: Ports>(x: &Exchange<P>, call: &Call<'_>, task: &Task, mut relay: Relay<P>) -> EventStream<P> {
    let (gateway, ports, era) = (Rc::clone(&x.gateway), Rc::clone(&x.ports), x.to.era);
    let (task, id) = (task.clone(), call.id.clone().into_owned());
    let everywhere = x.connection.clone().filter(|_| x.is_aggregate());
    EventStream::held(Coming::sure(async move {
        let end = match relay.in_time().await {
            Ok(text) => End::of_answer(&text, gateway.settings().limits.depth),
            Err(refusal) => {
                ports.log(&format!("the call of a task failed: {refusal}"));
                failed(&refusal, era)
            }
        };
        let ended = Ended { at: ports.now(), end };
        if let Err(StoreError(reason)) =
            kept::write(&gateway, &*ports, &task.ticket.nonce, ended.clone()).await
        {
            ports.log(&format!("what came of a task is told now and cannot be told again: {reason}"));
        }
        let mut message = task.shown.stands(id, Status::Ended(ended));
        if let Some(connection) = everywhere {
            names::prefix(&connection, &mut message);
        }
        Arrival::Told(message)
    }))
}

/// Says how a task stands. A result is guarded and counted as if it came now, and is on record before.
async fn tell<P: Ports>(
    x: &Exchange<P>,
    call: &Call<'_>,
    task: &Task,
    status: Status,
) -> Result<Response<Answer<P>>, Refusal> {
    let is_result = matches!(&status, Status::Ended(Ended { end: End::Completed(_), at: _ }));
    let message = task.shown.stands(call.id.clone().into_owned(), status);
    if !is_result {
        return Ok(said(x, message));
    }
    usage::open(x, None).await?;
    let record = record::step(x, Lifecycle::GetTask, record::revision(x, call.era)).await?;
    let source = Source::said(message.into_json().to_string());
    let expected = reply::expected(call, &Prepared::default(), None);
    let relay = reply::relay_from(x, source, None, Some(expected), Some(record))?;
    reply::to_call(x, call.method, relay).await
}

/// Ends a task before its call is made. Whether that was in time, `tasks/get` tells.
async fn cancel<P: Ports>(
    x: &Exchange<P>,
    call: &Call<'_>,
    task: &Task,
) -> Result<Response<Answer<P>>, Refusal> {
    let record = record::step(x, Lifecycle::CancelTask, record::revision(x, call.era)).await?;
    let cancelled = cancelled(x, task).await;
    let end = match &cancelled {
        Ok(what) => {
            record::End::Answered { failed: false, text: format!("the task of {}: {what}", task.request) }
        }
        Err(refusal) => record::End::Refused(refusal),
    };
    record.close_here(x, end).await.map_err(Refusal::Withheld)?;
    cancelled?;
    Ok(said(x, told::receipt(call.id.clone().into_owned())))
}

/// What came of ending a task.
async fn cancelled<P: Ports>(x: &Exchange<P>, task: &Task) -> Result<&'static str, Refusal> {
    let errand = Errand::new(&x.gateway, &task.ticket, task.request);
    if let Err(unclaimed) = errand.claim(x) {
        return match errand.claim.get() {
            Claim::Lost => Ok("it had ended, or its call was being made"),
            Claim::Free | Claim::Ours | Claim::Unknown => Err(unclaimed),
        };
    }
    let ended = Ended { at: x.ports.now(), end: End::Cancelled };
    kept::write(&x.gateway, &*x.ports, &task.ticket.nonce, ended).await?;
    // The task is over whatever comes of this.
    match withdrawn(x, task.request).await {
        Ok(true) => Ok("cancelled, and its request was taken back"),
        Ok(false) => Ok("cancelled"),
        Err(refusal) => {
            x.ports.log(&format!("the request of a cancelled task stays: {refusal}"));
            Ok("cancelled")
        }
    }
}

/// Takes back the request that nobody waits for any more, if nobody has decided on it and policy lets the caller.
async fn withdrawn<P: Ports>(x: &Exchange<P>, request: RequestId) -> Result<bool, Refusal> {
    decide::deed(x, (x.connection_name()?, x.gateway.no_labels()), Target::Revoke)?;
    let (vault, now) = (x.gateway.approvals(), UnixMillis(x.ports.now()));
    let mut read = Read::new(vault, request);
    drive(&*x.ports, &mut read).await;
    let Some(case) = read.finish(now)?.map(|reading| reading.case) else { return Ok(false) };
    if !matches!(case.state(now), State::Pending(_)) {
        return Ok(false);
    }
    let told = |why: &dyn ToString| Refusal::from(StoreError(why.to_string()));
    let by = PrincipalId::of(x.caller()?.principal()).map_err(|why| told(&why))?;
    let reason = WITHDRAWN.parse().map_err(|why| told(&why))?;
    let revocation = case.revoke(by, now, reason).map_err(|why| told(&why))?;
    let mut cast = Cast::revoke(vault, &case, revocation).map_err(|why| told(&why))?;
    drive(&*x.ports, &mut cast).await;
    cast.finish().map_err(|why| told(&why))?;
    Ok(true)
}

/// An answer of the gateway's own.
fn said<P: Ports>(x: &Exchange<P>, mut message: Message<'static>) -> Response<Answer<P>> {
    if let Some(connection) = x.connection.as_ref().filter(|_| x.is_aggregate()) {
        names::prefix(connection, &mut message);
    }
    respond(StatusCode::OK, JSON, message.to_bytes()).map(Answer::Full)
}

/// The end of a task whose call is refused, as its caller is told of it. Only an error is a failure (SEP-2663).
fn failed(refusal: &Refusal, era: Option<Era>) -> End {
    let to = Addressee { id: None, method: Some(Method::TasksGet), era };
    let error = match refusal.message(&to) {
        Message::Response(Answered { outcome: Outcome::Error(error), id: _ }) => {
            error.into_json().to_string()
        }
        Message::Notification(_) | Message::Request(_) | Message::Response(_) => {
            told::error(portcullis_mcp::answer::code::DENIED, "not allowed")
        }
    };
    End::Failed(error)
}

/// Whether a call that is refused like this would be refused later as well. What may pass ends no task.
fn is_final(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::AnswerDenied
            | Refusal::Denied(_)
            | Refusal::Drift(_)
            | Refusal::Held(_)
            | Refusal::NeedsApproval(_)
            | Refusal::Protocol(_)
            | Refusal::Unapprovable { .. }
    )
}
