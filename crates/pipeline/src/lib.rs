//! The data path: one request, from the edge to the last frame of its answer.
//!
//! [`handle`] and the functions below it list the stages in their order; each stage is a module. Everything
//! that touches the world goes through [`Ports`], so the whole path runs in tests over plain values.
//!
//! Invariant: nothing leaves for an upstream without a [`portcullis_policy::Permit`], and what is recorded is
//! acknowledged by the store before it leaves.
#![forbid(unsafe_code)]

mod attempts;
mod authenticate;
mod body;
mod decide;
mod edge;
mod exchange;
mod forward;
mod gateway;
mod guard;
mod health;
mod labels;
mod ports;
mod record;
mod refusal;
mod reply;
mod session;
mod stream;

use std::rc::Rc;

use bytes::Bytes;
use http::{Request, Response};
use portcullis_ledger::Stage;
use portcullis_mcp::era::{self, Call, Era, Incoming, Notice, Reply};
use portcullis_mcp::json::{self, Bounds};
use portcullis_mcp::message::{Message, Outcome, Response as Answered};
use portcullis_mcp::method::{ClientNotification, Method};
use portcullis_policy::Lifecycle;

pub use crate::body::BodyError;
pub use crate::gateway::Gateway;
pub use crate::ports::{BrokenBody, Chunks, FetchError, Ports, StoreError};
pub use crate::refusal::Refusal;
pub use crate::stream::EventStream;

use crate::edge::{Route, Verb};
use crate::exchange::Exchange;
use crate::forward::Outbound;

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
    let mut exchange = Exchange::new(gateway, ports, parts);
    match serve(&mut exchange, body).await {
        Ok(response) => response,
        Err(refusal) => exchange.refuse(&refusal).await.map(Answer::Full),
    }
}

async fn serve<P: Ports>(x: &mut Exchange<P>, body: P::Body) -> Result<Response<Answer<P>>, Refusal> {
    match edge::admit(x.gateway.settings(), &x.parts)? {
        Route::Health => Ok(health::alive().map(Answer::Full)),
        Route::Ready => Ok(health::ready(&x.gateway, &*x.ports).await.map(Answer::Full)),
        Route::Metadata(name) => Ok(health::metadata(x.gateway.settings(), &name).map(Answer::Full)),
        Route::Mcp(name, verb) => {
            x.lap(Stage::Edge);
            x.authenticate(name).await?;
            x.lap(Stage::Authenticate);
            match verb {
                Verb::Send => message(x, body).await,
                Verb::Listen => listen(x).await,
                Verb::Close => close(x).await,
            }
        }
    }
}

/// POST: one message of the caller.
async fn message<P: Ports>(x: &mut Exchange<P>, mut body: P::Body) -> Result<Response<Answer<P>>, Refusal> {
    let limits = x.gateway.settings().limits;
    let bytes = body::read(&*x.ports, &mut body, limits.body_bytes, limits.body_time).await?;
    x.request_bytes = bytes.len().try_into().unwrap_or(u64::MAX);
    let value = json::parse(&bytes, Bounds::request(limits.depth)).map_err(era::Rejection::Json)?;
    let message = Message::try_from(value).map_err(era::Rejection::Message)?;
    let incoming = era::classify(&x.parts.headers, message).map_err(|rejected| x.rejected(*rejected))?;
    match incoming {
        Incoming::Call(request) => call(x, request).await,
        Incoming::Notice(notice) => notify(x, notice).await,
        Incoming::Reply(reply) => answer(x, reply).await,
    }
}

/// A request: detect, decide, record, forward, guard, record again.
async fn call<P: Ports>(x: &mut Exchange<P>, mut call: Call<'_>) -> Result<Response<Answer<P>>, Refusal> {
    x.address(&call);
    let session = match (call.era, call.method) {
        (Era::Modern, _) | (Era::Legacy(_), Method::Initialize) => None,
        (Era::Legacy(revision), _) => x.session(revision)?,
    };
    x.lap(Stage::Parse);
    let caller = x.caller()?;
    let labels = labels::of(&x.gateway, &call);
    x.lap(Stage::Detect);
    let permit = decide::call(&x.gateway, caller.principal(), x.connection_name()?, &call, &labels, x.now)?;
    x.lap(Stage::Decide);
    let record = match decide::is_recorded(call.method) {
        true => Some(record::intent(x, &call, &labels, permit.reasons()).await?),
        false => None,
    };
    forward::close_back_channels(&mut call);
    let outbound = Outbound::message(call.headers(), call.to_bytes(), session.as_ref());
    let outbound = match call.era {
        Era::Modern => outbound.with_params(&x.parts.headers, &call)?,
        Era::Legacy(_) => outbound,
    };
    reply::to_call(x, &call, permit, outbound, record).await
}

/// A notification. It gets no answer but its receipt.
///
/// It goes on only within a session, which shows that its sender may speak of what happens there. Over HTTP
/// 2026-07-28 has no use for any (a client cancels by leaving), and one that would have to carry free text or that
/// speaks of roots, which the server was not offered, has none either.
async fn notify<P: Ports>(x: &mut Exchange<P>, notice: Notice<'_>) -> Result<Response<Answer<P>>, Refusal> {
    let session = match notice.era {
        Era::Modern => return Ok(reply::accepted()),
        Era::Legacy(revision) => x.session(revision)?,
    };
    let is_initialized = notice.notification == ClientNotification::Initialized;
    let is_roots = notice.notification == ClientNotification::RootsListChanged;
    if is_roots || (session.is_none() && !is_initialized) {
        return Ok(reply::accepted());
    }
    let step = decide::notification(notice.notification);
    let permit = x.gateway.policies().permit_lifecycle(x.caller()?.principal(), step);
    let outbound = Outbound::message(notice.headers(), notice.to_bytes(), session.as_ref());
    reply::to_notice(x, permit, outbound).await
}

/// The caller's answer to a request of the server. Only pings reach callers, so only their empty answer passes.
async fn answer<P: Ports>(x: &mut Exchange<P>, reply: Reply<'_>) -> Result<Response<Answer<P>>, Refusal> {
    let Outcome::Result(result) = &reply.outcome else {
        return Err(era::Rejection::UnexpectedResponse.into());
    };
    if !result.is_empty() {
        return Err(era::Rejection::UnexpectedResponse.into());
    }
    let session = x.session(None)?;
    let permit = x.gateway.policies().permit_lifecycle(x.caller()?.principal(), Lifecycle::Respond);
    let message = Message::Response(Answered { id: Some(reply.id), outcome: reply.outcome });
    let outbound = Outbound::message(http::HeaderMap::new(), message.to_bytes(), session.as_ref());
    reply::to_notice(x, permit, outbound).await
}

/// GET: the server's own stream of a session.
async fn listen<P: Ports>(x: &mut Exchange<P>) -> Result<Response<Answer<P>>, Refusal> {
    era::refuse_doubled_headers(&x.parts.headers)?;
    // Without a session there is nothing to listen to; clients take 405 as "no such stream".
    let session = x.session(None)?.ok_or(Refusal::MethodNotAllowed { allow: "POST, DELETE" })?;
    let permit = x.gateway.policies().permit_lifecycle(x.caller()?.principal(), Lifecycle::OpenStream);
    let outbound = Outbound::listen(&session, &x.parts.headers);
    reply::to_listen(x, permit, outbound).await
}

/// DELETE: the end of a session.
async fn close<P: Ports>(x: &mut Exchange<P>) -> Result<Response<Answer<P>>, Refusal> {
    era::refuse_doubled_headers(&x.parts.headers)?;
    let session = x.session(None)?.ok_or(Refusal::Session("none named"))?;
    let permit = x.gateway.policies().permit_lifecycle(x.caller()?.principal(), Lifecycle::CloseSession);
    reply::to_close(x, permit, Outbound::close(&session)).await
}
