//! What others can follow a request by: its trace (W3C Trace Context), and spans for a collector (OpenTelemetry).
//!
//! | module | what it is about |
//! |---|---|
//! | `context` | `traceparent`: read from callers, written for upstreams |
//! | `state` | `tracestate`, cut to what needs no record |
//! | `span` | what is told of a request, and of what it asked of an upstream |
//! | `otlp` | spans as OTLP in JSON |
//!
//! Not here: where identifiers come from (`pipeline` has the randomness), and sending.
#![forbid(unsafe_code)]

mod context;
mod otlp;
mod span;
mod state;

pub use crate::context::{SpanId, TraceId, TraceParent};
pub use crate::otlp::{Service, encode};
pub use crate::span::{Event, Kind, Span, Value};
pub use crate::state::TraceState;
