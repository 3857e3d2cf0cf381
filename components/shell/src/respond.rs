//! Sending an answer, so that a whole one leaves in one packet and a stream leaves event by event.

use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, select};
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Response, StatusCode};
use portcullis_pipeline::{Answer, EventStream, KEEP_ALIVE};
use spin_sdk::http::{Error, FullBody};
use spin_sdk::wasip3::http::types::{self, ErrorCode};
use spin_sdk::wasip3::http_compat::{BodyWriter, http_into_wasi_response};
use spin_sdk::wasip3::spawn;
use spin_sdk::wasip3::wit_bindgen::{StreamWriter, yield_async};

use crate::After;
use crate::world::World;

/// How long a stream may be silent before a comment shows that it lives. It is also the longest time that a
/// caller who left goes unnoticed.
const KEEP_ALIVE_AFTER: Duration = Duration::from_secs(15);
/// How long a reader may take no byte before it counts as gone.
const STALLED_AFTER: Duration = Duration::from_secs(60);

/// Hands an answer to the host.
pub(crate) async fn send(response: Response<Answer<World>>, after: After) -> Result<types::Response, Error> {
    let (head, answer) = response.into_parts();
    match answer {
        Answer::Full(body) => {
            let sent = whole(Response::from_parts(head, body)).await;
            after.begin();
            sent
        }
        Answer::Events(events) => events_response(head.status, head.headers, *events, after),
    }
}

/// The answer of an instance that could not load its settings or policies. Why is in the log.
pub(crate) async fn unavailable() -> Result<types::Response, Error> {
    let mut response = Response::new(Bytes::from_static(b"the gateway is not configured"));
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    whole(response).await
}

async fn whole(mut response: Response<Bytes>) -> Result<types::Response, Error> {
    let length = response.body().len().into();
    response.headers_mut().insert(CONTENT_LENGTH, length);
    let response = http_into_wasi_response(response.map(FullBody::new))?;
    // The body is written by a task of its own. Let it offer its first write before the head leaves: else the
    // two leave in two packets, and Nagle's algorithm holds the second until the first is acknowledged (40 ms).
    yield_async().await;
    Ok(response)
}

fn events_response(
    status: StatusCode,
    headers: HeaderMap,
    events: EventStream<World>,
    after: After,
) -> Result<types::Response, Error> {
    let headers = headers.try_into().map_err(|_| internal("headers"))?;
    let (writer, body, trailers) = BodyWriter::new();
    let (response, _) = types::Response::new(headers, Some(body), trailers);
    response.set_status_code(status.as_u16()).map_err(|()| internal("status"))?;
    after.begin();
    spawn(async move {
        relay(events, writer).await;
        // What has happened in the stream.
        after.begin();
    });
    Ok(response)
}

fn internal(what: &str) -> ErrorCode {
    ErrorCode::InternalError(Some(format!("unusable {what}")))
}

/// Writes events as they come. When the caller is gone, the upstream is let go too.
async fn relay(mut events: EventStream<World>, writer: BodyWriter) {
    let BodyWriter { mut stream_writer, result_writer, .. } = writer;
    loop {
        match next(&mut events, &mut stream_writer).await {
            Next::Bytes(bytes) => {
                if !is_taken(&mut stream_writer, bytes.to_vec()).await {
                    return events.abandon().await;
                }
            }
            Next::Gone => return events.abandon().await,
            Next::End => break,
        }
    }
    drop(stream_writer);
    // The reader may be gone by now; the stream is complete either way.
    _ = result_writer.write(Ok(None)).await;
}

/// Whether the reader takes these bytes. One that stops reading without leaving would keep the upstream busy, and
/// the call without its outcome, for as long as it likes.
async fn is_taken(writer: &mut StreamWriter<u8>, bytes: Vec<u8>) -> bool {
    let written = pin!(writer.write_all(bytes));
    match select(written, pin!(spin_sdk::time::sleep(STALLED_AFTER))).await {
        Either::Left((left, _)) => left.is_empty(),
        Either::Right(_) => false,
    }
}

enum Next {
    Bytes(Bytes),
    End,
    Gone,
}

/// The next bytes, with comments written while there are none.
async fn next(events: &mut EventStream<World>, writer: &mut StreamWriter<u8>) -> Next {
    let mut next = pin!(events.next());
    loop {
        match select(next.as_mut(), pin!(spin_sdk::time::sleep(KEEP_ALIVE_AFTER))).await {
            Either::Left((Some(bytes), _)) => return Next::Bytes(bytes),
            Either::Left((None, _)) => return Next::End,
            Either::Right(_) => {
                if !is_taken(writer, KEEP_ALIVE.to_vec()).await {
                    return Next::Gone;
                }
            }
        }
    }
}
