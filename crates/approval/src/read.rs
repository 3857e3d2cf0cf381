//! Reading one request by its id, with all that was said about it.

use portcullis_ledger::UnixMillis;

use crate::case::Case;
use crate::id::RequestId;
use crate::known::{Depth, Known};
use crate::protocol::{Answer, Ask, Protocol, StoreTrouble, Write};
use crate::vault::Vault;

/// Reads one request. Three waits on the store; nothing that was acknowledged before is missed.
#[derive(Debug)]
pub struct Read<'v> {
    known: Known<'v>,
    id: RequestId,
}

/// A request that was read.
#[derive(Debug)]
pub struct Reading {
    /// The request.
    pub case: Case,
    /// To be written, if it is there: then calls need not read the votes one by one.
    pub settle: Option<Write>,
}

impl<'v> Read<'v> {
    /// Reads the request with this id.
    #[must_use]
    pub fn new(vault: &'v Vault, id: RequestId) -> Self {
        let mut read = Self { known: Known::new(vault), id };
        read.go_on();
        read
    }

    /// What was read; `None` if there is no such request.
    ///
    /// # Errors
    /// [`StoreTrouble`].
    pub fn finish(self, now: UnixMillis) -> Result<Option<Reading>, StoreTrouble> {
        self.known.finish()?;
        let Some(case) = self.known.case(self.id) else { return Ok(None) };
        let settle = self.known.settlement(&case, now);
        Ok(Some(Reading { case, settle }))
    }

    fn go_on(&mut self) {
        let missing = self.known.missing_of(self.id, Depth::All);
        self.known.want(missing);
    }
}

impl Protocol for Read<'_> {
    fn asks(&self) -> Vec<Ask> {
        self.known.asks()
    }

    fn learn(&mut self, answers: Vec<Answer>) {
        self.known.learn(answers);
        self.go_on();
    }
}
