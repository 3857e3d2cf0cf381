//! What who asks has done before, for reviewers who may see that.

use portcullis_approval::{Case, Subject};
use portcullis_policy::Target;
use serde_json::{Value, json};

use crate::control::{any_of, recordings};
use crate::exchange::Exchange;
use crate::ports::Ports;

/// What lets a reviewer see it.
const SEEING: [Target<'static>; 2] = [Target::Audit, Target::Review];

/// The last calls of who asks on the connection, or why they are not told. It never keeps a request from being shown.
pub(super) async fn of<P: Ports>(x: &Exchange<P>, case: &Case) -> Value {
    let operation = match &case.request().asked.subject {
        Subject::Call(operation) => operation,
        // Who would be in a group is in it everywhere, and a definition is nobody's.
        Subject::Access(_) | Subject::Definition(_) => return Value::Null,
    };
    if any_of(x, [&operation.connection], &SEEING).is_err() {
        return json!({ "unknown": "to see what was done before, `audit` or `review` is needed on the connection" });
    }
    let Some((issuer, subject)) = operation.requester.id.as_str().split_once('|') else { return Value::Null };
    match recordings::before(x, &operation.connection, (issuer, subject)).await {
        Ok(told) => told,
        Err(refusal) => {
            x.ports.log(&format!("what a requester did before is not told to a reviewer: {refusal}"));
            json!({ "unknown": "what was done before cannot be read now: the log says why" })
        }
    }
}
