//! Where records belong: which recording they are of, and by what that is found.

use std::collections::BTreeMap;

use portcullis_identity::{Principal, VerifiedToken};
use portcullis_ledger::{CallResult, Excerpt, Item, Outcome, Record, RecordId, RecordingId, Tag, UnixMillis};

use super::session;
use crate::exchange::Exchange;
use crate::gateway::Gateway;
use crate::ports::{Ports, StoreError};

/// Which recording a record is of, and by what that is found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shelf {
    recording: RecordingId,
    principal: Option<Tag>,
    connection: Option<Tag>,
}

impl Shelf {
    /// Where the records of a request belong: to its session, or else to what is done with the token.
    pub(super) fn of<P: Ports>(x: &Exchange<P>) -> Self {
        let names = &x.gateway.journal.keys().names;
        let connection = x.connection.as_ref().map(|name| Tag::connection(names, name.as_str()));
        let tag = |token: &VerifiedToken| {
            let Principal { issuer, subject, .. } = token.principal();
            Tag::principal(names, &issuer.to_string(), &subject.to_string())
        };
        let principal = x.token.as_deref().map(tag);
        let recording = match (session(x), x.token.as_deref(), principal) {
            (Some(session), Some(_), _) => RecordingId::of_session(names, &session),
            (_, Some(token), Some(principal)) => {
                RecordingId::of_token(names, principal, &told_apart(token), connection)
            }
            (_, None, _) | (_, _, None) => RecordingId::of_nobody(names, connection),
        };
        Self { recording, principal, connection }
    }

    /// Where the records of what the gateway itself sees on a connection belong.
    pub(crate) fn of_connection(gateway: &Gateway, connection: &str) -> Self {
        let names = &gateway.journal.keys().names;
        let connection = Some(Tag::connection(names, connection));
        Self { recording: RecordingId::of_nobody(names, connection), principal: None, connection }
    }

    /// Notes of an intent that the store has not acknowledged that nothing came of it. Should the store get it all the
    /// same, both are written.
    pub(super) fn note_nothing_done<P: Ports>(self, x: &Exchange<P>, id: RecordId) {
        let record = Record::Outcome(Outcome {
            id,
            at: UnixMillis(x.ports.now()),
            result: CallResult::Failed { kind: "store".to_owned() },
            upstream_status: None,
            bytes_out: 0,
            frames: 0,
            findings: BTreeMap::new(),
            masked: BTreeMap::new(),
            text: Excerpt::whole("the intent was not acknowledged, so nothing was forwarded"),
            timings: x.timings.clone(),
        });
        let Self { recording, principal, connection } = self;
        let item = Item { recording, principal, connection, record: &record, fresh: x.ports.random() };
        if let Err(error) = x.gateway.journal.push(item) {
            x.ports.log(&format!("an intent may stay without its outcome: {error}"));
        }
    }

    /// Writes a record, and returns when the store has it.
    pub(crate) async fn write<P: Ports>(
        self,
        gateway: &Gateway,
        ports: &P,
        record: &Record,
    ) -> Result<(), StoreError> {
        let Self { recording, principal, connection } = self;
        let item = Item { recording, principal, connection, record, fresh: ports.random() };
        gateway.journal.write(ports, item).await
    }
}

/// What tells a caller's tokens apart: the token's id, or else its end.
fn told_apart(token: &VerifiedToken) -> String {
    token.token_id().map_or_else(|| format!("until {}", token.expires().0), str::to_owned)
}
