//! `/api/access-requests`: asking to be in a group for a time, and what of the caller's own was asked and granted.
//!
//! Who decides on it does so at `/api/approvals`, as on any request.

use http::Method;
use portcullis_mcp::json::{self, Bounds, Json};
use portcullis_settings::ConnectionName;
use serde_json::{Value, json};

use crate::access::{Unasked, Wish, ask};
use crate::body;
use crate::control::Objection;
use crate::exchange::Exchange;
use crate::ports::Ports;
use crate::record::{self, End};
use crate::refusal::Refusal;

/// The longest body: a group and a reason of the longest kind, all of it in escapes.
const BODY_BYTES: usize = 12 << 10;

/// What may be asked here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// Ask for a group.
    Ask,
    /// Tell what can be asked for, and what was.
    List,
}

impl Deed {
    /// Where all of it is.
    pub(super) const PATH: &str = "/api/access-requests";

    /// Its name in records.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Ask => "access/request",
            Self::List => "access/list",
        }
    }

    /// What a request asks for.
    pub(super) fn of(method: &Method) -> Result<Self, Refusal> {
        match *method {
            Method::POST => Ok(Self::Ask),
            Method::GET => Ok(Self::List),
            _ => Err(Refusal::MethodNotAllowed { allow: "GET, POST" }),
        }
    }

    /// The kind of body that it needs.
    pub(super) const fn body(self) -> Option<&'static str> {
        match self {
            Self::Ask => Some("application/json"),
            Self::List => None,
        }
    }
}

/// Does what is asked.
pub(super) async fn serve<P: Ports>(
    x: &mut Exchange<P>,
    deed: Deed,
    body: P::Body,
) -> Result<Value, Refusal> {
    match deed {
        Deed::Ask => request(x, body).await,
        Deed::List => list(x).await,
    }
}

async fn request<P: Ports>(x: &mut Exchange<P>, mut body: P::Body) -> Result<Value, Refusal> {
    let time = x.gateway.settings().limits.body_time;
    let bytes = body::read(&*x.ports, &mut body, BODY_BYTES, time).await?;
    x.request_bytes = bytes.len().try_into().unwrap_or(u64::MAX);
    let Ok(Json::Object(members)) = json::parse(&bytes, Bounds::request(8)) else {
        return Err(Unasked::Malformed.into());
    };
    x.name = members.get_str("group").map(ToOwned::to_owned);
    let wish = Wish::parse(x, &members)?;
    let plan = ask::plan(x, (&any(x)?, x.gateway.no_labels()), &wish).await?;
    let told = json!({ "for_s": wish.duration.as_secs(), "reason": wish.reason.as_str() });
    let record = record::administrative(x, (Deed::Ask.as_str(), &wish.group), &told, &plan.reasons).await?;
    let standing = ask::perform(x, plan, &wish).await;
    let end = match &standing {
        Ok(standing) => End::Answered { failed: false, text: format!("{} {}", standing.state, standing.id) },
        Err(refusal) => End::Refused(refusal),
    };
    record.close_here(x, end).await.map_err(Refusal::Withheld)?;
    Ok(standing?.value(x))
}

/// Groups that the caller may ask for, or has asked for, each with the last request for it.
async fn list<P: Ports>(x: &mut Exchange<P>) -> Result<Value, Refusal> {
    let (caller, connection) = (x.caller()?, any(x)?);
    let mut groups = Vec::new();
    for rule in x.gateway.access() {
        let may_ask = ask::may_ask(x, (&connection, x.gateway.no_labels()), rule).is_ok();
        let is_in = rule.is_of(caller.principal());
        let standing = match is_in {
            true => None,
            false => ask::mine(x, rule).await?,
        };
        if !may_ask && standing.is_none() {
            continue;
        }
        groups.push(json!({
            "group": rule.group.as_str(),
            "longest_s": rule.longest.as_secs(),
            "may_ask": may_ask && !is_in,
            "is_in": is_in,
            "request": standing.map(|standing| standing.value(x)),
        }));
    }
    Ok(json!({ "groups": groups }))
}

/// Policy is asked about a group, which is the same wherever it is asked.
fn any<P: Ports>(x: &Exchange<P>) -> Result<ConnectionName, Refusal> {
    let first = x.gateway.settings().connections.keys().next();
    Ok(first.cloned().ok_or(Objection::NoConnection)?)
}
