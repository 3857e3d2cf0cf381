//! `/api/approvals`: what waits for people, and what they say about it.
//!
//! Who may look, approve, force or revoke is policy's, on the connection that a request is about; whose vote counts is
//! the request's own (`portcullis_approval`). What somebody decides is on record before it is said, and so is what came
//! of it.

mod before;
mod decide;
mod definition;
mod list;
mod undecided;
mod view;

use http::Method;
use portcullis_approval::{Case, Protocol, Read, Reading, RequestId, StoreTrouble, Subject};
use portcullis_ledger::UnixMillis;
use portcullis_policy::{Reasons, Target};
use portcullis_settings::ConnectionName;
use serde_json::Value;

pub(super) use self::list::waiting;
pub use self::undecided::Undecided;

use crate::approvals::drive;
use crate::control::{Objection, any_of, on_all, on_one};
use crate::exchange::Exchange;
use crate::ports::Ports;
use crate::refusal::Refusal;

/// What lets somebody look at requests.
const LOOKING: [Target<'static>; 2] = [Target::Review, Target::Approve];

/// What may be asked here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// Say something about a request.
    Decide(RequestId, Verb),
    /// Tell which requests there are.
    List,
    /// Tell all about one.
    Show(RequestId),
}

/// What can be said about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// Yes, as one of those who are asked.
    Approve,
    /// Yes, in place of all of them.
    Force,
    /// No.
    Reject,
    /// No more, whatever was said before.
    Revoke,
}

impl Deed {
    /// Its name in records.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Decide(_, verb) => verb.deed(),
            Self::List => "approval/list",
            Self::Show(_) => "approval/show",
        }
    }

    /// What a request asks for; `None` for a path of another kind.
    pub(super) fn of(path: &str, method: &Method) -> Option<Result<Self, Refusal>> {
        let rest = path.strip_prefix("/api/approvals")?;
        if rest.is_empty() {
            return Some(only(method, &Method::GET, "GET").map(|()| Self::List));
        }
        let mut parts = rest.strip_prefix('/')?.split('/');
        let id = parts.next().and_then(|id| id.parse().ok());
        let deed = match (id, parts.next(), parts.next()) {
            (Some(id), None, _) => only(method, &Method::GET, "GET").map(|()| Self::Show(id)),
            (Some(id), Some(verb), None) => Verb::of(verb)
                .and_then(|verb| only(method, &Method::POST, "POST").map(|()| Self::Decide(id, verb))),
            (Some(_), Some(_), Some(_)) | (None, ..) => Err(Refusal::NotFound),
        };
        Some(deed)
    }

    /// The kind of body that it needs.
    pub(super) const fn body(self) -> Option<&'static str> {
        match self {
            Self::Decide(..) => Some("application/json"),
            Self::List | Self::Show(_) => None,
        }
    }

    /// What a caller is told to whom policy says no.
    pub(super) const DENIED: &str = "the policies in force do not let you do this: looking at requests needs \
        `review` or `approve` on the connection, deciding `approve`, forcing `force_approve`, taking back `revoke`";
}

impl Verb {
    fn of(text: &str) -> Result<Self, Refusal> {
        match text {
            "approve" => Ok(Self::Approve),
            "force" => Ok(Self::Force),
            "reject" => Ok(Self::Reject),
            "revoke" => Ok(Self::Revoke),
            _ => Err(Refusal::NotFound),
        }
    }

    const ALL: [Self; 4] = [Self::Approve, Self::Force, Self::Reject, Self::Revoke];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Force => "force",
            Self::Reject => "reject",
            Self::Revoke => "revoke",
        }
    }

    const fn deed(self) -> &'static str {
        match self {
            Self::Approve => "approval/approve",
            Self::Force => "approval/force",
            Self::Reject => "approval/reject",
            Self::Revoke => "approval/revoke",
        }
    }

    /// What policy is asked.
    const fn target(self) -> Target<'static> {
        match self {
            Self::Approve | Self::Reject => Target::Approve,
            Self::Force => Target::ForceApprove,
            Self::Revoke => Target::Revoke,
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
        Deed::Decide(id, verb) => {
            x.name = Some(id.to_string());
            decide::decide(x, (id, verb), body).await
        }
        Deed::List => list::list(x).await,
        Deed::Show(id) => {
            x.name = Some(id.to_string());
            show(x, id).await
        }
    }
}

async fn show<P: Ports>(x: &mut Exchange<P>, id: RequestId) -> Result<Value, Refusal> {
    super::on_any(x, &LOOKING)?;
    let case = found(x, id).await?.case;
    may_look(x, &case)?;
    let before = before::of(x, &case).await;
    view::whole(x, &case, before)
}

/// A request, or that there is none. Nobody guesses an id, so whether there is one tells nothing.
async fn found<P: Ports>(x: &mut Exchange<P>, id: RequestId) -> Result<Reading, Refusal> {
    let reading = read(x, id).await?.ok_or(Undecided::Missing)?;
    x.connection = connection(&reading.case).cloned();
    Ok(reading)
}

async fn read<P: Ports>(x: &Exchange<P>, id: RequestId) -> Result<Option<Reading>, Undecided> {
    let protocol = driven(x, Read::new(x.gateway.approvals(), id)).await;
    protocol.finish(now(x)).map_err(Undecided::Unread)
}

/// A protocol when the store has done all that it asks for.
async fn driven<P: Ports, T: Protocol>(x: &Exchange<P>, mut protocol: T) -> T {
    drive(&*x.ports, &mut protocol).await;
    protocol
}

/// The connection that a request is about; `None` if it is about a group.
fn connection(case: &Case) -> Option<&ConnectionName> {
    match &case.request().asked.subject {
        Subject::Access(_) => None,
        Subject::Call(operation) => Some(&operation.connection),
        Subject::Definition(definition) => Some(&definition.connection),
    }
}

/// That policy lets the caller look at a request. One about a group is about what the group may do anywhere.
fn may_look<P: Ports>(x: &Exchange<P>, case: &Case) -> Result<(), Refusal> {
    match connection(case) {
        Some(connection) => any_of(x, [connection], &LOOKING),
        None => on_all(x, Target::Review).or_else(|_| on_all(x, Target::Approve)).map(|_| ()),
    }
}

/// Why policy lets the caller say this about a request.
fn may_say<P: Ports>(x: &Exchange<P>, case: &Case, verb: Verb) -> Result<Reasons, Refusal> {
    match connection(case) {
        Some(connection) => on_one(x, connection, verb.target()),
        None => on_all(x, verb.target()),
    }
}

fn now<P: Ports>(x: &Exchange<P>) -> UnixMillis {
    UnixMillis(x.ports.now())
}

fn only(method: &Method, allowed: &Method, allow: &'static str) -> Result<(), Refusal> {
    if method == allowed { Ok(()) } else { Err(Refusal::MethodNotAllowed { allow }) }
}

impl From<Undecided> for Refusal {
    fn from(undecided: Undecided) -> Self {
        Objection::Approval(undecided).into()
    }
}

impl From<StoreTrouble> for Undecided {
    fn from(trouble: StoreTrouble) -> Self {
        Self::Unread(trouble)
    }
}
