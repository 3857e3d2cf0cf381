//! One request and its answer, as JSON or as a stream of events, with limits on both.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method as HttpMethod, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use portcullis_host::{Client, ClientError};
use portcullis_mcp::era::{Call, PROTOCOL_VERSION, SESSION_ID};
use portcullis_mcp::json::{self, Bounds};
use portcullis_mcp::message::{Message, Notification, Outcome, RequestId};
use portcullis_mcp::revision::Revision;
use portcullis_mcp::sse::{Decoder, Item};
use portcullis_pins::escaped;
use portcullis_settings::{Connection, Limits};

/// For a connection, and for one whole answer.
const CONNECT: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(60);
/// How deep an answer may nest; a file of pins may nest a little deeper.
const DEPTH: usize = 110;

/// What came back.
pub(super) struct Answer {
    pub(super) outcome: Outcome<'static>,
    /// The session that it belongs to, if the server has begun one.
    pub(super) session: Option<HeaderValue>,
}

/// Why nothing came back.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error("{0}")]
    Client(#[from] ClientError),
    #[error("no request could be made of it")]
    Request(#[from] http::Error),
    #[error("no answer within {} seconds", ANSWER.as_secs())]
    Slow,
    #[error("HTTP {status}, which is about the connection's `credential`")]
    Credential { status: StatusCode },
    #[error("HTTP {status} and no message of the protocol: {text}")]
    Status { status: StatusCode, text: String },
    #[error("its answer is longer than {limit} bytes (`limits.frame_bytes`)")]
    TooLong { limit: usize },
    #[error("its answer broke off")]
    Broken,
}

impl Refused {
    /// Whether an older protocol may have better luck.
    pub(super) const fn is_about_the_protocol(&self) -> bool {
        match self {
            Self::Status { .. } | Self::Broken => true,
            Self::Client(_)
            | Self::Request(_)
            | Self::Slow
            | Self::Credential { .. }
            | Self::TooLong { .. } => false,
        }
    }
}

/// The way to one upstream.
pub(super) struct Exchange<'c> {
    client: &'c Client,
    connection: &'c Connection,
    limit: usize,
}

impl<'c> Exchange<'c> {
    pub(super) fn new(client: &'c Client, connection: &'c Connection, limits: &Limits) -> Self {
        Self { client, connection, limit: limits.frame_bytes }
    }

    /// Asks, and waits for the answer to this very question.
    pub(super) async fn ask(
        &self,
        call: &Call<'_>,
        session: Option<&HeaderValue>,
    ) -> Result<Answer, Refused> {
        let mut headers = call.headers();
        headers.extend(session.map(|session| (SESSION_ID.clone(), session.clone())));
        let answer = async {
            let response = self.send(HttpMethod::POST, headers, call.to_bytes()).await?;
            let (head, body) = response.into_parts();
            let session = head.headers.get(&SESSION_ID).cloned();
            let is_stream = head
                .headers
                .get(CONTENT_TYPE)
                .is_some_and(|kind| kind.as_bytes().to_ascii_lowercase().starts_with(b"text/event-stream"));
            let outcome = if is_stream {
                self.read_stream(body, &call.id).await?
            } else {
                self.read_body(head.status, body, &call.id).await?
            };
            Ok(Answer { outcome, session })
        };
        tokio::time::timeout(ANSWER, answer).await.map_err(|_elapsed| Refused::Slow)?
    }

    /// Tells something that has no answer.
    pub(super) async fn notify(
        &self,
        notification: Notification<'_>,
        session: Option<&HeaderValue>,
        revision: Revision,
    ) -> Result<(), Refused> {
        let headers = legacy_headers(session, revision);
        let told = self.send(HttpMethod::POST, headers, Message::Notification(notification).to_bytes());
        tokio::time::timeout(ANSWER, told).await.map_err(|_elapsed| Refused::Slow)??;
        Ok(())
    }

    /// Ends a session.
    pub(super) async fn end(&self, session: &HeaderValue, revision: Revision) -> Result<(), Refused> {
        let headers = legacy_headers(Some(session), revision);
        let ended = self.send(HttpMethod::DELETE, headers, Vec::new());
        tokio::time::timeout(CONNECT, ended).await.map_err(|_elapsed| Refused::Slow)??;
        Ok(())
    }

    async fn send(
        &self,
        method: HttpMethod,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<http::Response<Incoming>, Refused> {
        let mut request = Request::builder().method(method).uri(self.connection.url.uri());
        if !body.is_empty() {
            request = request
                .header(CONTENT_TYPE, "application/json")
                .header(ACCEPT, "application/json, text/event-stream");
        }
        let mut request = request.body(Full::new(Bytes::from(body)))?;
        request.headers_mut().extend(headers);
        if let Some(credential) = &self.connection.credential {
            request.headers_mut().insert(credential.name().clone(), credential.value().clone());
        }
        let response = self.client.send(request, CONNECT).await?;
        match response.status() {
            status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
                Err(Refused::Credential { status })
            }
            _ => Ok(response),
        }
    }

    async fn read_body(
        &self,
        status: StatusCode,
        mut body: Incoming,
        id: &RequestId<'_>,
    ) -> Result<Outcome<'static>, Refused> {
        let mut bytes = Vec::new();
        while let Some(chunk) = next(&mut body).await? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > self.limit {
                return Err(Refused::TooLong { limit: self.limit });
            }
        }
        answer(&bytes, id).ok_or_else(|| {
            let text: String = String::from_utf8_lossy(&bytes).chars().take(200).collect();
            Refused::Status { status, text: escaped(&text) }
        })
    }

    /// The stream need not end with the answer, so it is left there.
    async fn read_stream(&self, mut body: Incoming, id: &RequestId<'_>) -> Result<Outcome<'static>, Refused> {
        let mut decoder = Decoder::new(self.limit);
        while let Some(chunk) = next(&mut body).await? {
            let items = decoder.push(&chunk).map_err(|_error| Refused::TooLong { limit: self.limit })?;
            let texts = items.into_iter().filter_map(|item| match item {
                Item::Comment => None,
                Item::Event(event) => event.data,
            });
            for text in texts {
                if let Some(outcome) = answer(text.as_bytes(), id) {
                    return Ok(outcome);
                }
            }
        }
        Err(Refused::Broken)
    }
}

async fn next(body: &mut Incoming) -> Result<Option<Bytes>, Refused> {
    loop {
        match body.frame().await {
            None => return Ok(None),
            Some(Err(_broken)) => return Err(Refused::Broken),
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}

/// What a text says, if it is the answer to this question, or to one that the server could not read.
fn answer(text: &[u8], id: &RequestId<'_>) -> Option<Outcome<'static>> {
    let value = json::parse(text, Bounds::answer(DEPTH)).ok()?;
    match Message::try_from(value.into_owned()).ok()? {
        Message::Response(response) => {
            let is_ours = response.id.as_ref().is_none_or(|its| its.answers(id));
            is_ours.then_some(response.outcome)
        }
        Message::Request(_) | Message::Notification(_) => None,
    }
}

fn legacy_headers(session: Option<&HeaderValue>, revision: Revision) -> HeaderMap {
    let version = (PROTOCOL_VERSION.clone(), HeaderValue::from_static(revision.as_str()));
    let session = session.map(|session| (SESSION_ID.clone(), session.clone()));
    std::iter::once(version).chain(session).collect()
}
