//! Between parsing and detection: a call is brought into the form in which it is judged and may leave.
//!
//! What the server must not learn is taken out, what the gateway has sealed is opened, and what a caller may not
//! name is refused or left out.

use std::collections::BTreeSet;

use portcullis_mcp::ambiguity::is_plain_uri;
use portcullis_mcp::era::{Call, Era, META_LOG_LEVEL, Rejection};
use portcullis_mcp::json::{Json, Object};
use portcullis_mcp::message::LONGEST_ID;
use portcullis_mcp::method::{Method, ServerMethod};
use portcullis_mcp::revision::Revision;
use portcullis_policy::{Question, Target};

use crate::approvals::Carried;
use crate::approvals::task::Part;
use crate::client;
use crate::decide;
use crate::exchange::Exchange;
use crate::features::{Asked, TASKS_EXTENSION};
use crate::guard::Granted;
use crate::owner::Owner;
use crate::ports::Ports;
use crate::refusal::Refusal;
use crate::round::{self, Round};
use crate::session::Session;
use crate::tasks::{self, Tasks};
use crate::{trace, usage};

/// The most resources or tasks of one subscription: policy is asked about each.
const LONGEST_SUBSCRIPTION: usize = 256;
/// The most answers of one `tasks/update`.
const MOST_ANSWERS: usize = 64;

/// What a call is besides its message.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    /// What the caller may be told of an approval, and what it has brought back.
    pub(crate) carried: Carried,
    /// The round of a call in several rounds.
    pub(crate) round: Round,
    /// What may be heard, for `subscriptions/listen`.
    pub(crate) granted: Option<Granted>,
    /// Whether the answer may be a task.
    pub(crate) may_be_task: bool,
}

/// Prepares a call.
///
/// # Errors
/// A task, a state or an answer that is not the caller's; a store that does not tell.
pub(crate) async fn call<P: Ports>(
    x: &Exchange<P>,
    call: &mut Call<'_>,
    session: Option<&Session>,
) -> Result<Prepared, Refusal> {
    let caller = x.caller()?;
    let connection = x.connection_name()?;
    let owner = Owner::new(caller.principal(), connection, session);
    let mut carried = Carried::open((&x.gateway, &owner), call)?;
    asked(x, &caller)?.narrow(call);
    client::shorten_info(call);
    keep_sound_meta(call);
    offer_known_revision(call);
    carried.task = Part::of(x, call);
    let mut prepared = Prepared {
        carried,
        round: round::open(&x.gateway, &owner, call, x.now)?,
        granted: None,
        may_be_task: may_be_task(call),
    };
    let tasks = Tasks { gateway: &x.gateway, ports: &*x.ports, principal: caller.principal(), connection };
    if call.method.is_about_a_task() {
        if call.era == Era::Modern && !declares_tasks(call) {
            return Err(Rejection::MissingCapability { extension: TASKS_EXTENSION }.into());
        }
        own_task(&tasks, call).await?;
    }
    if call.method == Method::TasksUpdate {
        prepared.round.answered = answers_of_task(&tasks, call).await?;
    }
    if call.method == Method::SubscriptionsListen {
        prepared.granted = Some(grant(x, &tasks, call).await?);
    }
    Ok(prepared)
}

/// The caller and the connection, for questions about features of the client.
pub(crate) fn asked<'a, P: Ports>(
    x: &'a Exchange<P>,
    caller: &'a portcullis_identity::VerifiedToken,
) -> Result<Asked<'a>, Refusal> {
    Ok(Asked {
        gateway: &x.gateway,
        active: Some(&x.active),
        principal: caller.principal(),
        connection: x.connection_name()?,
        now: x.now,
    })
}

/// A client that wants a revision which is not spoken here is offered the newest one with a handshake, as a server
/// would do (MCP 2025-11-25, version negotiation). Else the upstream might agree to what nobody here can read.
fn offer_known_revision(call: &mut Call<'_>) {
    let Some(params) = call.params.as_mut().filter(|_| call.method == Method::Initialize) else { return };
    let wanted = params.get_str("protocolVersion").and_then(Revision::parse);
    if wanted.is_none_or(Revision::is_modern) {
        params.insert("protocolVersion", Revision::V2025_11_25.as_str());
    }
}

/// Of the context that a request brings along, its trace stays if it is in its form. Baggage is text for whoever comes
/// later, so it ends here. What is not on record, since it only says how the request is meant, must be as short as an id.
fn keep_sound_meta(call: &mut Call<'_>) {
    let meta = call.params.as_mut().and_then(|params| params.get_mut("_meta")).and_then(Json::as_object_mut);
    let Some(meta) = meta else { return };
    meta.remove("baggage");
    for key in ["progressToken", META_LOG_LEVEL] {
        if !meta.get(key).is_some_and(is_short) {
            meta.remove(key);
        }
    }
    trace::keep_sound(meta);
}

fn is_short(value: &Json<'_>) -> bool {
    match value {
        Json::Number(number) => number.as_str().len() <= LONGEST_ID,
        Json::String(text) => text.len() <= LONGEST_ID,
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => false,
    }
}

/// Whether the client has asked for a task: with the call until 2025-11-25, with its capabilities since. What else
/// could ask for one does not pass.
fn may_be_task(call: &mut Call<'_>) -> bool {
    let is_tool = call.method == Method::ToolsCall;
    let extension = declares_tasks(call);
    let wanted = call.params.as_mut().and_then(|params| params.remove("task"));
    match (call.era, wanted) {
        (Era::Modern, _) => is_tool && extension,
        (Era::Legacy(_), Some(Json::Object(wanted))) if is_tool => {
            let ttl = wanted.get("ttl").filter(|ttl| matches!(ttl, Json::Number(_))).cloned();
            let task = ttl.map_or_else(Object::new, |ttl| Object::new().with("ttl", ttl));
            if let Some(params) = call.params.as_mut() {
                params.insert("task", task);
            }
            true
        }
        (Era::Legacy(_), _) => false,
    }
}

/// Whether this very request declares the extension (2026-07-28).
pub(crate) fn declares_tasks(call: &Call<'_>) -> bool {
    let extensions = call.capabilities().and_then(|capabilities| capabilities.get("extensions"));
    extensions.and_then(Json::as_object).is_some_and(|found| found.get(TASKS_EXTENSION).is_some())
}

async fn own_task<P: Ports>(tasks: &Tasks<'_, P>, call: &Call<'_>) -> Result<(), Refusal> {
    let id = call.name().filter(|id| tasks::is_id(id)).ok_or(Rejection::UnknownTask)?;
    match tasks.owns(id).await? {
        true => Ok(()),
        false => Err(Rejection::UnknownTask.into()),
    }
}

/// Leaves the answers to questions that the task has asked, and says what kind they are.
async fn answers_of_task<P: Ports>(
    tasks: &Tasks<'_, P>,
    call: &mut Call<'_>,
) -> Result<Vec<ServerMethod>, Refusal> {
    let id = call.name().unwrap_or_default().to_owned();
    let answers = call.params.as_mut().and_then(|params| params.get_mut("inputResponses"));
    let Some(answers) = answers.and_then(Json::as_object_mut) else {
        return Err(Rejection::MissingParam("inputResponses").into());
    };
    if answers.len() > MOST_ANSWERS {
        return Err(Rejection::Round("inputResponses").into());
    }
    let mut known = Vec::new();
    for (key, _) in answers.iter() {
        if let Some(method) = tasks.asked(&id, key).await? {
            known.push((key.to_owned(), method));
        }
    }
    answers.retain(|key| known.iter().any(|(asked, _)| asked == key));
    Ok(known.into_iter().map(|(_, method)| method).collect())
}

/// What of a subscription the caller may have. The call then asks for that and nothing else, so the server's
/// acknowledgement shows the caller what it got.
async fn grant<P: Ports>(
    x: &Exchange<P>,
    tasks: &Tasks<'_, P>,
    call: &mut Call<'_>,
) -> Result<Granted, Refusal> {
    let missing = || Refusal::Protocol(Rejection::MissingParam("notifications"));
    let params = call.params.as_mut().ok_or_else(missing)?;
    let wanted = params.get("notifications").and_then(Json::as_object).ok_or_else(missing)?;
    let flag = |member: &str| wanted.get(member) == Some(&Json::Bool(true));
    let mut granted = Granted {
        tools: flag("toolsListChanged"),
        prompts: flag("promptsListChanged"),
        resources: flag("resourcesListChanged"),
        ..Granted::default()
    };
    for uri in texts(wanted, "resourceSubscriptions")? {
        if may_subscribe(x, uri)? {
            granted.uris.insert(uri.to_owned());
        }
    }
    granted.tasks = tasks.own_of(&texts(wanted, "taskIds")?).await?;
    params.insert("notifications", granted.to_json());
    Ok(granted)
}

/// What a member of `notifications` names, each once.
pub(crate) fn texts<'w>(
    wanted: &'w Object<'_>,
    member: &'static str,
) -> Result<BTreeSet<&'w str>, Rejection> {
    let list = match wanted.get(member) {
        None => return Ok(BTreeSet::new()),
        Some(list) => list.as_array().ok_or(Rejection::MissingParam(member))?,
    };
    if list.len() > LONGEST_SUBSCRIPTION {
        return Err(Rejection::Round(member));
    }
    list.iter().map(|text| text.as_str().ok_or(Rejection::MissingParam(member))).collect()
}

/// Whether policy lets the caller hear of a resource. What it says of each counts, or guessing would be free.
fn may_subscribe<P: Ports>(x: &Exchange<P>, uri: &str) -> Result<bool, Refusal> {
    if !is_plain_uri(uri) {
        return Ok(false);
    }
    let caller = x.caller()?;
    let (principal, connection, target) =
        (caller.principal(), x.connection_name()?, Target::Subscribe { uri });
    let usage = x.gateway.usage(&x.active, (principal, connection), target, x.now);
    let session = x.session_of_policy(principal, x.gateway.no_labels(), usage.as_ref());
    let question = Question { principal, connection, target, input: None, types: None, session };
    let decision = decide::allowed(x.active.policies().decide(&question)).map(|_| ());
    usage::decided(x, &decision)?;
    Ok(decision.is_ok())
}
