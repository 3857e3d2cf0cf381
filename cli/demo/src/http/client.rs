//! One small HTTP request to a service of this demonstration, over plain TCP.
//!
//! No TLS, no redirects, no pooling: it is for loopback, and the caller names the URL.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::Secret;

/// How long a whole exchange may take.
const DEADLINE: Duration = Duration::from_secs(10);

/// The longest answer that is read.
const ANSWER_LIMIT: usize = 1024 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// Not an `http` URL with a host.
    #[error("`{0}` is not an http URL")]
    Url(String),
    /// Nothing listens there.
    #[error("cannot connect to {authority}")]
    Connect {
        /// Host and port.
        authority: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// It listens, but does not answer in HTTP.
    #[error("no HTTP answer from {0}")]
    Exchange(String),
    /// It listens, but did not answer in time.
    #[error("{0} did not answer within 10 seconds")]
    Late(String),
}

/// Posts a form with a bearer secret and returns the whole answer.
pub(crate) async fn post_form(
    url: &str,
    bearer: &Secret,
    form: String,
) -> Result<Response<Bytes>, ExchangeError> {
    let refused = || ExchangeError::Url(url.to_owned());
    let uri = url.parse::<Uri>().map_err(|_malformed| refused())?;
    let authority = uri.authority().filter(|_| uri.scheme_str() == Some("http")).ok_or_else(refused)?;
    let request = Request::post(uri.path())
        .header(HOST, authority.as_str())
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(AUTHORIZATION, format!("Bearer {}", bearer.expose()))
        .body(Full::new(Bytes::from(form)))
        .map_err(|_malformed| refused())?;
    let target = match authority.port_u16() {
        Some(_) => authority.as_str().to_owned(),
        None => format!("{authority}:80"),
    };
    match tokio::time::timeout(DEADLINE, send(&target, request)).await {
        Ok(answer) => answer,
        Err(_elapsed) => Err(ExchangeError::Late(target)),
    }
}

pub(crate) async fn send(
    target: &str,
    request: Request<Full<Bytes>>,
) -> Result<Response<Bytes>, ExchangeError> {
    let stream = TcpStream::connect(target)
        .await
        .map_err(|source| ExchangeError::Connect { authority: target.to_owned(), source })?;
    let broken = || ExchangeError::Exchange(target.to_owned());
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|_| broken())?;
    // It ends by itself when the sender is dropped.
    let _driver = tokio::spawn(connection);
    let (head, body) = sender.send_request(request).await.map_err(|_| broken())?.into_parts();
    let body = Limited::new(body, ANSWER_LIMIT).collect().await.map_err(|_| broken())?;
    Ok(Response::from_parts(head, body.to_bytes()))
}
