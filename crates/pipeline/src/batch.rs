//! Batches of 2025-03-26: opened, and decided element by element.
//!
//! The upstream gets each element by itself, so it needs to know nothing of batches. The answers come back as events
//! of one stream, each as soon as it is there (MCP 2025-03-26, Streamable HTTP).

use portcullis_mcp::era::{self, Incoming, PROTOCOL_VERSION, Rejection};
use portcullis_mcp::json::Json;
use portcullis_mcp::message::{Message, MessageError};
use portcullis_mcp::method::Method;
use portcullis_mcp::revision::Revision;

use crate::Answer;
use crate::exchange::Exchange;
use crate::pace;
use crate::ports::Ports;
use crate::refusal::{Addressee, Refusal};
use crate::relay::Relay;
use crate::reply;
use crate::stream::EventStream;

/// The most elements of one batch.
const LONGEST: usize = 50;

/// Serves a batch.
///
/// # Errors
/// It is empty or too long, or the session is of a revision without batches.
pub(crate) async fn serve<P: Ports>(
    x: &mut Exchange<P>,
    elements: Vec<Json<'_>>,
) -> Result<http::Response<Answer<P>>, Refusal> {
    let refused = || Refusal::Protocol(Rejection::Message(MessageError::Batch));
    let revision = Revision::V2025_03_26;
    let stated = x.parts.headers.get(PROTOCOL_VERSION);
    if stated.is_some_and(|stated| stated.as_bytes() != revision.as_str().as_bytes()) {
        return Err(refused());
    }
    if x.session(None)?.is_some_and(|session| session.revision != revision) || elements.is_empty() {
        return Err(refused());
    }
    if elements.len() > LONGEST {
        return Err(Rejection::LongBatch { limit: LONGEST }.into());
    }
    let (mut answers, mut relays) = (Vec::new(), Vec::new());
    for element in elements {
        x.begin_next();
        match self::element(x, element).await {
            Ok(relay) => relays.extend(relay),
            Err(refusal) => {
                let is_answered = wants_answer(&x.to, &refusal);
                let refusal = pace::refused(x, refusal);
                x.note(&refusal).await;
                if is_answered {
                    answers.push(refusal.message(&x.to));
                }
            }
        }
    }
    if answers.is_empty() && relays.is_empty() {
        return Ok(reply::accepted());
    }
    let events = EventStream::beginning_with(answers, relays);
    Ok(reply::streamed(events))
}

/// Whether a refused element is answered: not if it is a notification or a response (JSON-RPC 2.0, batch), but also
/// if it is no message at all.
fn wants_answer(to: &Addressee, refusal: &Refusal) -> bool {
    to.id.is_some() || matches!(refusal, Refusal::Protocol(Rejection::Message(_)))
}

/// One element: the answer to a request, and nothing for the rest.
async fn element<P: Ports>(x: &mut Exchange<P>, element: Json<'_>) -> Result<Option<Relay<P>>, Refusal> {
    let message = Message::try_from(element).map_err(Rejection::Message)?;
    let incoming = era::classify(&x.parts.headers, message).map_err(|rejected| x.rejected(*rejected))?;
    crate::admit(x, &incoming)?;
    match incoming {
        Incoming::Call(call) if call.era == era::Era::Modern => {
            x.address(&call);
            Err(Rejection::Message(MessageError::Batch).into())
        }
        Incoming::Call(call) if call.method == Method::Initialize => {
            x.address(&call);
            Err(Rejection::InitializeInBatch.into())
        }
        Incoming::Call(call) => crate::start(x, call).await.map(Some),
        Incoming::Notice(notice) => {
            if let Some(delivery) = crate::notify(x, notice).await? {
                delivery.await?;
            }
            Ok(None)
        }
        Incoming::Reply(reply) => crate::answer(x, reply).await.map(|_receipt| None),
    }
}
