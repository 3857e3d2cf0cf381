//! A caller, a scripted upstream, and what either of them saw.

use std::rc::Rc;

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderName, Method, Request, Response};
use portcullis_ledger::{Intent, Record, Refusal};
use portcullis_mcp::sse::{Decoder, Event, Item};
use portcullis_pipeline::{Answer, EventStream, FetchError, handle};
use serde_json::{Value, json};

use crate::world::{Chunked, Done, End, Fake, Upstream, World, post, token};

pub(crate) const CARD: &str = "4111 1111 1111 1111";
pub(crate) const MODERN: &str = "2026-07-28";
pub(crate) const UPSTREAM_SESSION: &str = "upstream-session";

/// `crm` may ask the client everything, `photos` nothing.
pub(crate) const SETTINGS: &str = r#"
public_url = "https://gw.example.com"
secret_key = "0123456789abcdef0123456789abcdef"
[limits]
body_bytes = 65536
frame_bytes = 65536
depth = 24
[issuers.idp]
issuer = "https://idp.example.com"
jwks_url = "https://idp.example.com/keys"
[connections.crm]
url = "https://crm.example.com/mcp"
issuers = ["idp"]
drift = "log"
client_features = ["elicitation", "roots", "sampling"]
elicitation_hosts = ["login.example.com"]
[connections.photos]
url = "https://photos.example.com/mcp"
issuers = ["idp"]
drift = "log"
"#;

/// Staff may do all but a few things; callers may call tools, and no server may ask them anything.
pub(crate) const POLICIES: &str = r#"
@id("staff") permit (principal in Group::"idp:staff", action, resource);
@id("callers") permit (principal in Group::"idp:callers", action in Action::"call", resource);
@id("no-unmask") forbid (principal, action == Action::"unmask", resource);
@id("no-writes") forbid (principal, action == Action::"crm/write", resource);
@id("no-secrets") forbid (principal, action in [Action::"read", Action::"subscribe"], resource == Resource::"crm/crm://secret");
@id("no-cards") forbid (principal, action in [Action::"elicit", Action::"sample"], resource)
    when { context.session.labels.contains("pii.card") };
"#;

pub(crate) fn world() -> World {
    World::of(SETTINGS, POLICIES)
}

/// A request that reached the upstream.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) verb: Method,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Sent {
    fn of(request: &Request<Bytes>) -> Self {
        Self {
            verb: request.method().clone(),
            headers: request.headers().clone(),
            body: serde_json::from_slice(request.body()).unwrap_or(Value::Null),
        }
    }

    pub(crate) fn method(&self) -> &str {
        self.body["method"].as_str().unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The answer to this request with this result.
    pub(crate) fn result(&self, result: &Value) -> Value {
        json!({"jsonrpc": "2.0", "id": self.body["id"], "result": result})
    }
}

/// Lets the upstream answer each request by itself.
pub(crate) fn upstream(world: &World, answer: impl Fn(&Sent) -> Upstream + 'static) {
    let script = Rc::new(move |request: &Request<Bytes>| answer(&Sent::of(request)));
    *world.ports.upstream.borrow_mut() = Upstream::Scripted(script);
}

/// Takes what has reached the upstream.
pub(crate) fn sent(world: &World) -> Vec<Sent> {
    world.ports.sent.borrow_mut().drain(..).map(|request| Sent::of(&request)).collect()
}

/// Takes the methods of what has reached the upstream.
pub(crate) fn sent_methods(world: &World) -> Vec<String> {
    sent(world).iter().map(|sent| sent.method().to_owned()).collect()
}

pub(crate) fn response(status: u16, kind: &str, chunks: Vec<Vec<u8>>, end: End) -> Upstream {
    let headers = if kind.is_empty() { vec![] } else { vec![("content-type", kind.to_owned())] };
    Upstream::Answers { status, headers, chunks, end }
}

/// A receipt.
pub(crate) fn accepted() -> Upstream {
    response(202, "", vec![], End::Whole)
}

pub(crate) fn whole(message: &Value) -> Upstream {
    response(200, "application/json", vec![message.to_string().into_bytes()], End::Whole)
}

/// A stream of these messages.
pub(crate) fn stream(messages: &[Value], end: End) -> Upstream {
    let chunks = messages.iter().map(|message| format!("data: {message}\n\n").into_bytes());
    response(200, "text/event-stream", chunks.collect(), end)
}

/// A stream of this text.
pub(crate) fn raw_stream(text: &str, end: End) -> Upstream {
    response(200, "text/event-stream", vec![text.as_bytes().to_vec()], end)
}

pub(crate) fn unreachable() -> Upstream {
    Upstream::Fails(FetchError::Unreachable("refused".into()))
}

/// The result of a tool with this text, in either era.
pub(crate) fn text_result(text: &str) -> Value {
    json!({"resultType": "complete", "content": [{"type": "text", "text": text}]})
}

/// The same before 2026-07-28.
pub(crate) fn legacy_result(text: &str) -> Value {
    json!({"content": [{"type": "text", "text": text}]})
}

/// One caller with one token.
#[derive(Clone)]
pub(crate) struct Client<'w> {
    world: &'w World,
    token: String,
    connection: &'static str,
    session: Option<String>,
    capabilities: Value,
}

impl<'w> Client<'w> {
    /// Somebody of the staff.
    pub(crate) fn new(world: &'w World) -> Self {
        Self::of(world, "ada", "staff")
    }

    pub(crate) fn of(world: &'w World, subject: &str, group: &str) -> Self {
        Self {
            world,
            token: token(subject, group),
            connection: "crm",
            session: None,
            capabilities: json!({}),
        }
    }

    pub(crate) fn on(mut self, connection: &'static str) -> Self {
        self.connection = connection;
        self
    }

    /// With these capabilities in each modern request.
    pub(crate) fn able(mut self, capabilities: Value) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// In a session of this revision. What the upstream is asked for it is forgotten.
    pub(crate) fn in_session(self, revision: &str) -> Self {
        self.in_session_of(revision, UPSTREAM_SESSION)
    }

    /// The same, with an id of the upstream's.
    pub(crate) fn in_session_of(mut self, revision: &str, upstream_id: &str) -> Self {
        let before = self.world.ports.upstream.borrow().clone();
        let result = json!({"protocolVersion": revision, "capabilities": {}, "serverInfo": {}});
        let message = json!({"jsonrpc": "2.0", "id": 0, "result": result});
        *self.world.ports.upstream.borrow_mut() = Upstream::Answers {
            status: 200,
            headers: vec![
                ("content-type", "application/json".to_owned()),
                ("mcp-session-id", upstream_id.to_owned()),
            ],
            chunks: vec![message.to_string().into_bytes()],
            end: End::Whole,
        };
        self.session = None;
        let params = json!({"protocolVersion": revision, "capabilities": {}, "clientInfo": {}});
        let done = self.world.send(self.request(&request(0, "initialize", params)));
        self.session = Some(done.headers["mcp-session-id"].to_str().unwrap().to_owned());
        *self.world.ports.upstream.borrow_mut() = before;
        sent(self.world);
        self.world.events();
        self.world.ports.bodies.borrow_mut().clear();
        self
    }

    /// The same caller in the session of another.
    pub(crate) fn in_session_with(mut self, other: &Self) -> Self {
        self.session.clone_from(&other.session);
        self
    }

    /// A POST of the handshake era.
    pub(crate) fn request(&self, body: &Value) -> Request<Chunked> {
        let mut request = post(self.connection, Some(&self.token), body.to_string());
        if let Some(session) = &self.session {
            set(&mut request, "mcp-session-id", session);
        }
        request
    }

    /// A POST of 2026-07-28, with the headers that belong to it.
    pub(crate) fn modern_request(&self, body: &Value) -> Request<Chunked> {
        let mut body = body.clone();
        let meta = &mut body["params"]["_meta"];
        meta["io.modelcontextprotocol/protocolVersion"] = json!(MODERN);
        meta["io.modelcontextprotocol/clientCapabilities"] = self.capabilities.clone();
        let mut request = post(self.connection, Some(&self.token), body.to_string());
        set(&mut request, "mcp-protocol-version", MODERN);
        set(&mut request, "mcp-method", body["method"].as_str().unwrap());
        let method = body["method"].as_str().unwrap();
        let member = portcullis_mcp::method::Method::parse(method).and_then(|method| method.name_member());
        let name = member.and_then(|member| body["params"][member].as_str());
        if let Some(name) = name {
            set(&mut request, "mcp-name", name);
        }
        request
    }

    pub(crate) fn send(&self, body: &Value) -> Done {
        self.world.send(self.request(body))
    }

    pub(crate) fn send_modern(&self, body: &Value) -> Done {
        self.world.send(self.modern_request(body))
    }

    /// A GET: the server's own stream, or what comes after an event.
    pub(crate) fn get(&self, last: Option<&str>) -> Request<Chunked> {
        let mut request = self.request(&Value::Null);
        *request.method_mut() = Method::GET;
        if let Some(last) = last {
            set(&mut request, "last-event-id", last);
        }
        request
    }

    pub(crate) fn listen(&self, last: Option<&str>) -> Done {
        self.world.send(self.get(last))
    }

    /// Begins to read an answer.
    pub(crate) fn open(&self, request: Request<Chunked>) -> Reading {
        Reading::new(serve(self.world, request))
    }
}

pub(crate) fn set(request: &mut Request<Chunked>, name: &'static str, value: &str) {
    request.headers_mut().insert(HeaderName::from_static(name), value.parse().unwrap());
}

fn serve(world: &World, request: Request<Chunked>) -> Response<Answer<Fake>> {
    pollster::block_on(handle(Rc::clone(&world.gateway), Rc::clone(&world.ports), request))
}

/// An answer that is read event by event.
pub(crate) struct Reading {
    pub(crate) status: u16,
    events: Box<EventStream<Fake>>,
}

impl Reading {
    fn new(response: Response<Answer<Fake>>) -> Self {
        let (head, answer) = response.into_parts();
        match answer {
            Answer::Events(events) => Self { status: head.status.as_u16(), events },
            Answer::Full(text) => panic!("no stream: {head:?} {text:?}"),
        }
    }

    /// What comes next, without waiting for what is not there.
    pub(crate) fn next(&mut self) -> Option<String> {
        let bytes = self.events.next().now_or_never().flatten()?;
        Some(String::from_utf8(bytes.to_vec()).unwrap())
    }

    /// The next message.
    pub(crate) fn message(&mut self) -> Option<Value> {
        let text = self.next()?;
        messages(&text).pop()
    }

    /// The reader is gone.
    pub(crate) fn leave(mut self) {
        pollster::block_on(self.events.abandon());
    }
}

/// The events of a stream.
pub(crate) fn events(text: &str) -> Vec<Event> {
    let items = Decoder::new(1 << 20).push(text.as_bytes()).unwrap();
    let event = |item| match item {
        Item::Comment => None,
        Item::Event(event) => Some(event),
    };
    items.into_iter().filter_map(event).collect()
}

/// The messages of a stream, or the one of an answer that is none.
pub(crate) fn messages(text: &str) -> Vec<Value> {
    if let Ok(message) = serde_json::from_str(text) {
        return vec![message];
    }
    let data = events(text).into_iter().filter_map(|event| event.data).filter(|data| !data.is_empty());
    data.map(|data| serde_json::from_str(&data).unwrap()).collect()
}

pub(crate) fn request(id: impl Into<Value>, method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id.into(), "method": method, "params": params})
}

pub(crate) fn notification(method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "method": method, "params": params})
}

pub(crate) fn call_of(id: impl Into<Value>, tool: &str) -> Value {
    request(id, "tools/call", json!({"name": tool, "arguments": {}}))
}

/// A progress notification.
pub(crate) fn progress() -> Value {
    notification("notifications/progress", json!({"progressToken": 1, "progress": 1}))
}

fn records(world: &World) -> Vec<Record> {
    world.ports.records()
}

/// The intents on record, oldest first.
pub(crate) fn intents(world: &World) -> Vec<Intent> {
    let intent = |record| match record {
        Record::Intent(intent) => Some(intent),
        Record::Drift(_) | Record::Outcome(_) | Record::Refusal(_) => None,
    };
    records(world).into_iter().filter_map(intent).collect()
}

/// The refusals on record, oldest first.
pub(crate) fn refusals(world: &World) -> Vec<Refusal> {
    let refusal = |record| match record {
        Record::Refusal(refusal) => Some(refusal),
        Record::Drift(_) | Record::Intent(_) | Record::Outcome(_) => None,
    };
    records(world).into_iter().filter_map(refusal).collect()
}
