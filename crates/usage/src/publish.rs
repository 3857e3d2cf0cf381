//! What one publication opens, claims and writes.
//!
//! A share counts for readers of the past only if its minute and its hour are open, so these are written, and
//! acknowledged, before a share's number is even claimed. That is once for each share; later revisions are one write.

use std::collections::BTreeMap;
use std::mem;

use portcullis_ledger::AppName;

use crate::key::{Key, Scope};
use crate::own::{Sending, ShareId};
use crate::stored::Stored;

/// A share on its way to the store.
///
/// The shell does what [`Publish::step`] says until it is done, and then, or at the first failure, tells
/// [`Tally::published`](crate::Tally::published). What was not sent [`SEND_WITHIN`](crate::SEND_WITHIN) of the start
/// must not be sent any more; that is a failure too.
#[derive(Debug)]
pub struct Publish {
    scope: Scope,
    share: ShareId,
    revision: u32,
    /// What comes before the claim.
    first: BTreeMap<Key, Vec<u8>>,
    claim: Option<Key>,
    /// What comes after it: the share itself.
    last: BTreeMap<Key, Vec<u8>>,
    value: Vec<u8>,
    /// Whether the share was handed out to be written.
    sent: bool,
}

/// What is to be done next.
#[derive(Debug, PartialEq, Eq)]
pub enum PublishStep {
    /// `increment(key, 0)`, then `increment(key, 1)`; tell the answer with [`Tally::claimed`](crate::Tally::claimed).
    Claim(Key),
    /// Nothing: all of it was acknowledged.
    Done,
    /// Write these values, all at once if possible. Go on only when the store has acknowledged every one.
    Write(BTreeMap<Key, Vec<u8>>),
}

impl Publish {
    /// The publication of a share, with totals that others will be glad of.
    pub(crate) fn new(app: &AppName, scope: Scope, sending: Sending, totals: BTreeMap<Key, Vec<u8>>) -> Self {
        let value = Stored::Share { revision: sending.revision, bucket: sending.bucket }.encode();
        let Sending { share, number, revision, is_open, bucket: _ } = sending;
        let (mut first, mut last) = (BTreeMap::new(), BTreeMap::new());
        if is_open {
            last = totals;
        } else {
            first = totals;
            first.insert(Key::minute(app, scope, share.0), Stored::Open.encode());
            first.insert(Key::hour(app, scope, share.0.hour()), Stored::Open.encode());
        }
        let claim = number.is_none().then(|| Key::counter(app, scope, share.0));
        let mut publish = Self { scope, share, revision, first, claim, last, value, sent: false };
        if let Some(number) = number {
            publish.number(app, number);
        }
        publish
    }

    /// Whose usage it is.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// What to do next. Asking says that what was asked before is done.
    pub fn step(&mut self) -> PublishStep {
        if !self.first.is_empty() {
            return PublishStep::Write(mem::take(&mut self.first));
        }
        match &self.claim {
            Some(key) => PublishStep::Claim(key.clone()),
            None if self.sent => PublishStep::Done,
            None => {
                self.sent = true;
                PublishStep::Write(mem::take(&mut self.last))
            }
        }
    }

    pub(crate) fn number(&mut self, app: &AppName, number: u64) {
        self.claim = None;
        let key = Key::share(app, self.scope, self.share.0, number);
        self.last.insert(key, mem::take(&mut self.value));
    }

    pub(crate) fn share(&self) -> ShareId {
        self.share
    }

    pub(crate) fn revision(&self) -> u32 {
        self.revision
    }

    pub(crate) fn was_sent(&self) -> bool {
        self.sent
    }
}
