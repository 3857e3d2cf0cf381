//! The data path: one request, from the edge to the last frame of its answer.
//!
//! [`handle`] and the functions below it list the stages in their order; each stage is a module. Everything
//! that touches the world goes through [`Ports`], so the whole path runs in tests over plain values.
//!
//! Invariant: nothing leaves for an upstream without a [`portcullis_policy::Permit`], and what is recorded is
//! acknowledged by the store before it leaves.
#![forbid(unsafe_code)]

mod access;
mod active;
mod afterwards;
mod aggregate;
mod approvals;
mod attempts;
mod authenticate;
mod batch;
mod body;
mod breakers;
mod checkpoints;
mod client;
mod control;
mod cors;
mod decide;
mod definitions;
mod detokenize;
mod edge;
mod exchange;
mod features;
mod forward;
mod gateway;
mod guard;
mod health;
mod journal;
mod labels;
mod mismatch;
mod notes;
mod owner;
mod pace;
mod params;
mod ports;
mod prepare;
mod questions;
mod record;
mod refusal;
mod relay;
mod releases;
mod reply;
mod resume;
mod round;
mod session;
mod source;
mod spans;
mod stream;
mod tasks;
mod tokenize;
mod trace;
mod usage;
mod webhooks;

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join;
use http::{HeaderMap, HeaderValue, Request, Response};
use portcullis_ledger::Stage;
use portcullis_mcp::answer;
use portcullis_mcp::era::{self, Call, Era, Incoming, LAST_EVENT_ID, Notice, Reply};
use portcullis_mcp::json::{self, Bounds, Json};
use portcullis_mcp::message::{Message, MessageError, Response as Answered};
use portcullis_mcp::method::{ClientNotification, Method, ServerMethod};
use portcullis_policy::{Lifecycle, Reasons};
use portcullis_settings::ClassName;

pub use portcullis_mcp::sse::KEEP_ALIVE;

pub use crate::access::Unasked;
pub use crate::active::{Active, UnusableSection};
pub use crate::afterwards::{deliver, has_work};
pub use crate::approvals::{drive, settle};
pub use crate::body::BodyError;
pub use crate::control::{NotSignedIn, Objection, Undecided, Undone, handle as control};
pub use crate::definitions::{Drifted, HeldDefinition};
pub use crate::gateway::Gateway;
pub use crate::journal::LedgerKeys;
pub use crate::ports::{BrokenBody, Chunks, FetchError, Ports, StoreError};
pub use crate::refusal::Refusal;
pub use crate::stream::EventStream;

use crate::approvals::Matter;
use crate::decide::Passage;
use crate::definitions::Basis;
use crate::detokenize::Restored;
use crate::edge::{Route, Verb};
use crate::exchange::Exchange;
use crate::forward::Outbound;
use crate::owner::Owner;
use crate::record::{Deed, Open};
use crate::relay::Relay;
use crate::reply::{Delivery, Opening};
use crate::tokenize::Tokenizer;

/// The body of an answer.
#[derive(Debug)]
pub enum Answer<P: Ports> {
    /// All of it.
    Full(Bytes),
    /// Events, to be pulled and written as they come, with keep-alives in between.
    Events(Box<EventStream<P>>),
}

/// Serves one request. There is always an answer; what goes wrong is in it, on record and in the log.
pub async fn handle<P: Ports>(
    gateway: Rc<Gateway>,
    ports: Rc<P>,
    request: Request<P::Body>,
) -> Response<Answer<P>> {
    let (parts, body) = request.into_parts();
    let page = cors::page(gateway.settings(), &parts.headers);
    let mut exchange = Exchange::new(gateway, ports, parts);
    let served = serve(&mut exchange, body).await;
    let serving = exchange.serving.clone();
    serving.iter().for_each(|serving| serving.served(&exchange));
    let mut response = match (served, exchange.again.take()) {
        (Err(Refusal::Held(held)), Some(call)) if held.is_open() => {
            reply::streamed(approvals::hold::begin(exchange, call, held).await)
        }
        (served, _) => finished(exchange, served).await,
    };
    if let Some(serving) = serving {
        serving.answered(&mut response);
    }
    if let Some(page) = page {
        cors::open_to(page, response.headers_mut());
    }
    response
}

/// The response to a request whose outcome is known.
async fn finished<P: Ports>(
    mut x: Exchange<P>,
    served: Result<Response<Answer<P>>, Refusal>,
) -> Response<Answer<P>> {
    let mut response = match served {
        Ok(response) => response,
        Err(refusal) => {
            let refusal = pace::refused(&mut x, refusal);
            x.refuse(&refusal).await.map(Answer::Full)
        }
    };
    usage::settle(&x).await;
    if let Answer::Events(events) = response.body_mut() {
        events.hold(x.slot.take());
    }
    response
}

async fn serve<P: Ports>(x: &mut Exchange<P>, body: P::Body) -> Result<Response<Answer<P>>, Refusal> {
    let route = edge::admit(x.gateway.settings(), &x.parts);
    // Orchestrators probe often, and all from one address.
    if !matches!(route, Ok(Route::Health | Route::Ready)) {
        pace::of_address(x)?;
    }
    match route? {
        Route::Health => Ok(health::alive().map(Answer::Full)),
        Route::Ready => Ok(health::ready(&x.gateway, &*x.ports).await.map(Answer::Full)),
        Route::Metadata(place) => Ok(health::metadata(x.gateway.settings(), &place).map(Answer::Full)),
        Route::Preflight => Ok(cors::preflight(&x.parts.headers).map(Answer::Full)),
        Route::Mcp(place, verb) => {
            x.lap(Stage::Edge);
            x.authenticate(place).await?;
            x.refresh().await?;
            x.lap(Stage::Authenticate);
            if verb != Verb::Send {
                pace::of_principal(x)?;
            }
            match (verb, x.is_aggregate()) {
                (Verb::Send, _) => message(x, body).await,
                (Verb::Listen, false) => {
                    let last = x.parts.headers.get(LAST_EVENT_ID).cloned();
                    reply::opened(listen(x, last).await?).await.map(reply::one)
                }
                (Verb::Listen, true) => aggregate::listen(x).await,
                (Verb::Close, false) => close(x).await?.await.map(reply::empty),
                (Verb::Close, true) => aggregate::close(x).await,
            }
        }
    }
}

/// POST: one message of the caller, or a batch of them.
async fn message<P: Ports>(x: &mut Exchange<P>, mut body: P::Body) -> Result<Response<Answer<P>>, Refusal> {
    let limits = x.gateway.settings().limits;
    let bytes = {
        let _place = pace::to_read(x)?;
        body::read(&*x.ports, &mut body, limits.body_bytes, limits.body_time).await?
    };
    x.request_bytes = bytes.len().try_into().unwrap_or(u64::MAX);
    let value = json::parse(&bytes, Bounds::request(limits.depth)).map_err(era::Rejection::Json)?;
    if let Json::Array(elements) = value {
        if x.is_aggregate() {
            return Err(era::Rejection::Message(MessageError::Batch).into());
        }
        return batch::serve(x, elements).await;
    }
    let message = Message::try_from(value).map_err(era::Rejection::Message)?;
    let incoming = era::classify(&x.parts.headers, message).map_err(|rejected| x.rejected(*rejected))?;
    if let Err(refusal) = admit(x, &incoming) {
        return match incoming {
            Incoming::Call(_) => Err(refusal),
            // Nobody waits for an answer, and clients end a session in which these are refused.
            Incoming::Notice(_) | Incoming::Reply(_) => {
                x.note(&refusal).await;
                Ok(reply::accepted())
            }
        };
    }
    if x.is_aggregate() {
        return aggregate::message(x, incoming).await;
    }
    match incoming {
        Incoming::Call(request) => call(x, request).await,
        Incoming::Notice(notice) => match notify(x, notice).await? {
            Some(delivery) => delivery.await.map(reply::empty),
            None => Ok(reply::accepted()),
        },
        Incoming::Reply(reply) => answer(x, reply).await,
    }
}

/// Takes a message of the limits of its principal. A refusal has the shape that the caller expects.
fn admit<P: Ports>(x: &mut Exchange<P>, incoming: &Incoming<'_>) -> Result<(), Refusal> {
    if let Incoming::Call(call) = incoming {
        x.address(call);
    }
    pace::of_principal(x)
}

/// A request and its answer.
async fn call<P: Ports>(x: &mut Exchange<P>, call: Call<'_>) -> Result<Response<Answer<P>>, Refusal> {
    let method = call.method;
    if let Some(told) = approvals::task::serve::serve(x, &call).await? {
        return Ok(told);
    }
    let relay = start(x, call).await?;
    reply::to_call(x, method, relay).await
}

/// A request up to where it may leave: prepare, restore, detect, decide, record. It is sent when its answer is waited for.
async fn start<P: Ports>(x: &mut Exchange<P>, mut call: Call<'_>) -> Result<Relay<P>, Refusal> {
    x.address(&call);
    let session = match (call.era, call.method) {
        (Era::Modern, _) | (Era::Legacy(_), Method::Initialize) => None,
        (Era::Legacy(revision), _) => x.session(revision)?,
    };
    usage::open(x, decide::target(&call)).await?;
    let mut prepared = prepare::call(x, &mut call, session.as_ref()).await?;
    x.again = prepared.carried.again.take();
    x.lap(Stage::Parse);
    if access::tool::is_called(x.gateway.settings(), &call) {
        return access::tool::serve(x, &call, (&prepared, session)).await;
    }
    let caller = x.caller()?;
    let owner = Owner::new(caller.principal(), x.connection_name()?, session.as_ref());
    let restored = detokenize::restore(x, &mut call, Tokenizer::of(&x.gateway, &owner))?;
    let mut labels = labels::of((&x.gateway, &x.active), &call, restored.tokenizer.as_deref());
    labels.extend(restored.counts.keys().cloned());
    x.lap(Stage::Detect);
    let passage = match decided(x, &call, &labels) {
        Ok(passage) => passage,
        Err(refusal) => return Err(record::tried(x, refusal, (&call, &restored, &labels))),
    };
    decide::answers(prepare::asked(x, &caller)?, &prepared.round.answered, &labels)?;
    let mut basis = definitions::of_call(x, &call, session.as_ref()).await?;
    let params = params::of_call(x, &call, restored.sent().unwrap_or(&call)).await?;
    if params.has_read {
        // Who approved it may have seen another list.
        basis = definitions::of_call(x, &call, session.as_ref()).await?;
    }
    let (carried, definition) = (&prepared.carried, basis.definition);
    let matter = Matter { call: &call, restored: &restored, definition, labels: &labels, carried };
    let (permit, approved) = match approvals::settled(x, passage, &matter).await {
        Ok(settled) => settled,
        Err(refusal) => return Err(record::tried(x, refusal, (&call, &restored, &labels))),
    };
    x.lap(Stage::Decide);
    let record = match decide::is_recorded(call.method) {
        true => {
            let deed = Deed {
                method: call.method.as_str(),
                name: call.subject(),
                basis,
                approved: approved.as_ref(),
                given: record::given(&call),
                sent: restored.sent().and_then(record::given),
                restored: &restored,
                revision: record::revision(x, call.era),
                labels: &labels,
            };
            let intent = record::intent(x, deed, permit.reasons());
            Some(join(intent, approvals::note(x, approved.as_ref())).await.0?)
        }
        false => {
            approvals::note(x, approved.as_ref()).await;
            None
        }
    };
    std::mem::take(&mut prepared.round).restore(&mut call);
    let way = x.way_of(&mut call, record.as_ref().map(Open::id));
    let mut headers = call.headers();
    headers.extend(params.headers);
    let outbound = Outbound::message(headers, call.to_bytes(), session.as_ref());
    let granted = prepared.granted.take();
    let expected = reply::expected(&call, &prepared, granted);
    let pending = forward::pending(permit, way, x.connection()?, outbound);
    reply::relay_of(x, pending, session, Some(expected), record)
}

/// What policy says to a call, if its upstream can be asked at all. It is counted at once, so that no other request of
/// this instance is decided on in between. What is held is counted when it goes on.
fn decided<P: Ports>(
    x: &Exchange<P>,
    call: &Call<'_>,
    labels: &BTreeSet<ClassName>,
) -> Result<Passage, Refusal> {
    let passage = passage(x, call, labels);
    if decide::is_decided(call) && !matches!(passage, Ok(Passage::Held(_))) {
        usage::decided(x, &passage)?;
    }
    passage
}

fn passage<P: Ports>(
    x: &Exchange<P>,
    call: &Call<'_>,
    labels: &BTreeSet<ClassName>,
) -> Result<Passage, Refusal> {
    let (caller, connection) = (x.caller()?, x.connection_name()?);
    let passage =
        decide::call((&x.gateway, &x.active), (caller.principal(), connection), call, labels, x.now)?;
    x.gateway.breakers.check(connection, Duration::from_micros(x.ports.monotonic()))?;
    Ok(passage)
}

/// A notification. It gets no answer but its receipt.
///
/// It goes on only within a session, which shows that its sender may speak of what happens there. Over HTTP
/// 2026-07-28 has no use for any (a client cancels by leaving), and one that would have to carry free text has none
/// either. What says more than which call it means stays here.
async fn notify<P: Ports>(x: &mut Exchange<P>, notice: Notice<'_>) -> Result<Option<Delivery>, Refusal> {
    let session = match notice.era {
        Era::Modern => return Ok(None),
        Era::Legacy(revision) => x.session(revision)?,
    };
    let caller = x.caller()?;
    let passes = match notice.notification {
        ClientNotification::Initialized => true,
        ClientNotification::Cancelled | ClientNotification::Progress => session.is_some(),
        ClientNotification::RootsListChanged => {
            session.is_some() && prepare::asked(x, &caller)?.may_ask(ServerMethod::ListRoots, None)
        }
    };
    let names = notice.essence().map(|essence| labels::of_value((&x.gateway, &x.active), &essence.into()));
    if !passes || names.is_none_or(|labels| !labels.is_empty()) {
        return Ok(None);
    }
    let step = decide::notification(notice.notification);
    let permit = x.active.policies().permit_lifecycle(caller.principal(), step);
    let outbound = Outbound::message(notice.headers(), notice.to_bytes(), session.as_ref());
    // A call that is given up has an effect; the others only speak of what is on record already.
    let delivery = match notice.notification {
        ClientNotification::Cancelled => {
            let record = record::step(x, step, record::revision(x, notice.era)).await?;
            record.closed_after(x, reply::to_notice(x, permit, outbound)?, false)
        }
        ClientNotification::Initialized
        | ClientNotification::Progress
        | ClientNotification::RootsListChanged => reply::to_notice(x, permit, outbound)?,
    };
    Ok(Some(delivery))
}

/// The caller's answer to a request of the server, which the gateway must have let through.
///
/// An answer that policy does not let through is replaced by an error, so that the server does not wait for it.
async fn answer<P: Ports>(x: &mut Exchange<P>, reply: Reply<'_>) -> Result<Response<Answer<P>>, Refusal> {
    let unexpected = || Refusal::Protocol(era::Rejection::UnexpectedResponse);
    let session = x.session(None)?.ok_or_else(unexpected)?;
    let caller = x.caller()?;
    let owner = Owner::new(caller.principal(), x.connection_name()?, Some(&session));
    let (method, id) = questions::open(&x.gateway, &owner, &reply.id).ok_or_else(unexpected)?;
    let (given, outcome) = questions::given(method, reply.outcome);
    let labels = labels::of_value((&x.gateway, &x.active), &given);
    let may = prepare::asked(x, &caller)?.may_answer(method, &labels);
    let permit = x.active.policies().permit_lifecycle(caller.principal(), Lifecycle::Respond);
    let message = match may {
        true => Message::Response(Answered { id: Some(id), outcome }),
        false => answer::error(Some(id), answer::code::DENIED, "not allowed", None),
    };
    let record = match method {
        ServerMethod::Ping => None,
        ServerMethod::Elicit | ServerMethod::ListRoots | ServerMethod::Sample => {
            let restored = Restored::none(Tokenizer::of(&x.gateway, &owner));
            let deed = Deed {
                method: method.as_str(),
                name: None,
                basis: Basis::default(),
                approved: None,
                given: may.then_some(given),
                sent: None,
                restored: &restored,
                revision: session.revision.as_str(),
                labels: &labels,
            };
            Some(record::intent(x, deed, &Reasons::default()).await?)
        }
    };
    let outbound = Outbound::message(HeaderMap::new(), message.to_bytes(), Some(&session));
    let delivery = reply::to_notice(x, permit, outbound)?;
    match record {
        Some(record) => record.closed_after(x, delivery, !may).await,
        None => delivery.await,
    }
    .map(reply::empty)
}

/// GET: the server's own stream of a session, or any of its streams after the event `last`.
async fn listen<P: Ports>(x: &mut Exchange<P>, last: Option<HeaderValue>) -> Result<Opening<P>, Refusal> {
    era::refuse_doubled_headers(&x.parts.headers)?;
    // Without a session there is nothing to listen to; clients take 405 as "no such stream".
    let session = x.session(None)?.ok_or(Refusal::MethodNotAllowed { allow: "POST, DELETE" })?;
    let caller = x.caller()?;
    let owner = Owner::new(caller.principal(), x.connection_name()?, Some(&session));
    let (last, answering) = match last {
        None => (None, None),
        Some(id) => {
            let opened = id.to_str().ok().and_then(|id| resume::open(&x.gateway, &owner, id));
            let (event, answering) = opened.ok_or(Refusal::Session("an event id that is not of it"))?;
            (Some(event), answering)
        }
    };
    usage::open(x, None).await?;
    let permit = x.active.policies().permit_lifecycle(caller.principal(), Lifecycle::OpenStream);
    let outbound = Outbound::listen(&session, last.as_deref());
    reply::to_listen(x, permit, outbound, session, answering).await
}

/// DELETE: the end of a session.
async fn close<P: Ports>(x: &mut Exchange<P>) -> Result<Delivery, Refusal> {
    era::refuse_doubled_headers(&x.parts.headers)?;
    let session = x.session(None)?.ok_or(Refusal::Session("none named"))?;
    let step = Lifecycle::CloseSession;
    let permit = x.active.policies().permit_lifecycle(x.caller()?.principal(), step);
    let record = record::step(x, step, session.revision.as_str()).await?;
    Ok(record.closed_after(x, reply::to_close(x, permit, Outbound::close(&session))?, false))
}
