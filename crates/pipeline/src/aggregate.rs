//! `/mcp`: several connections served as one, for clients that take a single server.
//!
//! A name begins with its connection's (`billing__refund`), and so does a URI (`billing+billing://invoices/1`). What
//! names one thing goes to its connection, and is decided, recorded and guarded there as if it had come to
//! `/mcp/<connection>`. What is about everything is asked of every connection that the caller may use, and the
//! answers are put together. A connection that fails is left out; the refusal is on record.
//!
//! Nothing is kept here either: the session id holds the sessions of all connections, a cursor those of all lists.
//! 2025-03-26 is not spoken here, since a batch would have to be taken apart and put together once more.

mod fan_out;
mod lists;
pub(crate) mod names;
mod subscription;

use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::{Either, join_all, select};
use http::{HeaderValue, Response, StatusCode};
use portcullis_mcp::era::{Call, Era, Incoming, LAST_EVENT_ID, Notice, Rejection, Reply, SESSION_ID};
use portcullis_mcp::json::{Json, Object};
use portcullis_mcp::message::{Message, Outcome, RequestId, Response as Answered};
use portcullis_mcp::method::Method;
use portcullis_mcp::revision::Revision;
use portcullis_settings::{Connection, ConnectionName};

use crate::access::tool;
use crate::aggregate::fan_out::Asked;
use crate::approvals::task;
use crate::exchange::Exchange;
use crate::owner::Owner;
use crate::ports::{Ports, fresh};
use crate::refusal::{Refusal, respond};
use crate::relay::Relay;
use crate::reply::{Delivery, Opening};
use crate::session::{Bundle, Member};
use crate::source::JSON;
use crate::stream::EventStream;
use crate::{Answer, questions, reply, resume};

/// How long a server's own stream may take to open.
const OPEN_WITHIN: Duration = Duration::from_secs(5);
/// The newest revision with a handshake that is spoken here.
const NEWEST_HANDSHAKE: Revision = Revision::V2025_11_25;

/// One message of the caller.
pub(crate) async fn message<P: Ports>(
    x: &mut Exchange<P>,
    incoming: Incoming<'_>,
) -> Result<Response<Answer<P>>, Refusal> {
    match incoming {
        Incoming::Call(request) => call(x, request).await,
        Incoming::Notice(notice) => notify(x, notice).await,
        Incoming::Reply(reply) => answer(x, reply).await,
    }
}

async fn call<P: Ports>(x: &mut Exchange<P>, call: Call<'_>) -> Result<Response<Answer<P>>, Refusal> {
    x.address(&call);
    match (call.era, call.method) {
        (Era::Modern, _) | (Era::Legacy(_), Method::Initialize) => {}
        (Era::Legacy(stated), _) => {
            x.open_bundle(stated)?;
        }
    }
    match call.method {
        Method::Initialize => initialize(x, call).await,
        Method::ServerDiscover => discover(x, call).await,
        Method::Ping => Ok(answered(call.id, Object::new())),
        Method::PromptsList
        | Method::ResourcesList
        | Method::ResourcesTemplatesList
        | Method::TasksList
        | Method::ToolsList => lists::serve(x, call).await,
        Method::LoggingSetLevel => {
            let id = call.id.clone();
            fan_out::everywhere(x, call).await?;
            Ok(answered(id, Object::new()))
        }
        Method::SubscriptionsListen => subscription::serve(x, call).await,
        Method::Complete
        | Method::PromptsGet
        | Method::ResourcesRead
        | Method::ResourcesSubscribe
        | Method::ResourcesUnsubscribe
        | Method::TasksCancel
        | Method::TasksGet
        | Method::TasksResult
        | Method::TasksUpdate
        | Method::ToolsCall => routed(x, call).await,
    }
}

/// What names one thing goes to its connection.
async fn routed<P: Ports>(x: &mut Exchange<P>, mut call: Call<'_>) -> Result<Response<Answer<P>>, Refusal> {
    // The gateway's own tool is of no connection, so any that the caller may use will do.
    let connection = match tool::is_called(x.gateway.settings(), &call) {
        true => usable(x)?.into_iter().next(),
        false => names::take_prefix(&mut call),
    };
    let connection = connection.ok_or(Refusal::UnknownName)?;
    if !usable(x)?.contains(&connection) {
        return Err(Refusal::UnknownName);
    }
    let method = call.method;
    direct(x, connection, &mut call);
    if let Some(told) = task::serve::serve(x, &call).await? {
        return Ok(told);
    }
    let relay = crate::start(x, call).await?;
    reply::to_call(x, method, relay).await
}

/// Makes a call one of this connection, in the revision that its server speaks.
fn direct<P: Ports>(x: &mut Exchange<P>, connection: ConnectionName, call: &mut Call<'_>) {
    if let (Era::Legacy(_), Some(bundle)) = (call.era, &x.bundle) {
        let member = bundle.members().iter().find(|member| member.connection == connection);
        call.era = Era::Legacy(member.map(|member| member.revision));
    }
    x.connection = Some(connection);
}

/// The connections that the caller may use: those that trust its issuer and whose scopes its token has. In a session,
/// those that take part in it.
fn usable<P: Ports>(x: &Exchange<P>) -> Result<Vec<ConnectionName>, Refusal> {
    let caller = x.caller()?;
    let endpoint = x.gateway.settings().aggregate().ok_or(Refusal::NotFound)?;
    let may = |connection: &&Connection| {
        connection.issuers.contains(&caller.principal().issuer)
            && connection.scopes.iter().all(|scope| caller.scopes().contains(scope.as_str()))
    };
    let in_session = |connection: &ConnectionName| match &x.bundle {
        None => true,
        Some(bundle) => bundle.members().iter().any(|member| member.connection == *connection),
    };
    let all = endpoint.connections().filter(may).map(|connection| connection.name.clone());
    Ok(all.filter(in_session).collect())
}

async fn initialize<P: Ports>(x: &mut Exchange<P>, call: Call<'_>) -> Result<Response<Answer<P>>, Refusal> {
    let wanted = call.params.as_ref().and_then(|params| params.get_str("protocolVersion"));
    let revision = wanted.and_then(Revision::parse).filter(|revision| is_spoken(*revision));
    let revision = revision.unwrap_or(NEWEST_HANDSHAKE);
    let id = call.id.clone();
    let mut call = call;
    if let Some(params) = call.params.as_mut() {
        params.insert("protocolVersion", revision.as_str());
    }
    let asked = fan_out::everywhere(x, call).await?;
    let mut members = Vec::new();
    let mut summary = fan_out::Summary::default();
    for Asked { connection, result, head, negotiated } in asked {
        let upstream = head.as_ref().and_then(|head| head.headers.get(SESSION_ID));
        let member = negotiated.and_then(|revision| Member::new(connection.clone(), revision, upstream));
        let Some(member) = member else {
            x.connection = Some(connection);
            x.note(&Refusal::Upstream("gave no usable session".to_owned())).await;
            continue;
        };
        members.push(member);
        summary.add(&connection, result);
    }
    let result = Object::new().with("protocolVersion", revision.as_str());
    let mut response = answered(id, summary.write(result, "serverInfo"));
    let sealed = {
        let caller = x.caller()?;
        let bundle = Bundle::new(revision, members);
        bundle.seal(x.gateway.sealer(), caller.principal(), x.now, fresh(&*x.ports))
    };
    let value = sealed.and_then(|sealed| HeaderValue::from_str(&sealed).ok());
    let value = value.ok_or_else(|| Refusal::Upstream("too many connections for one session".to_owned()))?;
    response.headers_mut().insert(SESSION_ID, value);
    Ok(response)
}

fn is_spoken(revision: Revision) -> bool {
    !revision.is_modern() && revision > Revision::V2025_03_26
}

async fn discover<P: Ports>(x: &mut Exchange<P>, call: Call<'_>) -> Result<Response<Answer<P>>, Refusal> {
    let id = call.id.clone();
    let mut summary = fan_out::Summary::default();
    for Asked { connection, result, .. } in fan_out::everywhere(x, call).await? {
        summary.add(&connection, result);
    }
    let spoken = Revision::ALL.into_iter().filter(|revision| revision.is_modern() || is_spoken(*revision));
    let versions: Vec<Json<'_>> = spoken.map(|revision| Json::from(revision.as_str())).collect();
    let result = Object::new().with("resultType", "complete").with("supportedVersions", versions);
    let result = summary.write(result, "_meta").with("ttlMs", 0).with("cacheScope", "private");
    Ok(answered(id, result))
}

/// A notification goes to every session: only the one that it is about knows the id that it names.
async fn notify<P: Ports>(x: &mut Exchange<P>, notice: Notice<'_>) -> Result<Response<Answer<P>>, Refusal> {
    let Era::Legacy(stated) = notice.era else { return Ok(reply::accepted()) };
    x.open_bundle(stated)?;
    let mut deliveries = Vec::new();
    for member in usable_members(x)? {
        x.connection = Some(member.connection.clone());
        let notice = Notice { era: Era::Legacy(Some(member.revision)), ..notice.clone() };
        match crate::notify(x, notice).await {
            Ok(Some(delivery)) => deliveries.push((member.connection, delivery)),
            Ok(None) => {}
            Err(refusal) => x.note(&refusal).await,
        }
    }
    deliver(x, deliveries).await;
    Ok(reply::accepted())
}

/// Waits for all deliveries at once. One that fails does not fail the others.
async fn deliver<P: Ports>(x: &mut Exchange<P>, deliveries: Vec<(ConnectionName, Delivery)>) {
    let (connections, deliveries): (Vec<_>, Vec<_>) = deliveries.into_iter().unzip();
    for (connection, receipt) in connections.into_iter().zip(join_all(deliveries).await) {
        match receipt {
            // A server that does not end sessions ends them by itself.
            Ok(_) | Err(Refusal::MethodNotAllowed { .. } | Refusal::Session(_)) => {}
            Err(refusal) => {
                x.connection = Some(connection);
                x.note(&refusal).await;
            }
        }
    }
}

/// The members of the session that the caller may still use.
fn usable_members<P: Ports>(x: &Exchange<P>) -> Result<Vec<Member>, Refusal> {
    let usable = usable(x)?;
    let members = x.bundle.iter().flat_map(|bundle| bundle.members());
    Ok(members.filter(|member| usable.contains(&member.connection)).cloned().collect())
}

/// The owner of what one member of the session hands out.
fn owner_of<P: Ports>(x: &Exchange<P>, member: &Member) -> Result<Owner, Refusal> {
    let caller = x.caller()?;
    let session = x.bundle.as_ref().and_then(|bundle| bundle.session(&member.connection));
    Ok(Owner::new(caller.principal(), &member.connection, session.as_ref()))
}

/// The answer to a question goes to the connection that asked: the sealed id says which.
async fn answer<P: Ports>(x: &mut Exchange<P>, mut reply: Reply<'_>) -> Result<Response<Answer<P>>, Refusal> {
    x.open_bundle(None)?;
    for member in usable_members(x)? {
        if questions::open(&x.gateway, &owner_of(x, &member)?, &reply.id).is_some() {
            if let Outcome::Result(result) = &mut reply.outcome {
                names::take_related(&member.connection, result);
            }
            x.connection = Some(member.connection);
            return crate::answer(x, reply).await;
        }
    }
    Err(Refusal::Protocol(Rejection::UnexpectedResponse))
}

/// GET: the servers' own streams together, one of them from where it broke off; or the rest of an answer.
pub(crate) async fn listen<P: Ports>(x: &mut Exchange<P>) -> Result<Response<Answer<P>>, Refusal> {
    const NONE: Refusal = Refusal::MethodNotAllowed { allow: "POST, DELETE" };
    portcullis_mcp::era::refuse_doubled_headers(&x.parts.headers)?;
    if !x.parts.headers.contains_key(SESSION_ID) {
        return Err(NONE);
    }
    x.open_bundle(None)?;
    let last = x.parts.headers.get(LAST_EVENT_ID).cloned();
    let mut last = match last {
        Some(id) => Some(of_event(x, id)?),
        None => None,
    };
    if let Some((member, id, true)) = last {
        x.connection = Some(member);
        return reply::opened(crate::listen(x, Some(id)).await?).await.map(reply::one);
    }
    let mut openings = Vec::new();
    for member in usable_members(x)? {
        x.connection = Some(member.connection.clone());
        // The client knows one place to come back to; the others begin anew.
        let of_this = last.take_if(|(of, _, _)| *of == member.connection);
        match crate::listen(x, of_this.map(|(_, id, _)| id)).await {
            Ok(opening) => openings.push(in_time(x, opening)),
            // Many servers have no such stream.
            Err(Refusal::MethodNotAllowed { .. }) => {}
            Err(refusal) => x.note(&refusal).await,
        }
    }
    x.connection = None;
    let relays: Vec<_> = join_all(openings).await.into_iter().flatten().collect();
    if relays.is_empty() { Err(NONE) } else { Ok(reply::streamed(EventStream::new(relays))) }
}

/// Whose an event id is, and whether it is of the answer to a call.
fn of_event<P: Ports>(
    x: &Exchange<P>,
    id: HeaderValue,
) -> Result<(ConnectionName, HeaderValue, bool), Refusal> {
    let foreign = || Refusal::Session("an event id that is not of it");
    let text = id.to_str().map_err(|_| foreign())?.to_owned();
    for member in usable_members(x)? {
        if let Some((_, answering)) = resume::open(&x.gateway, &owner_of(x, &member)?, &text) {
            return Ok((member.connection, id, answering.is_some()));
        }
    }
    Err(foreign())
}

/// A stream that opens soon. One that does not is left out: the client waits for all of them.
fn in_time<P: Ports>(
    x: &Exchange<P>,
    opening: Opening<P>,
) -> impl Future<Output = Option<Relay<P>>> + use<P> {
    let ports = Rc::clone(&x.ports);
    async move {
        let late = pin!(ports.sleep(OPEN_WITHIN));
        match select(pin!(reply::opened(opening)), late).await {
            Either::Left((Ok(relay), _)) => Some(relay),
            Either::Left((Err(Refusal::MethodNotAllowed { .. }), _)) => None,
            Either::Left((Err(refusal), _)) => {
                ports.log(&format!("a server's own stream is left out: {refusal}"));
                None
            }
            Either::Right(_) => {
                ports.log("a server's own stream is left out: it does not open");
                None
            }
        }
    }
}

/// DELETE: the end of all sessions.
pub(crate) async fn close<P: Ports>(x: &mut Exchange<P>) -> Result<Response<Answer<P>>, Refusal> {
    portcullis_mcp::era::refuse_doubled_headers(&x.parts.headers)?;
    x.open_bundle(None)?;
    let mut deliveries = Vec::new();
    for member in usable_members(x)? {
        x.connection = Some(member.connection.clone());
        match crate::close(x).await {
            Ok(delivery) => deliveries.push((member.connection, delivery)),
            // Without a session there is nothing to end.
            Err(Refusal::Session(_)) => {}
            Err(refusal) => x.note(&refusal).await,
        }
    }
    deliver(x, deliveries).await;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

/// An answer that the gateway gives itself.
fn answered<P: Ports>(id: RequestId<'_>, result: Object<'_>) -> Response<Answer<P>> {
    let message = Message::Response(Answered { id: Some(id), outcome: Outcome::Result(result) });
    respond(StatusCode::OK, JSON, message.to_bytes()).map(Answer::Full)
}
