//! Finds sensitive values in text and masks them.
//!
//! Every string that passes the gateway is scanned once. One pass classifies its bytes, 64 at a time, and stops only where
//! a value can be; there, detectors look. No regular expression is compiled at start, because instances start often and
//! start-up cost is tail latency. A scan is linear in the length of the text whatever the text is, since the text comes
//! from callers and from upstreams.
//!
//! ```
//! use portcullis_detect::{Class, Detectors};
//!
//! let detectors = Detectors::builtin();
//! let text = "Refund 4111 1111 1111 1111 and tell ana@example.com";
//! let masked = detectors.mask("", text, &detectors.scan(text), |class: Class| class.as_str() == "pii.card");
//! assert_eq!(masked.text, "Refund [card] and tell ana@example.com");
//! ```
//!
//! An organisation's own detectors ([`Custom`]) are searched beside those that are built in. A text that is too long to
//! hold is fed to a [`Stream`].
//!
//! What is not here: JSON (the caller walks the document and hands over each string and number), policy (who may
//! see which class), values split over several strings, and compiling detectors (`portcullis-detectors` does).

#![forbid(unsafe_code)]

mod birth;
mod block;
mod canonical;
mod card;
mod catalog;
mod checksum;
mod class;
mod context;
mod crypto;
mod custom;
mod date;
mod detectors;
mod disguise;
mod email;
mod finding;
mod fold;
mod glyph;
mod hidden;
mod iban;
mod identifier;
mod known;
mod mask;
mod network;
mod number;
mod pass;
mod phone;
mod prompt;
mod secret;
mod stream;
mod topic;
mod vehicle;

pub use class::{Class, Counts, UnknownClass};
pub use custom::{
    Automaton, Custom, CustomError, Find, Path, Place, Rule, Rules, SECTION, STARTS, Step, StepError, Target,
    Validator,
};
pub use detectors::Detectors;
pub use disguise::{dummy, partial};
pub use finding::{Confidence, Finding, Findings};
pub use fold::folded;
pub use known::KnownValues;
pub use mask::{Mask, Masked};
pub use stream::{LONGEST_IN_STREAM, Piece, Stream, StreamError};
