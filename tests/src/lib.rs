//! End-to-end tests over the compiled components: what they share.
//!
//! A test asks for a [`Gateway`], which is the real component on the embedded host, or on `spin up` when
//! `PORTCULLIS_RUNTIME=spin`, with the demo's services and a scripted upstream behind it, and talks HTTP to it.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "these are tests: a failure is their report"
)]

pub mod client;
pub mod components;
mod faults;
pub mod gateway;
mod runtime;
pub mod scripted;

pub use crate::gateway::{Gateway, Options, serve_hosted};
pub use crate::runtime::run;
