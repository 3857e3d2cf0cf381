//! The request methods and notifications a client may send. What is not named here does not exist.

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
    /// `tools/call`
    ToolsCall,
    /// `tools/list`
    ToolsList,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 14] = [
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
            | Self::ResourcesUnsubscribe => !modern,
            Self::ServerDiscover => modern,
            Self::Complete
            | Self::PromptsGet
            | Self::PromptsList
            | Self::ResourcesList
            | Self::ResourcesRead
            | Self::ResourcesTemplatesList
            | Self::ToolsCall
            | Self::ToolsList => true,
        }
    }

    /// The member of `params` that names what is asked for, and that `Mcp-Name` repeats
    /// (MCP 2026-07-28, Streamable HTTP, standard request headers).
    #[must_use]
    pub fn name_member(self) -> Option<&'static str> {
        match self {
            Self::ToolsCall | Self::PromptsGet => Some("name"),
            Self::ResourcesRead => Some("uri"),
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
            | Self::ToolsCall => false,
        }
    }
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
    pub(crate) fn members(self) -> &'static [&'static str] {
        match self {
            Self::Cancelled => &["requestId"],
            Self::Progress => &["progressToken", "progress", "total"],
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
