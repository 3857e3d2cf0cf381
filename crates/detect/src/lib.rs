//! Finds sensitive values in text and masks them.
//!
//! Every string that passes the gateway is scanned once, with hand-written scanners: no regular expression is
//! compiled at start, because instances start often and start-up cost is tail latency. A scan is linear in the
//! length of the text whatever the text is, since the text comes from callers and from upstreams.
//!
//! ```
//! use portcullis_detect::{Class, Detectors, mask};
//!
//! let text = "Refund 4111 1111 1111 1111 and tell ana@example.com";
//! let findings = Detectors::builtin().scan(text);
//! let masked = mask(text, &findings, |class| class == Class::Card);
//! assert_eq!(masked.text, "Refund [card] and tell ana@example.com");
//! ```
//!
//! What is not here: JSON (the caller walks the document and hands over each string and number), policy (who may
//! see which class), and values split over several strings.

#![forbid(unsafe_code)]

mod canonical;
mod card;
mod class;
mod detectors;
mod email;
mod finding;
mod glyph;
mod iban;
mod mask;
mod number;

pub use class::{Class, Counts, UnknownClass};
pub use detectors::Detectors;
pub use finding::{Confidence, Finding, Findings};
pub use mask::{Masked, mask};
