//! Pins: the approved definitions of an upstream's tools, prompts and resources.
//!
//! A client's model does what a description tells it, so a description is code that an upstream may change at any
//! time. Here are the [`Definition`] with its digest, the file of pins of one connection ([`Pins`]), what has changed
//! between two ([`Changes`]), and the pins of all connections in the form that instances start from ([`Approved`]).
//! Everything is pure: text goes in, values come out.
//!
//! Not here: fetching definitions (the command line does), and what drift leads to (the pipeline decides).
#![forbid(unsafe_code)]

mod approved;
mod change;
mod definition;
mod digest;
mod file;
mod folder;
mod told;
mod visible;
mod write;

pub use approved::{Approved, ApprovedError, Pin};
pub use change::{Change, Changes, MemberChange, changed_members};
pub use definition::{Definition, Kind};
pub use digest::DefinitionDigest;
pub use file::{Pins, PinsError, Standing};
pub use folder::{Problem, parse_all};
pub use told::shown;
pub use visible::{escaped, is_invisible};

/// The section of a policy bundle that holds the compiled form ([`Approved::to_bytes`]).
pub const SECTION: &str = "pins";
