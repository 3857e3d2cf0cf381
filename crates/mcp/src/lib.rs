//! The Model Context Protocol as the gateway needs it: a strict JSON codec, JSON-RPC messages, the rules
//! that sort a request into an era, and the framing of server-sent events.
//!
//! Everything here is pure: bytes go in, values or errors come out. What a message *may* do is decided
//! elsewhere; this crate only makes sure that what was inspected is exactly what is forwarded. That is why
//! it has a codec of its own: numbers keep the digits they were written with, duplicate keys and trailing
//! bytes are refused, and nesting is bounded before anything else looks at the value.
#![forbid(unsafe_code)]

pub mod ambiguity;
pub mod answer;
pub mod carried;
pub mod era;
pub mod json;
pub mod message;
pub mod method;
pub mod param_headers;
pub mod revision;
pub mod sse;
