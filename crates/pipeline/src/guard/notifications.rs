//! Which notifications of a server a caller sees, and of what.

use portcullis_mcp::json::{Json, Object};
use portcullis_mcp::message::{Message, Notification, RequestId};
use portcullis_mcp::method::{Method, ServerNotification};
use portcullis_pins::Kind;

use crate::guard::{Guard, Verdict, drift};

impl Guard {
    pub(super) fn notification<'a>(&mut self, notification: Notification<'a>) -> Verdict<'a> {
        let Some(known) = ServerNotification::parse(&notification.method) else {
            return Verdict::Drop("an unknown notification");
        };
        self.note_change(known);
        let Notification { method, params } = notification;
        let mut params = params.unwrap_or_default();
        let judged = match &self.call {
            Some(call) if call.method == Method::SubscriptionsListen => {
                self.of_subscription(known, &mut params)
            }
            Some(_) if self.is_modern() => self.of_modern_call(known, &mut params),
            Some(_) | None => self.of_session(known, &mut params),
        };
        match judged {
            Ok(()) => {
                let params = (!params.is_empty()).then_some(params);
                Verdict::Pass(Message::Notification(Notification { method, params }))
            }
            Err(reason) => Verdict::Drop(reason),
        }
    }

    /// Whoever hears it, and whether or not the caller may: what was known of the list is no longer true.
    fn note_change(&self, notification: ServerNotification) {
        match notification {
            ServerNotification::PromptsListChanged => drift::changed(self, Kind::Prompt),
            ServerNotification::ToolsListChanged => drift::changed(self, Kind::Tool),
            // Definitions of resources are judged in lists only.
            ServerNotification::Acknowledged
            | ServerNotification::Cancelled
            | ServerNotification::ElicitationComplete
            | ServerNotification::Message
            | ServerNotification::Progress
            | ServerNotification::ResourcesListChanged
            | ServerNotification::ResourceUpdated
            | ServerNotification::Task
            | ServerNotification::TaskStatus => {}
        }
    }

    /// Before its answer a call of 2026-07-28 carries only what belongs to it.
    fn of_modern_call(
        &mut self,
        notification: ServerNotification,
        params: &mut Object<'_>,
    ) -> Result<(), &'static str> {
        match notification {
            ServerNotification::Progress => self.clean(params, &["progressToken"]),
            ServerNotification::Message if self.call.as_ref().is_some_and(|call| call.wants_log) => {
                self.clean(params, &[]);
            }
            ServerNotification::Message => return Err("a log message that the call did not ask for"),
            ServerNotification::Acknowledged
            | ServerNotification::Cancelled
            | ServerNotification::ElicitationComplete
            | ServerNotification::PromptsListChanged
            | ServerNotification::ResourcesListChanged
            | ServerNotification::ResourceUpdated
            | ServerNotification::Task
            | ServerNotification::TaskStatus
            | ServerNotification::ToolsListChanged => {
                return Err("a notification that does not belong to a call");
            }
        }
        Ok(())
    }

    /// In a session of the handshake era, on the stream of a call or on the server's own.
    fn of_session(
        &mut self,
        notification: ServerNotification,
        params: &mut Object<'_>,
    ) -> Result<(), &'static str> {
        match notification {
            ServerNotification::Cancelled => return self.cancelled(params),
            ServerNotification::Progress => self.clean(params, &["progressToken"]),
            ServerNotification::ResourceUpdated => {
                if !self.may_read(params.get_str("uri").unwrap_or_default()) {
                    return Err("news of a resource that the caller may not read");
                }
                self.clean(params, &[]);
            }
            // Whose task it is was looked up before.
            ServerNotification::TaskStatus => self.clean(params, &["taskId"]),
            ServerNotification::ElicitationComplete => self.clean(params, &["elicitationId"]),
            ServerNotification::Message
            | ServerNotification::PromptsListChanged
            | ServerNotification::ResourcesListChanged
            | ServerNotification::ToolsListChanged => self.clean(params, &[]),
            ServerNotification::Acknowledged | ServerNotification::Task => {
                return Err("a notification of a later revision");
            }
        }
        Ok(())
    }

    /// The server gives up a question of its own: the client knows it by the sealed id.
    fn cancelled(&mut self, params: &mut Object<'_>) -> Result<(), &'static str> {
        let id = params.get("requestId").cloned().and_then(|id| RequestId::try_from(id).ok());
        let id = id.map(RequestId::into_owned).ok_or("a cancellation of nothing")?;
        let position = self.asked.iter().position(|(own, _)| *own == id);
        let (_, sealed) =
            position.map(|position| self.asked.remove(position)).ok_or("a cancellation of something else")?;
        params.remove("requestId");
        self.clean(params, &[]);
        params.insert("requestId", sealed.into_json());
        Ok(())
    }
}

/// Sets a member of `_meta`.
pub(super) fn set_meta<'a>(object: &mut Object<'a>, member: &'static str, value: Json<'a>) {
    match object.get_mut("_meta").and_then(Json::as_object_mut) {
        Some(meta) => meta.insert(member, value),
        None => object.insert("_meta", Object::new().with(member, value)),
    }
}
