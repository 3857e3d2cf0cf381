//! What a principal has used on a connection over the last minute, hour and day.
//!
//! Gateways are many and live short, and a counter in the store for every call would be the slowest part of the path.
//! So each instance counts for itself ([`Tally`]), publishes its share of the current minute under a number that it has
//! claimed ([`Publish`]), and reads the shares of the others ([`Load`]). A minute is immutable when its grace is over;
//! then any reader may write its total, and an hour's, and all write the same. `docs/quotas.md` says how far a
//! limit can be overshot.
//!
//! - Exact is what this instance has counted itself. What the others have counted is known as of the last load.
//! - Whatever is not known is [`Unknown`], never zero.
//! - No count is in two places: a share whose write is in doubt is frozen, and read back when nothing can reach it.
//!
//! ```
//! # use std::collections::BTreeMap;
//! use portcullis_ledger::{DigestKey, UnixMillis};
//! use portcullis_usage::{Amounts, Pace, PublishStep, Reading, Scope, Step, Tally};
//!
//! # #[derive(Default)] struct Store(BTreeMap<String, Vec<u8>>, BTreeMap<String, u64>);
//! # impl Store {
//! #     fn increment(&mut self, key: &str, by: u64) -> u64 {
//! #         let n = self.1.entry(key.to_owned()).or_default();
//! #         *n += by;
//! #         *n
//! #     }
//! # }
//! # let mut store = Store::default();
//! # let now = UnixMillis(1_787_480_130_123);
//! let mut tally = Tally::new("gateway".parse()?);
//! let scope = Scope::of(&DigestKey::new([7; 32]), "okta|ana", &"billing".parse()?);
//!
//! // Before a call is decided.
//! tally.admit(scope, now)?;
//! if let Some(mut load) = tally.load(scope, now) {
//!     loop {
//!         match load.step() {
//!             Step::Peek(peeks) => peeks.into_iter().for_each(|peek| {
//!                 let count = store.increment(peek.key().as_str(), 0);
//!                 load.counted(peek, Ok(count));
//!             }),
//!             Step::Get(gets) => gets.into_iter().for_each(|get| {
//!                 let value = store.0.get(get.key().as_str());
//!                 load.read(get, Ok(value.map(Vec::as_slice)));
//!             }),
//!             Step::Done => break,
//!         }
//!     }
//!     tally.loaded(load, now);
//! }
//! let Reading::Known(usage) = tally.read(scope, now) else { panic!("deny what reads usage") };
//! assert_eq!(usage.day.calls(), 0);
//!
//! // When it has passed, and when its answer has.
//! tally.count(scope, &Amounts { calls: 1, bytes_out: 4096, ..Amounts::default() }, now)?;
//! if let Some(mut publish) = tally.publish(scope, Pace::Now, now) {
//!     loop {
//!         match publish.step() {
//!             PublishStep::Write(values) => {
//!                 store.0.extend(values.into_iter().map(|(key, value)| (key.as_str().to_owned(), value)));
//!             }
//!             PublishStep::Claim(key) => {
//!                 store.increment(key.as_str(), 0);
//!                 let number = store.increment(key.as_str(), 1);
//!                 tally.claimed(&mut publish, number);
//!             }
//!             PublishStep::Done => break,
//!         }
//!     }
//!     tally.published(&publish, Ok(()), now);
//! }
//! # let mut other = Tally::new("gateway".parse()?);
//! # let later = UnixMillis(now.0 + 1500);
//! # let Some(mut load) = other.load(scope, later) else { panic!() };
//! # loop {
//! #     match load.step() {
//! #         Step::Peek(peeks) => for peek in peeks { let n = store.increment(peek.key().as_str(), 0); load.counted(peek, Ok(n)); },
//! #         Step::Get(gets) => for get in gets { let value = store.0.get(get.key().as_str()); load.read(get, Ok(value.map(Vec::as_slice))); },
//! #         Step::Done => break,
//! #     }
//! # }
//! # other.loaded(load, later);
//! # let Reading::Known(usage) = other.read(scope, later) else { panic!() };
//! # assert_eq!((usage.day.calls(), usage.minute.bytes_out()), (1, 4096));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Beside it are limits that one instance keeps alone: [`Rates`], [`Slots`] and [`Breaker`].
//!
//! What is not here: the store, the clock, and what a limit is. That is policy's.

#![forbid(unsafe_code)]

mod breaker;
mod bucket;
mod class;
mod key;
mod load;
mod own;
mod publish;
mod rate;
mod reading;
mod sketch;
mod slots;
mod stored;
mod tally;
mod time;
mod view;

pub use breaker::{Breaker, Outcome, Pass, Refused, Thresholds};
pub use bucket::{Amounts, Bucket, Totals};
pub use class::CLASSES;
pub use key::{Key, Scope, ValueDigest, is_expired};
pub use load::{Get, Load, MAX_SHARES, Peek, Step, StoreFailed};
pub use own::Pace;
pub use publish::{Publish, PublishStep};
pub use rate::{Rate, Rates};
pub use reading::{Reading, Unknown, Usage};
pub use sketch::{K, Sketch};
pub use slots::{Slot, Slots};
pub use stored::{DecodeError, MAX_VALUE_BYTES, Stored};
pub use tally::{MAX_SCOPES, Tally};
pub use time::{
    GRACE, PUBLISH_EVERY, PUBLISH_WITHIN, READ_EVERY, READ_WITHIN, RETRY_WITHIN, SEND_WITHIN, SETTLED_AFTER,
    SKEW,
};
