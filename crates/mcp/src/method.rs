//! The request methods and notifications that clients and servers may send. What is not named here does not
//! exist.

/// A request method, from client to server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// `completion/complete`
    Complete,
    /// `initialize` (until 2025-11-25)
    Initialize,
    /// `logging/setLevel` (until 2025-11-25)
    LoggingSetLevel,
    /// `ping` (until 2025-11-25)
    Ping,
    /// `prompts/get`
    PromptsGet,
    /// `prompts/list`
    PromptsList,
    /// `resources/list`
    ResourcesList,
    /// `resources/read`
    ResourcesRead,
    /// `resources/subscribe` (until 2025-11-25)
    ResourcesSubscribe,
    /// `resources/templates/list`
    ResourcesTemplatesList,
    /// `resources/unsubscribe` (until 2025-11-25)
    ResourcesUnsubscribe,
    /// `server/discover` (from 2026-07-28)
    ServerDiscover,
    /// `subscriptions/listen` (from 2026-07-28)
    SubscriptionsListen,
    /// `tasks/cancel` (2025-11-25, and the tasks extension of 2026-07-28)
    TasksCancel,
    /// `tasks/get` (2025-11-25, and the tasks extension of 2026-07-28)
    TasksGet,
    /// `tasks/list` (2025-11-25)
    TasksList,
    /// `tasks/result` (2025-11-25)
    TasksResult,
    /// `tasks/update` (the tasks extension of 2026-07-28)
    TasksUpdate,
    /// `tools/call`
    ToolsCall,
    /// `tools/list`
    ToolsList,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::Complete,
        Self::Initialize,
        Self::LoggingSetLevel,
        Self::Ping,
        Self::PromptsGet,
        Self::PromptsList,
        Self::ResourcesList,
        Self::ResourcesRead,
        Self::ResourcesSubscribe,
        Self::ResourcesTemplatesList,
        Self::ResourcesUnsubscribe,
        Self::ServerDiscover,
        Self::SubscriptionsListen,
        Self::TasksCancel,
        Self::TasksGet,
        Self::TasksList,
        Self::TasksResult,
        Self::TasksUpdate,
        Self::ToolsCall,
        Self::ToolsList,
    ];

    /// The method with this name, if there is one. Names are case-sensitive.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == name)
    }

    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "completion/complete",
            Self::Initialize => "initialize",
            Self::LoggingSetLevel => "logging/setLevel",
            Self::Ping => "ping",
            Self::PromptsGet => "prompts/get",
            Self::PromptsList => "prompts/list",
            Self::ResourcesList => "resources/list",
            Self::ResourcesRead => "resources/read",
            Self::ResourcesSubscribe => "resources/subscribe",
            Self::ResourcesTemplatesList => "resources/templates/list",
            Self::ResourcesUnsubscribe => "resources/unsubscribe",
            Self::ServerDiscover => "server/discover",
            Self::SubscriptionsListen => "subscriptions/listen",
            Self::TasksCancel => "tasks/cancel",
            Self::TasksGet => "tasks/get",
            Self::TasksList => "tasks/list",
            Self::TasksResult => "tasks/result",
            Self::TasksUpdate => "tasks/update",
            Self::ToolsCall => "tools/call",
            Self::ToolsList => "tools/list",
        }
    }

    /// Whether the method exists in the era of the request.
    #[must_use]
    pub fn exists_in(self, modern: bool) -> bool {
        match self {
            Self::Initialize
            | Self::LoggingSetLevel
            | Self::Ping
            | Self::ResourcesSubscribe
            | Self::ResourcesUnsubscribe
            | Self::TasksList
            | Self::TasksResult => !modern,
            Self::ServerDiscover | Self::SubscriptionsListen | Self::TasksUpdate => modern,
            Self::Complete
            | Self::PromptsGet
            | Self::PromptsList
            | Self::ResourcesList
            | Self::ResourcesRead
            | Self::ResourcesTemplatesList
            | Self::TasksCancel
            | Self::TasksGet
            | Self::ToolsCall
            | Self::ToolsList => true,
        }
    }

    /// The member of `params` that names what is asked for, and that `Mcp-Name` repeats
    /// (MCP 2026-07-28, Streamable HTTP, standard request headers; SEP-2663 for tasks).
    #[must_use]
    pub fn name_member(self) -> Option<&'static str> {
        match self {
            Self::ToolsCall | Self::PromptsGet => Some("name"),
            Self::ResourcesRead => Some("uri"),
            Self::TasksCancel | Self::TasksGet | Self::TasksResult | Self::TasksUpdate => Some("taskId"),
            Self::Complete
            | Self::Initialize
            | Self::LoggingSetLevel
            | Self::Ping
            | Self::PromptsList
            | Self::ResourcesList
            | Self::ResourcesSubscribe
            | Self::ResourcesTemplatesList
            | Self::ResourcesUnsubscribe
            | Self::ServerDiscover
            | Self::SubscriptionsListen
            | Self::TasksList
            | Self::ToolsList => None,
        }
    }

    /// Whether the result is a list for display or a cacheable read: such results carry `ttlMs` and
    /// `cacheScope` from 2026-07-28 on.
    #[must_use]
    pub fn is_cacheable(self) -> bool {
        match self {
            Self::PromptsList
            | Self::ResourcesList
            | Self::ResourcesRead
            | Self::ResourcesTemplatesList
            | Self::ServerDiscover
            | Self::ToolsList => true,
            Self::Complete
            | Self::Initialize
            | Self::LoggingSetLevel
            | Self::Ping
            | Self::PromptsGet
            | Self::ResourcesSubscribe
            | Self::ResourcesUnsubscribe
            | Self::SubscriptionsListen
            | Self::TasksCancel
            | Self::TasksGet
            | Self::TasksList
            | Self::TasksResult
            | Self::TasksUpdate
            | Self::ToolsCall => false,
        }
    }

    /// The member of the result that holds the items, if the method answers with a list of pages.
    #[must_use]
    pub fn list_member(self) -> Option<&'static str> {
        match self {
            Self::PromptsList => Some("prompts"),
            Self::ResourcesList => Some("resources"),
            Self::ResourcesTemplatesList => Some("resourceTemplates"),
            Self::TasksList => Some("tasks"),
            Self::ToolsList => Some("tools"),
            Self::Complete
            | Self::Initialize
            | Self::LoggingSetLevel
            | Self::Ping
            | Self::PromptsGet
            | Self::ResourcesRead
            | Self::ResourcesSubscribe
            | Self::ResourcesUnsubscribe
            | Self::ServerDiscover
            | Self::SubscriptionsListen
            | Self::TasksCancel
            | Self::TasksGet
            | Self::TasksResult
            | Self::TasksUpdate
            | Self::ToolsCall => None,
        }
    }

    /// Whether the answer may ask for more input (`InputRequiredResult`, MCP 2026-07-28): the methods that take
    /// `inputResponses` and `requestState`.
    #[must_use]
    pub fn is_multi_round(self) -> bool {
        matches!(self, Self::PromptsGet | Self::ResourcesRead | Self::ToolsCall)
    }

    /// Whether the call is about a task that an earlier call has created.
    #[must_use]
    pub fn is_about_a_task(self) -> bool {
        matches!(self, Self::TasksCancel | Self::TasksGet | Self::TasksResult | Self::TasksUpdate)
    }
}

/// A request method, from server to client. Until 2025-11-25 they are messages of their own; in 2026-07-28 they
/// stand inside an `InputRequiredResult` or a task, and there is no `ping`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ServerMethod {
    /// `elicitation/create`: ask the user.
    Elicit,
    /// `roots/list`: ask for the client's workspace folders.
    ListRoots,
    /// `ping`
    Ping,
    /// `sampling/createMessage`: ask the client's model.
    Sample,
}

impl ServerMethod {
    /// The method with this name, if there is one. Names are case-sensitive.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Elicit, Self::ListRoots, Self::Ping, Self::Sample]
            .into_iter()
            .find(|method| method.as_str() == name)
    }

    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Elicit => "elicitation/create",
            Self::ListRoots => "roots/list",
            Self::Ping => "ping",
            Self::Sample => "sampling/createMessage",
        }
    }
}

/// A notification, from server to client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerNotification {
    /// `notifications/subscriptions/acknowledged` (from 2026-07-28)
    Acknowledged,
    /// `notifications/cancelled`
    Cancelled,
    /// `notifications/elicitation/complete` (2025-11-25)
    ElicitationComplete,
    /// `notifications/message`
    Message,
    /// `notifications/progress`
    Progress,
    /// `notifications/prompts/list_changed`
    PromptsListChanged,
    /// `notifications/resources/list_changed`
    ResourcesListChanged,
    /// `notifications/resources/updated`
    ResourceUpdated,
    /// `notifications/tasks` (the tasks extension of 2026-07-28)
    Task,
    /// `notifications/tasks/status` (2025-11-25)
    TaskStatus,
    /// `notifications/tools/list_changed`
    ToolsListChanged,
}

impl ServerNotification {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Acknowledged,
        Self::Cancelled,
        Self::ElicitationComplete,
        Self::Message,
        Self::Progress,
        Self::PromptsListChanged,
        Self::ResourcesListChanged,
        Self::ResourceUpdated,
        Self::Task,
        Self::TaskStatus,
        Self::ToolsListChanged,
    ];

    /// The notification with this name, if there is one. Names are case-sensitive.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|notification| notification.as_str() == name)
    }

    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Acknowledged => "notifications/subscriptions/acknowledged",
            Self::Cancelled => "notifications/cancelled",
            Self::ElicitationComplete => "notifications/elicitation/complete",
            Self::Message => "notifications/message",
            Self::Progress => "notifications/progress",
            Self::PromptsListChanged => "notifications/prompts/list_changed",
            Self::ResourcesListChanged => "notifications/resources/list_changed",
            Self::ResourceUpdated => "notifications/resources/updated",
            Self::Task => "notifications/tasks",
            Self::TaskStatus => "notifications/tasks/status",
            Self::ToolsListChanged => "notifications/tools/list_changed",
        }
    }
}

/// What a parameter of a notification is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scalar {
    /// A number.
    Number,
    /// A string or a number that names something.
    Token,
}

/// A notification, from client to server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientNotification {
    /// `notifications/cancelled`
    Cancelled,
    /// `notifications/initialized`
    Initialized,
    /// `notifications/progress`
    Progress,
    /// `notifications/roots/list_changed`
    RootsListChanged,
}

impl ClientNotification {
    /// The notification with this name, if there is one.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "notifications/cancelled" => Some(Self::Cancelled),
            "notifications/initialized" => Some(Self::Initialized),
            "notifications/progress" => Some(Self::Progress),
            "notifications/roots/list_changed" => Some(Self::RootsListChanged),
            _ => None,
        }
    }

    /// The parameters that are passed on: those that the protocol needs, and none that carries free text.
    pub(crate) fn members(self) -> &'static [(&'static str, Scalar)] {
        match self {
            Self::Cancelled => &[("requestId", Scalar::Token)],
            Self::Progress => {
                &[("progressToken", Scalar::Token), ("progress", Scalar::Number), ("total", Scalar::Number)]
            }
            Self::Initialized | Self::RootsListChanged => &[],
        }
    }

    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cancelled => "notifications/cancelled",
            Self::Initialized => "notifications/initialized",
            Self::Progress => "notifications/progress",
            Self::RootsListChanged => "notifications/roots/list_changed",
        }
    }
}
