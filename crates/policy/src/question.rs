//! What may be asked: who wants to do what to which thing, with which arguments, in which session.
//!
//! The variants of [`Target`] and [`Lifecycle`] together are everything a caller can want. A method that is in
//! neither has no way to a [`Permit`](crate::Permit), so a new method is denied until somebody adds it here.

use std::collections::BTreeSet;

use portcullis_identity::{Principal, UnixSeconds};
use portcullis_mcp::json::Json;
use portcullis_settings::{ClassName, ConnectionName};

use crate::input_type::InputType;
use crate::usage::Usage;

/// One question to the policies.
#[derive(Clone, Copy, Debug)]
pub struct Question<'q> {
    /// Who asks; verified.
    pub principal: &'q Principal,
    /// The connection that the target belongs to.
    pub connection: &'q ConnectionName,
    /// What is to be done.
    pub target: Target<'q>,
    /// The arguments of the call. `None` and `null` are an empty object; anything else that is not an object
    /// is denied.
    pub input: Option<&'q Json<'q>>,
    /// What the definition of a tool or prompt says of its arguments; without it, each value decides its own type.
    pub types: Option<&'q InputType>,
    /// What is known besides the call.
    pub session: Session<'q>,
}

/// What is known about a request besides its target and its arguments.
#[derive(Clone, Copy, Debug)]
pub struct Session<'q> {
    /// The classes that detection found in the request.
    pub labels: &'q BTreeSet<ClassName>,
    /// The OAuth client id of the token, if it has one.
    pub client: Option<&'q str>,
    /// The time of the request.
    pub now: UnixSeconds,
    /// What the principal has used on the connection so far; `None` if it is not known, or if no policy that can match
    /// reads it ([`PolicySet::may_read_usage`](crate::PolicySet::may_read_usage)). A policy that reads it then errs.
    pub usage: Option<&'q Usage>,
}

/// What is to be done, and to what.
///
/// Names and URIs come from the caller and are compared as they are; canonicalise a URI before asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'q> {
    /// Decide on somebody's request for approval on this connection.
    Approve,
    /// Read the recordings and events of this connection.
    Audit,
    /// `completion/complete`: suggest values for an argument.
    Complete(Completion<'q>),
    /// Change pins, policies or settings of this connection.
    Configure,
    /// The upstream asks the user something (`elicitation/create`).
    Elicit,
    /// Make recordings of this connection unreadable for good.
    Erase,
    /// Approve somebody's request for approval on this connection alone, in place of everybody who is asked.
    ForceApprove,
    /// Keep recordings of this connection from being deleted, or let them go again.
    LegalHold,
    /// The upstream asks for the client's workspace roots (`roots/list`).
    ListRoots,
    /// `prompts/get`.
    Prompt {
        /// The prompt's name.
        name: &'q str,
    },
    /// `resources/read`, and every resource that an answer embeds.
    Read {
        /// The resource's URI.
        uri: &'q str,
    },
    /// Ask people to be in a group for a time. It is about the group, whatever connection is asked about.
    RequestAccess {
        /// The group, with its issuer.
        group: &'q str,
    },
    /// Look at pending requests, drift and findings of this connection.
    Review,
    /// Revoke sessions, tokens and grants on this connection.
    Revoke,
    /// The upstream asks the client's model something (`sampling/createMessage`).
    Sample,
    /// `resources/subscribe`, and each URI of `subscriptions/listen`.
    Subscribe {
        /// The resource's URI.
        uri: &'q str,
    },
    /// `tools/call`.
    Tool {
        /// The tool's name.
        name: &'q str,
    },
}

impl Target<'_> {
    /// What it is called, by which it differs from other targets of its sort; empty if it is the only one.
    pub(crate) const fn own_text(&self) -> &str {
        match self {
            Self::Complete(Completion::Prompt { name }) | Self::Prompt { name } | Self::Tool { name } => name,
            Self::Complete(Completion::Resource { uri }) | Self::Read { uri } | Self::Subscribe { uri } => {
                uri
            }
            Self::RequestAccess { group } => group,
            Self::Approve
            | Self::Audit
            | Self::Configure
            | Self::Elicit
            | Self::Erase
            | Self::ForceApprove
            | Self::LegalHold
            | Self::ListRoots
            | Self::Review
            | Self::Revoke
            | Self::Sample => "",
        }
    }

    /// The same without what it is called: equal for all targets of a sort.
    pub(crate) const fn sort(&self) -> Target<'static> {
        match self {
            Self::Approve => Target::Approve,
            Self::Audit => Target::Audit,
            Self::Complete(Completion::Prompt { .. }) => Target::Complete(Completion::Prompt { name: "" }),
            Self::Complete(Completion::Resource { .. }) => Target::Complete(Completion::Resource { uri: "" }),
            Self::Configure => Target::Configure,
            Self::Elicit => Target::Elicit,
            Self::Erase => Target::Erase,
            Self::ForceApprove => Target::ForceApprove,
            Self::LegalHold => Target::LegalHold,
            Self::ListRoots => Target::ListRoots,
            Self::Prompt { .. } => Target::Prompt { name: "" },
            Self::Read { .. } => Target::Read { uri: "" },
            Self::RequestAccess { .. } => Target::RequestAccess { group: "" },
            Self::Review => Target::Review,
            Self::Revoke => Target::Revoke,
            Self::Sample => Target::Sample,
            Self::Subscribe { .. } => Target::Subscribe { uri: "" },
            Self::Tool { .. } => Target::Tool { name: "" },
        }
    }
}

/// The thing whose argument is completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completion<'q> {
    /// `ref/prompt`.
    Prompt {
        /// The prompt's name.
        name: &'q str,
    },
    /// `ref/resource`.
    Resource {
        /// The URI or URI template.
        uri: &'q str,
    },
}

/// A step of the protocol that needs a verified caller and nothing else.
///
/// None of these has an effect that a policy could want to forbid by itself: what they list is filtered item
/// by item, and what they name (a stream, a request) was permitted when it was started and must be the caller's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lifecycle {
    /// `notifications/cancelled`.
    Cancel,
    /// `tasks/cancel`, of a task of the caller's own.
    CancelTask,
    /// HTTP `DELETE`: end the session.
    CloseSession,
    /// `server/discover`.
    Discover,
    /// `tasks/get`, of a task of the caller's own.
    GetTask,
    /// `initialize`.
    Initialize,
    /// `notifications/initialized`.
    Initialized,
    /// `prompts/list`.
    ListPrompts,
    /// `resources/list`.
    ListResources,
    /// `resources/templates/list`.
    ListResourceTemplates,
    /// `tasks/list`, of which only the caller's own tasks are shown.
    ListTasks,
    /// `tools/list`.
    ListTools,
    /// `subscriptions/listen`; each resource in it is a [`Target::Subscribe`] of its own.
    Listen,
    /// HTTP `GET`: open or resume the stream of a session.
    OpenStream,
    /// `ping`.
    Ping,
    /// `notifications/progress`.
    Progress,
    /// The answer to a request of the upstream that was let through.
    Respond,
    /// `notifications/roots/list_changed`.
    RootsChanged,
    /// `logging/setLevel`.
    SetLogLevel,
    /// `tasks/result`, of a task of the caller's own.
    TaskResult,
    /// `resources/unsubscribe`.
    Unsubscribe,
    /// `tasks/update`, of a task of the caller's own, with answers to what it has asked.
    UpdateTask,
}

impl Lifecycle {
    /// The name of this step in records: the method, where it has one.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cancel => "notifications/cancelled",
            Self::CancelTask => "tasks/cancel",
            Self::CloseSession => "DELETE",
            Self::Discover => "server/discover",
            Self::GetTask => "tasks/get",
            Self::Initialize => "initialize",
            Self::Initialized => "notifications/initialized",
            Self::ListPrompts => "prompts/list",
            Self::ListResources => "resources/list",
            Self::ListResourceTemplates => "resources/templates/list",
            Self::ListTasks => "tasks/list",
            Self::ListTools => "tools/list",
            Self::Listen => "subscriptions/listen",
            Self::OpenStream => "GET",
            Self::Ping => "ping",
            Self::Progress => "notifications/progress",
            Self::Respond => "response",
            Self::RootsChanged => "notifications/roots/list_changed",
            Self::SetLogLevel => "logging/setLevel",
            Self::TaskResult => "tasks/result",
            Self::Unsubscribe => "resources/unsubscribe",
            Self::UpdateTask => "tasks/update",
        }
    }
}
