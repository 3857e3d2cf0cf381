//! A plain HTTP client that can also do what no client should: doubled headers, bodies that trickle.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

/// The body of a request.
pub type Body = BoxBody<Bytes, std::io::Error>;

/// A body that is whole.
pub fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed()
}

/// A response that was read to its end.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub text: String,
}

impl Answer {
    /// The header's value, or an empty text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().expect("text")).unwrap_or_default()
    }

    /// The JSON-RPC messages in the body, whether it is JSON or events.
    pub fn messages(&self) -> Vec<Value> {
        if !self.header("content-type").starts_with("text/event-stream") {
            return serde_json::from_str(&self.text).into_iter().collect();
        }
        let data = self.text.lines().filter_map(|line| line.strip_prefix("data: "));
        data.filter_map(|data| serde_json::from_str(data).ok()).collect()
    }

    /// The last JSON-RPC message in the body.
    ///
    /// # Panics
    /// If there is none.
    pub fn message(&self) -> Value {
        self.messages().pop().unwrap_or_else(|| panic!("no message in {self:?}"))
    }
}

/// Sends one request on a connection of its own and returns the head with the body unread.
pub async fn open(address: SocketAddr, request: Request<Body>) -> Response<Incoming> {
    let stream = TcpStream::connect(address).await.expect("a connection");
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("a handshake");
    tokio::spawn(connection);
    sender.send_request(request).await.expect("a response")
}

/// Sends one request and reads the whole answer.
pub async fn send(address: SocketAddr, request: Request<Body>) -> Answer {
    let (head, body) = open(address, request).await.into_parts();
    let bytes = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    Answer { status: head.status, headers: head.headers, text: String::from_utf8_lossy(&bytes).into_owned() }
}

/// Sends one request, and returns its answer if it arrives whole.
pub async fn attempt(address: SocketAddr, request: Request<Body>) -> Option<Answer> {
    let stream = TcpStream::connect(address).await.ok()?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.ok()?;
    tokio::spawn(connection);
    let (head, body) = sender.send_request(request).await.ok()?.into_parts();
    let bytes = body.collect().await.ok()?.to_bytes();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Some(Answer { status: head.status, headers: head.headers, text })
}

/// A POST with the headers that every MCP request has.
pub fn post(address: SocketAddr, path: &str, token: Option<&str>, body: Body) -> Request<Body> {
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header("host", address.to_string())
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    request.body(body).expect("a request")
}

/// Asks the console: a GET, or a POST of a body of a kind.
pub async fn console(
    address: SocketAddr,
    token: Option<&str>,
    path: &str,
    body: Option<(&str, Vec<u8>)>,
) -> Answer {
    let method = if body.is_some() { Method::POST } else { Method::GET };
    let mut request = Request::builder().method(method).uri(path).header("host", address.to_string());
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    if let Some((kind, _)) = &body {
        request = request.header("content-type", *kind);
    }
    let body = full(body.map(|(_, bytes)| bytes).unwrap_or_default());
    send(address, request.body(body).expect("a request")).await
}

/// A request of revision 2026-07-28 with its headers, and with no capabilities but those that its parameters declare.
pub fn modern(
    address: SocketAddr,
    path: &str,
    token: &str,
    method: &str,
    mut params: Value,
) -> Request<Body> {
    let declared = params["_meta"]["io.modelcontextprotocol/clientCapabilities"].take();
    if !params["_meta"].is_object() {
        params["_meta"] = json!({});
    }
    let declared = if declared.is_null() { json!({}) } else { declared };
    params["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2026-07-28");
    params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = declared;
    let name = ["name", "uri", "taskId"].into_iter().find_map(|member| params.get(member)?.as_str());
    let name = name.map(ToOwned::to_owned);
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let mut request = post(address, path, Some(token), full(body.to_string()));
    let headers = request.headers_mut();
    headers.insert("mcp-protocol-version", "2026-07-28".parse().expect("a value"));
    headers.insert("mcp-method", method.parse().expect("a value"));
    if let Some(name) = name {
        headers.insert("mcp-name", name.parse().expect("a value"));
    }
    request
}
