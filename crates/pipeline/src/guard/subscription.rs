//! `subscriptions/listen` (MCP 2026-07-28): the caller hears what was granted, and nothing else.

use std::collections::BTreeSet;

use portcullis_mcp::json::{Json, Object};
use portcullis_mcp::method::ServerNotification;

use crate::guard::Guard;
use crate::guard::notifications::set_meta;

/// The member of `_meta` that says which subscription a message belongs to.
const SUBSCRIPTION_ID: &str = "io.modelcontextprotocol/subscriptionId";

/// What a caller may hear: what it asked for, less what policy does not let it have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Granted {
    pub(crate) tools: bool,
    pub(crate) prompts: bool,
    pub(crate) resources: bool,
    pub(crate) uris: BTreeSet<String>,
    pub(crate) tasks: BTreeSet<String>,
}

impl Granted {
    /// The value of `params.notifications` that asks for this.
    pub(crate) fn to_json(&self) -> Object<'static> {
        let mut object = Object::new();
        for (member, wanted) in [
            ("toolsListChanged", self.tools),
            ("promptsListChanged", self.prompts),
            ("resourcesListChanged", self.resources),
        ] {
            if wanted {
                object.insert(member, true);
            }
        }
        for (member, texts) in [("resourceSubscriptions", &self.uris), ("taskIds", &self.tasks)] {
            if !texts.is_empty() {
                let texts: Vec<Json<'_>> = texts.iter().cloned().map(Json::from).collect();
                object.insert(member, texts);
            }
        }
        object
    }

    /// What of this the server honours.
    fn honoured(&self, said: &Object<'_>) -> Self {
        let flag = |member, granted: bool| granted && said.get(member) == Some(&Json::Bool(true));
        let texts = |member, granted: &BTreeSet<String>| {
            let said = said.get(member).and_then(Json::as_array).unwrap_or_default();
            said.iter()
                .filter_map(Json::as_str)
                .filter(|text| granted.contains(*text))
                .map(str::to_owned)
                .collect()
        };
        Self {
            tools: flag("toolsListChanged", self.tools),
            prompts: flag("promptsListChanged", self.prompts),
            resources: flag("resourcesListChanged", self.resources),
            uris: texts("resourceSubscriptions", &self.uris),
            tasks: texts("taskIds", &self.tasks),
        }
    }
}

impl Guard {
    pub(super) fn of_subscription(
        &mut self,
        notification: ServerNotification,
        params: &mut Object<'_>,
    ) -> Result<(), &'static str> {
        const NOT_GRANTED: &str = "news that the caller has not been granted";
        let granted = self.call.as_ref().and_then(|call| call.granted.clone()).unwrap_or_default();
        match notification {
            ServerNotification::Acknowledged => {
                let said = params.get("notifications").and_then(Json::as_object);
                let honoured = said.map(|said| granted.honoured(said)).unwrap_or_default();
                params.retain(|member| member == "_meta");
                self.clean(params, &[]);
                params.insert("notifications", honoured.to_json());
            }
            ServerNotification::ToolsListChanged if granted.tools => self.clean(params, &[]),
            ServerNotification::PromptsListChanged if granted.prompts => self.clean(params, &[]),
            ServerNotification::ResourcesListChanged if granted.resources => self.clean(params, &[]),
            ServerNotification::ResourceUpdated => {
                let uri =
                    params.get_str("uri").filter(|uri| granted.uris.contains(*uri)).ok_or(NOT_GRANTED)?;
                if !self.may_subscribe(uri) {
                    return Err("news of a resource that policy no longer lets the caller subscribe to");
                }
                self.clean(params, &["uri"]);
            }
            ServerNotification::Task => {
                let id = params.get_str("taskId").map(ToOwned::to_owned);
                let id = id.filter(|id| granted.tasks.contains(id)).ok_or(NOT_GRANTED)?;
                self.task_state(&id, params).map_err(|_| "news of a task that is not as it should be")?;
            }
            ServerNotification::Cancelled => {
                params.retain(|member| member == "_meta");
                self.clean(params, &[]);
                if let Some(call) = &self.call {
                    params.insert("requestId", call.id.clone().into_json());
                }
            }
            ServerNotification::ElicitationComplete
            | ServerNotification::Message
            | ServerNotification::Progress
            | ServerNotification::PromptsListChanged
            | ServerNotification::ResourcesListChanged
            | ServerNotification::TaskStatus
            | ServerNotification::ToolsListChanged => return Err(NOT_GRANTED),
        }
        self.name_subscription(params);
        Ok(())
    }

    /// Every message of a subscription names it by the id of the call, and the caller's own id is the one it knows.
    pub(super) fn name_subscription(&self, object: &mut Object<'_>) {
        if let Some(call) = &self.call {
            set_meta(object, SUBSCRIPTION_ID, call.id.clone().into_json());
        }
    }
}
