//! A held call as a task (MCP 2026-07-28, tasks extension, SEP-2663).
//!
//! A client that declares the extension gets a task in place of a failure, and asks now and then how it stands
//! ([`serve`]). The task's id is all there is of it until it ends: it holds the call, the request for approval and its
//! times, sealed for the caller and the connection. So nothing of the arguments is in the store, and nothing has to be
//! remembered while people think.
//!
//! Each time the client asks, the call is made anew as far as policy, definitions and approvals let it, as a client
//! would make it that was told to call again. What comes after that happens once: whoever raises the task's counter to
//! 1 makes the call, or ends the task without it ([`Errand::claim`]). So a task that was cancelled is never carried
//! out, and none is carried out twice, also where the approval is good for many calls or no longer needed.
//!
//! | module | what it is about |
//! |---|---|
//! | `kept` | what the store has of a task that has ended |
//! | `serve` | `tasks/get`, `tasks/cancel`, `tasks/update` |
//! | `told` | what clients are told of it |

mod kept;
pub(crate) mod serve;
mod told;

use std::cell::Cell;
use std::rc::Rc;

use portcullis_approval::{Asked, Covered, Found, Operation, Read, RequestId, Requirements, State, Subject};
use portcullis_identity::seal::Purpose;
use portcullis_ledger::UnixMillis;
use portcullis_mcp::ambiguity::spelling;
use portcullis_mcp::era::{
    Call, Era, META_CLIENT_CAPABILITIES, META_LOG_LEVEL, META_PROTOCOL_VERSION, Rejection,
};
use portcullis_mcp::json::{self, Bounds, Json, Object};
use portcullis_mcp::message::RequestId as MessageId;
use portcullis_mcp::method::Method;
use portcullis_mcp::param_headers::PREFIX as PARAM_HEADERS;
use portcullis_mcp::revision::Revision;
use serde::{Deserialize, Serialize};

use crate::aggregate::names;
use crate::approvals::drive::drive;
use crate::approvals::held::{Held, Standing, Told};
pub(super) use crate::approvals::task::told::Created;
use crate::exchange::Exchange;
use crate::features::GOVERNED;
use crate::gateway::Gateway;
use crate::owner::Owner;
use crate::ports::{Ports, StoreError, fresh};
use crate::prepare;
use crate::refusal::Refusal;

const PURPOSE: Purpose = Purpose::new("approval-task");
/// How the ids of the gateway's own tasks begin. No server has a task of such an id.
const PREFIX: &str = "portcullis.task.";
/// The longest id that is given out, in bytes. Clients send it in a header too (`Mcp-Name`), and what is between may not
/// take more.
const LONGEST_ID: usize = 4 << 10;
/// The version of what is sealed.
const VERSION: u64 = 1;

/// What the id of a task holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ticket {
    v: u64,
    /// Under what the store knows the task.
    nonce: String,
    /// The request for approval that it waits for.
    request: String,
    /// When the call was held, in milliseconds since 1970.
    created: u64,
    /// From when on there is no such task.
    expires: u64,
    /// Whether the call came with headers that repeat arguments.
    with_headers: bool,
    /// The parameters of the call.
    params: String,
}

/// Whether this is the id of a task of the gateway's own, or looks like one.
pub(crate) fn is_ours(id: &str) -> bool {
    id.starts_with(PREFIX)
}

/// Whether a call is about such a task, here or where several connections are served. The id holds arguments, if sealed
/// ones, so it is on no record.
pub(crate) fn is_about_ours(call: &Call<'_>) -> bool {
    call.method.is_about_a_task() && call.name().is_some_and(|id| id.contains(PREFIX))
}

/// Takes the id of such a task out of an answer that is put on record.
pub(crate) fn hide(answer: &mut Json<'_>) {
    let result =
        answer.as_object_mut().and_then(|answer| answer.get_mut("result")).and_then(Json::as_object_mut);
    if let Some(result) = result
        && result.get_str("taskId").is_some_and(|id| id.contains(PREFIX))
    {
        result.remove("taskId");
    }
}

impl Ticket {
    fn seal(&self, gateway: &Gateway, owner: &Owner) -> Option<String> {
        let id = format!("{PREFIX}{}", owner.seal(gateway, PURPOSE, self)?);
        (id.len() <= LONGEST_ID).then_some(id)
    }

    /// What an id holds; `None` if it is altered, somebody else's, of another connection, or too old.
    fn open(gateway: &Gateway, owner: &Owner, id: &str, now: u64) -> Option<Self> {
        let sealed = id.strip_prefix(PREFIX).filter(|_| id.len() <= LONGEST_ID)?;
        let ticket = owner.open::<Self>(gateway, PURPOSE, sealed)?;
        (ticket.v == VERSION && now < ticket.expires).then_some(ticket)
    }

    fn request(&self) -> Option<RequestId> {
        self.request.parse().ok()
    }

    /// The call, to be made for whoever asks with this id.
    fn call(&self, id: MessageId<'static>, depth: usize) -> Result<Call<'static>, Refusal> {
        let params = json::parse_text(&self.params, Bounds::request(depth)).map_err(Rejection::Json)?;
        let Json::Object(params) = params.into_owned() else { return Err(Rejection::UnknownTask.into()) };
        Ok(Call { id, method: Method::ToolsCall, params: Some(params), era: Era::Modern })
    }
}

/// What one call has to do with such tasks.
#[derive(Debug, Default)]
pub(crate) struct Part {
    /// The task that the call is made for.
    errand: Option<Rc<Errand>>,
    /// The call, if it may become a task.
    call: Option<Call<'static>>,
}

impl Part {
    /// The part of a call that is prepared but for the round that it may be.
    pub(crate) fn of<P: Ports>(x: &Exchange<P>, call: &Call<'_>) -> Self {
        if x.errand.is_some() {
            return Self { errand: x.errand.clone(), call: None };
        }
        let may_be = call.era == Era::Modern
            && call.method == Method::ToolsCall
            && prepare::declares_tasks(call)
            // What is longer would not fit into an id.
            && usize::try_from(x.request_bytes).is_ok_and(|bytes| bytes <= LONGEST_ID);
        Self { errand: None, call: may_be.then(|| super::carried::owned(call)) }
    }

    /// Whether the call is made for a task.
    pub(super) const fn is_errand(&self) -> bool {
        self.errand.is_some()
    }

    /// Claims the task before its call is made; nothing to do for any other call.
    ///
    /// # Errors
    /// The call must not be made: it was made, the task was ended, or the store does not tell.
    pub(super) fn claim<P: Ports>(&self, x: &Exchange<P>) -> Result<(), Refusal> {
        self.errand.as_ref().map_or(Ok(()), |errand| errand.claim(x))
    }

    /// Whether the call is still what people were asked about.
    ///
    /// # Errors
    /// [`Refusal::Held`]: what it waited for is over.
    pub(super) fn check<P: Ports>(&self, x: &Exchange<P>, operation: Operation) -> Result<(), Refusal> {
        let Some(errand) = &self.errand else { return Ok(()) };
        let subject = x.gateway.approvals().subject(&Subject::Call(operation));
        if errand.request.subject == subject { Ok(()) } else { Err(errand.over(x, Standing::Over)) }
    }

    /// Refuses the call of a task whose own request is over, whatever others have asked since. Only where policy has
    /// changed while people were asked, the task waits for what is asked now.
    ///
    /// # Errors
    /// [`Refusal::Held`], or the store does not tell.
    pub(super) async fn lapsed<P: Ports>(
        &self,
        x: &Exchange<P>,
        asked: &Asked,
        found: &Found,
    ) -> Result<(), Refusal> {
        let Some(errand) = &self.errand else { return Ok(()) };
        let (latest, is_asked_anew) = match found {
            Found::Granted { covered: Covered::Once(once), settle: _ } => (once.request(), false),
            Found::Granted { covered: Covered::Window(cleared), settle: _ } => (cleared.request(), false),
            Found::MustCreate { id: _, after: None } => return Err(errand.over(x, Standing::Over)),
            // The same was asked, and it is over.
            Found::MustCreate { id: _, after: Some(case) } if case.is_about(asked).is_ok() => {
                (case.request().id, true)
            }
            Found::MustCreate { id: _, after: Some(_) } => return errand.is_alive(x).await,
            Found::Pending(case) | Found::Rejected { case, next: _ } => (case.request().id, false),
        };
        match (latest == errand.request, is_asked_anew) {
            (true, false) => Ok(()),
            (true, true) => Err(errand.over(x, Standing::Over)),
            (false, true) => {
                errand.is_alive(x).await?;
                Err(errand.over(x, Standing::Over))
            }
            (false, false) => errand.is_alive(x).await,
        }
    }

    /// The task that a held call becomes; `None` if it becomes none.
    pub(super) fn create<P: Ports>(
        &self,
        x: &Exchange<P>,
        request: RequestId,
        requirements: &Requirements,
    ) -> Option<Created> {
        let call = self.call.as_ref()?;
        let created = x.ports.now();
        let expires = created.saturating_add(super::carried::lifetime(requirements));
        let brought = x.parts.headers.keys().any(|name| name.as_str().starts_with(PARAM_HEADERS));
        let nonce: [u8; 16] = fresh(&*x.ports);
        let ticket = Ticket {
            v: VERSION,
            nonce: nonce.iter().map(|byte| format!("{byte:02x}")).collect(),
            request: request.to_string(),
            created,
            expires,
            with_headers: brought,
            params: Json::from(by_itself(call.params.clone()?)).to_string(),
        };
        let caller = x.caller().ok()?;
        let connection = x.connection_name().ok()?;
        let id = ticket.seal(&x.gateway, &Owner::new(caller.principal(), connection, None))?;
        let id = if x.is_aggregate() { names::name(connection, &id) } else { id };
        Some(Created { id, created, expires })
    }
}

/// The parameters of a call that is made while nobody waits for it: its server must answer at once, and can neither ask
/// the client for anything nor tell it something in between.
fn by_itself(mut params: Object<'static>) -> Object<'static> {
    let Some(meta) = params.get_mut("_meta").and_then(Json::as_object_mut) else { return params };
    meta.remove("progressToken");
    meta.remove(META_LOG_LEVEL);
    meta.insert(META_PROTOCOL_VERSION, Revision::V2026_07_28.as_str());
    if let Some(able) = meta.get_mut(META_CLIENT_CAPABILITIES).and_then(Json::as_object_mut) {
        able.retain(|name| !GOVERNED.contains(&spelling(name).as_str()));
    }
    params
}

/// A task that is about to be carried out, or not.
#[derive(Debug)]
pub(crate) struct Errand {
    request: RequestId,
    /// Whether the call came with headers that repeat arguments, so that the server wants some.
    pub(crate) with_headers: bool,
    key: String,
    claim: Cell<Claim>,
}

/// Whose the task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Claim {
    /// Nobody has asked.
    Free,
    /// Somebody else's: it is carried out, or ended, by them.
    Lost,
    /// Ours.
    Ours,
    /// The store does not tell. It may be lost to everybody.
    Unknown,
}

impl Errand {
    fn new(gateway: &Gateway, ticket: &Ticket, request: RequestId) -> Self {
        Self {
            request,
            with_headers: ticket.with_headers,
            key: kept::key(gateway, "claim", &ticket.nonce),
            claim: Cell::new(Claim::Free),
        }
    }

    /// Makes the task ours, if it is nobody's. Nothing is waited for.
    ///
    /// # Errors
    /// It is not ours.
    fn claim<P: Ports>(&self, x: &Exchange<P>) -> Result<(), Refusal> {
        if self.claim.get() == Claim::Ours {
            return Ok(());
        }
        let raised = x.ports.increment(&self.key, 0).and_then(|before| match before {
            0 => x.ports.increment(&self.key, 1).map(|after| after == 1),
            _ => Ok(false),
        });
        self.claim.set(match raised {
            Ok(true) => Claim::Ours,
            Ok(false) => Claim::Lost,
            Err(_) => Claim::Unknown,
        });
        match raised {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.over(x, Standing::Over)),
            Err(StoreError(reason)) => Err(StoreError(reason).into()),
        }
    }

    /// Whether the request that people were asked with first is one that they may still approve, or have approved.
    async fn is_alive<P: Ports>(&self, x: &Exchange<P>) -> Result<(), Refusal> {
        let mut read = Read::new(x.gateway.approvals(), self.request);
        drive(&*x.ports, &mut read).await;
        let now = UnixMillis(x.ports.now());
        match read.finish(now)?.map(|reading| reading.case.state(now)) {
            Some(State::Approved(_) | State::Pending(_)) => Ok(()),
            Some(State::Rejected) => Err(self.over(x, Standing::Rejected)),
            Some(State::Consumed | State::Expired(_) | State::Revoked) | None => {
                Err(self.over(x, Standing::Over))
            }
        }
    }

    fn over<P: Ports>(&self, x: &Exchange<P>, standing: Standing) -> Refusal {
        Held::new(x, None, self.request, (standing, Told::Finally)).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(text: &str) -> Object<'static> {
        let Json::Object(params) = json::parse_text(text, Bounds::request(8)).unwrap().into_owned() else {
            panic!()
        };
        params
    }

    #[test]
    fn a_call_that_nobody_waits_for_asks_for_nothing_in_between() {
        let able = r#"{"Elicitation":{"url":{}},"sampling":{},"roots":{},"experimental":{},
            "extensions":{"io.modelcontextprotocol/tasks":{}},"other":{}}"#;
        let text = format!(
            r#"{{"name":"pay","arguments":{{"n":1.50}},"_meta":{{"progressToken":1,
            "io.modelcontextprotocol/logLevel":"debug","io.modelcontextprotocol/protocolVersion":"2026-07-28",
            "io.modelcontextprotocol/clientCapabilities":{able},"own":"x"}}}}"#
        );
        let left = Json::from(by_itself(params(&text))).to_string();
        assert_eq!(
            left,
            r#"{"name":"pay","arguments":{"n":1.50},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"other":{}},"own":"x"}}"#
        );
    }
}
