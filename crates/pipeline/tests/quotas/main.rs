//! Quotas and limits through the one public door: what is counted, how far a limit can be overshot, and what happens
//! when it cannot be counted.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failing test is its report"
)]

mod breaker;
mod counting;
mod faults;
mod held;
mod limits;
mod office;
mod sharing;
#[expect(dead_code, reason = "the protocol's tests use more of it")]
#[path = "../protocol/support.rs"]
mod support;
#[expect(dead_code, reason = "the data path's tests use more of it")]
#[path = "../world/mod.rs"]
mod world;
