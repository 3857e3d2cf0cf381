//! Requests of a server to the caller's client, and the answers to them, in the handshake era.
//!
//! The client sees a sealed id in place of the server's own. It holds the method that was asked and whom it was
//! asked of, so that an answer is accepted only to a question that the gateway let through, only from whom it was
//! put to, and only in the same session. Nothing is kept for it.

use portcullis_identity::seal::Purpose;
use portcullis_mcp::json::{self, Bounds, Json, Object};
use portcullis_mcp::message::{Outcome, RequestId};
use portcullis_mcp::method::ServerMethod;

use crate::gateway::Gateway;
use crate::owner::Owner;

const PURPOSE: Purpose = Purpose::new("server-request");
/// The longest id of a server's request that is passed on, in bytes.
const LONGEST_ID: usize = 1024;

/// The id that the client sees for a request of the server.
pub(crate) fn seal(
    gateway: &Gateway,
    owner: &Owner,
    method: ServerMethod,
    id: &RequestId<'_>,
) -> Option<RequestId<'static>> {
    let text = id.clone().into_json().to_string();
    let sealed = owner.seal(gateway, PURPOSE, &(method.as_str(), &text));
    sealed.filter(|_| text.len() <= LONGEST_ID).map(|sealed| RequestId::String(sealed.into()))
}

/// What an answer of the client is to: the method that was asked, and the server's own id.
pub(crate) fn open(
    gateway: &Gateway,
    owner: &Owner,
    id: &RequestId<'_>,
) -> Option<(ServerMethod, RequestId<'static>)> {
    let RequestId::String(sealed) = id else { return None };
    let (method, text): (String, String) = owner.open(gateway, PURPOSE, sealed)?;
    let value = json::parse(text.as_bytes(), Bounds::answer(1)).ok()?.into_owned();
    Some((ServerMethod::parse(&method)?, RequestId::try_from(value).ok()?))
}

/// What an answer tells the server, for detection and the record, and the answer itself. A ping is answered with
/// nothing, whatever the client adds.
pub(crate) fn given(method: ServerMethod, outcome: Outcome<'_>) -> (Json<'_>, Outcome<'_>) {
    match (method, outcome) {
        (ServerMethod::Ping, _) => (Json::Null, Outcome::Result(Object::new())),
        (_, Outcome::Result(result)) => (result.clone().into(), Outcome::Result(result)),
        (_, Outcome::Error(error)) => (error.clone().into_json(), Outcome::Error(error)),
    }
}
