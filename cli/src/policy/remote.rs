//! Asking `/api` of a gateway.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::rt::TokioIo;
use portcullis_demo::state::DemoState;
use portcullis_demo::token;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::arguments::Gateway;

const LIMIT: usize = 16 << 20;
const DEADLINE: Duration = Duration::from_secs(60);

/// The API of a gateway, and whoever asks it.
pub(crate) struct Remote {
    /// The public URL, without a slash at its end.
    url: String,
    token: String,
    extra_roots: Vec<PathBuf>,
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
        let (status, bytes) = answer.await.map_err(|_| anyhow!("{} does not answer", self.url))??;
        let value = serde_json::from_slice::<Value>(&bytes).ok();
        if status == StatusCode::OK {
            return Ok(Ok(value.with_context(|| format!("{} does not answer with JSON", self.url))?));
        }
        let text = |member: &str| Some(value.as_ref()?.get(member)?.as_str()?.to_owned());
        Ok(Err(Refused {
            status,
            word: text("error").unwrap_or_default(),
            message: text("message").unwrap_or_else(|| {
                format!("there is no `/api` at {}: see `[console]` in the settings", self.url)
            }),
        }))
    }

    async fn send(&self, method: Method, path: &str, body: Body) -> anyhow::Result<(StatusCode, Bytes)> {
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

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: Request<Full<Bytes>>,
) -> anyhow::Result<(StatusCode, Bytes)> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let (head, body) = sender.send_request(request).await?.into_parts();
    let body = Limited::new(body, LIMIT).collect().await.map_err(|error| anyhow!(error))?;
    Ok((head.status, body.to_bytes()))
}
