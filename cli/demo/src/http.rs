//! What both services share of HTTP: one listener, and the few replies and parsers they need.
//!
//! No router and no middleware: each service has a handful of paths and matches on them itself.

pub(crate) mod body;
pub(crate) mod client;
pub(crate) mod form;
pub(crate) mod listener;

use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::combinators::BoxBody;

/// What a handler answers: a whole or a streamed body that cannot fail.
pub(crate) type Reply = ::http::Response<BoxBody<Bytes, Infallible>>;
