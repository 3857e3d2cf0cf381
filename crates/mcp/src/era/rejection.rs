//! Why a request is refused before policy is asked, and how the protocol wants that to be said.

use http::{HeaderName, StatusCode};

use crate::json::{Json, JsonError, Object};
use crate::message::{MessageError, RequestId};
use crate::revision::Revision;

/// Why a request is refused before policy is asked. `Display` is for the caller: it names nothing but what
/// the caller sent.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Rejection {
    /// Two readers could take it for two things.
    #[error("invalid params: `{0}` could be read in two ways")]
    Ambiguous(&'static str),
    /// A header that must be single is there twice.
    #[error("header `{0}` appears more than once")]
    DoubledHeader(HeaderName),
    /// A header contradicts the body, or is missing (MCP 2026-07-28, HeaderMismatch).
    #[error("header `{0}` does not match the body")]
    HeaderMismatch(HeaderName),
    /// The body is not JSON as we accept it.
    #[error("parse error: {0}")]
    Json(#[from] JsonError),
    /// The body is JSON but no message.
    #[error("invalid request: {0}")]
    Message(#[from] MessageError),
    /// `_meta` lacks a field that the revision demands, or has it in a wrong type.
    #[error("invalid params: `_meta` needs `{0}`")]
    Meta(&'static str),
    /// `initialize` in a batch, which 2025-03-26 forbids.
    #[error("invalid request: `initialize` must not be part of a batch")]
    InitializeInBatch,
    /// The method does not exist, or not in this era.
    #[error("method not found")]
    MethodNotFound {
        /// The era, which decides the HTTP status.
        modern: bool,
    },
    /// The client did not declare a capability that the method needs (2026-07-28).
    #[error("missing required client capability")]
    MissingCapability {
        /// The extension that it must declare.
        extension: &'static str,
    },
    /// The parameters lack what the method is about.
    #[error("invalid params: `{0}` must be a string")]
    MissingParam(&'static str),
    /// More messages in one batch than are accepted.
    #[error("invalid request: more than {limit} messages in a batch")]
    LongBatch {
        /// The most that are accepted.
        limit: usize,
    },
    /// What the call is about has a longer name than a record takes.
    #[error("invalid params: a name or URI of more than {limit} bytes")]
    LongName {
        /// The most that is accepted.
        limit: usize,
    },
    /// `requestState` or `inputResponses` is not what the gateway has given out for this call.
    #[error("invalid params: `{0}` does not belong to this request")]
    Round(&'static str),
    /// A response where none may be sent.
    #[error("invalid request: unexpected response")]
    UnexpectedResponse,
    /// No task of this caller has this id.
    #[error("invalid params: unknown task")]
    UnknownTask,
    /// A revision that the gateway does not speak.
    #[error("unsupported protocol version")]
    UnsupportedVersion {
        /// What the caller asked for.
        requested: String,
        /// Whether the request was modern, which decides the code.
        modern: bool,
    },
}

/// A refused request, with the id to answer it by where it could be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Rejected<'a> {
    /// The id of the request.
    pub id: Option<RequestId<'a>>,
    /// Why.
    pub rejection: Rejection,
}

impl Rejection {
    /// The HTTP status that the protocol wants (MCP 2026-07-28 §4 of the error table; legacy SDK practice).
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::MethodNotFound { modern: true } => StatusCode::NOT_FOUND,
            // Old clients treat a 4xx answer to a request as the end of the session.
            Self::Ambiguous(_)
            | Self::InitializeInBatch
            | Self::LongName { .. }
            | Self::MethodNotFound { modern: false }
            | Self::MissingParam(_)
            | Self::Round(_)
            | Self::UnknownTask => StatusCode::OK,
            Self::DoubledHeader(_)
            | Self::HeaderMismatch(_)
            | Self::Json(_)
            | Self::LongBatch { .. }
            | Self::Message(_)
            | Self::Meta(_)
            | Self::MissingCapability { .. }
            | Self::UnexpectedResponse
            | Self::UnsupportedVersion { .. } => StatusCode::BAD_REQUEST,
        }
    }

    /// The JSON-RPC error code.
    #[must_use]
    pub fn code(&self) -> i64 {
        match self {
            Self::Json(_) => -32700,
            Self::DoubledHeader(_)
            | Self::InitializeInBatch
            | Self::LongBatch { .. }
            | Self::Message(_)
            | Self::UnexpectedResponse => -32600,
            Self::MethodNotFound { .. } => -32601,
            Self::Ambiguous(_)
            | Self::LongName { .. }
            | Self::Meta(_)
            | Self::MissingParam(_)
            | Self::Round(_)
            | Self::UnknownTask => -32602,
            Self::HeaderMismatch(_) => -32020,
            Self::MissingCapability { .. } => -32021,
            Self::UnsupportedVersion { modern: true, .. } => -32022,
            // A modern code here would keep a client of both eras from falling back to `initialize`.
            Self::UnsupportedVersion { modern: false, .. } => -32600,
        }
    }

    /// The `data` of the error, if the protocol wants any.
    #[must_use]
    pub fn data(&self) -> Option<Json<'static>> {
        match self {
            Self::UnsupportedVersion { requested, .. } => {
                let supported = Revision::ALL.iter().map(|revision| Json::from(revision.as_str()));
                let data = Object::new()
                    .with("supported", supported.collect::<Vec<_>>())
                    .with("requested", requested.clone());
                Some(data.into())
            }
            Self::MissingCapability { extension } => {
                let extensions = Object::new().with(*extension, Object::new());
                let required = Object::new().with("extensions", extensions);
                Some(Object::new().with("requiredCapabilities", required).into())
            }
            Self::Ambiguous(_)
            | Self::DoubledHeader(_)
            | Self::HeaderMismatch(_)
            | Self::InitializeInBatch
            | Self::Json(_)
            | Self::LongBatch { .. }
            | Self::LongName { .. }
            | Self::Message(_)
            | Self::Meta(_)
            | Self::MethodNotFound { .. }
            | Self::MissingParam(_)
            | Self::Round(_)
            | Self::UnexpectedResponse
            | Self::UnknownTask => None,
        }
    }
}
