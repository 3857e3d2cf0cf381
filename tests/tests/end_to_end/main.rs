//! The compiled gateway over HTTP, on the embedded host or on Spin.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failing test is its report"
)]

mod access;
mod aggregate;
mod approvals;
mod bad_input;
mod edge;
mod held_tasks;
mod holds;
mod killed;
mod masking;
mod pins;
mod policy;
mod pushed;
mod quotas;
mod real_client;
mod records;
mod reviewing;
mod sign_in;
mod streams;
mod tokens;
mod traces;
mod upstream;
mod webhooks;
