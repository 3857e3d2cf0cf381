//! `/api`: pushing policies, taking an earlier one back into force, asking what is; approvals, with their page;
//! maintenance.
//!
//! The order is that of the data path: edge, authentication before the body is read, policy, record, effect, record.
//! What is pushed must be allowed by the policies in force and signed by a key that the settings trust: neither a stolen
//! token nor a stolen key is enough. There are no cookies, so no page can make a browser push, or approve.
//!
//! An answer is JSON. What is not done has a status of its own, a word for programs and a text that says what to do.

mod access;
mod approvals;
mod maintenance;
mod objection;
mod page;
mod push;
mod recordings;
mod sign_in;
mod status;

use std::rc::Rc;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use portcullis_policy::{Reasons, Target};
use portcullis_settings::{ConnectionName, Settings};
use serde_json::{Value, json};

pub use crate::control::approvals::Undecided;
pub use crate::control::objection::Objection;
pub(crate) use crate::control::recordings::Following;
pub use crate::control::recordings::Undone;
pub use crate::control::sign_in::NotSignedIn;
pub(crate) use crate::control::sign_in::SignIns;

use crate::Answer;
use crate::decide;
use crate::edge::{self, Place};
use crate::exchange::Exchange;
use crate::gateway::Gateway;
use crate::pace;
use crate::ports::Ports;
use crate::refusal::{Addressee, Refusal, respond};
use crate::reply;
use crate::stream::EventStream;

/// What may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    /// Ask to be in a group for a time.
    Access(access::Deed),
    /// Look at what waits for people, or decide on it.
    Approvals(approvals::Deed),
    /// Do what has to be done now and then.
    Maintain,
    /// Tell a monitoring system how much is called.
    Metrics,
    /// Put a bundle in force.
    Push,
    /// Put a bundle in force that was before.
    Rollback,
    /// Read the ledger, or do something with what is in it.
    Read(recordings::Asked),
    /// Tell what is in force.
    Status,
}

impl Deed {
    /// Its name in records.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Access(deed) => deed.as_str(),
            Self::Approvals(deed) => deed.as_str(),
            Self::Maintain => "maintenance",
            Self::Metrics => "recordings/metrics",
            Self::Push => "policy/push",
            Self::Rollback => "policy/rollback",
            Self::Read(asked) => asked.as_str(),
            Self::Status => "policy/status",
        }
    }
}

/// What comes of what is asked.
enum Served {
    /// Records are followed: the answer is a stream.
    Follow(Box<recordings::Begun>),
    /// The answer is there.
    Whole(Response<Bytes>),
}

impl Served {
    fn told(value: &Value) -> Self {
        Self::Whole(answer(StatusCode::OK, value))
    }
}

/// Serves one request at `/api`, or for the page of a request for approval. There is always an answer; what is done at
/// `/api`, and what is not, is on record.
pub async fn handle<P: Ports>(
    gateway: Rc<Gateway>,
    ports: Rc<P>,
    request: Request<P::Body>,
) -> Response<Answer<P>> {
    let (parts, body) = request.into_parts();
    let mut exchange = Exchange::new(gateway, ports, parts);
    match serve(&mut exchange, body).await {
        Ok(Served::Follow(begun)) => {
            reply::streamed(EventStream::following(Following::new(exchange, *begun)))
        }
        Ok(Served::Whole(response)) => response.map(Answer::Full),
        Err(refusal) => {
            let refusal = pace::refused(&mut exchange, refusal);
            exchange.note(&refusal).await;
            refused(&refusal, exchange.deed).map(Answer::Full)
        }
    }
}

async fn serve<P: Ports>(x: &mut Exchange<P>, body: P::Body) -> Result<Served, Refusal> {
    pace::of_address(x)?;
    if let Some(page) = page::serve(x.gateway.settings(), &x.parts) {
        return page.map(Served::Whole);
    }
    match x.parts.uri.path() {
        sign_in::PATH => sign_in::serve(x, body).await.map(|value| Served::told(&value)),
        _ => api(x, body).await,
    }
}

async fn api<P: Ports>(x: &mut Exchange<P>, body: P::Body) -> Result<Served, Refusal> {
    let deed = admit(x.gateway.settings(), &x.parts)?;
    x.deed = Some(deed.as_str());
    x.authenticate(Place::Console).await?;
    pace::of_principal(x)?;
    // Whoever changes what is in force must see all of what is.
    x.active = x.gateway.look(&*x.ports).await?;
    x.token = crate::access::joined(x).await.or(x.token.take());
    let value = match deed {
        Deed::Access(deed) => access::serve(x, deed, body).await?,
        Deed::Approvals(deed) => approvals::serve(x, deed, body).await?,
        Deed::Maintain => maintenance::maintain(x).await?,
        Deed::Metrics => {
            let text = recordings::metrics(x).await?;
            return Ok(Served::Whole(respond(StatusCode::OK, recordings::MEDIA_TYPE, text)));
        }
        Deed::Push => push::push(x, body).await?,
        Deed::Rollback => push::rollback(x, body).await?,
        Deed::Read(asked) => return recordings::serve(x, asked, body).await,
        Deed::Status => status::status(x).await?,
    };
    Ok(Served::told(&value))
}

fn admit(settings: &Settings, parts: &Parts) -> Result<Deed, Refusal> {
    if settings.console.is_none() {
        return Err(Refusal::NotFound);
    }
    let deed = match (parts.uri.path(), &parts.method) {
        (path, method) if path.starts_with("/api/approvals") => {
            let deed = approvals::Deed::of(path, method).ok_or(Refusal::NotFound)??;
            Deed::Approvals(deed)
        }
        (access::Deed::PATH, method) => Deed::Access(access::Deed::of(method)?),
        ("/api/maintenance", &Method::POST) => Deed::Maintain,
        ("/api/maintenance", _) => return Err(Refusal::MethodNotAllowed { allow: "POST" }),
        ("/api/metrics", &Method::GET) => Deed::Metrics,
        ("/api/metrics", _) => return Err(Refusal::MethodNotAllowed { allow: "GET" }),
        ("/api/policy", &Method::POST) => Deed::Push,
        ("/api/policy", &Method::GET) => Deed::Status,
        ("/api/policy", _) => return Err(Refusal::MethodNotAllowed { allow: "GET, POST" }),
        ("/api/policy/rollback", &Method::POST) => Deed::Rollback,
        ("/api/policy/rollback", _) => return Err(Refusal::MethodNotAllowed { allow: "POST" }),
        (path, method) => Deed::Read(recordings::Asked::of(path, method)?),
    };
    edge::check_source(settings, parts)?;
    let needed = match deed {
        Deed::Access(deed) => deed.body(),
        Deed::Approvals(deed) => deed.body(),
        Deed::Push => Some("application/octet-stream"),
        Deed::Rollback => Some("application/json"),
        Deed::Read(asked) => asked.body(),
        Deed::Maintain | Deed::Metrics | Deed::Status => None,
    };
    let Some(needed) = needed else { return Ok(deed) };
    if parts.headers.contains_key(CONTENT_ENCODING) || !is_of(&parts.headers, needed) {
        return Err(Objection::MediaType(needed).into());
    }
    Ok(deed)
}

fn is_of(headers: &HeaderMap, needed: &str) -> bool {
    let mut kinds = headers.get_all(CONTENT_TYPE).iter();
    let kind = kinds.next().and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case(needed) && kinds.next().is_none()
}

/// That policy lets the caller do this on every connection there is: what is pushed decides about all of them.
fn on_all<P: Ports>(x: &Exchange<P>, target: Target<'_>) -> Result<Reasons, Refusal> {
    let mut all = Reasons::default();
    let connections = &x.gateway.settings().connections;
    if connections.is_empty() {
        return Err(Objection::NoConnection.into());
    }
    for connection in connections.keys() {
        merge(&mut all, &on_one(x, connection, target)?);
    }
    Ok(all)
}

/// That policy lets the caller do this on a connection.
fn on_one<P: Ports>(
    x: &Exchange<P>,
    connection: &ConnectionName,
    target: Target<'_>,
) -> Result<Reasons, Refusal> {
    decide::deed(x, (connection, x.gateway.no_labels()), target)
}

/// That policy lets the caller do any of these on some connection.
fn on_any<P: Ports>(x: &Exchange<P>, targets: &[Target<'_>]) -> Result<(), Refusal> {
    any_of(x, x.gateway.settings().connections.keys(), targets)
}

/// That policy lets the caller do any of these on one of these connections.
fn any_of<'c, P: Ports>(
    x: &Exchange<P>,
    connections: impl IntoIterator<Item = &'c ConnectionName>,
    targets: &[Target<'_>],
) -> Result<(), Refusal> {
    let mut denied = Refusal::from(Objection::NoConnection);
    for connection in connections {
        for target in targets {
            match on_one(x, connection, *target) {
                Ok(_) => return Ok(()),
                Err(refusal) => denied = refusal,
            }
        }
    }
    Err(denied)
}

fn merge(all: &mut Reasons, more: &Reasons) {
    for policy in &more.determining {
        if !all.determining.contains(policy) {
            all.determining.push(policy.clone());
        }
    }
    for observation in &more.observed {
        if !all.observed.contains(observation) {
            all.observed.push(observation.clone());
        }
    }
}

fn answer(status: StatusCode, value: &Value) -> Response<Bytes> {
    respond(status, "application/json", value.to_string())
}

/// What a caller is told. It is an operator of this gateway, but not one that policy lets see policies, so why policy
/// says no is not in it.
fn refused(refusal: &Refusal, deed: Option<&str>) -> Response<Bytes> {
    let (status, word, message) = match refusal {
        Refusal::Control(objection) => (objection.status(), objection.word(), objection.told()),
        Refusal::Denied(_) => (
            StatusCode::FORBIDDEN,
            "denied",
            denied(deed).to_owned(),
        ),
        Refusal::Held(_) | Refusal::NeedsApproval(_) | Refusal::Unapprovable { .. } => (
            StatusCode::FORBIDDEN,
            "needs_approval",
            "the policies in force want somebody to approve this, which cannot be done here yet".to_owned(),
        ),
        Refusal::NoPolicy(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "no_policy",
            "no policy is in force, so nobody may do this: the log says why, and `source = \"files\"` under `[policy]` \
             is the way out"
                .to_owned(),
        ),
        Refusal::Store(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "store_unavailable",
            "the store does not answer, so nothing was changed: try again".to_owned(),
        ),
        Refusal::Withheld(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "outcome_unrecorded",
            "it was done, but the gateway could not record the outcome: ask for the status, or again".to_owned(),
        ),
        Refusal::AnswerDenied
        | Refusal::AnswerUncounted(_)
        | Refusal::Body(_)
        | Refusal::Drift(_)
        | Refusal::DriftHeld(_)
        | Refusal::Fetch(_)
        | Refusal::ForgedHeader(_)
        | Refusal::HeadersTooLarge
        | Refusal::HostNotAllowed
        | Refusal::InsufficientScope { .. }
        | Refusal::Keys { .. }
        | Refusal::LegacyUpstream
        | Refusal::MethodNotAllowed { .. }
        | Refusal::ModernUpstream
        | Refusal::NoAnswer { .. }
        | Refusal::NotAcceptable
        | Refusal::NotFound
        | Refusal::OriginNotAllowed
        | Refusal::Paused { .. }
        | Refusal::Protocol(_)
        | Refusal::Session(_)
        | Refusal::TooManyAtOnce
        | Refusal::TooManyFailures
        | Refusal::TooManyFromAddress { .. }
        | Refusal::TooManyOpen { .. }
        | Refusal::TooManyRequests { .. }
        | Refusal::Unauthenticated { .. }
        | Refusal::Uncounted(_)
        | Refusal::UnknownName
        | Refusal::UnsupportedMediaType
        | Refusal::Upstream(_) => return plain(refusal),
    };
    answer(status, &json!({ "error": word, "message": message }))
}

/// What somebody is told whom policy does not let do it. Only actions are named, which everybody knows.
fn denied(deed: Option<&str>) -> &'static str {
    match deed {
        Some(deed) if deed.starts_with("access/") => NOT_OFFERED,
        Some(deed) if deed.starts_with("approval/") => approvals::Deed::DENIED,
        Some(deed) if deed.starts_with("ledger/") || deed.starts_with("recordings/") => {
            "the policies in force do not let you do this: lists, totals, metrics and exports of records need `audit`, \
             reading a recording needs `review`, holding and releasing it `legal_hold`, and erasing it `erase`"
        }
        Some(_) | None => {
            "the policies in force do not let you do this: pushing and maintenance need `configure` on every connection, looking \
             needs `configure`, `review` or `audit` on one"
        }
    }
}

/// The same as where the settings do not list a group: which they list is nobody's who may not ask.
const NOT_OFFERED: &str = "the policies in force do not let you ask for this group, or nobody can";

/// What happens at any other place too: the status and the headers are the same there.
fn plain(refusal: &Refusal) -> Response<Bytes> {
    let (mut head, body) = refusal.answer(&Addressee::default()).into_parts();
    let text = serde_json::from_slice::<Value>(&body).ok();
    let text = text.and_then(|value| Some(value.get("error")?.get("message")?.as_str()?.to_owned()));
    let message = text.unwrap_or_else(|| "not allowed".to_owned());
    if head.status == StatusCode::OK {
        head.status = StatusCode::BAD_REQUEST;
    }
    let told = json!({ "error": refusal.kind(), "message": message }).to_string();
    Response::from_parts(head, told.into())
}
