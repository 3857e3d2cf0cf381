//! The counts of one instance, for all scopes, and what it knows of the others.
//!
//! A state machine: it says what to read, claim and write, and is told how that went. It can be borrowed for as long
//! as a function takes, and never while the store is asked: [`Load`] and [`Publish`] are values of their own.

use std::collections::BTreeMap;
use std::mem;
use std::time::Duration;

use portcullis_ledger::{AppName, UnixMillis};

use crate::bucket::Amounts;
use crate::key::{Key, Scope};
use crate::load::{Load, Loaded, MAX_TOTALS, StoreFailed};
use crate::own::{Own, Pace, Sent};
use crate::publish::Publish;
use crate::reading::{Reading, Unknown};
use crate::time::{PUBLISH_EVERY, PUBLISH_WITHIN, READ_EVERY, is_over, later};
use crate::view::{Past, View};

/// For how many scopes an instance counts at once.
///
/// A full sketch has 8 KiB. While the store works a scope holds about eight buckets of them for each class, totals of a
/// bounded size, and up to eight totals to write. With all 16 classes full, which a principal reaches only by seeing
/// 1,024 distinct values of each, that is 2 MiB.
pub const MAX_SCOPES: usize = 64;

/// What this instance has counted and read.
#[derive(Debug)]
pub struct Tally {
    app: AppName,
    scopes: BTreeMap<Scope, Entry>,
    /// The latest time that was told: time does not go back.
    now: UnixMillis,
}

#[derive(Debug, Default)]
struct Entry {
    own: Own,
    view: Option<View>,
    past: Past,
    /// Totals to write with the next publication.
    totals: BTreeMap<Key, Vec<u8>>,
    /// Since when a load is under way.
    loading: Option<UnixMillis>,
    /// Why the last load failed.
    problem: Option<Unknown>,
    used: Option<UnixMillis>,
}

impl Tally {
    /// A tally of an instance that has counted nothing. Its keys are under the name of the application.
    #[must_use]
    pub fn new(app: AppName) -> Self {
        Self { app, scopes: BTreeMap::new(), now: UnixMillis(0) }
    }

    /// Whether a call of this scope may be counted here. Every call that is counted must ask first, also one that no
    /// rule about usage applies to: what could not be published would be missing in the readings of all others.
    ///
    /// # Errors
    /// [`Unknown::Full`] if there is no room for another scope, [`Unknown::Unpublished`] if counts are overdue; then
    /// [`Tally::publish`] with [`Pace::Now`] and ask again.
    pub fn admit(&mut self, scope: Scope, now: UnixMillis) -> Result<(), Unknown> {
        let now = self.at(now);
        let entry = self.entry(scope)?;
        let overdue = |since| is_over(since, PUBLISH_WITHIN, now);
        match entry.own.unpublished_since().is_some_and(overdue) {
            true => Err(Unknown::Unpublished),
            false => Ok(()),
        }
    }

    /// Counts what was used.
    ///
    /// # Errors
    /// [`Unknown::Full`] if the scope was forgotten and there is no room for it again. What cannot be counted must not
    /// leave the gateway.
    pub fn count(&mut self, scope: Scope, amounts: &Amounts, now: UnixMillis) -> Result<(), Unknown> {
        let now = self.at(now);
        self.entry(scope)?.own.count(amounts, now);
        Ok(())
    }

    /// What is to be read before [`Tally::read`]; nothing if the last reading is recent enough.
    pub fn load(&mut self, scope: Scope, now: UnixMillis) -> Option<Load> {
        let now = self.at(now);
        let app = self.app.clone();
        let entry = self.entry(scope).ok()?;
        entry.own.pass(now);
        let is_due = entry.view.as_ref().is_none_or(|view| view.is_due(now));
        let is_current = entry.view.as_ref().is_some_and(|view| view.is_current(now));
        let is_loading = entry.loading.is_some_and(|since| !is_over(since, READ_EVERY, now));
        if !is_due || (is_current && is_loading) {
            return None;
        }
        entry.loading = Some(now);
        Some(Load::new(&app, scope, &entry.past, &entry.own, now))
    }

    /// Takes in what was read.
    pub fn loaded(&mut self, load: Load, now: UnixMillis) {
        let now = self.at(now);
        let Some(entry) = self.scopes.get_mut(&load.scope()) else { return };
        entry.own.pass(now);
        let started = load.started();
        entry.loading.take_if(|loading| *loading == started);
        // Of two loads at once, the one that started later knows more.
        if entry.view.as_ref().is_some_and(|view| !view.is_before(started)) {
            return;
        }
        match load.finish(&entry.own.numbers()) {
            Ok(Loaded { view, past, totals, found }) => {
                found.into_iter().for_each(|(id, revision)| entry.own.recovered(id, revision, now));
                (entry.view, entry.past, entry.problem) = (Some(view), past, None);
                entry.totals.extend(totals);
                while entry.totals.len() > MAX_TOTALS {
                    entry.totals.pop_first();
                }
            }
            Err(problem) => entry.problem = Some(problem),
        }
    }

    /// What is known of a scope's usage. It is [`Reading::Unknown`] as soon as one part of it is.
    #[must_use]
    pub fn read(&self, scope: Scope, now: UnixMillis) -> Reading {
        let now = self.now.max(now);
        let Some(entry) = self.scopes.get(&scope) else {
            let is_full = self.scopes.len() >= MAX_SCOPES;
            return Reading::Unknown(if is_full { Unknown::Full } else { Unknown::Stale });
        };
        let unpublished = entry.own.unpublished_since();
        if unpublished.is_some_and(|since| is_over(since, PUBLISH_WITHIN, now)) {
            return Reading::Unknown(Unknown::Unpublished);
        }
        match &entry.view {
            Some(view) if view.is_current(now) => Reading::Known(Box::new(view.usage(&entry.own, now))),
            _ => Reading::Unknown(entry.problem.unwrap_or(Unknown::Stale)),
        }
    }

    /// What is to be written now, if anything.
    pub fn publish(&mut self, scope: Scope, pace: Pace, now: UnixMillis) -> Option<Publish> {
        let now = self.at(now);
        let entry = self.scopes.get_mut(&scope)?;
        let sending = entry.own.send(pace, now)?;
        // Totals are sent once. If they do not arrive, somebody else will find them missing.
        Some(Publish::new(&self.app, scope, sending, mem::take(&mut entry.totals)))
    }

    /// How long until the oldest count that is not published has waited for [`PUBLISH_EVERY`]: when to publish next if
    /// nothing ends before. `None` if everything is published.
    #[must_use]
    pub fn due_in(&self, scope: Scope, now: UnixMillis) -> Option<Duration> {
        let since = self.scopes.get(&scope)?.own.unpublished_since()?;
        let due = later(since, PUBLISH_EVERY);
        Some(Duration::from_millis(due.0.saturating_sub(self.now.max(now).0)))
    }

    /// Takes in that `increment(key, 1)` gave this number for a publication.
    pub fn claimed(&mut self, publish: &mut Publish, number: u64) {
        let own = self.scopes.get_mut(&publish.scope()).map(|entry| &mut entry.own);
        let number = own.and_then(|own| own.claimed(publish.share(), number)).unwrap_or(number);
        publish.number(&self.app, number);
    }

    /// Takes in how a publication went.
    pub fn published(&mut self, publish: &Publish, outcome: Result<(), StoreFailed>, now: UnixMillis) {
        let now = self.at(now);
        let Some(entry) = self.scopes.get_mut(&publish.scope()) else { return };
        let sent = match outcome {
            _ if !publish.was_sent() => Sent::Not,
            Ok(()) => Sent::Acknowledged,
            Err(StoreFailed) => Sent::Unsure,
        };
        entry.own.sent(publish.share(), publish.revision(), sent, now);
    }

    fn at(&mut self, now: UnixMillis) -> UnixMillis {
        self.now = self.now.max(now);
        self.now
    }

    /// The entry of a scope; a new one takes the place of the one that was not used for longest.
    fn entry(&mut self, scope: Scope) -> Result<&mut Entry, Unknown> {
        if !self.scopes.contains_key(&scope) && self.scopes.len() >= MAX_SCOPES {
            let idle = self.scopes.iter().filter(|(_, entry)| entry.own.unpublished_since().is_none());
            let oldest = idle.min_by_key(|(_, entry)| entry.used).map(|(scope, _)| *scope);
            self.scopes.remove(&oldest.ok_or(Unknown::Full)?);
        }
        let entry = self.scopes.entry(scope).or_default();
        entry.used = Some(self.now);
        Ok(entry)
    }
}

#[cfg(test)]
mod tests;
