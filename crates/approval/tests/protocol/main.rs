//! The protocols over models of stores: the life of a request, races, and what each store may do wrong.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failing test is its report"
)]

mod definitions;
mod inbox;
mod life;
mod races;
mod room;
mod world;
