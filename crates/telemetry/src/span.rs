//! What is told of a request to the gateway, and of what it asked of an upstream.

use crate::context::{SpanId, TraceId, TraceParent};

/// A span that has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// The trace that it is a part of.
    pub trace: TraceId,
    /// Itself.
    pub id: SpanId,
    /// The span that it is a part of; none where the trace begins.
    pub parent: Option<SpanId>,
    /// Which side it is of.
    pub kind: Kind,
    /// What it is called: one of few.
    pub name: String,
    /// When it began, in nanoseconds since 1970-01-01T00:00:00Z.
    pub began: u64,
    /// When it ended.
    pub ended: u64,
    /// What is known of it.
    pub attributes: Vec<(&'static str, Value)>,
    /// What happened in it.
    pub events: Vec<Event>,
    /// What else it belongs to.
    pub links: Vec<TraceParent>,
    /// Whether it has failed.
    pub failed: bool,
}

/// Which side of a request a span is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Of who asks.
    Client,
    /// Of who answers.
    Server,
}

/// What happened in a span.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When, in nanoseconds since 1970-01-01T00:00:00Z.
    pub at: u64,
    /// What.
    pub name: &'static str,
    /// What is known of it.
    pub attributes: Vec<(&'static str, Value)>,
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A whole number.
    Int(u64),
    /// A text.
    Text(String),
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Int(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
