//! Stage 5: from a call to the question that policy answers, and from its answer to a permit.

use std::collections::BTreeSet;

use portcullis_identity::{Principal, UnixSeconds};
use portcullis_mcp::ambiguity::is_plain_uri;
use portcullis_mcp::era::{Call, Rejection};
use portcullis_mcp::json::{Json, Object};
use portcullis_mcp::method::{ClientNotification, Method, ServerMethod};
use portcullis_policy::{Completion, Decision, Hold, Lifecycle, Permit, Question, Reasons, Session, Target};
use portcullis_settings::{ClassName, ConnectionName};

use crate::active::Active;
use crate::exchange::Exchange;
use crate::features::Asked;
use crate::gateway::Gateway;
use crate::ports::Ports;
use crate::refusal::Refusal;

/// What a method needs before it may go on.
enum Needs<'c> {
    /// A verified caller and nothing else.
    Authentication(Lifecycle),
    /// That policy allows it.
    Policy(Target<'c>),
}

/// What policy lets a call do.
pub(crate) enum Passage {
    /// It may go on once people have approved it.
    Held(Box<Hold>),
    /// It may go on.
    Open(Permit),
}

/// Why policy lets the caller do what is no call.
pub(crate) fn deed<P: Ports>(
    x: &Exchange<P>,
    (connection, labels): (&ConnectionName, &BTreeSet<ClassName>),
    target: Target<'_>,
) -> Result<Reasons, Refusal> {
    let caller = x.caller()?;
    let principal = caller.principal();
    // What is used is counted for calls. A rule that reads it here errs, which denies.
    let session = x.session_of_policy(principal, labels, None);
    let question = Question { principal, connection, target, input: None, types: None, session };
    allowed(x.active.policies().decide(&question))
}

/// Why something may be done where nobody can be asked to approve it.
pub(crate) fn allowed(decision: Decision) -> Result<Reasons, Refusal> {
    match decision {
        Decision::Allow(permit) => Ok(permit.reasons().clone()),
        Decision::Deny(denial) => Err(Refusal::Denied(Box::new(denial))),
        Decision::Hold(hold) => Err(Refusal::NeedsApproval(Box::new(hold))),
    }
}

/// Asks whether a call may go on.
pub(crate) fn call(
    (gateway, active): (&Gateway, &Active),
    (principal, connection): (&Principal, &ConnectionName),
    call: &Call<'_>,
    labels: &BTreeSet<ClassName>,
    now: u64,
) -> Result<Passage, Refusal> {
    let target = match needs(call)? {
        Needs::Authentication(step) => {
            return Ok(Passage::Open(active.policies().permit_lifecycle(principal, step)));
        }
        Needs::Policy(target) => target,
    };
    let usage = gateway.usage(active, (principal, connection), target, now);
    let session = Session {
        labels,
        client: principal.client.as_deref(),
        now: UnixSeconds(now / 1000),
        usage: usage.as_ref(),
    };
    // Only tools and prompts have arguments; elsewhere a member of that name is ignored by servers.
    let has_arguments = matches!(call.method, Method::PromptsGet | Method::ToolsCall);
    let input = call.arguments().filter(|_| has_arguments);
    let types =
        active.input_type(connection, target).map_err(|error| Refusal::NoPolicy(error.to_string()))?;
    let question = Question { principal, connection, target, input, types: types.as_deref(), session };
    match active.policies().decide(&question) {
        Decision::Allow(permit) => Ok(Passage::Open(permit)),
        Decision::Deny(denial) => Err(Refusal::Denied(Box::new(denial))),
        Decision::Hold(hold) => Ok(Passage::Held(Box::new(hold))),
    }
}

/// What policy is asked about before a call may go on: `None` if it is not asked, or if the call does not say. Of a
/// subscription, policy is asked about each resource.
pub(crate) fn target<'c>(call: &'c Call<'_>) -> Option<Target<'c>> {
    match needs(call) {
        Ok(Needs::Policy(target)) => Some(target),
        Ok(Needs::Authentication(Lifecycle::Listen)) => Some(Target::Subscribe { uri: "" }),
        Ok(Needs::Authentication(_)) | Err(_) => None,
    }
}

/// Whether policy decides on this very call.
pub(crate) fn is_decided(call: &Call<'_>) -> bool {
    matches!(needs(call), Ok(Needs::Policy(_)))
}

/// Whether the answers that a call brings may go to the server.
pub(crate) fn answers(
    asked: Asked<'_>,
    answered: &[ServerMethod],
    labels: &BTreeSet<ClassName>,
) -> Result<(), Refusal> {
    match answered.iter().all(|method| asked.may_answer(*method, labels)) {
        true => Ok(()),
        false => Err(Refusal::AnswerDenied),
    }
}

fn needs<'c>(call: &'c Call<'_>) -> Result<Needs<'c>, Refusal> {
    let text = |member: &'static str| {
        let value = call.params.as_ref().and_then(|params| params.get_str(member));
        value.ok_or(Refusal::Protocol(Rejection::MissingParam(member)))
    };
    Ok(match call.method {
        Method::Initialize => Needs::Authentication(Lifecycle::Initialize),
        Method::LoggingSetLevel => Needs::Authentication(Lifecycle::SetLogLevel),
        Method::Ping => Needs::Authentication(Lifecycle::Ping),
        Method::PromptsList => Needs::Authentication(Lifecycle::ListPrompts),
        Method::ResourcesList => Needs::Authentication(Lifecycle::ListResources),
        Method::ResourcesTemplatesList => Needs::Authentication(Lifecycle::ListResourceTemplates),
        Method::ResourcesUnsubscribe => Needs::Authentication(Lifecycle::Unsubscribe),
        Method::ServerDiscover => Needs::Authentication(Lifecycle::Discover),
        // What may not be heard was taken out of it before.
        Method::SubscriptionsListen => Needs::Authentication(Lifecycle::Listen),
        // Only its own tasks get a caller here.
        Method::TasksCancel => Needs::Authentication(Lifecycle::CancelTask),
        Method::TasksGet => Needs::Authentication(Lifecycle::GetTask),
        Method::TasksList => Needs::Authentication(Lifecycle::ListTasks),
        Method::TasksResult => Needs::Authentication(Lifecycle::TaskResult),
        Method::TasksUpdate => Needs::Authentication(Lifecycle::UpdateTask),
        Method::ToolsList => Needs::Authentication(Lifecycle::ListTools),
        Method::Complete => Needs::Policy(Target::Complete(completion(call)?)),
        Method::PromptsGet => Needs::Policy(Target::Prompt { name: text("name")? }),
        Method::ResourcesRead => Needs::Policy(Target::Read { uri: plain(text("uri")?)? }),
        Method::ResourcesSubscribe => Needs::Policy(Target::Subscribe { uri: plain(text("uri")?)? }),
        Method::ToolsCall => Needs::Policy(Target::Tool { name: text("name")? }),
    })
}

fn completion<'c>(call: &'c Call<'_>) -> Result<Completion<'c>, Refusal> {
    let reference = call.params.as_ref().and_then(|params| params.get("ref")).and_then(Json::as_object);
    let text = |reference: &'c Object<'_>, member| reference.get_str(member);
    let found = reference.and_then(|reference| match reference.get_str("type")? {
        "ref/prompt" => text(reference, "name").map(|name| Completion::Prompt { name }),
        "ref/resource" => text(reference, "uri").map(|uri| Completion::Resource { uri }),
        _ => None,
    });
    let found = found.ok_or(Refusal::Protocol(Rejection::MissingParam("ref")))?;
    if let Completion::Resource { uri } = found {
        plain(uri)?;
    }
    Ok(found)
}

/// A URI that policy and the server cannot take for two things.
pub(crate) fn plain(uri: &str) -> Result<&str, Refusal> {
    if is_plain_uri(uri) { Ok(uri) } else { Err(Refusal::Protocol(Rejection::Ambiguous("uri"))) }
}

/// Whether a call must be on record before it leaves: everything but what only describes the server.
pub(crate) fn is_recorded(method: Method) -> bool {
    match method {
        Method::Complete
        | Method::Initialize
        | Method::Ping
        | Method::PromptsList
        | Method::ResourcesList
        | Method::ResourcesTemplatesList
        | Method::ServerDiscover
        | Method::TasksList
        | Method::ToolsList => false,
        Method::LoggingSetLevel
        | Method::PromptsGet
        | Method::ResourcesRead
        | Method::ResourcesSubscribe
        | Method::ResourcesUnsubscribe
        | Method::SubscriptionsListen
        | Method::TasksCancel
        | Method::TasksGet
        | Method::TasksResult
        | Method::TasksUpdate
        | Method::ToolsCall => true,
    }
}

/// The step that a notification is.
pub(crate) fn notification(notification: ClientNotification) -> Lifecycle {
    match notification {
        ClientNotification::Cancelled => Lifecycle::Cancel,
        ClientNotification::Initialized => Lifecycle::Initialized,
        ClientNotification::Progress => Lifecycle::Progress,
        ClientNotification::RootsListChanged => Lifecycle::RootsChanged,
    }
}
