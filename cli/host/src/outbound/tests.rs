use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http_body_util::Empty;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{self, ServerConfig};

use super::*;
use crate::log::MemoryLog;
use crate::manifest::Manifest;
use crate::variables::Values;

/// A server that counts its connections and tells when one that it left open was closed by the other side.
struct Server {
    address: SocketAddr,
    n_connections: Arc<AtomicUsize>,
    closed: mpsc::UnboundedReceiver<()>,
}

impl Server {
    async fn start(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let n_connections = Arc::new(AtomicUsize::new(0));
        let (close, closed) = mpsc::unbounded_channel();
        let counter = Arc::clone(&n_connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::Relaxed);
                let (tls, close) = (tls.clone(), close.clone());
                tokio::spawn(async move {
                    match tls {
                        None => answer(stream, close).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                answer(stream, close).await;
                            }
                        }
                    }
                });
            }
        });
        Self { address, n_connections, closed }
    }
}

/// Answers requests without a body, by path: `/half` begins a body and then waits to be closed, `/never` only waits,
/// and any other is answered with the request's head.
async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, close: mpsc::UnboundedSender<()>) {
    let mut head = Vec::new();
    while let Ok(byte) = stream.read_u8().await {
        head.push(byte);
        if !head.ends_with(b"\r\n\r\n") {
            continue;
        }
        let text = String::from_utf8(std::mem::take(&mut head)).unwrap();
        let response = match text.split(' ').nth(1).unwrap() {
            "/never" => String::new(),
            "/half" => "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n".to_owned(),
            _ => format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{text}", text.len()),
        };
        stream.write_all(response.as_bytes()).await.unwrap();
    }
    let _ = close.send(());
}

struct Setup {
    outbound: Outbound,
    log: Arc<MemoryLog>,
}

impl Setup {
    fn new(allowed: &str, extra_roots: Vec<rustls::pki_types::CertificateDer<'static>>) -> Self {
        let source = format!(
            "spin_manifest_version = 2\napplication.name = \"a\"\n[trigger]\n[component.web]\nsource = \"w\"\n\
             allowed_outbound_hosts = [\"{allowed}\"]"
        );
        let manifest = Manifest::parse(std::path::Path::new("/spin.toml"), &source).unwrap();
        let values = Values::resolve(&manifest, &Default::default(), &Default::default()).unwrap();
        let allowed = AllowedHosts::resolve(&manifest.components["web"].allowed_hosts, &values).unwrap();
        let log = Arc::new(MemoryLog::default());
        let connections = Connections::new(extra_roots).unwrap();
        Self { outbound: Outbound::new("web", allowed, connections, Arc::clone(&log) as Arc<dyn Log>), log }
    }

    async fn get(&mut self, url: &str, options: RequestOptions) -> Result<http::Response<WasiBody>, Error> {
        let body = Empty::<Bytes>::new().map_err(Error::from).boxed_unsync();
        // What a guest's request looks like: with a `Host` header that the client must not trust.
        let request = http::Request::get(url).header("host", "spoofed").body(body).unwrap();
        let answer = self.outbound.send_request(request, Some(options), Box::new(async { Ok(()) }));
        let (response, completion) = Box::into_pin(answer).await?;
        Box::into_pin(completion).await.unwrap();
        Ok(response)
    }

    async fn text(&mut self, url: &str) -> Result<String, Error> {
        let response = self.get(url, RequestOptions::default()).await?;
        let body = response.into_body().collect().await?.to_bytes();
        Ok(String::from_utf8(body.to_vec()).unwrap())
    }
}

#[tokio::test]
async fn requests_go_out_on_kept_connections() {
    let server = Server::start(None).await;
    let address = server.address;
    let mut setup = Setup::new("http://127.0.0.1:*", Vec::new());
    for n in 0..5 {
        let head = setup.text(&format!("http://{address}/path?n={n}")).await.unwrap();
        assert_eq!(head, format!("GET /path?n={n} HTTP/1.1\r\nhost: {address}\r\n\r\n"));
    }
    assert_eq!(server.n_connections.load(Ordering::Relaxed), 1);
    assert!(setup.log.lines().is_empty());
}

#[tokio::test]
async fn other_hosts_are_refused_and_the_operator_is_told_how_to_allow_them() {
    let server = Server::start(None).await;
    let mut setup = Setup::new("http://127.0.0.1:1", Vec::new());
    let port = server.address.port();
    let error = setup.text(&format!("http://127.0.0.1:{port}/secret?token=x")).await.unwrap_err();
    assert!(matches!(error, Error::HttpRequestDenied), "{error:?}");
    assert_eq!(
        setup.log.lines(),
        [format!(
            "[web] an outbound request to `http://127.0.0.1:{port}` was refused: to allow it, add \
             \"http://127.0.0.1:{port}\" to `allowed_outbound_hosts` of `[component.web]` in the manifest"
        )]
    );
    let error = setup.text("/relative").await.unwrap_err();
    assert!(matches!(error, Error::HttpRequestDenied), "{error:?}");
    assert_eq!(server.n_connections.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_refused() {
    let unused = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mut setup = Setup::new("http://127.0.0.1:*", Vec::new());
    let error = setup.text(&format!("http://{unused}/")).await.unwrap_err();
    assert!(matches!(error, Error::ConnectionRefused), "{error:?}");
    let [line] = &setup.log.lines()[..] else { panic!("one line") };
    assert!(line.contains(&format!("`{unused}` cannot be reached: ")), "{line}");
}

#[tokio::test]
async fn the_first_byte_has_a_limit() {
    let mut server = Server::start(None).await;
    let mut setup = Setup::new("http://127.0.0.1:*", Vec::new());
    let options =
        RequestOptions { first_byte_timeout: Some(Duration::from_millis(50)), ..RequestOptions::default() };
    let error = setup.get(&format!("http://{}/never", server.address), options).await.unwrap_err();
    assert!(matches!(error, Error::ConnectionReadTimeout), "{error:?}");
    // Nor is the connection kept.
    server.closed.recv().await.unwrap();
}

#[tokio::test]
async fn the_time_between_bytes_has_a_limit() {
    let mut server = Server::start(None).await;
    let mut setup = Setup::new("http://127.0.0.1:*", Vec::new());
    let options = RequestOptions {
        between_bytes_timeout: Some(Duration::from_millis(50)),
        ..RequestOptions::default()
    };
    let response = setup.get(&format!("http://{}/half", server.address), options).await.unwrap();
    let mut body = response.into_body();
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(first, "first");
    let error = body.frame().await.unwrap().unwrap_err();
    assert!(matches!(error, Error::ConnectionReadTimeout), "{error:?}");
    assert!(body.frame().await.is_none());
    server.closed.recv().await.unwrap();
}

#[tokio::test]
async fn a_body_that_is_dropped_closes_its_connection() {
    let mut server = Server::start(None).await;
    let mut setup = Setup::new("http://127.0.0.1:*", Vec::new());
    let url = format!("http://{}/half", server.address);
    drop(setup.get(&url, RequestOptions::default()).await.unwrap());
    server.closed.recv().await.unwrap();
}

#[tokio::test]
async fn tls_trusts_the_extra_roots_only() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let server = Server::start(Some(TlsAcceptor::from(Arc::new(config)))).await;
    let url = format!("https://localhost:{}/path", server.address.port());
    let mut trusting = Setup::new("https://localhost:*", vec![made.cert.der().clone()]);
    let head = trusting.text(&url).await.unwrap();
    assert!(head.starts_with("GET /path HTTP/1.1\r\nhost: localhost:"), "{head}");
    let mut careful = Setup::new("https://localhost:*", Vec::new());
    let error = careful.text(&url).await.unwrap_err();
    assert!(matches!(error, Error::TlsCertificateError), "{error:?}");
}
