//! Putting what is pushed into the store: what to write, in which order.

use portcullis_policy::{Bundle, Serial};

use crate::entry::Entry;
use crate::pointer::Pointer;
use crate::{CHUNK_BYTES, Keys};

/// One step of a push, to be done before the next one is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect<'p> {
    /// Add 0 and then 1 to this counter. The serial is ours if the second answer is 1; any other answer, or an error,
    /// means that it is not.
    Claim(String),
    /// Write a value.
    Set(String, &'p [u8]),
}

/// How a step went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// The counter is now at this.
    Counted(u64),
    /// The store has acknowledged the value.
    Written,
    /// The store did not do it, or did not say so.
    Failed,
}

/// Why a push came to nothing, or may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// Somebody else has the serial, or may have.
    #[error("the serial is taken by somebody who pushes at the same time: push again")]
    Serial,
    /// The store failed before anything could be found there.
    #[error("the store failed, and nothing has changed: push again")]
    Store,
    /// The store failed when it was asked to write the entry. It may be there.
    #[error(
        "the store failed at the last moment, so the policy may be in force or not: ask for the status, and push again"
    )]
    Unknown,
    /// The entry is there, and instances that start may not find it.
    #[error("the policy is in force, but instances that start may miss it: push it again")]
    Unannounced,
}

/// A push under way. Nothing of it can be found before its entry is written, which is done when all else is there.
#[derive(Debug)]
pub struct Push<'b> {
    steps: Vec<(String, Value<'b>)>,
    entry: Vec<u8>,
    pointer: Vec<u8>,
    at: usize,
}

#[derive(Debug)]
enum Value<'b> {
    Claim,
    Skip,
    Chunk(&'b [u8]),
    Entry,
    Pointer,
}

impl<'b> Push<'b> {
    /// The push of a bundle with this entry. `passed` are the serials between where the search for the latest entry has
    /// ended and that of this one. Others have claimed them.
    #[must_use]
    pub fn new(keys: &Keys, bundle: &'b Bundle, entry: &Entry, passed: &[Serial]) -> Self {
        let serial = entry.envelope.serial();
        let mut steps = vec![(keys.claim(serial), Value::Claim)];
        steps.extend(passed.iter().map(|passed| (keys.skip(*passed), Value::Skip)));
        let chunks = bundle.as_bytes().chunks(CHUNK_BYTES).enumerate();
        let digest = bundle.digest();
        steps.extend(chunks.map(|(index, chunk)| (keys.chunk(digest, index), Value::Chunk(chunk))));
        steps.push((keys.entry(serial), Value::Entry));
        steps.push((keys.pointer(), Value::Pointer));
        let pointer = Pointer { serial, bundle: digest, length: entry.length };
        Self { steps, entry: entry.encode(), pointer: pointer.to_string().into_bytes(), at: 0 }
    }

    /// What is to be done now; `None` if all is done.
    #[must_use]
    pub fn next(&self) -> Option<Effect<'_>> {
        let (key, value) = self.steps.get(self.at)?;
        let key = key.clone();
        Some(match value {
            Value::Claim => Effect::Claim(key),
            Value::Skip => Effect::Set(key, SKIP),
            Value::Chunk(chunk) => Effect::Set(key, chunk),
            Value::Entry => Effect::Set(key, &self.entry),
            Value::Pointer => Effect::Set(key, &self.pointer),
        })
    }

    /// Says how it went.
    ///
    /// # Errors
    /// [`Lost`]: nothing more is to be done.
    pub fn done(&mut self, done: Done) -> Result<(), Lost> {
        let Some((_, value)) = self.steps.get(self.at) else { return Ok(()) };
        match (value, done) {
            (Value::Claim, Done::Counted(1))
            | (Value::Skip | Value::Chunk(_) | Value::Entry | Value::Pointer, Done::Written) => {}
            (Value::Claim, Done::Counted(_) | Done::Written | Done::Failed) => return Err(Lost::Serial),
            (Value::Skip | Value::Chunk(_), Done::Counted(_) | Done::Failed) => return Err(Lost::Store),
            (Value::Entry, Done::Counted(_) | Done::Failed) => return Err(Lost::Unknown),
            (Value::Pointer, Done::Counted(_) | Done::Failed) => return Err(Lost::Unannounced),
        }
        self.at += 1;
        Ok(())
    }
}

/// What says that a serial is skipped; it is there or not.
const SKIP: &[u8] = b"1";
