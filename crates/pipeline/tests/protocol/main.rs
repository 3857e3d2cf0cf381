//! What the protocol demands of a gateway, shown through the one public door.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a failing test is its report"
)]

mod access;
mod approvals;
mod batches;
mod carried;
mod deny;
mod detection;
mod drift;
mod eras;
mod frames;
mod journal;
mod leaks;
mod leaving;
mod listening;
mod lists_again;
mod param_headers;
mod pushes;
mod questions;
mod refused;
mod resumption;
mod reviewing;
mod rounds;
mod sealing;
mod sign_in;
mod store_faults;
mod support;
mod tasks;
mod tokens;
mod traces;
mod webhooks;
mod whatever;
#[expect(dead_code, reason = "the data path's tests use more of it")]
#[path = "../world/mod.rs"]
mod world;
