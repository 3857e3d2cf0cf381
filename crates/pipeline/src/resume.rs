//! Ids of events, by which a client of the handshake era takes up a broken stream again (`Last-Event-ID`).
//!
//! The client sees a sealed id in place of the upstream's. It says whose stream it was and which call the stream
//! answers, so that what is sent again is guarded as it was the first time and closes the same record.

use http::HeaderValue;
use portcullis_identity::seal::Purpose;
use portcullis_ledger::RecordId;
use portcullis_mcp::json::{self, Bounds};
use portcullis_mcp::message::RequestId;
use portcullis_mcp::method::Method;

use crate::gateway::Gateway;
use crate::guard::Completed;
use crate::owner::Owner;

const PURPOSE: Purpose = Purpose::new("event-id");
/// The longest id of an upstream's event that is passed on, in bytes.
const LONGEST_ID: usize = 1024;

/// The upstream's id, then the call, if there is one.
type Sealed = (String, Option<SealedCall>);
/// Its id, method, name and record; the template and variable that it completes; whether it may become a task.
type SealedCall = (String, String, Option<String>, Option<String>, Option<(String, String)>, bool);

/// The call that a stream answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answering {
    pub(crate) id: RequestId<'static>,
    pub(crate) method: Method,
    pub(crate) name: Option<String>,
    pub(crate) record: Option<RecordId>,
    pub(crate) completed: Option<Completed>,
    pub(crate) may_be_task: bool,
}

/// The id that the client sees for an event; `None` if the upstream's could not be sent back to it.
pub(crate) fn seal(
    gateway: &Gateway,
    owner: &Owner,
    event: &str,
    answering: Option<&Answering>,
) -> Option<String> {
    let call = answering.map(|call| {
        let id = call.id.clone().into_json().to_string();
        let record = call.record.map(|record| record.to_string());
        let completed = call.completed.clone().map(|Completed { template, variable }| (template, variable));
        (id, call.method.as_str().to_owned(), call.name.clone(), record, completed, call.may_be_task)
    });
    let usable = event.len() <= LONGEST_ID && HeaderValue::from_str(event).is_ok();
    let sealed: Sealed = (event.to_owned(), call);
    owner.seal(gateway, PURPOSE, &sealed).filter(|_| usable)
}

/// The upstream's id and what its stream answers; `None` if the id is not one of this owner's.
pub(crate) fn open(gateway: &Gateway, owner: &Owner, text: &str) -> Option<(String, Option<Answering>)> {
    let (event, call): Sealed = owner.open(gateway, PURPOSE, text)?;
    let Some((id, method, name, record, completed, may_be_task)) = call else { return Some((event, None)) };
    let id = json::parse(id.as_bytes(), Bounds::answer(1)).ok()?.into_owned();
    let record = match record {
        None => None,
        Some(record) => Some(record.parse().ok()?),
    };
    let answering = Answering {
        id: RequestId::try_from(id).ok()?,
        method: Method::parse(&method)?,
        name,
        record,
        completed: completed.map(|(template, variable)| Completed { template, variable }),
        may_be_task,
    };
    Some((event, Some(answering)))
}
