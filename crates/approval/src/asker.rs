//! Who has asked for a group lately: one key per principal, so that everybody else costs one read and no more.
//!
//! It says that there may be something to be found, never what; so it may be written by anybody at any time. Instances
//! that write it at once say nearly the same, and it is believed for a day longer than anything can matter.

use std::time::Duration;

use portcullis_ledger::{KeyedDigest, UnixMillis};

use crate::known::Known;
use crate::name::PrincipalId;
use crate::place::Place;
use crate::protocol::{Answer, Ask, Protocol, StoreTrouble, Unusable, Write};
use crate::requirement::LONGEST;
use crate::stored::Record;
use crate::time::later;
use crate::vault::Vault;

/// Reads whether a principal has asked for any group.
#[derive(Debug)]
pub struct HasAsked<'v> {
    known: Known<'v>,
    principal: KeyedDigest,
}

/// Says that a principal asks for a group. It must be written before the request is.
#[derive(Debug)]
pub struct Asks {
    write: Write,
    written: Option<bool>,
}

impl<'v> HasAsked<'v> {
    /// Looks for this principal.
    #[must_use]
    pub fn new(vault: &'v Vault, principal: &PrincipalId) -> Self {
        let principal = vault.principal(principal);
        let mut known = Known::new(vault);
        known.want([Place::Asker(principal)].into());
        Self { known, principal }
    }

    /// Whether there can be anything that it was granted.
    ///
    /// # Errors
    /// [`StoreTrouble`]: nothing is known, so nothing is granted.
    pub fn finish(self, now: UnixMillis) -> Result<bool, StoreTrouble> {
        self.known.finish()?;
        Ok(match self.known.record(Place::Asker(self.principal)).flatten() {
            Some(Record::Asker(at)) => now < later(*at, BELIEVED),
            Some(_) | None => false,
        })
    }
}

impl Protocol for HasAsked<'_> {
    fn asks(&self) -> Vec<Ask> {
        self.known.asks()
    }

    fn learn(&mut self, answers: Vec<Answer>) {
        self.known.learn(answers);
    }
}

impl Asks {
    /// Says it of this principal.
    ///
    /// # Errors
    /// [`Unusable`], for no clock that there is.
    pub fn new(vault: &Vault, principal: &PrincipalId, now: UnixMillis) -> Result<Self, Unusable> {
        let place = Place::Asker(vault.principal(principal));
        Ok(Self { write: vault.write(place, &Record::Asker(now))?, written: None })
    }

    /// Whether it was said.
    ///
    /// # Errors
    /// [`StoreTrouble`]: nobody would look for what is granted, so do not ask.
    pub fn finish(self) -> Result<(), StoreTrouble> {
        if self.written == Some(true) { Ok(()) } else { Err(StoreTrouble::Failed(self.write.key)) }
    }
}

impl Protocol for Asks {
    fn asks(&self) -> Vec<Ask> {
        self.written.is_none().then(|| self.write.clone().into()).into_iter().collect()
    }

    fn learn(&mut self, answers: Vec<Answer>) {
        self.written = Some(answers.first() == Some(&Answer::Written));
    }
}

/// A request waits for a week at most, and a grant lasts for one; and a day for clocks and late writes.
const BELIEVED: Duration = Duration::from_secs(2 * LONGEST.as_secs() + 24 * 60 * 60);
