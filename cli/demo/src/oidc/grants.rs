//! Sign-ins under way, and what they earned: pages not yet answered, codes, refresh tokens.
//!
//! All are single-use secrets with an end. Taking one removes it, whatever happens next, so a replay finds nothing.

use std::collections::BTreeMap;

use crate::Secret;
use crate::clock::UnixSeconds;

use super::clients::Redirect;
use super::personas::Persona;

/// How long the page may stay open, in seconds.
const PAGE_LIFETIME: u64 = 10 * 60;
/// How long a code may be exchanged, in seconds.
pub(super) const CODE_LIFETIME: u64 = 60;
/// How long a refresh token may be used, in seconds.
const REFRESH_LIFETIME: u64 = 8 * 60 * 60;
/// How many of each kind may be open; it bounds memory.
const OPEN_LIMIT: usize = 1_000;

/// What a client asked for, checked.
#[derive(Clone, Debug)]
pub(super) struct SignIn {
    pub(super) client_id: String,
    pub(super) redirect: Redirect,
    /// BASE64URL(SHA256(verifier)), RFC 7636.
    pub(super) challenge: String,
    pub(super) state: Option<String>,
    pub(super) nonce: Option<String>,
    pub(super) scope: String,
    pub(super) resources: Vec<String>,
}

/// What a refresh token is good for.
#[derive(Clone, Debug)]
pub(super) struct Renewal {
    pub(super) client_id: String,
    pub(super) persona: Persona,
    pub(super) scope: String,
    pub(super) resources: Vec<String>,
}

/// Single-use secrets with an end.
#[derive(Debug)]
struct Tickets<T>(BTreeMap<String, (UnixSeconds, T)>);

impl<T> Default for Tickets<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T> Tickets<T> {
    /// Makes a ticket; `None` when too many are open.
    fn issue(&mut self, value: T, now: UnixSeconds, lifetime: u64) -> Option<Secret> {
        self.0.retain(|_secret, (end, _value)| *end > now);
        if self.0.len() >= OPEN_LIMIT {
            return None;
        }
        let secret = Secret::random();
        self.0.insert(secret.expose().to_owned(), (now.saturating_add(lifetime), value));
        Some(secret)
    }

    /// Takes the ticket away, and returns what it stood for unless its time is over.
    fn take(&mut self, secret: &str, now: UnixSeconds) -> Option<T> {
        self.0.remove(secret).filter(|(end, _value)| *end > now).map(|(_end, value)| value)
    }
}

/// Everything that is open.
#[derive(Debug, Default)]
pub(super) struct Grants {
    pages: Tickets<SignIn>,
    codes: Tickets<(SignIn, Persona)>,
    renewals: Tickets<Renewal>,
}

impl Grants {
    pub(super) fn open_page(&mut self, sign_in: SignIn, now: UnixSeconds) -> Option<Secret> {
        self.pages.issue(sign_in, now, PAGE_LIFETIME)
    }

    pub(super) fn answer_page(&mut self, page: &str, now: UnixSeconds) -> Option<SignIn> {
        self.pages.take(page, now)
    }

    pub(super) fn issue_code(
        &mut self,
        sign_in: SignIn,
        persona: Persona,
        now: UnixSeconds,
    ) -> Option<Secret> {
        self.codes.issue((sign_in, persona), now, CODE_LIFETIME)
    }

    pub(super) fn exchange_code(&mut self, code: &str, now: UnixSeconds) -> Option<(SignIn, Persona)> {
        self.codes.take(code, now)
    }

    pub(super) fn issue_renewal(&mut self, renewal: Renewal, now: UnixSeconds) -> Option<Secret> {
        self.renewals.issue(renewal, now, REFRESH_LIFETIME)
    }

    pub(super) fn renew(&mut self, refresh_token: &str, now: UnixSeconds) -> Option<Renewal> {
        self.renewals.take(refresh_token, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_works_once_and_only_in_time() {
        let mut tickets = Tickets::default();
        let used = tickets.issue("used", 100, 60).unwrap();
        assert_eq!(tickets.take(used.expose(), 159), Some("used"));
        assert_eq!(tickets.take(used.expose(), 159), None);
        let late = tickets.issue("late", 100, 60).unwrap();
        assert_eq!(tickets.take(late.expose(), 160), None);
    }

    #[test]
    fn open_tickets_are_bounded_and_old_ones_make_room() {
        let mut tickets = Tickets::default();
        for n in 0..OPEN_LIMIT {
            assert!(tickets.issue(n, 0, 60).is_some());
        }
        assert!(tickets.issue(0, 59, 60).is_none());
        assert!(tickets.issue(0, 60, 60).is_some());
    }
}
