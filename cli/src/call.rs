//! `portcullis call`: one tool call through a gateway, as a client of revision 2026-07-28 makes it.
//!
//! It is for trying policies from a shell. Programs use an MCP SDK.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{Request, Response, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::rt::TokioIo;
use portcullis_demo::state::DemoState;
use portcullis_demo::token;
use portcullis_mcp::era::{self, Call as McpCall, Era};
use portcullis_mcp::json::{self, Bounds, Json, Object};
use portcullis_mcp::message::{Message, Outcome, RequestId};
use portcullis_mcp::method::Method;
use portcullis_mcp::revision::Revision;
use portcullis_mcp::sse::{Decoder, Item};
use tokio::net::TcpStream;

use crate::arguments::Call;
use crate::exit::Exit;
use crate::terminal::line;

const DEPTH: usize = 100;
const LIMIT: usize = 16 << 20;
const DEADLINE: Duration = Duration::from_secs(120);

/// Calls the tool, or lists the tools, and prints what comes back; exit code 2 if it is an error.
pub(crate) async fn run(arguments: Call) -> anyhow::Result<Exit> {
    let (endpoint, token) = destination(&arguments).await?;
    let call = request(arguments.tool, arguments.arguments);
    let answer =
        tokio::time::timeout(DEADLINE, send(&endpoint, &token, &call)).await.context("no answer")??;
    match answer {
        Outcome::Error(error) => {
            line(&format!("error {}: {}", error.code.as_str(), error.message));
            Ok(Exit::Denied)
        }
        Outcome::Result(result) => {
            let failed = result.get("isError") == Some(&Json::Bool(true));
            print_result(result);
            Ok(if failed { Exit::Denied } else { Exit::Ok })
        }
    }
}

async fn destination(arguments: &Call) -> anyhow::Result<(String, String)> {
    let Call { persona, gateway, token_file, state_dir, connection, .. } = arguments;
    match (persona, gateway, token_file) {
        (Some(persona), _, _) => {
            let state = DemoState::read(state_dir)?;
            let endpoint = state
                .audience(connection)
                .ok_or_else(|| anyhow!("the demo has no connection `{connection}`"))?;
            let token = token::fetch(&state, *persona, connection).await?;
            Ok((endpoint.to_owned(), token.expose().to_owned()))
        }
        (None, Some(gateway), Some(file)) => {
            let token =
                fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
            Ok((format!("{}/mcp/{connection}", gateway.trim_end_matches('/')), token.trim().to_owned()))
        }
        _ => bail!("say who calls: `--as PERSONA`, or `--gateway URL --token-file FILE`"),
    }
}

fn request(tool: Option<String>, arguments: Vec<(String, String)>) -> McpCall<'static> {
    let meta = Object::new()
        .with(era::META_PROTOCOL_VERSION, Revision::V2026_07_28.as_str())
        .with(era::META_CLIENT_CAPABILITIES, Object::new())
        .with(
            era::META_CLIENT_INFO,
            Object::new().with("name", "portcullis").with("version", env!("CARGO_PKG_VERSION")),
        );
    let (method, params) = match tool {
        None => (Method::ToolsList, Object::new()),
        Some(tool) => {
            let mut object = Object::new();
            for (name, value) in arguments {
                let value = match json::parse(value.as_bytes(), Bounds::answer(DEPTH)) {
                    Ok(parsed) => parsed.into_owned(),
                    Err(_) => Json::from(value),
                };
                object.insert(name, value);
            }
            (Method::ToolsCall, Object::new().with("name", tool).with("arguments", object))
        }
    };
    let params = Some(params.with("_meta", meta));
    McpCall { id: RequestId::String("1".into()), method, params, era: Era::Modern }
}

async fn send(endpoint: &str, token: &str, call: &McpCall<'_>) -> anyhow::Result<Outcome<'static>> {
    let uri: Uri = endpoint.parse().with_context(|| format!("`{endpoint}` is not a URL"))?;
    let authority = uri.authority().context("the URL has no host")?.clone();
    if uri.scheme_str() != Some("http") {
        bail!("only http URLs; for https use an MCP client");
    }
    let mut request = Request::post(uri.path()).body(Full::new(Bytes::from(call.to_bytes())))?;
    *request.headers_mut() = call.headers();
    for (name, value) in [
        (HOST, authority.as_str()),
        (AUTHORIZATION, &format!("Bearer {token}")),
        (CONTENT_TYPE, "application/json"),
        (ACCEPT, "application/json, text/event-stream"),
    ] {
        request.headers_mut().insert(name, value.parse()?);
    }
    let address = match authority.port_u16() {
        Some(_) => authority.to_string(),
        None => format!("{authority}:80"),
    };
    let stream =
        TcpStream::connect(&address).await.with_context(|| format!("cannot connect to {address}"))?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let (head, body) = sender.send_request(request).await?.into_parts();
    let body = Limited::new(body, LIMIT).collect().await.map_err(|error| anyhow!(error))?.to_bytes();
    answer(&Response::from_parts(head, body))
}

fn answer(response: &Response<Bytes>) -> anyhow::Result<Outcome<'static>> {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let texts: Vec<String> = if kind.starts_with("text/event-stream") {
        let items = Decoder::new(LIMIT).push(response.body())?;
        items
            .into_iter()
            .filter_map(|item| match item {
                Item::Event(event) => event.data,
                Item::Comment => None,
            })
            .collect()
    } else {
        vec![String::from_utf8_lossy(response.body()).into_owned()]
    };
    for text in texts.iter().rev() {
        let Ok(value) = json::parse(text.as_bytes(), Bounds::answer(DEPTH)) else { continue };
        if let Ok(Message::Response(response)) = Message::try_from(value.into_owned()) {
            return Ok(response.outcome);
        }
    }
    bail!("{}: {}", response.status(), texts.join("\n").trim())
}

fn print_result(result: Object<'_>) {
    if let Some(tools) = result.get("tools").and_then(Json::as_array) {
        for tool in tools.iter().filter_map(Json::as_object) {
            line(tool.get_str("name").unwrap_or_default());
        }
        return;
    }
    let texts: Vec<&str> = result
        .get("content")
        .and_then(Json::as_array)
        .unwrap_or_default()
        .iter()
        .filter_map(|block| block.as_object()?.get_str("text"))
        .collect();
    if texts.is_empty() {
        return line(&Json::Object(result).to_string());
    }
    texts.iter().for_each(|text| line(text));
}
