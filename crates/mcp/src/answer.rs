//! Messages that the gateway itself writes, in the shape the caller's revision wants.

use std::borrow::Cow;

use crate::era::{Era, Rejected};
use crate::json::{Json, Number, Object};
use crate::message::{ErrorObject, Message, Outcome, RequestId, Response};
use crate::revision::Revision;

/// JSON-RPC codes of our own. They lie outside the range that JSON-RPC and MCP reserve.
pub mod code {
    /// A refusal of HTTP itself has its status times this: 40100 for 401.
    pub const PER_STATUS: i64 = 100;
    /// Policy says no.
    pub const DENIED: i64 = 40301;
    /// A human must approve first.
    pub const NEEDS_APPROVAL: i64 = 40302;
    /// A human has said no.
    pub const REJECTED: i64 = 40303;
    /// The server behind the gateway could not be used.
    pub const UPSTREAM: i64 = 50201;
    /// The server behind the gateway speaks only revisions of the other era.
    pub const OTHER_ERA: i64 = 40001;
    /// The gateway cannot keep its promises (no record could be written), so nothing was done.
    pub const UNAVAILABLE: i64 = 50301;
    /// The caller sends too much; later it may go on.
    pub const TOO_MANY: i64 = 42901;
}

/// A JSON-RPC error answer.
#[must_use]
pub fn error<'a>(
    id: Option<RequestId<'a>>,
    code: i64,
    message: impl Into<Cow<'a, str>>,
    data: Option<Json<'a>>,
) -> Message<'a> {
    let outcome = Outcome::Error(ErrorObject { code: Number::from(code), message: message.into(), data });
    Message::Response(Response { id, outcome })
}

/// The answer to a request that was refused before policy was asked.
#[must_use]
pub fn rejected(rejected: Rejected<'_>) -> Message<'_> {
    let Rejected { id, rejection } = rejected;
    let code = Number::from(rejection.code());
    let message = rejection.to_string().into();
    let outcome = Outcome::Error(ErrorObject { code, message, data: rejection.data() });
    Message::Response(Response { id, outcome })
}

/// The answer to a client whose era the server behind the gateway does not speak: `modern` says which it does.
///
/// To a modern client this is no modern error, so that one of both eras falls back to `initialize`; to a client of
/// the handshake era it is the error that `initialize` has for this (MCP 2025-11-25, lifecycle).
#[must_use]
pub fn unspoken(id: Option<RequestId<'_>>, modern: bool) -> Message<'_> {
    let spoken = Revision::ALL.iter().filter(|revision| revision.is_modern() == modern);
    let supported: Vec<Json<'_>> = spoken.map(|revision| Json::from(revision.as_str())).collect();
    let (code, text) = match modern {
        true => (-32602, "Unsupported protocol version: this server speaks no revision with `initialize`"),
        false => (code::OTHER_ERA, "this server speaks only revisions with `initialize`"),
    };
    error(id, code, text, Some(Object::new().with("supported", supported).into()))
}

/// A result that asks the client to make the call again (MCP 2026-07-28, `InputRequiredResult`): with the answers to
/// these questions, if there are any, and with this state.
#[must_use]
pub fn input_required<'a>(
    id: RequestId<'a>,
    questions: Option<Object<'a>>,
    state: impl Into<Cow<'a, str>>,
) -> Message<'a> {
    let mut result = Object::new().with("resultType", "input_required");
    if let Some(questions) = questions {
        result.insert("inputRequests", questions);
    }
    result.insert("requestState", Json::String(state.into()));
    self::result(id, result)
}

/// A tool result that tells the model that the tool did not run. Every stock client of every revision hands
/// it to the model, where an HTTP error would end the session.
#[must_use]
pub fn tool_error<'a>(id: RequestId<'a>, era: Era, text: impl Into<Cow<'a, str>>) -> Message<'a> {
    result(id, said(era, text).with("isError", true))
}

/// The result of a tool of the gateway's own.
#[must_use]
pub fn tool_text<'a>(id: RequestId<'a>, era: Era, text: impl Into<Cow<'a, str>>) -> Message<'a> {
    result(id, said(era, text))
}

fn said<'a>(era: Era, text: impl Into<Cow<'a, str>>) -> Object<'a> {
    let block = Object::new().with("type", "text").with("text", Json::String(text.into()));
    let result = match era {
        Era::Modern => Object::new().with("resultType", "complete"),
        Era::Legacy(_) => Object::new(),
    };
    result.with("content", vec![Json::from(block)])
}

fn result<'a>(id: RequestId<'a>, result: Object<'a>) -> Message<'a> {
    Message::Response(Response { id: Some(id), outcome: Outcome::Result(result) })
}
