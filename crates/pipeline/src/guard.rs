//! Stage 8: every frame that comes back is filtered and masked before the caller sees it.
//!
//! Strings and numbers are scanned wherever they stand, keys too, because a caller reads all of them. A frame
//! that the protocol does not allow here is dropped or ends the answer; it is never passed on unread.

mod binary;
mod lists;
mod mask;

use std::rc::Rc;

use portcullis_detect::Counts;
use portcullis_identity::Principal;
use portcullis_mcp::era::Era;
use portcullis_mcp::json::{Json, Number, Object};
use portcullis_mcp::message::{Message, Notification, Outcome, RequestId, Response};
use portcullis_mcp::method::Method;
use portcullis_mcp::revision::Revision;
use portcullis_settings::{Binary, ConnectionName};

use crate::gateway::Gateway;
use crate::guard::lists::List;
pub(crate) use crate::guard::mask::Masker;

/// How long a client may reuse a list or a read, in milliseconds: policy may change meanwhile.
const MAX_TTL_MS: i64 = 60_000;

/// What a frame of the upstream becomes.
#[derive(Debug, PartialEq)]
pub(crate) enum Verdict<'a> {
    /// It goes on to the caller, and more may follow.
    Pass(Message<'a>),
    /// It is the answer to the call; nothing may follow.
    Final {
        /// The guarded answer.
        message: Message<'a>,
        /// Whether it says that the call failed.
        failed: bool,
    },
    /// The caller does not see it. Why, for the log.
    Drop(&'static str),
    /// The upstream broke the protocol and is not read on. Why, for the log.
    Violation(&'static str),
}

/// Who and what the frames are for.
pub(crate) struct Guard {
    gateway: Rc<Gateway>,
    principal: Rc<Principal>,
    connection: ConnectionName,
    now: u64,
    /// The call that is answered; `None` on a stream of the server's own.
    call: Option<Expected>,
    masker: Masker,
    withheld: u32,
    negotiated: Option<Revision>,
    status: Option<u16>,
    frames: u64,
    bytes_out: u64,
}

/// The call whose answer is awaited.
pub(crate) struct Expected {
    pub(crate) id: RequestId<'static>,
    pub(crate) method: Method,
    pub(crate) era: Era,
    /// The tool, prompt or URI that was asked for.
    pub(crate) name: Option<String>,
}

impl Guard {
    pub(crate) fn new(
        gateway: Rc<Gateway>,
        principal: Rc<Principal>,
        connection: ConnectionName,
        now: u64,
        call: Option<Expected>,
    ) -> Self {
        let masker = Masker::for_caller(Rc::clone(&gateway), Rc::clone(&principal), connection.clone());
        Self {
            gateway,
            principal,
            connection,
            now,
            call,
            masker,
            withheld: 0,
            negotiated: None,
            status: None,
            frames: 0,
            bytes_out: 0,
        }
    }

    /// The findings so far, masked or not.
    pub(crate) fn found(&self) -> &Counts {
        self.masker.found()
    }

    /// The placeholders written so far.
    pub(crate) fn masked(&self) -> &Counts {
        self.masker.masked()
    }

    /// The revision that the answer to `initialize` settled on.
    pub(crate) fn negotiated(&self) -> Option<Revision> {
        self.negotiated
    }

    /// Whether a text that can only pass as it is holds something that the caller may not see.
    pub(crate) fn would_mask(&self, text: &str) -> bool {
        self.masker.would_mask_text(text)
    }

    /// The status of the upstream's answer.
    pub(crate) fn status(&self) -> Option<u16> {
        self.status
    }

    /// How many frames were passed on, and their bytes.
    pub(crate) fn frames(&self) -> u64 {
        self.frames
    }

    pub(crate) fn bytes_out(&self) -> u64 {
        self.bytes_out
    }

    pub(crate) fn gateway(&self) -> Rc<Gateway> {
        Rc::clone(&self.gateway)
    }

    /// Notes the status of the upstream's answer.
    pub(crate) fn answered(&mut self, status: http::StatusCode) {
        self.status = Some(status.as_u16());
    }

    /// Counts a frame that goes to the caller.
    pub(crate) fn passed(&mut self, bytes: usize) {
        self.frames += 1;
        self.bytes_out = self.bytes_out.saturating_add(bytes.try_into().unwrap_or(u64::MAX));
    }

    /// Judges one frame.
    pub(crate) fn frame<'a>(&mut self, message: Message<'a>) -> Verdict<'a> {
        match message {
            Message::Response(response) => self.response(response),
            Message::Notification(notification) => self.notification(notification),
            Message::Request(request) if request.method == "ping" && !self.is_modern() => {
                if self.masker.would_mask(&request.id) {
                    return Verdict::Drop("a ping whose id is not only an id");
                }
                Verdict::Pass(Message::Request(portcullis_mcp::message::Request { params: None, ..request }))
            }
            // The capabilities for all other requests were taken out of what the upstream was told.
            Message::Request(_) => {
                Verdict::Drop("a request of the server that the client did not offer to serve")
            }
        }
    }

    fn is_modern(&self) -> bool {
        self.call.as_ref().is_some_and(|call| call.era == Era::Modern)
    }

    fn response<'a>(&mut self, response: Response<'a>) -> Verdict<'a> {
        let Some(call) = &self.call else { return Verdict::Drop("a response on a stream of notifications") };
        let (method, modern) = (call.method, call.era == Era::Modern);
        // A server that could not read the id answers without one; the caller gets its own back.
        let id = match response.id {
            Some(id) if id.clone().into_owned() != call.id => {
                return Verdict::Violation("a response to something else");
            }
            Some(_) | None => call.id.clone(),
        };
        let outcome = match response.outcome {
            Outcome::Error(mut error) => {
                // A code is a small number; anything longer would be a way to say something else.
                if error.code.as_i64().is_none_or(|code| i32::try_from(code).is_err()) {
                    error.code = Number::from(INTERNAL_ERROR);
                }
                self.masker.text(&mut error.message);
                if let Some(data) = &mut error.data {
                    self.withhold_in(data);
                    self.masker.value(data);
                }
                Outcome::Error(error)
            }
            Outcome::Result(mut result) => match self.result(method, modern, &mut result) {
                Ok(()) => Outcome::Result(result),
                Err(violation) => return Verdict::Violation(violation),
            },
        };
        let failed = match &outcome {
            Outcome::Error(_) => true,
            Outcome::Result(result) => result.get("isError") == Some(&Json::Bool(true)),
        };
        Verdict::Final { message: Message::Response(Response { id: Some(id), outcome }), failed }
    }

    fn result(&mut self, method: Method, modern: bool, result: &mut Object<'_>) -> Result<(), &'static str> {
        if modern {
            check_result_type(result)?;
        }
        if let Some(list) = List::of(method) {
            self.filter_list(list, result)?;
        }
        if method == Method::Initialize {
            self.negotiated = Some(negotiated(result)?);
        }
        if method == Method::ServerDiscover {
            supported(result)?;
        }
        if method == Method::ResourcesTemplatesList {
            self.filter_templates(result)?;
        }
        if method == Method::ResourcesRead {
            self.filter_contents(result)?;
        }
        if modern && method.is_cacheable() {
            limit_caching(result);
        }
        if matches!(method, Method::PromptsGet | Method::ToolsCall) {
            self.filter_embedded(result);
        }
        self.clean(result, if List::of(method).is_some() { Some("nextCursor") } else { None });
        Ok(())
    }

    /// Withholds and masks, but for one member that names something for the protocol.
    fn clean(&mut self, object: &mut Object<'_>, opaque: Option<&'static str>) {
        if self.binary() == Binary::Deny {
            self.withheld = self.withheld.saturating_add(binary::withhold(object));
        }
        let opaque = opaque.filter(|member| object.get(member).is_some_and(is_short_scalar));
        self.masker.members(object, opaque);
    }

    fn withhold_in(&mut self, value: &mut Json<'_>) {
        if self.binary() == Binary::Deny {
            self.withheld = self.withheld.saturating_add(binary::withhold_in(value));
        }
    }

    fn notification<'a>(&mut self, notification: Notification<'a>) -> Verdict<'a> {
        if !PASSED_NOTIFICATIONS.contains(&notification.method.as_ref()) {
            return Verdict::Drop("an unknown notification");
        }
        let Notification { method, mut params } = notification;
        if let Some(params) = &mut params {
            let uri = params.get_str("uri").unwrap_or_default();
            if method == "notifications/resources/updated" && !self.may_read(uri) {
                return Verdict::Drop("news of a resource that the caller may not read");
            }
            self.clean(params, opaque_member(&method));
        }
        Verdict::Pass(Message::Notification(Notification { method, params }))
    }

    fn binary(&self) -> Binary {
        self.gateway.connection(&self.connection).map_or(Binary::Deny, |connection| connection.binary)
    }
}

/// JSON-RPC's code for an error inside the server.
const INTERNAL_ERROR: i64 = -32603;
/// The longest value that passes unread because the protocol needs it unchanged.
const LONGEST_OPAQUE: usize = 1024;

/// The member of a notification that must come back unchanged. People never see it.
fn opaque_member(notification: &str) -> Option<&'static str> {
    match notification {
        "notifications/cancelled" => Some("requestId"),
        "notifications/progress" => Some("progressToken"),
        _ => None,
    }
}

fn is_short_scalar(value: &Json<'_>) -> bool {
    match value {
        Json::Number(number) => number.as_str().len() <= LONGEST_OPAQUE,
        Json::String(text) => text.len() <= LONGEST_OPAQUE,
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => false,
    }
}

const PASSED_NOTIFICATIONS: [&str; 7] = [
    "notifications/cancelled",
    "notifications/message",
    "notifications/progress",
    "notifications/prompts/list_changed",
    "notifications/resources/list_changed",
    "notifications/resources/updated",
    "notifications/tools/list_changed",
];

/// MCP 2026-07-28: every result says what it is. The kinds that would open a channel back to the caller were
/// not offered to the server, and an unknown kind must be treated as invalid.
fn check_result_type(result: &Object<'_>) -> Result<(), &'static str> {
    match result.get_str("resultType") {
        Some("complete") => Ok(()),
        Some(_) => Err("a kind of result that the client did not offer to handle"),
        None => Err("a result without `resultType`"),
    }
}

/// The revision must be one that the gateway reads; what it does not police is not offered.
fn negotiated(result: &mut Object<'_>) -> Result<Revision, &'static str> {
    let revision = result.get_str("protocolVersion").and_then(Revision::parse);
    let revision = revision.filter(|revision| !revision.is_modern());
    strip_capabilities(result);
    revision.ok_or("a protocol version that the gateway does not speak")
}

fn supported(result: &mut Object<'_>) -> Result<(), &'static str> {
    let Some(versions) = result.get_mut("supportedVersions").and_then(Json::as_array_mut) else {
        return Err("`supportedVersions` is missing");
    };
    versions.retain(|version| version.as_str().and_then(Revision::parse).is_some());
    strip_capabilities(result);
    Ok(())
}

fn strip_capabilities(result: &mut Object<'_>) {
    if let Some(capabilities) = result.get_mut("capabilities").and_then(Json::as_object_mut) {
        capabilities.retain(|name| !["experimental", "extensions", "tasks"].contains(&name));
    }
}

/// A filtered or masked result is for this caller alone and not for long (MCP 2026-07-28, caching).
fn limit_caching(result: &mut Object<'_>) {
    let ttl = match result.get("ttlMs") {
        Some(Json::Number(number)) => number.as_i64().unwrap_or(0).clamp(0, MAX_TTL_MS),
        Some(_) | None => 0,
    };
    result.insert("ttlMs", ttl);
    result.insert("cacheScope", "private");
}
