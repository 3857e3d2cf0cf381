//! A host without a component: what it says when it cannot start, its own paths, TLS, and stopping.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use portcullis_host::{
    Change, Changed, Host, HostBuilder, Key, KeyValue, KeyValueError, Log, Manifest, Memory, MemoryLog,
    Pending, Stopped,
};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

const EMPTY: &str =
    "spin_manifest_version = 2\n[trigger]\n[application]\nname = \"app\"\nversion = \"1.0.0\"\n";

const WEB: &str = r#"
spin_manifest_version = 2
[application]
name = "app"
[variables]
upstream = { required = true }
[[trigger.http]]
route = "/..."
component = "web"
[component.web]
source = "web.wasm"
allowed_outbound_hosts = ["http://{{ upstream }}"]
[component.web.build]
command = ["make it", "finish it"]
"#;

fn builder(folder: &Path, manifest: &str) -> HostBuilder {
    let path = folder.join("spin.toml");
    std::fs::write(&path, manifest).unwrap();
    Host::builder(Manifest::load(path).unwrap())
        .state_dir(folder.join("state"))
        .key_value(Arc::new(Memory::new()))
        .log(Arc::new(MemoryLog::default()))
}

struct Serving {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Stopped>,
}

async fn serve(builder: HostBuilder) -> Serving {
    let bound = builder.build().await.unwrap().bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = bound.local_addr();
    let (stop, stopped) = oneshot::channel::<()>();
    let served = tokio::spawn(bound.serve(async {
        let _ = stopped.await;
    }));
    Serving { address, stop, served }
}

/// The status line and the body of the answer to `request`, which must ask for the connection to be closed.
fn exchange(mut stream: impl std::io::Read + std::io::Write, request: &str) -> (String, String) {
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), body.to_owned())
}

async fn get(address: SocketAddr, path: &str) -> (String, String) {
    let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    tokio::task::spawn_blocking(move || exchange(TcpStream::connect(address).unwrap(), &request))
        .await
        .unwrap()
}

#[tokio::test]
async fn a_start_that_fails_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let web = || builder(folder.path(), WEB);
    let variables = |value: &str| BTreeMap::from([("upstream".to_owned(), value.to_owned())]);
    let message = |error: String| error.replace(&*folder.path().to_string_lossy(), "FOLDER");
    let missing = web().build().await.unwrap_err().to_string();
    assert_eq!(
        missing,
        "no value for the required variable `upstream` (environment: SPIN_VARIABLE_UPSTREAM)"
    );
    let no_host = web().variables(variables("hush/path")).build().await.unwrap_err().to_string();
    assert_eq!(
        no_host,
        "component `web`: `http://{{ upstream }}` is not an allowed outbound host: it has a path"
    );
    let not_built = message(web().variables(variables("localhost")).build().await.unwrap_err().to_string());
    assert_eq!(
        not_built,
        "component `web` has no file `FOLDER/web.wasm`; build it with `make it && finish it`"
    );
    std::fs::write(folder.path().join("web.wasm"), "not wasm").unwrap();
    let not_wasm = message(web().variables(variables("localhost")).build().await.unwrap_err().to_string());
    assert!(not_wasm.starts_with("component `web` cannot run here: `FOLDER/web.wasm`: "), "{not_wasm}");
    std::fs::write(folder.path().join("web.wasm"), b"\0asm\x0d\0\x01\0").unwrap();
    let no_handler = message(web().variables(variables("localhost")).build().await.unwrap_err().to_string());
    assert!(
        no_handler
            .ends_with("it exports neither `wasi:http/handler@0.3` nor `wasi:http/incoming-handler@0.2`")
    );
    let no_tls = web().variables(variables("localhost")).tls(folder.path().join("absent.pem"), "key.pem");
    let no_tls = message(no_tls.build().await.unwrap_err().to_string());
    assert!(no_tls.starts_with("cannot use the certificates in `FOLDER/absent.pem`: "), "{no_tls}");
    let no_state = web().variables(variables("localhost")).state_dir(folder.path().join("web.wasm/state"));
    let no_state = message(no_state.build().await.unwrap_err().to_string());
    assert!(no_state.starts_with("cannot make the state folder `FOLDER/web.wasm/state`: "), "{no_state}");
}

#[tokio::test]
async fn a_busy_address_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let holder = std::net::TcpListener::bind(taken).unwrap();
    let host = builder(folder.path(), EMPTY).build().await.unwrap();
    let error = host.bind(taken).await.unwrap_err();
    assert_eq!(error.to_string(), format!("the address {taken} is already in use"));
    drop(holder);
}

#[tokio::test]
async fn the_host_answers_its_own_paths() {
    let folder = tempfile::tempdir().unwrap();
    let Serving { address, stop: _running, .. } = serve(builder(folder.path(), EMPTY)).await;
    for (path, status, body) in [
        ("/.well-known/spin/health", "HTTP/1.1 200 OK", "OK"),
        ("/.well-known/spin/info", "HTTP/1.1 200 OK", "{\n  \"name\": \"app\",\n  \"version\": \"1.0.0\"\n}"),
        ("/.well-known/spin/other", "HTTP/1.1 404 Not Found", ""),
        ("/", "HTTP/1.1 404 Not Found", ""),
    ] {
        assert_eq!(get(address, path).await, (status.to_owned(), body.to_owned()), "{path}");
    }
}

#[tokio::test]
async fn a_stop_lets_go_of_idle_connections() {
    let folder = tempfile::tempdir().unwrap();
    let Serving { address, stop, served } = serve(builder(folder.path(), EMPTY)).await;
    let mut idle = TcpStream::connect(address).unwrap();
    idle.write_all(b"GET /.well-known/spin/health HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
    let read = tokio::task::spawn_blocking(move || {
        let mut first = [0; 15];
        idle.read_exact(&mut first).unwrap();
        (idle, first)
    });
    let (mut idle, first) = read.await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    stop.send(()).unwrap();
    assert_eq!(served.await.unwrap(), Stopped { n_cut: 0, is_flushed: true });
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).unwrap();
    assert!(TcpStream::connect(address).is_err());
}

#[tokio::test]
async fn a_stop_cuts_what_does_not_end() {
    let folder = tempfile::tempdir().unwrap();
    let serving = serve(builder(folder.path(), EMPTY).grace(Duration::ZERO)).await;
    let mut half = TcpStream::connect(serving.address).unwrap();
    half.write_all(b"GET /.well-known/spin/health HTTP/1.1\r\nhost: ").unwrap();
    // Answered, so the one before it has been accepted too.
    get(serving.address, "/").await;
    serving.stop.send(()).unwrap();
    let stopped = serving.served.await.unwrap();
    assert!(stopped.is_flushed);
    let mut answer = Vec::new();
    let _ = half.read_to_end(&mut answer);
    assert_eq!(answer, b"");
}

/// A store whose disk is full at the end.
struct Unflushable(Memory);

impl KeyValue for Unflushable {
    fn get<'a>(&'a self, label: &'a str, keys: Vec<Key>) -> Pending<'a, Vec<Option<Vec<u8>>>> {
        self.0.get(label, keys)
    }

    fn keys<'a>(&'a self, label: &'a str, after: Option<Key>) -> Pending<'a, Vec<Key>> {
        self.0.keys(label, after)
    }

    fn change<'a>(&'a self, label: &'a str, change: Change) -> Pending<'a, Changed> {
        self.0.change(label, change)
    }

    fn flush(&self) -> Pending<'_, ()> {
        Box::pin(async { Err(KeyValueError::Failed("disk full".to_owned())) })
    }
}

#[tokio::test]
async fn a_store_that_cannot_be_flushed_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let log = Arc::new(MemoryLog::default());
    let store = Arc::new(Unflushable(Memory::new()));
    let builder = builder(folder.path(), EMPTY).key_value(store).log(Arc::clone(&log) as Arc<dyn Log>);
    let serving = serve(builder).await;
    serving.stop.send(()).unwrap();
    assert_eq!(serving.served.await.unwrap(), Stopped { n_cut: 0, is_flushed: false });
    let want = "[host] the store was not flushed at the end: the key-value store failed: disk full";
    assert_eq!(log.lines(), [want]);
}

#[tokio::test]
async fn tls_is_spoken_with_a_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let Serving { address, stop: _running, .. } =
        serve(builder(folder.path(), EMPTY).tls(certificate, key)).await;
    let answer = tokio::task::spawn_blocking(move || {
        use tokio_rustls::rustls::{self, ClientConfig, ClientConnection, RootCertStore, StreamOwned};
        let mut roots = RootCertStore::empty();
        roots.add(made.cert.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
        let stream = StreamOwned::new(client, TcpStream::connect(address).unwrap());
        exchange(
            stream,
            "GET /.well-known/spin/health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
        )
    });
    assert_eq!(answer.await.unwrap(), ("HTTP/1.1 200 OK".to_owned(), "OK".to_owned()));
}
