//! What clients are told of a task that waits for people. Like all that is said of a held call it names the request and
//! its page, and nothing of policies, of who may approve, or of what anybody has said.

use portcullis_approval::RequestId;
use portcullis_ledger::{Day, UnixMillis};
use portcullis_mcp::answer::code;
use portcullis_mcp::json::{self, Bounds, Json, Object};
use portcullis_mcp::message::{Message, Outcome, RequestId as MessageId, Response};

use super::kept::{End, Ended};

/// How often a client is to ask, in milliseconds.
const POLL_MS: i64 = 5_000;
/// What is kept was written here.
const DEPTH: usize = 256;

/// A task that a held call has become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Created {
    pub(super) id: String,
    pub(super) created: u64,
    pub(super) expires: u64,
}

/// Where a task stands.
#[derive(Debug)]
pub(super) enum Status {
    /// It has ended.
    Ended(Ended),
    /// It goes on. What is to be said of it.
    Working(String),
}

impl Created {
    /// The answer to the call that has become a task (SEP-2663, `CreateTaskResult`).
    pub(crate) fn message(&self, id: MessageId<'static>, request: RequestId, page: &str) -> Message<'static> {
        let head = Object::new().with("resultType", "task");
        result(id, self.state(head, "working", self.created).with("statusMessage", waits(request, page)))
    }

    /// The answer to a question about it (SEP-2663, `GetTaskResult`).
    pub(super) fn stands(&self, id: MessageId<'static>, status: Status) -> Message<'static> {
        let head = Object::new().with("resultType", "complete");
        let Ended { at, end } = match status {
            Status::Working(text) => {
                let state = self.state(head, "working", self.created);
                return result(id, state.with("statusMessage", text));
            }
            Status::Ended(ended) => ended,
        };
        let state = match end {
            End::Cancelled => self.state(head, "cancelled", at),
            End::Completed(text) => self.state(head, "completed", at).with("result", parsed(&text)),
            End::Failed(text) => self.state(head, "failed", at).with("error", parsed(&text)),
            End::Given => self.state(head, "completed", at).with("result", given()),
        };
        result(id, state)
    }

    fn state(&self, head: Object<'static>, status: &'static str, updated: u64) -> Object<'static> {
        let ttl = i64::try_from(self.expires.saturating_sub(self.created)).unwrap_or(i64::MAX);
        head.with("taskId", self.id.clone())
            .with("status", status)
            .with("createdAt", instant(self.created))
            .with("lastUpdatedAt", instant(updated))
            .with("ttlMs", ttl)
            .with("pollIntervalMs", POLL_MS)
    }
}

/// That people are asked.
pub(super) fn waits(request: RequestId, page: &str) -> String {
    format!(
        "waits for approval by a person (request {request}). Somebody who may approve it can do so at {page} , and only \
         then it happens"
    )
}

/// That somebody else is at it.
pub(super) fn goes_on() -> String {
    "under way: what comes of it is told once it is known".to_owned()
}

/// The error of a task whose server wanted more than the call.
pub(super) fn asks_for_more() -> String {
    error(
        code::UPSTREAM,
        "the call was made, and its server asks for input, which it cannot get in a task that waited for approval",
    )
}

/// An error without anything more.
pub(super) fn error(code: i64, text: &'static str) -> String {
    Json::from(Object::new().with("code", code).with("message", text)).to_string()
}

/// The receipt of `tasks/cancel` (SEP-2663: an acknowledgement, whatever comes of it).
pub(super) fn receipt(id: MessageId<'static>) -> Message<'static> {
    result(id, Object::new().with("resultType", "complete"))
}

/// What stands in the place of a result that was too long. As an error, so that nobody takes it for the answer.
fn given() -> Object<'static> {
    let text = "the call was made, and its answer was given once, when it came. It was too long to be kept, so it cannot be \
                given again";
    let block = Object::new().with("type", "text").with("text", text);
    Object::new()
        .with("resultType", "complete")
        .with("content", vec![Json::from(block)])
        .with("isError", true)
}

fn parsed(text: &str) -> Json<'static> {
    json::parse_text(text, Bounds::answer(DEPTH)).map_or(Json::Null, Json::into_owned)
}

fn result(id: MessageId<'static>, result: Object<'static>) -> Message<'static> {
    Message::Response(Response { id: Some(id), outcome: Outcome::Result(result) })
}

/// A time as the protocol writes it (RFC 3339).
fn instant(at: u64) -> String {
    let (day, ms) = (Day::of(UnixMillis(at)), at % (24 * 60 * 60 * 1000));
    let (s, m, h) = (ms / 1000, ms / 60_000, ms / 3_600_000);
    format!("{day}T{h:02}:{:02}:{:02}.{:03}Z", m % 60, s % 60, ms % 1000)
}

#[cfg(test)]
mod tests {
    use super::instant;

    #[test]
    fn times_are_written_as_the_protocol_has_them() {
        for (at, want) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_800_000_000_123, "2027-01-15T08:00:00.123Z"),
            (1_785_283_199_999, "2026-07-28T23:59:59.999Z"),
        ] {
            assert_eq!(instant(at), want);
        }
    }
}
