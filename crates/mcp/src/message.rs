//! JSON-RPC 2.0 messages as MCP narrows them: no batches here, ids are strings or numbers, `params` and
//! `result` are objects.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use crate::json::{Json, Number, Object};

/// One JSON-RPC message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// A method call that wants an answer.
    Request(Request<'a>),
    /// A method call that wants none.
    Notification(Notification<'a>),
    /// An answer.
    Response(Response<'a>),
}

/// A method call that wants an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// The id that the answer repeats.
    pub id: RequestId<'a>,
    /// The method's name, not yet known to exist.
    pub method: Cow<'a, str>,
    /// The parameters; absent and empty are told apart when written back.
    pub params: Option<Object<'a>>,
}

/// A method call that wants no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification<'a> {
    /// The method's name, not yet known to exist.
    pub method: Cow<'a, str>,
    /// The parameters.
    pub params: Option<Object<'a>>,
}

/// An answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response<'a> {
    /// The id of the request; a server that could not read it sends none.
    pub id: Option<RequestId<'a>>,
    /// What came of it.
    pub outcome: Outcome<'a>,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// A result object.
    Result(Object<'a>),
    /// An error.
    Error(ErrorObject<'a>),
}

/// A JSON-RPC error object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorObject<'a> {
    /// The code, as it was written.
    pub code: Number<'a>,
    /// A short description.
    pub message: Cow<'a, str>,
    /// Anything more.
    pub data: Option<Json<'a>>,
}

/// The id of a request. `null` is not one (MCP forbids it).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestId<'a> {
    /// A number, kept as written.
    Number(Number<'a>),
    /// A string.
    String(Cow<'a, str>),
}

/// Why a JSON value is not a JSON-RPC message of MCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// An array: batches belong to 2025-03-26 only.
    #[error("a batch is not accepted")]
    Batch,
    /// The id is null, a boolean, an array or an object.
    #[error("`id` must be a string or a number")]
    BadId,
    /// The id of a request is longer than [`LONGEST_ID`].
    #[error("`id` is too long")]
    LongId,
    /// `params`, `result` or `error` has the wrong type.
    #[error("`{0}` has the wrong type")]
    BadMember(&'static str),
    /// `jsonrpc` is not `"2.0"`.
    #[error("`jsonrpc` must be \"2.0\"")]
    NotJsonRpc2,
    /// The value is not an object.
    #[error("a message is an object")]
    NotObject,
    /// Neither a request nor a notification nor a response, or two at once.
    #[error("not a request, notification or response")]
    Shape,
    /// A member that JSON-RPC does not know.
    #[error("unknown member in the message")]
    UnknownMember,
}

/// The longest id of a caller's request, and token of its notifications, in bytes. No client needs more, and what it
/// writes there goes to the server.
pub const LONGEST_ID: usize = 128;
const MEMBERS: [&str; 6] = ["jsonrpc", "id", "method", "params", "result", "error"];

impl<'a> TryFrom<Json<'a>> for Message<'a> {
    type Error = MessageError;

    fn try_from(value: Json<'a>) -> Result<Self, MessageError> {
        let mut object = match value {
            Json::Object(object) => object,
            Json::Array(_) => return Err(MessageError::Batch),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {
                return Err(MessageError::NotObject);
            }
        };
        if object.get_str("jsonrpc") != Some("2.0") {
            return Err(MessageError::NotJsonRpc2);
        }
        if object.iter().any(|(key, _)| !MEMBERS.contains(&key)) {
            return Err(MessageError::UnknownMember);
        }
        let id = object.remove("id").map(RequestId::try_from);
        let method = object.remove("method");
        let params = object.remove("params");
        let outcome = match (object.remove("result"), object.remove("error")) {
            (None, None) => None,
            (Some(Json::Object(result)), None) => Some(Outcome::Result(result)),
            (Some(_), None) => return Err(MessageError::BadMember("result")),
            (None, Some(error)) => Some(Outcome::Error(ErrorObject::try_from(error)?)),
            (Some(_), Some(_)) => return Err(MessageError::Shape),
        };
        match (method, outcome) {
            (Some(method), None) => Self::call(id, method, params),
            // A server that could not read the id of a request answers with `null`.
            (None, Some(outcome)) if params.is_none() => {
                let id = match (id, &outcome) {
                    (Some(Ok(id)), _) => Some(id),
                    (None | Some(Err(_)), Outcome::Error(_)) => None,
                    (None | Some(Err(_)), Outcome::Result(_)) => return Err(MessageError::BadId),
                };
                Ok(Self::Response(Response { id, outcome }))
            }
            (None | Some(_), None | Some(_)) => Err(MessageError::Shape),
        }
    }
}

impl<'a> Message<'a> {
    fn call(
        id: Option<Result<RequestId<'a>, MessageError>>,
        method: Json<'a>,
        params: Option<Json<'a>>,
    ) -> Result<Self, MessageError> {
        let Json::String(method) = method else { return Err(MessageError::BadMember("method")) };
        let params = match params {
            None => None,
            Some(Json::Object(params)) => Some(params),
            Some(_) => return Err(MessageError::BadMember("params")),
        };
        Ok(match id {
            Some(id) => Self::Request(Request { id: id?, method, params }),
            None => Self::Notification(Notification { method, params }),
        })
    }

    /// The message as a JSON value, to be written.
    #[must_use]
    pub fn into_json(self) -> Json<'a> {
        let head = Object::new().with("jsonrpc", "2.0");
        let object = match self {
            Self::Request(Request { id, method, params }) => {
                with_params(head.with("id", id.into_json()).with("method", Json::String(method)), params)
            }
            Self::Notification(Notification { method, params }) => {
                with_params(head.with("method", Json::String(method)), params)
            }
            Self::Response(Response { id, outcome }) => {
                let head = match id {
                    Some(id) => head.with("id", id.into_json()),
                    None => head,
                };
                match outcome {
                    Outcome::Result(result) => head.with("result", result),
                    Outcome::Error(error) => head.with("error", error.into_json()),
                }
            }
        };
        Json::Object(object)
    }

    /// The message as bytes, to be sent.
    #[must_use]
    pub fn to_bytes(self) -> Vec<u8> {
        self.into_json().to_bytes()
    }
}

fn with_params<'a>(object: Object<'a>, params: Option<Object<'a>>) -> Object<'a> {
    match params {
        Some(params) => object.with("params", params),
        None => object,
    }
}

impl<'a> TryFrom<Json<'a>> for RequestId<'a> {
    type Error = MessageError;

    fn try_from(value: Json<'a>) -> Result<Self, MessageError> {
        match value {
            Json::Number(number) => Ok(Self::Number(number)),
            Json::String(text) => Ok(Self::String(text)),
            Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => Err(MessageError::BadId),
        }
    }
}

impl<'a> RequestId<'a> {
    /// Whether an answer with this id is one to a request with the other. Many servers write the number 1 for 1.0, so
    /// whole numbers are compared by value, as far as every reader holds them exactly.
    #[must_use]
    pub fn answers(&self, request: &RequestId<'_>) -> bool {
        match (self, request) {
            (Self::String(left), RequestId::String(right)) => left == right,
            (Self::Number(left), RequestId::Number(right)) => {
                left == right || left.as_whole().is_some_and(|left| right.as_whole() == Some(left))
            }
            (Self::Number(_), RequestId::String(_)) | (Self::String(_), RequestId::Number(_)) => false,
        }
    }

    /// Whether it is no longer than [`LONGEST_ID`].
    #[must_use]
    pub fn is_short(&self) -> bool {
        let text = match self {
            Self::Number(number) => number.as_str(),
            Self::String(text) => text,
        };
        text.len() <= LONGEST_ID
    }

    /// The id as a JSON value.
    #[must_use]
    pub fn into_json(self) -> Json<'a> {
        match self {
            Self::Number(number) => Json::Number(number),
            Self::String(text) => Json::String(text),
        }
    }

    /// The same id, owning its text.
    #[must_use]
    pub fn into_owned(self) -> RequestId<'static> {
        match self {
            Self::Number(number) => RequestId::Number(number.into_owned()),
            Self::String(text) => RequestId::String(Cow::Owned(text.into_owned())),
        }
    }
}

impl<'a> TryFrom<Json<'a>> for ErrorObject<'a> {
    type Error = MessageError;

    fn try_from(value: Json<'a>) -> Result<Self, MessageError> {
        let Json::Object(mut object) = value else { return Err(MessageError::BadMember("error")) };
        match (object.remove("code"), object.remove("message")) {
            (Some(Json::Number(code)), Some(Json::String(message))) => {
                Ok(Self { code, message, data: object.remove("data") })
            }
            _ => Err(MessageError::BadMember("error")),
        }
    }
}

impl<'a> ErrorObject<'a> {
    /// The error as a JSON value.
    #[must_use]
    pub fn into_json(self) -> Json<'a> {
        let Self { code, message, data } = self;
        let object = Object::new().with("code", Json::Number(code)).with("message", Json::String(message));
        Json::Object(match data {
            Some(data) => object.with("data", data),
            None => object,
        })
    }
}
