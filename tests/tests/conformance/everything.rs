//! The upstream of these tests: an MCP server with every tool, resource and prompt that the conformance suite asks
//! for, on the official Rust SDK, in all revisions that the gateway speaks.
//!
//! What it offers is data, in `fixtures/conformance/catalogue.json`; what its tools do is here and below.

mod catalogue;
mod jobs;
mod notices;
mod questions;
mod rounds;
mod server;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};

use self::server::Server;

type Mcp = StreamableHttpService<Server, LocalSessionManager>;
type Reply = Response<BoxBody<Bytes, Infallible>>;

/// Whom a page may come from; the gateway sends no `Origin`.
const ORIGINS: [&str; 2] = ["http://localhost:*", "http://127.0.0.1:*"];

/// Listens on a free port of this machine, for as long as the runtime lives.
pub(crate) async fn start() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = Server::new();
    let config = StreamableHttpServerConfig::default().with_allowed_origins(ORIGINS);
    let mcp = Mcp::new(move || Ok(server.another()), Arc::new(LocalSessionManager::default()), config);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, mcp.clone()));
        }
    });
    address
}

async fn serve(stream: TcpStream, mcp: Mcp) {
    stream.set_nodelay(true).expect("a socket");
    let service = service_fn(|request| {
        let mcp = mcp.clone();
        async move { Ok::<_, Infallible>(handle(&mcp, request).await) }
    });
    // A client that goes away is no failure.
    _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn handle(mcp: &Mcp, request: Request<Incoming>) -> Reply {
    let (head, body) = request.into_parts();
    let bytes = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let is_cut_off = is_call_of(&bytes, "test_reconnection");
    let reply = mcp.handle(Request::from_parts(head, Full::new(bytes))).await;
    if is_cut_off { cut_off(reply).await } else { reply }
}

fn is_call_of(body: &[u8], tool: &str) -> bool {
    let message: Value = serde_json::from_slice(body).unwrap_or_default();
    message.get("method").is_some_and(|method| method == "tools/call")
        && message.pointer("/params/name").is_some_and(|name| name == tool)
}

/// Ends an event stream after its first event, which tells the client where to go on (MCP 2025-11-25, transports).
async fn cut_off(reply: Reply) -> Reply {
    let (head, mut body) = reply.into_parts();
    let first = match body.frame().await {
        Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
        Some(Err(never)) => match never {},
        None => Bytes::new(),
    };
    Response::from_parts(head, Full::new(first).boxed())
}
