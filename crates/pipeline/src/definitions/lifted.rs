//! Lists show what owners have approved, although it is not what is pinned.
//!
//! The store is asked only about a list in which something differs, and only where that is held.

use std::collections::BTreeSet;

use portcullis_approval::{Pinned, Requester};
use portcullis_ledger::UnixMillis;
use portcullis_mcp::json::Json;
use portcullis_mcp::message::{Message, Outcome};
use portcullis_pins::{DefinitionDigest, Kind};
use portcullis_settings::Drift;

use crate::approvals::drive;
use crate::definitions::drifted::Judge;
use crate::definitions::held;
use crate::guard::Guard;
use crate::ports::Ports;

/// How many definitions of one list are asked about.
const MOST: usize = 4096;

/// Definitions of one list that owners have approved: the name, the digest, and that of the pin from which it differs.
pub(crate) type Lifted = BTreeSet<(String, DefinitionDigest, Option<DefinitionDigest>)>;

/// What owners have approved of the list that a message is, if it is one. If the store fails, that is nothing.
pub(crate) async fn lifted<P: Ports>(guard: &Guard, ports: &P, message: &Message<'_>) -> Lifted {
    let gateway = guard.gateway();
    let connection = gateway.connection(guard.connection());
    let Some(connection) = connection.filter(|connection| connection.drift == Drift::Hold) else {
        return Lifted::new();
    };
    let kind = guard.call().and_then(|call| Kind::ALL.into_iter().find(|kind| kind.list() == call.method));
    let (Some(kind), Message::Response(response)) = (kind, message) else { return Lifted::new() };
    let Outcome::Result(result) = &response.outcome else { return Lifted::new() };
    let active = gateway.active();
    let (Some(judge), Ok(requester)) =
        (Judge::new(active.approved(), connection), Requester::of(guard.principal()))
    else {
        return Lifted::new();
    };
    let items = result.get(kind.member()).and_then(Json::as_array).unwrap_or_default();
    let drifted = items.iter().filter_map(Json::as_object).filter_map(|item| {
        let (live, drifted) = judge.item(kind, item)?;
        let drifted = drifted?;
        let asked = held::asked(connection, &drifted, live, requester.clone())?;
        Some(((drifted.name, live, drifted.difference.pinned()), asked))
    });
    let (names, asked): (Vec<_>, Vec<_>) = drifted.take(MOST).unzip();
    if asked.is_empty() {
        return Lifted::new();
    }
    let mut pinned = Pinned::new(gateway.approvals(), asked, UnixMillis(ports.now()));
    drive(ports, &mut pinned).await;
    match pinned.finish() {
        Ok(approved) => names.into_iter().zip(approved).filter_map(|(name, is)| is.then_some(name)).collect(),
        Err(trouble) => {
            let connection = &connection.name;
            ports.log(&format!(
                "what owners have approved of `{connection}` is left out of a list: {trouble}"
            ));
            Lifted::new()
        }
    }
}
