//! Asking `/api` of a gateway.

use std::collections::VecDeque;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use bytes::Bytes;
use clap::Args;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use portcullis_demo::oidc::Persona;
use portcullis_demo::state::DemoState;
use portcullis_demo::token;
use portcullis_mcp::sse::{Decoder, Event, Item};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::exit::Exit;
use crate::terminal;
use crate::trial::problem::Reader;

const LIMIT: usize = 16 << 20;
const DEADLINE: Duration = Duration::from_secs(60);

/// Which gateway is asked, and who asks.
#[derive(Debug, Args)]
pub(crate) struct Gateway {
    /// Ask the gateway of the running demo, as a persona.
    #[arg(long = "as", value_name = "PERSONA", conflicts_with_all = ["gateway", "token_file"])]
    pub(crate) persona: Option<Persona>,
    /// The gateway's public URL.
    #[arg(long, value_name = "URL", requires = "token_file")]
    pub(crate) gateway: Option<String>,
    /// A file with a token for `<public URL>/api`.
    #[arg(long, value_name = "FILE", requires = "gateway")]
    pub(crate) token_file: Option<PathBuf>,
    /// Certificates to trust besides the public roots.
    #[arg(long, value_name = "PEM")]
    pub(crate) extra_roots: Vec<PathBuf>,
    /// The folder of the running demo.
    #[arg(long, value_name = "FOLDER", default_value = ".portcullis")]
    pub(crate) state_dir: PathBuf,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// The API of a gateway, and whoever asks it.
pub(crate) struct Remote {
    /// The public URL, without a slash at its end.
    url: String,
    token: String,
    extra_roots: Vec<PathBuf>,
}

/// A stream of events that is being read.
pub(crate) struct Listening {
    body: Incoming,
    decoder: Decoder,
    events: VecDeque<Event>,
}

/// What is not done, and why.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) status: StatusCode,
    /// A word for programs.
    pub(crate) word: String,
    /// What to do.
    pub(crate) message: String,
}

/// A body with its kind.
pub(crate) enum Body {
    None,
    Bytes(Vec<u8>),
    Json(String),
}

impl Remote {
    /// Finds the gateway, and a token for it.
    pub(crate) async fn find(arguments: &Gateway) -> anyhow::Result<Self> {
        let Gateway { persona, gateway, token_file, extra_roots, state_dir, json: _ } = arguments;
        let (url, token) = match (persona, gateway, token_file) {
            (Some(persona), _, _) => {
                let state = DemoState::read(state_dir)?;
                let audience = format!("{}/api", state.gateway_url);
                let token = token::fetch(&state, *persona, &audience).await?;
                (state.gateway_url, token.expose().to_owned())
            }
            (None, Some(gateway), Some(file)) => {
                let token =
                    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
                (gateway.trim_end_matches('/').to_owned(), token.trim().to_owned())
            }
            _ => bail!("say who asks: `--as PERSONA`, or `--gateway URL --token-file FILE`"),
        };
        Ok(Self { url, token, extra_roots: extra_roots.clone() })
    }

    /// Asks; the outer error is that there is no answer.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Body,
    ) -> anyhow::Result<Result<Value, Refused>> {
        let answer = tokio::time::timeout(DEADLINE, self.send(method, path, body));
        let (status, bytes) = answer.await.map_err(|_| self.is_silent())??;
        let value = serde_json::from_slice::<Value>(&bytes).ok();
        if status == StatusCode::OK {
            return Ok(Ok(value.with_context(|| format!("{} does not answer with JSON", self.url))?));
        }
        Ok(Err(self.refused(status, value.as_ref())))
    }

    /// Asks for a stream of events; the outer error is that there is no answer.
    pub(crate) async fn listen(&self, path: &str) -> anyhow::Result<Result<Listening, Refused>> {
        let answer = tokio::time::timeout(DEADLINE, self.begin(Method::GET, path, Body::None));
        let (head, body) = answer.await.map_err(|_| self.is_silent())??.into_parts();
        if head.status == StatusCode::OK {
            return Ok(Ok(Listening { body, decoder: Decoder::new(LIMIT), events: VecDeque::new() }));
        }
        let bytes = Limited::new(body, LIMIT).collect().await.map_err(|error| anyhow!(error))?.to_bytes();
        Ok(Err(self.refused(head.status, serde_json::from_slice(&bytes).ok().as_ref())))
    }

    fn is_silent(&self) -> anyhow::Error {
        anyhow!("{} does not answer", self.url)
    }

    fn refused(&self, status: StatusCode, value: Option<&Value>) -> Refused {
        let text = |member: &str| Some(value?.get(member)?.as_str()?.to_owned());
        Refused {
            status,
            word: text("error").unwrap_or_default(),
            message: text("message").unwrap_or_else(|| {
                format!("there is no `/api` at {}: see `[console]` in the settings", self.url)
            }),
        }
    }

    async fn send(&self, method: Method, path: &str, body: Body) -> anyhow::Result<(StatusCode, Bytes)> {
        let (head, body) = self.begin(method, path, body).await?.into_parts();
        let body = Limited::new(body, LIMIT).collect().await.map_err(|error| anyhow!(error))?;
        Ok((head.status, body.to_bytes()))
    }

    async fn begin(&self, method: Method, path: &str, body: Body) -> anyhow::Result<Response<Incoming>> {
        let uri: Uri = self.url.parse().with_context(|| format!("`{}` is not a URL", self.url))?;
        let authority = uri.authority().context("the URL has no host")?.clone();
        let (kind, bytes) = match body {
            Body::None => (None, Vec::new()),
            Body::Bytes(bytes) => (Some("application/octet-stream"), bytes),
            Body::Json(text) => (Some("application/json"), text.into_bytes()),
        };
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, authority.as_str())
            .header(AUTHORIZATION, format!("Bearer {}", self.token));
        if let Some(kind) = kind {
            request = request.header(CONTENT_TYPE, kind);
        }
        let request = request.body(Full::new(Bytes::from(bytes)))?;
        let is_https = uri.scheme_str() == Some("https");
        let host = authority.host().trim_matches(['[', ']']);
        let port = authority.port_u16().unwrap_or(if is_https { 443 } else { 80 });
        let unreachable = || format!("cannot connect to {host}:{port}");
        let stream = TcpStream::connect((host, port)).await.with_context(unreachable)?;
        match uri.scheme_str() {
            Some("http") => exchange(stream, request).await,
            Some("https") => {
                let name = ServerName::try_from(host.to_owned())?;
                let stream = self.tls()?.connect(name, stream).await.with_context(unreachable)?;
                exchange(stream, request).await
            }
            _ => bail!("`{}` is neither an https nor an http URL", self.url),
        }
    }

    fn tls(&self) -> anyhow::Result<TlsConnector> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for file in &self.extra_roots {
            let certificates = CertificateDer::pem_file_iter(file)
                .with_context(|| format!("cannot read {}", file.display()))?;
            for certificate in certificates {
                roots.add(certificate?)?;
            }
        }
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(TlsConnector::from(Arc::new(config)))
    }
}

impl Refused {
    /// Says what is not done; exit code 2 if that is because of who asks.
    pub(crate) fn tell(&self, reader: Reader) -> Exit {
        let Self { status, word, message } = self;
        match reader {
            Reader::Person => terminal::error(&format!("error: {}", terminal::visible(message))),
            Reader::Script => {
                let told = json!({ "status": status.as_u16(), "error": word, "message": message });
                terminal::line(&terminal::json(&told));
            }
        }
        match word.as_str() {
            "denied" | "needs_approval" | "not_a_person" | "not_an_approver" | "own_request" => Exit::Denied,
            _ => Exit::Failure,
        }
    }
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: Request<Full<Bytes>>,
) -> anyhow::Result<Response<Incoming>> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender.send_request(request).await?)
}

impl Listening {
    /// The next event; `None` at the end.
    ///
    /// # Errors
    /// The stream broke off, or there was no sign of life for a minute.
    pub(crate) async fn next(&mut self) -> anyhow::Result<Option<Event>> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(Some(event));
            }
            let frame = tokio::time::timeout(DEADLINE, self.body.frame());
            let Some(frame) = frame.await.context("the gateway gives no sign of life")? else {
                return Ok(None);
            };
            // Trailers say nothing here.
            let Ok(bytes) = frame?.into_data() else { continue };
            for item in self.decoder.push(&bytes)? {
                match item {
                    Item::Comment => {}
                    Item::Event(event) => self.events.push_back(event),
                }
            }
        }
    }
}

/// A path with a query of those members that are there.
pub(crate) fn path(path: &str, members: &[(&str, Option<&str>)]) -> String {
    let members = members.iter().filter_map(|(name, value)| Some(format!("{name}={}", encoded((*value)?))));
    let query = members.collect::<Vec<_>>().join("&");
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// A text as a part of a path or a query, which it cannot change.
pub(crate) fn encoded(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let shown = |byte: u8| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(shown).collect()
}

/// Where the next page of an answer begins, if there is one.
pub(crate) fn next(page: &Value) -> Option<String> {
    page.get("next").and_then(Value::as_str).map(ToOwned::to_owned)
}

/// Whether there is another page, which then begins at `cursor`.
///
/// # Errors
/// It would be the same page again.
pub(crate) fn go_on(page: &Value, cursor: &mut Option<String>) -> anyhow::Result<bool> {
    let next = next(page);
    anyhow::ensure!(next.is_none() || next != *cursor, "the gateway does not go on");
    *cursor = next;
    Ok(cursor.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_asked_for_fits_a_url() {
        let members = [("day", None), ("principal", Some("okta|ana & bo/é")), ("decision", Some("deny"))];
        let expected = "/api/recordings?principal=okta%7Cana%20%26%20bo%2F%C3%A9&decision=deny";
        assert_eq!(path("/api/recordings", &members), expected);
        assert_eq!(path("/api/recordings", &[("day", None)]), "/api/recordings");
    }
}
