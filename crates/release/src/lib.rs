//! How policies that were pushed lie in the store, how the latest is found there, and how one gets there.
//!
//! What is in the store:
//!
//! | key after `pc1:<app>:policy:` | what | written |
//! |---|---|---|
//! | `chunk:<digest>:<n>` | part of the bundle with this address | by whoever pushes it; always the same bytes |
//! | `claim:<serial>` | a counter: whoever raises it to 1 may use the serial | by increments only |
//! | `skip:<serial>` | the serial is claimed and has no entry: look further | by whoever takes a later one |
//! | `entry:<serial>` | the envelope, who pushed it and when | once, by whoever claimed the serial |
//! | `pointer` | a serial to begin at, with the address and the length of its bundle | after the entry, by whoever wrote it |
//!
//! INVARIANT: every serial below that of an entry has an entry or a skip, and both stay. So from any of them a reader
//! finds the latest by looking at the next one, again and again. The pointer only shortens the way for readers that
//! begin with nothing, so that it may be late, lost or older than the latest entry.
//!
//! INVARIANT: an entry counts only if a trusted key has signed its envelope, and the envelope names the serial that the
//! entry lies at. Nothing else that is in the store is believed; a bundle is what its address says.
//!
//! [`Search`] finds entries, [`Entry::check`] checks one, [`open`] opens its bundle; [`Push`] says what to write, in which
//! order. What is not here: the store itself, and who may push (`pipeline`).

#![forbid(unsafe_code)]

mod entry;
mod key;
mod pointer;
mod push;
mod refused;
mod search;
mod trusted;

pub use entry::{Entry, n_chunks, open};
pub use key::Keys;
pub use pointer::Pointer;
pub use push::{Done, Effect, Lost, Push};
pub use refused::Refused;
pub use search::{Search, Want};
pub use trusted::Trusted;

/// The longest bundle that can be pushed, in bytes.
pub const MAX_BUNDLE_BYTES: usize = 16 << 20;
/// The length of every chunk of a bundle but the last, in bytes: less than what every store takes as one value.
pub const CHUNK_BYTES: usize = 192 << 10;
/// The sections of bundles that this version knows. What it does not know could forbid something.
pub const SECTIONS: [&str; 2] = ["detectors", "pins"];
