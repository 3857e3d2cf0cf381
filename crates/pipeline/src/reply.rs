//! What goes back to the caller: the form of an answer, and the answers that have none.

use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, LocalBoxFuture, select};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use http::response::Parts;
use http::{HeaderMap, Response, StatusCode};
use portcullis_mcp::era::{Call, Era, SESSION_ID};
use portcullis_mcp::json::{Json, Object};
use portcullis_mcp::method::Method;
use portcullis_policy::Permit;

use crate::Answer;
use crate::exchange::Exchange;
use crate::forward::{self, Outbound};
use crate::guard::{Completed, Expected, Granted, Guard, Recipient};
use crate::ports::{FetchError, Ports, fresh};
use crate::prepare::Prepared;
use crate::record::Open;
use crate::refusal::{Refusal, respond};
use crate::relay::{self, Parcel, Relay};
use crate::resume::Answering;
use crate::session::{self, Session};
use crate::source::{EVENTS, JSON, Pending, Source, kind};
use crate::stream::EventStream;
use crate::usage;

const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
/// How long a caller may wait without a sign of life. Then a stream is begun, whatever form the answer will have:
/// writing to it is the only way to notice that the caller has left.
const SIGN_OF_LIFE_AFTER: Duration = Duration::from_secs(10);

/// Waits for the answer to a call, and gives it the form that the upstream gave it.
pub(crate) async fn to_call<P: Ports>(
    x: &Exchange<P>,
    method: Method,
    mut relay: Relay<P>,
) -> Result<Response<Answer<P>>, Refusal> {
    if method == Method::Initialize {
        return to_initialize(x, relay).await;
    }
    let in_time = {
        let awaited = pin!(relay.awaited());
        match select(awaited, pin!(x.ports.sleep(SIGN_OF_LIFE_AFTER))).await {
            Either::Left((whole, _)) => Some(whole),
            Either::Right(_) => None,
        }
    };
    match in_time {
        Some(true) => {
            let text = relay.whole().await?;
            Ok(respond(relay::status(relay.head()), JSON, text).map(Answer::Full))
        }
        Some(false) => {
            relay.check().await?;
            Ok(streamed(EventStream::new(vec![relay])))
        }
        None => Ok(streamed(EventStream::overdue(relay))),
    }
}

/// `initialize`: the sealed session id is part of the head and holds the negotiated revision, so the head waits for
/// the answer.
async fn to_initialize<P: Ports>(
    x: &Exchange<P>,
    mut relay: Relay<P>,
) -> Result<Response<Answer<P>>, Refusal> {
    let text = relay.in_time().await?;
    let whole = relay.head().is_none_or(|head| kind(head) != EVENTS);
    let mut response = match whole {
        true => respond(relay::status(relay.head()), JSON, text).map(Answer::Full),
        false => {
            let event = portcullis_mcp::sse::Event::message(text).to_bytes();
            event_response(Answer::Full(event.into()), StatusCode::OK)
        }
    };
    if let Some(head) = relay.head() {
        add_session(x, head, relay.guard(), response.headers_mut())?;
    }
    Ok(response)
}

/// Something that has no answer but a receipt, on its way.
pub(crate) type Delivery = LocalBoxFuture<'static, Result<StatusCode, Refusal>>;

/// Forwards a notification or an answer of the client. Nothing is sent before the delivery is waited for.
pub(crate) fn to_notice<P: Ports>(
    x: &Exchange<P>,
    permit: Permit,
    outbound: Outbound,
) -> Result<Delivery, Refusal> {
    let sent = pending(x, permit, outbound)?;
    Ok(Box::pin(async move {
        match sent.status().await? {
            StatusCode::NOT_FOUND => Err(Refusal::Session("the upstream no longer knows it")),
            status if status.is_success() => Ok(StatusCode::ACCEPTED),
            status => Err(Refusal::Upstream(format!("answered a notification with {status}"))),
        }
    }))
}

/// The receipt of a message that nobody needs.
pub(crate) fn accepted<P: Ports>() -> Response<Answer<P>> {
    empty(StatusCode::ACCEPTED)
}

/// A stream that was asked for and is not there yet.
pub(crate) struct Opening<P: Ports> {
    relay: Relay<P>,
    /// The record of the call that it answers, if it takes one up.
    record: Option<Open>,
}

/// Asks for the server's own stream, or for the rest of one.
pub(crate) async fn to_listen<P: Ports>(
    x: &Exchange<P>,
    permit: Permit,
    outbound: Outbound,
    session: Session,
    answering: Option<Answering>,
) -> Result<Opening<P>, Refusal> {
    let revision = session.revision;
    let record = match answering.as_ref().and_then(|call| call.record) {
        None => None,
        Some(id) => Open::resumed(x, id).await?,
    };
    let expected = answering.map(|call| Expected {
        id: call.id,
        method: call.method,
        era: Era::Legacy(Some(revision)),
        name: call.name,
        completed: call.completed,
        // It may be any page.
        begins_list: false,
        wants_log: true,
        may_be_task: call.may_be_task,
        granted: None,
    });
    let pending = pending(x, permit, outbound)?;
    Ok(Opening { relay: relay_of(x, pending, Some(session), expected, None)?, record })
}

/// Waits until a server's stream is open. Until then nothing is known of the call that it may answer, so its record
/// stays open.
pub(crate) async fn opened<P: Ports>(opening: Opening<P>) -> Result<Relay<P>, Refusal> {
    let Opening { mut relay, record } = opening;
    relay.begun().await;
    let status = relay.head().map(|head| head.status);
    let is_open = status == Some(StatusCode::OK) && !relay.is_whole();
    if status.is_some() && !is_open {
        relay.unopened();
    }
    match status {
        Some(StatusCode::NOT_FOUND) => Err(Refusal::Session("the upstream no longer knows it")),
        Some(StatusCode::METHOD_NOT_ALLOWED) => Err(Refusal::MethodNotAllowed { allow: "POST, DELETE" }),
        Some(StatusCode::OK) if is_open => {
            relay.check().await?;
            relay.resume(record);
            Ok(relay)
        }
        Some(status) => Err(Refusal::Upstream(format!("answered a request for its stream with {status}"))),
        None => {
            relay.check().await?;
            Err(Refusal::Fetch(FetchError::TimedOut))
        }
    }
}

/// A response with one answer as a stream of events.
pub(crate) fn one<P: Ports>(relay: Relay<P>) -> Response<Answer<P>> {
    streamed(EventStream::new(vec![relay]))
}

/// A response that is a stream of events.
pub(crate) fn streamed<P: Ports>(events: EventStream<P>) -> Response<Answer<P>> {
    event_response(Answer::Events(Box::new(events)), StatusCode::OK)
}

/// Ends a session. Nothing is sent before the delivery is waited for.
pub(crate) fn to_close<P: Ports>(
    x: &Exchange<P>,
    permit: Permit,
    outbound: Outbound,
) -> Result<Delivery, Refusal> {
    let sent = pending(x, permit, outbound)?;
    Ok(Box::pin(async move {
        match sent.status().await? {
            StatusCode::NOT_FOUND => Err(Refusal::Session("the upstream no longer knows it")),
            StatusCode::METHOD_NOT_ALLOWED => Err(Refusal::MethodNotAllowed { allow: "POST, GET" }),
            status if status.is_success() => Ok(StatusCode::NO_CONTENT),
            status => Err(Refusal::Upstream(format!("answered the end of a session with {status}"))),
        }
    }))
}

fn pending<P: Ports>(x: &Exchange<P>, permit: Permit, outbound: Outbound) -> Result<Pending<P>, Refusal> {
    Ok(forward::pending(permit, x.way(), x.connection()?, outbound))
}

/// Replaces the upstream's session id by a sealed one.
fn add_session<P: Ports>(
    x: &Exchange<P>,
    head: &Parts,
    guard: &Guard,
    headers: &mut HeaderMap,
) -> Result<(), Refusal> {
    let (Some(id), Some(revision)) = (head.headers.get(SESSION_ID), guard.negotiated()) else {
        return Ok(());
    };
    let unusable = || Refusal::Upstream("gave a session id that is not visible ASCII".to_owned());
    let session = Session { upstream: id.to_str().map_err(|_| unusable())?.to_owned(), revision };
    let nonce = fresh(&*x.ports);
    let caller = x.caller()?;
    let sealed =
        session::seal(x.gateway.sealer(), caller.principal(), x.connection_name()?, &session, x.now, nonce);
    let value = sealed.and_then(|sealed| HeaderValue::from_str(&sealed).ok()).ok_or_else(unusable)?;
    headers.insert(SESSION_ID, value);
    Ok(())
}

/// A guarded answer that is still to come.
pub(crate) fn relay_of<P: Ports>(
    x: &Exchange<P>,
    pending: Pending<P>,
    session: Option<Session>,
    expected: Option<Expected>,
    record: Option<Open>,
) -> Result<Relay<P>, Refusal> {
    let by_line = expected.as_ref().is_some_and(|call| call.method == Method::SubscriptionsListen);
    let source = Source::new(pending, x.gateway.settings().limits.frame_bytes, by_line);
    relay_from(x, source, session, expected, record)
}

/// The same, wherever its frames come from.
pub(crate) fn relay_from<P: Ports>(
    x: &Exchange<P>,
    source: Source<P>,
    session: Option<Session>,
    expected: Option<Expected>,
    record: Option<Open>,
) -> Result<Relay<P>, Refusal> {
    let limits = x.gateway.settings().limits;
    let caller = x.caller()?;
    let recipient = Recipient {
        principal: Rc::new(caller.principal().clone()),
        connection: x.connection_name()?.clone(),
        session,
        prefixed: x.is_aggregate(),
        now: x.now,
        restored: x.restored.clone(),
    };
    let account = usage::take(x);
    let mut guard = Guard::new(Rc::clone(&x.gateway), recipient, expected.clone());
    if account.is_some() {
        guard.watch_values();
    }
    let to = match &expected {
        Some(call) => crate::refusal::Addressee {
            id: Some(call.id.clone()),
            method: Some(call.method),
            era: Some(call.era),
        },
        None => crate::refusal::Addressee::default(),
    };
    Ok(Relay::new(Parcel {
        ports: Rc::clone(&x.ports),
        trace: x.trace.clone(),
        source,
        guard,
        record,
        account,
        to,
        limits,
        until: caller.expires().0.saturating_mul(1000),
    }))
}

/// What the answer to a call may be.
pub(crate) fn expected(call: &Call<'_>, prepared: &Prepared, granted: Option<Granted>) -> Expected {
    Expected {
        id: call.id.clone().into_owned(),
        method: call.method,
        era: call.era,
        name: call.name().map(ToOwned::to_owned),
        completed: completed(call),
        begins_list: call.params.as_ref().is_none_or(|params| params.get("cursor").is_none()),
        wants_log: call.wants_log(),
        may_be_task: prepared.may_be_task,
        granted,
    }
}

/// The template and the variable that are completed, if it is about a resource.
fn completed(call: &Call<'_>) -> Option<Completed> {
    let params = call.params.as_ref().filter(|_| call.method == Method::Complete)?;
    let text = |object: &Object<'_>, member| object.get_str(member).map(ToOwned::to_owned);
    let reference = params.get("ref").and_then(Json::as_object)?;
    let argument = params.get("argument").and_then(Json::as_object)?;
    let context = params.get("context").and_then(Json::as_object);
    let settled = context.and_then(|context| context.get("arguments")).and_then(Json::as_object);
    Some(Completed { template: text(reference, "uri")?, variable: text(argument, "name")? }.given(settled))
}

fn event_response<P: Ports>(answer: Answer<P>, status: StatusCode) -> Response<Answer<P>> {
    let mut response = Response::new(answer);
    *response.status_mut() = status;
    for (name, value) in
        [(CONTENT_TYPE, EVENTS), (CACHE_CONTROL, "no-cache, no-transform"), (ACCEL_BUFFERING, "no")]
    {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A receipt without a body.
pub(crate) fn empty<P: Ports>(status: StatusCode) -> Response<Answer<P>> {
    let mut response = Response::new(Answer::Full(Bytes::new()));
    *response.status_mut() = status;
    response
}
