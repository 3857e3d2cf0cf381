//! What the store has of a task that has ended: how, and what its caller is told of it.
//!
//! It is written once, by who has claimed the task, so there is no second writer to compare with. It is as the caller
//! may see it, masked, and sealed for the key that it lies at. What is not there after the task was claimed is on its
//! way, or lost; who finds it so notes when, so that others know how long it has been so.

use portcullis_identity::seal::Purpose;
use portcullis_ledger::MAX_VALUE_BYTES;
use portcullis_mcp::json::{self, Bounds, Json};
use portcullis_mcp::message::{Message, Outcome, Response};
use serde::{Deserialize, Serialize};

use super::told;
use crate::gateway::Gateway;
use crate::ports::{Ports, StoreError, fresh};

const PURPOSE: Purpose = Purpose::new("approval-task-end");
const VERSION: u64 = 1;

/// How a task has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum End {
    /// Before the call was made, which it never is.
    Cancelled,
    /// With this result.
    Completed(String),
    /// With this error.
    Failed(String),
    /// With a result that is too long to be kept.
    Given,
}

/// How a task has ended, and when, in milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) at: u64,
    pub(super) end: End,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    v: u64,
    at: u64,
    end: Option<End>,
}

impl End {
    /// How a call ended whose guarded answer is this. What is neither a result nor an error is none that a task can end
    /// with: there is nobody to go on with it.
    pub(super) fn of_answer(text: &str, depth: usize) -> Self {
        let message = json::parse_text(text, Bounds::answer(depth)).ok().map(Message::try_from);
        match message {
            Some(Ok(Message::Response(Response { outcome: Outcome::Error(error), id: _ }))) => {
                Self::Failed(error.into_json().to_string())
            }
            Some(Ok(Message::Response(Response { outcome: Outcome::Result(result), id: _ })))
                if result.get_str("resultType") == Some("complete") =>
            {
                Self::Completed(Json::from(result).to_string())
            }
            Some(Ok(Message::Notification(_) | Message::Request(_) | Message::Response(_)) | Err(_))
            | None => Self::Failed(told::asks_for_more()),
        }
    }
}

/// Where the store has this of a task.
pub(super) fn key(gateway: &Gateway, what: &str, nonce: &str) -> String {
    format!("pc1:{}:approval-task:{what}:{nonce}", gateway.app().as_str())
}

/// How a task has ended; `None` if it has not, as far as the store knows.
pub(super) async fn read<P: Ports>(
    gateway: &Gateway,
    ports: &P,
    nonce: &str,
) -> Result<Option<Ended>, StoreError> {
    match get(gateway, ports, &key(gateway, "end", nonce)).await? {
        None => Ok(None),
        Some(Form { v: VERSION, at, end: Some(end) }) => Ok(Some(Ended { at, end })),
        Some(Form { .. }) => Err(unreadable()),
    }
}

/// Keeps how a task has ended. Only who has claimed it may.
pub(super) async fn write<P: Ports>(
    gateway: &Gateway,
    ports: &P,
    nonce: &str,
    Ended { at, end }: Ended,
) -> Result<(), StoreError> {
    let key = key(gateway, "end", nonce);
    let form = |end| Form { v: VERSION, at, end: Some(end) };
    let sealed = seal(gateway, ports, &key, &form(end))?;
    let sealed = match sealed.len() <= MAX_VALUE_BYTES {
        true => sealed,
        false => seal(gateway, ports, &key, &form(End::Given))?,
    };
    ports.set(&key, sealed.as_bytes()).await
}

/// Since when a claimed task is known to have no end, in milliseconds since 1970: since now, if nobody has found it so
/// before.
pub(super) async fn missed_since<P: Ports>(
    gateway: &Gateway,
    ports: &P,
    nonce: &str,
) -> Result<u64, StoreError> {
    let key = key(gateway, "missed", nonce);
    if let Some(Form { v: _, at, end: _ }) = get(gateway, ports, &key).await? {
        return Ok(at);
    }
    let at = ports.now();
    let sealed = seal(gateway, ports, &key, &Form { v: VERSION, at, end: None })?;
    ports.set(&key, sealed.as_bytes()).await?;
    Ok(at)
}

fn seal<P: Ports>(gateway: &Gateway, ports: &P, key: &str, form: &Form) -> Result<String, StoreError> {
    let unwritable = || StoreError("the end of a task cannot be written".to_owned());
    let plain = serde_json::to_vec(&(key, form)).map_err(|_| unwritable())?;
    gateway.sealer().seal(PURPOSE, &plain, fresh(ports)).map_err(|_| unwritable())
}

async fn get<P: Ports>(gateway: &Gateway, ports: &P, key: &str) -> Result<Option<Form>, StoreError> {
    let Some(stored) = ports.get(key).await? else { return Ok(None) };
    let opened = std::str::from_utf8(&stored).ok().and_then(|text| {
        let plain = gateway.sealer().open(PURPOSE, text).ok()?;
        let (at, value): (String, Form) = serde_json::from_slice(&plain).ok()?;
        (at == key).then_some(value)
    });
    opened.map(Some).ok_or_else(unreadable)
}

fn unreadable() -> StoreError {
    StoreError("what is kept of a task cannot be read".to_owned())
}
