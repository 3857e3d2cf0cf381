//! Stage 8: every frame that comes back is filtered and masked before the caller sees it.
//!
//! Strings and numbers are scanned wherever they stand, keys too, because a caller reads all of them. A frame
//! that the protocol does not allow here is dropped or ends the answer; it is never passed on unread.

mod approval;
mod binary;
mod completion;
mod drift;
mod lists;
mod mask;
mod notifications;
mod plain;
mod questions;
mod recalled;
mod remembered;
mod results;
mod subscription;
mod task;

use std::rc::Rc;
use std::sync::Arc;

use portcullis_detect::{Counts, KnownValues};
use portcullis_identity::Principal;
use portcullis_mcp::answer::{self, code};
use portcullis_mcp::era::Era;
use portcullis_mcp::json::{Json, Number, Object};
use portcullis_mcp::message::{Message, Outcome, RequestId, Response};
use portcullis_mcp::method::Method;
use portcullis_mcp::revision::Revision;
use portcullis_settings::{Binary, ConnectionName};

use crate::aggregate::names;
use crate::definitions::{Lifted, News};
use crate::features::Asked;
use crate::gateway::Gateway;
pub(crate) use crate::guard::mask::Masker;
use crate::guard::recalled::{Arrived, Fresh, Written};
pub(crate) use crate::guard::remembered::Lists;
pub(crate) use crate::guard::subscription::Granted;
use crate::owner::Owner;
use crate::session::Session;
use crate::tasks::Duty;
use crate::tokenize::Tokenizer;
use crate::usage::Seen;

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
    /// The caller does not see it, and the server gets this in return. Why, for the log.
    Refuse(Message<'a>, &'static str),
    /// The upstream broke the protocol and is not read on. Why, for the log.
    Violation(&'static str),
}

/// Who and what the frames are for.
pub(crate) struct Guard {
    gateway: Rc<Gateway>,
    principal: Rc<Principal>,
    connection: ConnectionName,
    session: Option<Session>,
    prefixed: bool,
    owner: Owner,
    now: u64,
    /// The call that is answered; `None` on a stream of the server's own.
    call: Option<Expected>,
    masker: Masker,
    withheld: u32,
    negotiated: Option<Revision>,
    status: Option<u16>,
    frames: u64,
    bytes_out: u64,
    /// What must be in the store before the frame that was judged last is released.
    duties: Vec<Duty>,
    /// What people are to be told of the frame that was judged last.
    news: News,
    /// Whether a tool was hidden that has the name of the gateway's own.
    shadowed: bool,
    /// Whether the server may give back what was put into the call in the place of tokens.
    has_restored: bool,
    /// What is known of the list in the frame that was read last.
    arrived: Option<Arrived>,
    /// What is to be remembered of it.
    fresh: Option<Fresh>,
    /// Its items, where the message is without them.
    written: Option<Written>,
    /// What the frame that is judged next may show although it is not what is pinned.
    lifted: Lifted,
    /// The questions that went to the client on this stream, as the server and as the client name them.
    asked: Vec<(RequestId<'static>, RequestId<'static>)>,
}

/// Whom the frames are for.
pub(crate) struct Recipient {
    pub(crate) principal: Rc<Principal>,
    pub(crate) connection: ConnectionName,
    pub(crate) session: Option<Session>,
    /// Whether names and URIs begin with the connection's name, because several are served together.
    pub(crate) prefixed: bool,
    /// In milliseconds since 1970.
    pub(crate) now: u64,
    /// What was put into the call in the place of tokens.
    pub(crate) restored: Vec<Arc<KnownValues>>,
}

/// The call whose answer is awaited.
#[derive(Clone)]
pub(crate) struct Expected {
    pub(crate) id: RequestId<'static>,
    pub(crate) method: Method,
    pub(crate) era: Era,
    /// The tool, prompt, URI or task that was asked for.
    pub(crate) name: Option<String>,
    /// The template or prompt whose argument is completed, for `completion/complete`.
    pub(crate) completed: Option<Completed>,
    /// Whether it asks for a list from its beginning.
    pub(crate) begins_list: bool,
    /// Whether the call asked for log messages (2026-07-28).
    pub(crate) wants_log: bool,
    /// Whether the answer may be a task.
    pub(crate) may_be_task: bool,
    /// What was granted, for `subscriptions/listen`.
    pub(crate) granted: Option<Granted>,
}

/// The resource template and the variable that are completed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Completed {
    pub(crate) template: String,
    pub(crate) variable: String,
}

impl Guard {
    pub(crate) fn new(gateway: Rc<Gateway>, recipient: Recipient, call: Option<Expected>) -> Self {
        let Recipient { principal, connection, session, prefixed, now, restored } = recipient;
        let has_restored = !restored.is_empty();
        let owner = Owner::new(&principal, &connection, session.as_ref());
        let masker = Masker::for_caller(Rc::clone(&gateway), Rc::clone(&principal), connection.clone());
        Self {
            masker: masker.looking_for(restored).keeping(Tokenizer::of(&gateway, &owner)),
            owner,
            gateway,
            principal,
            connection,
            session,
            prefixed,
            now,
            call,
            withheld: 0,
            negotiated: None,
            status: None,
            frames: 0,
            bytes_out: 0,
            duties: Vec::new(),
            news: News::default(),
            shadowed: false,
            has_restored,
            arrived: None,
            fresh: None,
            written: None,
            lifted: Lifted::new(),
            asked: Vec::new(),
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

    pub(crate) fn principal(&self) -> &Principal {
        &self.principal
    }

    pub(crate) fn connection(&self) -> &ConnectionName {
        &self.connection
    }

    pub(crate) fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    pub(crate) fn owner(&self) -> &Owner {
        &self.owner
    }

    /// Masks what was masked for the caller once more, for the store.
    pub(crate) fn masker_for_store(&self) -> Masker {
        self.masker.for_store_too()
    }

    pub(crate) fn call(&self) -> Option<&Expected> {
        self.call.as_ref()
    }

    /// Lets time pass: a stream may last for hours, and policy may look at the clock.
    pub(crate) fn tick(&mut self, now: u64) {
        self.now = now;
    }

    /// Remembers what is found from now on, until it is taken.
    pub(crate) fn watch_values(&mut self) {
        self.masker.watch();
    }

    /// What was found since this was last asked.
    pub(crate) fn take_seen(&mut self) -> Seen {
        self.masker.take_seen()
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

    /// What must be in the store before the frame that was judged last is released.
    pub(crate) fn take_duties(&mut self) -> Vec<Duty> {
        std::mem::take(&mut self.duties)
    }

    /// What the next frame may show although it is not what is pinned.
    pub(crate) fn lift(&mut self, lifted: Lifted) {
        self.lifted = lifted;
    }

    /// What people are to be told of the frame that was judged last.
    pub(crate) fn take_news(&mut self) -> News {
        std::mem::take(&mut self.news)
    }

    /// Whether a tool was hidden that has the name of the gateway's own, since this was last asked.
    pub(crate) fn take_shadowed(&mut self) -> bool {
        std::mem::take(&mut self.shadowed)
    }

    /// Judges one frame.
    pub(crate) fn frame<'a>(&mut self, message: Message<'a>) -> Verdict<'a> {
        let mut verdict = match message {
            Message::Response(response) => self.response(response),
            Message::Notification(notification) => self.notification(notification),
            Message::Request(request) => self.question(request),
        };
        if let Verdict::Pass(message) | Verdict::Final { message, .. } = &mut verdict
            && self.prefixed
        {
            names::prefix(&self.connection, message);
        }
        verdict
    }

    pub(crate) fn is_modern(&self) -> bool {
        self.call.as_ref().is_some_and(|call| call.era == Era::Modern)
    }

    fn response<'a>(&mut self, response: Response<'a>) -> Verdict<'a> {
        let Some(call) = self.call.clone() else {
            return Verdict::Drop("a response on a stream of notifications");
        };
        // A server that could not read the id answers without one; the caller gets its own back.
        let id = match response.id {
            Some(id) if !id.answers(&call.id) => {
                return Verdict::Violation("a response to something else");
            }
            Some(_) | None => call.id.clone(),
        };
        let outcome = match response.outcome {
            Outcome::Error(error) if !self.may_send_elsewhere(&error) => return not_allowed(&call),
            Outcome::Error(mut error) => {
                self.error(&mut error);
                Outcome::Error(error)
            }
            Outcome::Result(mut result) => match self.result(&call, &mut result) {
                Ok(()) => Outcome::Result(result),
                Err(Fault::Violation(violation)) => return Verdict::Violation(violation),
                Err(Fault::NotAllowed) => return not_allowed(&call),
            },
        };
        let failed = match &outcome {
            Outcome::Error(_) => true,
            Outcome::Result(result) => result.get("isError") == Some(&Json::Bool(true)),
        };
        Verdict::Final { message: Message::Response(Response { id: Some(id), outcome }), failed }
    }

    fn error(&mut self, error: &mut portcullis_mcp::message::ErrorObject<'_>) {
        // A code is a small number; anything longer would be a way to say something else.
        if error.code.as_i64().is_none_or(|code| i32::try_from(code).is_err()) {
            error.code = Number::from(INTERNAL_ERROR);
        }
        self.masker.text(&mut error.message);
        if let Some(data) = &mut error.data {
            self.withhold_in(data);
            self.masker.value(data);
        }
    }

    /// Withholds and masks, but for one member that names something for the protocol.
    fn clean(&mut self, object: &mut Object<'_>, opaque: &[&str]) {
        if self.binary() == Binary::Deny {
            self.withheld = self.withheld.saturating_add(binary::withhold(object));
        }
        let opaque: Vec<&str> =
            opaque.iter().copied().filter(|member| object.get(member).is_some_and(is_short_scalar)).collect();
        self.masker.members(object, &opaque);
    }

    fn withhold_in(&mut self, value: &mut Json<'_>) {
        if self.binary() == Binary::Deny {
            self.withheld = self.withheld.saturating_add(binary::withhold_in(value));
        }
    }

    fn binary(&self) -> Binary {
        self.gateway.connection(&self.connection).map_or(Binary::Deny, |connection| connection.binary)
    }

    fn asked_about(&self) -> Asked<'_> {
        Asked {
            gateway: &self.gateway,
            active: None,
            principal: &self.principal,
            connection: &self.connection,
            now: self.now,
        }
    }
}

/// Why a result does not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It asks for what policy does not allow.
    NotAllowed,
    /// The upstream broke the protocol.
    Violation(&'static str),
}

impl From<&'static str> for Fault {
    fn from(violation: &'static str) -> Self {
        Self::Violation(violation)
    }
}

/// The end of a call whose server asks the client for something that policy does not allow.
fn not_allowed<'a>(call: &Expected) -> Verdict<'a> {
    const TEXT: &str = "not allowed: the server asks for input that policy does not let it ask for";
    let id = call.id.clone();
    let message = if call.method == Method::ToolsCall {
        answer::tool_error(id, call.era, TEXT)
    } else {
        answer::error(Some(id), code::DENIED, TEXT, None)
    };
    Verdict::Final { message, failed: true }
}

/// JSON-RPC's code for an error inside the server.
const INTERNAL_ERROR: i64 = -32603;
/// The longest value that passes unread because the protocol needs it unchanged.
const LONGEST_OPAQUE: usize = 1024;

fn is_short_scalar(value: &Json<'_>) -> bool {
    match value {
        Json::Number(number) => number.as_str().len() <= LONGEST_OPAQUE,
        Json::String(text) => text.len() <= LONGEST_OPAQUE,
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => false,
    }
}
