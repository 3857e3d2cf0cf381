//! What policies may name, and whether they do.
//!
//! A [`World`] is made from settings and pins: the connections, tools, prompts and arguments that there are, and the
//! issuers, attributes and classes. From it follows one Cedar schema, and [`check`] holds policies to both: names
//! must exist, and types must fit, or a rule could never do what it says. Everything is pure; the command line reads
//! the files.
//!
//! Types come from [`portcullis_policy::InputType`], which also decides what arguments become on the data path, so a
//! schema and a decision cannot disagree. Nothing of this is on the data path, and no component depends on it.

#![forbid(unsafe_code)]

mod arguments;
mod cedar;
mod check;
mod deny;
mod message;
mod names;
mod place;
mod reach;
mod validate;
mod world;

pub use cedar::{SchemaError, TagType};
pub use check::{Findings, check};
pub use deny::check_rules;
pub use world::World;
