//! The records of what passed the gateway, and their stored encoding.
//!
//! Every call leaves two records under one id: an [`Intent`] that is durable before anything leaves, and an
//! [`Outcome`] that is durable before the answer's last frame is released. A request that is not forwarded leaves a
//! [`Refusal`], and a definition of an upstream that is not the approved one a [`Drift`]. An intent without an outcome means that the outcome is unknown, and is shown as that.
//!
//! What is stored is what the caller saw: texts come here masked, originals only as keyed digests. No type here has a
//! place for a token, a credential or an unmasked value.
//!
//! ```
//! use std::collections::BTreeSet;
//!
//! use portcullis_ledger::{Excerpt, Record, RecordId, Refusal, Stage, UnixMillis};
//!
//! let at = UnixMillis(1_787_480_130_123);
//! let refusal = Refusal {
//!     id: RecordId::new(at, [7; 10]),
//!     at,
//!     stage: Stage::Authenticate,
//!     kind: "token_expired".to_owned(),
//!     explanation: Excerpt::whole("the token expired 12 s ago"),
//!     principal: None,
//!     connection: Some("billing".to_owned()),
//!     method: None,
//!     name: None,
//!     arguments: None,
//!     labels: BTreeSet::new(),
//!     decision: None,
//!     approval: None,
//!     trace: None,
//!     client_address: None,
//!     request_bytes: 0,
//! };
//! assert_eq!(Record::decode(&refusal.encode())?, Record::Refusal(refusal));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What is not here: the store, the clock and randomness, which are the shell's.

#![forbid(unsafe_code)]

mod bytes;
mod chain;
mod checkpoint;
mod day;
mod digest;
mod drift;
mod error;
mod excerpt;
mod export;
mod hash;
mod id;
mod index;
mod intent;
mod json;
mod key;
mod ocsf;
mod outcome;
mod principal;
mod publish;
mod record;
mod recording;
mod refusal;
mod retention;
mod sighting;
mod sign;
mod stage;
mod tombstone;
mod verify;
mod wire;

pub use chain::{
    Access, Author, Backlog, ChainId, ChainLimits, ChainReader, Continuation, Entry, Fate, Header, Item,
    LEASE_MILLIS, Label, Next, Opening, Put, Read, ReadError, RecordKind, SETTLE_MILLIS, SKEW_MILLIS,
    Segment, SegmentError, SegmentId, Ticket, Write, Writer, is_over, records_in,
};
pub use checkpoint::{
    Checkpoint, CheckpointDraft, CheckpointTooLong, Head, InvalidCheckpoint, MAX_DAYS, MAX_HEADS,
    StoredCheckpoint,
};
pub use day::{Day, InvalidDay};
pub use digest::{DigestKey, InvalidDigest, KeyedDigest};
pub use drift::Drift;
pub use error::DecodeError;
pub use excerpt::Excerpt;
pub use export::{InvalidLine, Line};
pub use hash::{ContentHash, MerkleTree};
pub use id::{InvalidRecordId, RecordId, UnixMillis};
pub use index::{
    Cursor, DayTotals, DayTotalsStep, Distinct, Filter, Follow, FollowStep, FoundTotals, Heads, HeadsStep,
    Held, InvalidCursor, MAX_PAGE, Page, Posting, Prune, PruneStep, Pruned, Query, QueryStep, Refusals, Size,
    SizeStep, SumUp, Total, Totals, Upkeep, UpkeepStep, Verdicts,
};
pub use intent::{Arguments, DecisionSummary, Intent, PolicyRef, Verdict};
pub use key::{AppName, InvalidAppName, Key};
pub use ocsf::{OCSF_VERSION, ocsf_events};
pub use outcome::{CallResult, Outcome};
pub use principal::{Attribute, Granted, PrincipalKind, Who};
pub use publish::{Publish, PublishStep};
pub use record::{MAX_RECORD_BYTES, MAX_VALUE_BYTES, Record};
pub use recording::{InvalidKeyValue, KeyValue, RecordingId, Tag, UnwrapError, WrappedKey, WrappingKeys};
pub use refusal::Refusal;
pub use retention::{DaySize, Retention};
pub use sighting::{Sighting, SightingStep};
pub use sign::{InvalidKeyId, KeyId, SignatureError, SigningKey, TrustedKeys, VerifyingKey};
pub use stage::{Stage, UnknownStage};
pub use tombstone::{InvalidTombstone, MAX_KEPT, Tombstone, TombstoneDraft, TombstoneError};
pub use verify::{Finding, MAX_FINDINGS, Problem, Report, Verifier, Vouched};
