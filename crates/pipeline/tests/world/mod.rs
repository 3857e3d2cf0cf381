//! The world as values: a clock that stands still, a store and an upstream that do as they are told.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use jwt_compact::Algorithm as _;
use jwt_compact::AlgorithmSignature as _;
use jwt_compact::alg::{Ed25519, SigningKey as _};
use portcullis_ledger::{
    AppName, Key, Outcome, ReadError, Record, RecordId, Segment, UnwrapError, records_in,
};
use portcullis_pins::Approved;
use portcullis_pipeline::{
    Active, Answer, BrokenBody, Chunks, FetchError, Gateway, LedgerKeys, Ports, StoreError, handle,
};
use portcullis_policy::{PolicySet, Source};
use portcullis_settings::{Draft, Settings};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;
use serde_json::{Value, json};

pub(crate) const NOW_MS: u64 = 1_800_000_000_000;
pub(crate) const CREDENTIAL: &str = "Bearer the-service-credential";

pub(crate) const SETTINGS: &str = r#"
public_url = "https://gw.example.com"
secret_key = "0123456789abcdef0123456789abcdef"
[edge]
proxies = ["10.0.0.1"]
[limits]
body_bytes = 4096
frame_bytes = 4096
depth = 16
failures_per_minute = 3
[issuers.idp]
issuer = "https://idp.example.com"
jwks_url = "https://idp.example.com/keys"
[connections.crm]
url = "https://crm.example.com/mcp"
issuers = ["idp"]
drift = "log"
credential = { header = "Authorization", value = "Bearer the-service-credential" }
[connections.photos]
url = "https://photos.example.com/mcp"
issuers = ["idp"]
drift = "log"
binary = "allow"
"#;

pub(crate) const POLICIES: &str = r#"
@id("staff") permit (principal in Group::"idp:staff", action, resource);
@id("interns") permit (principal in Group::"idp:interns", action in [Action::"crm/read", Action::"read"], resource);
@id("callers") permit (principal in Group::"idp:callers", action in Action::"call", resource);
@id("no-unmask") forbid (principal, action == Action::"unmask", resource);
@id("held") @approval("idp:boss") forbid (principal, action == Action::"crm/held", resource);
@id("errs") forbid (principal, action == Action::"crm/errs", resource) when { context.input.nothing == 1 };
@id("cheap") forbid (principal, action == Action::"crm/pay", resource) when { context.input.amount > 100 };
"#;

/// Everything that a request can reach.
pub(crate) struct World {
    pub(crate) gateway: Rc<Gateway>,
    pub(crate) ports: Rc<Fake>,
}

/// The fake ports.
pub(crate) struct Fake {
    /// What happened, in order: `set intent`, `fetch POST https://…`, …
    pub(crate) events: RefCell<Vec<String>>,
    pub(crate) store: RefCell<BTreeMap<String, Vec<u8>>>,
    /// Everything that was ever in it, also what a test has taken out.
    written: RefCell<BTreeMap<String, Vec<u8>>>,
    ledger: RefCell<Option<(AppName, LedgerKeys)>>,
    /// The records that events speak of.
    told: RefCell<BTreeSet<(RecordId, &'static str)>>,
    /// How many more writes of records succeed.
    pub(crate) writes_left: Cell<u64>,
    /// What the upstream answers.
    pub(crate) upstream: RefCell<Upstream>,
    /// The requests that reached the upstream.
    pub(crate) sent: RefCell<Vec<Request<Bytes>>>,
    pub(crate) log: RefCell<Vec<String>>,
    /// Whether time passes: a sleep then ends at once.
    pub(crate) late: Cell<bool>,
    /// The longest sleep that ends at once although time stands still.
    pub(crate) patience: Cell<Duration>,
    /// How often the others get a turn before the upstream's response begins.
    pub(crate) delay: Cell<u32>,
    /// How often the others get a turn before the store has set something.
    pub(crate) store_delay: Cell<u32>,
    /// The wall clock.
    pub(crate) now: Cell<u64>,
    /// What keys hold for which the store does nothing.
    pub(crate) store_fails: Cell<Option<&'static str>>,
    /// Which operation of the store fails, counted from 0.
    pub(crate) fails_at: Cell<Option<usize>>,
    /// What was asked of the store, in order: `get usage:m`, `increment usage:n`, `set intent`, …
    pub(crate) operations: RefCell<Vec<String>>,
    pub(crate) counters: RefCell<BTreeMap<String, u64>>,
    /// How much the clock has gone forward that only does, in microseconds.
    pub(crate) monotonic: Cell<u64>,
    /// How many more operations of the store succeed before one fails.
    pub(crate) until_fault: Cell<Option<u64>>,
    /// The bodies of the upstream's responses, in order.
    pub(crate) bodies: RefCell<Vec<Rc<Gauge>>>,
    counter: Cell<u64>,
    keys: String,
}

/// What a store holds.
#[derive(Clone)]
pub(crate) struct Stored {
    store: BTreeMap<String, Vec<u8>>,
    written: BTreeMap<String, Vec<u8>>,
    counters: BTreeMap<String, u64>,
}

#[derive(Clone)]
pub(crate) enum Upstream {
    Answers {
        status: u16,
        headers: Vec<(&'static str, String)>,
        chunks: Vec<Vec<u8>>,
        end: End,
    },
    Fails(FetchError),
    /// Never answers.
    Hangs,
    /// Answers each request by itself.
    Scripted(Script),
}

pub(crate) type Script = Rc<dyn Fn(&Request<Bytes>) -> Upstream>;

/// How a body ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Whole,
    Broken,
    Silent,
}

pub(crate) struct Chunked {
    pub(crate) chunks: VecDeque<Vec<u8>>,
    pub(crate) end: End,
    pub(crate) gauge: Rc<Gauge>,
}

/// What became of a body.
#[derive(Debug, Default)]
pub(crate) struct Gauge {
    /// How many chunks were read.
    pub(crate) read: Cell<usize>,
    /// Whether it was read to its end.
    pub(crate) drained: Cell<bool>,
    /// Whether nobody will read on.
    pub(crate) dropped: Cell<bool>,
}

impl Chunked {
    pub(crate) fn whole(bytes: impl Into<Vec<u8>>) -> Self {
        Self { chunks: [bytes.into()].into(), end: End::Whole, gauge: Rc::default() }
    }
}

impl Drop for Chunked {
    fn drop(&mut self) {
        self.gauge.dropped.set(true);
    }
}

impl Chunks for Chunked {
    async fn next(&mut self) -> Option<Result<Bytes, BrokenBody>> {
        match (self.chunks.pop_front(), self.end) {
            (Some(chunk), _) => {
                self.gauge.read.set(self.gauge.read.get() + 1);
                Some(Ok(chunk.into()))
            }
            (None, End::Whole) => {
                self.gauge.drained.set(true);
                None
            }
            (None, End::Broken) => Some(Err(BrokenBody("reset".into()))),
            (None, End::Silent) => std::future::pending().await,
        }
    }
}

impl std::fmt::Debug for Fake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fake")
    }
}

impl Ports for Fake {
    type Body = Chunked;

    fn now(&self) -> u64 {
        self.now.get()
    }

    fn monotonic(&self) -> u64 {
        self.monotonic.get().saturating_add(self.counter.get())
    }

    fn random(&self) -> [u8; 32] {
        self.counter.set(self.counter.get() + 1);
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&self.counter.get().to_be_bytes());
        bytes
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> {
        let late = self.late.get() || duration <= self.patience.get();
        async move {
            yield_once().await;
            if !late {
                std::future::pending().await
            }
        }
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.reach("set", key)?;
        for _ in 0..self.store_delay.get() {
            yield_once().await;
        }
        assert!(!self.counters.borrow().contains_key(key), "a counter is never set: {key}");
        let Ok(_) = Segment::parse(value) else {
            // What belongs to whom must be there before anybody learns of it.
            if let Some(kind) = key.split(':').nth(2).filter(|kind| kind.starts_with("task")) {
                self.events.borrow_mut().push(format!("keep {kind}"));
            }
            self.store.borrow_mut().insert(key.into(), value.into());
            self.written.borrow_mut().insert(key.into(), value.into());
            self.tell_of_records();
            return Ok(());
        };
        let left = self.writes_left.get();
        if left == 0 {
            self.events.borrow_mut().push("store fails".into());
            return Err(StoreError("injected".into()));
        }
        self.writes_left.set(left - 1);
        self.store.borrow_mut().insert(key.into(), value.into());
        self.written.borrow_mut().insert(key.into(), value.into());
        self.tell_of_records();
        Ok(())
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.reach("get", key)?;
        Ok(self.store.borrow().get(key).cloned())
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.reach("delete", key)?;
        self.store.borrow_mut().remove(key);
        self.counters.borrow_mut().remove(key);
        Ok(())
    }

    fn increment(&self, key: &str, by: u64) -> Result<u64, StoreError> {
        self.reach("increment", key)?;
        let mut counters = self.counters.borrow_mut();
        let counter = counters.entry(key.to_owned()).or_default();
        *counter += by;
        Ok(*counter)
    }

    async fn fetch(&self, request: Request<Bytes>, _: Duration) -> Result<Response<Chunked>, FetchError> {
        if request.uri().host() == Some("idp.example.com") {
            self.events.borrow_mut().push("fetch keys".into());
            yield_once().await;
            return Ok(Response::new(Chunked::whole(self.keys.clone())));
        }
        self.events.borrow_mut().push(format!("fetch {}", request.method()));
        for _ in 0..self.delay.get() {
            yield_once().await;
        }
        let mut upstream = self.upstream.borrow().clone();
        if let Upstream::Scripted(script) = &upstream {
            upstream = script(&request);
        }
        self.sent.borrow_mut().push(request);
        match upstream {
            Upstream::Scripted(_) => Err(FetchError::Unreachable("a script of scripts".into())),
            Upstream::Fails(error) => Err(error),
            Upstream::Hangs => std::future::pending().await,
            Upstream::Answers { status, headers, chunks, end } => {
                let gauge = Rc::<Gauge>::default();
                self.bodies.borrow_mut().push(Rc::clone(&gauge));
                let mut response = Response::new(Chunked { chunks: chunks.into(), end, gauge });
                *response.status_mut() = StatusCode::from_u16(status).unwrap();
                for (name, value) in headers {
                    response.headers_mut().append(HeaderName::from_static(name), value.parse().unwrap());
                }
                Ok(response)
            }
        }
    }

    fn log(&self, line: &str) {
        self.log.borrow_mut().push(line.into());
    }
}

impl Fake {
    /// Everything that is stored, to put it back later.
    pub(crate) fn stored(&self) -> Stored {
        let (store, written) = (self.store.borrow().clone(), self.written.borrow().clone());
        Stored { store, written, counters: self.counters.borrow().clone() }
    }

    pub(crate) fn restore(&self, Stored { store, written, counters }: Stored) {
        self.store.replace(store);
        self.written.replace(written);
        self.counters.replace(counters);
    }

    /// The records in the store, in the order in which they were written.
    pub(crate) fn records(&self) -> Vec<Record> {
        let ledger = self.ledger.borrow();
        let Some((app, keys)) = ledger.as_ref() else { return Vec::new() };
        let store = self.store.borrow();
        let records = match records_in(app, &keys.wrapping, &self.written.borrow()) {
            // An instance with another secret has written too, as some tests want it; they look at no records.
            Err(ReadError::Unwrap(UnwrapError::UnknownSecret)) => return Vec::new(),
            records => records.unwrap(),
        };
        let is_there = |id| store.contains_key(Key::segment(app, id).as_str());
        records.into_iter().filter(|(id, _)| is_there(*id)).map(|(_, record)| record).collect()
    }

    /// Notes which records the store has now that it had not before. One is there when its key is too.
    fn tell_of_records(&self) {
        for record in self.records() {
            let (kind, event) = match &record {
                Record::Drift(drift) => ("drift", format!("drift {} {}", drift.kind, drift.name)),
                Record::Intent(_) => ("intent", "intent".into()),
                Record::Outcome(_) => ("outcome", "outcome".into()),
                Record::Refusal(refusal) => ("refusal", format!("refusal {}", refusal.kind)),
            };
            if self.told.borrow_mut().insert((record.id(), kind)) {
                self.events.borrow_mut().push(event);
            }
        }
    }

    fn reach(&self, verb: &str, key: &str) -> Result<(), StoreError> {
        // The application's name comes first, and whose it is after the kind.
        let parts: Vec<&str> = key.split(':').skip(2).collect();
        let kind = match parts.as_slice() {
            ["usage", _, kind, ..] => format!("usage:{kind}"),
            [kind, ..] => (*kind).to_owned(),
            [] => key.to_owned(),
        };
        let mut operations = self.operations.borrow_mut();
        operations.push(format!("{verb} {kind}"));
        if self.fails_at.get() == Some(operations.len() - 1) {
            return Err(StoreError("injected".into()));
        }
        match self.until_fault.get() {
            Some(0) => {
                self.until_fault.set(None);
                return Err(StoreError("injected".into()));
            }
            Some(left) => self.until_fault.set(Some(left - 1)),
            None => {}
        }
        match self.store_fails.get() {
            Some(part) if key.contains(part) => Err(StoreError("injected".into())),
            Some(_) | None => Ok(()),
        }
    }
}

/// Lets others go on, once.
async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            return std::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

/// An answer that was pulled to its end.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Done {
    pub(crate) fn json(&self) -> Value {
        let data = self.text.lines().filter_map(|line| line.strip_prefix("data: ")).next_back();
        serde_json::from_str(data.unwrap_or(&self.text)).unwrap_or(Value::Null)
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self::of(SETTINGS, POLICIES)
    }

    /// A world with settings and policies of a test's own.
    pub(crate) fn of(settings: &str, policies: &str) -> Self {
        Self::approving(settings, policies, Approved::default())
    }

    /// The same, with approved definitions.
    pub(crate) fn approving(settings: &str, policies: &str, approved: Approved) -> Self {
        let ports = Fake {
            events: RefCell::default(),
            store: RefCell::default(),
            written: RefCell::default(),
            ledger: RefCell::default(),
            told: RefCell::default(),
            writes_left: Cell::new(u64::MAX),
            upstream: RefCell::new(Upstream::Fails(FetchError::Unreachable("nobody".into()))),
            sent: RefCell::default(),
            log: RefCell::default(),
            late: Cell::new(false),
            patience: Cell::default(),
            delay: Cell::new(0),
            store_delay: Cell::new(0),
            now: Cell::new(NOW_MS),
            store_fails: Cell::default(),
            fails_at: Cell::default(),
            operations: RefCell::default(),
            counters: RefCell::default(),
            monotonic: Cell::default(),
            until_fault: Cell::default(),
            bodies: RefCell::default(),
            counter: Cell::new(0),
            keys: key_set(),
        };
        Self::with(Rc::new(ports), settings, policies, approved)
    }

    /// Another instance of a gateway, with the same surroundings.
    pub(crate) fn within(ports: Rc<Fake>, settings: &str, policies: &str) -> Self {
        Self::with(ports, settings, policies, Approved::default())
    }

    /// The same, with approved definitions.
    pub(crate) fn with(ports: Rc<Fake>, settings: &str, policies: &str, approved: Approved) -> Self {
        let settings = Draft::parse(settings, "t").unwrap().resolve(&BTreeMap::new()).unwrap();
        let gateway = Rc::new(gateway(settings, policies, approved));
        ports.ledger.replace(Some((gateway.app().clone(), gateway.ledger_keys().clone())));
        Self { gateway, ports }
    }

    pub(crate) fn upstream_answers(&self, kind: &str, chunks: Vec<Vec<u8>>, end: End) {
        let headers = vec![("content-type", kind.to_owned())];
        *self.ports.upstream.borrow_mut() = Upstream::Answers { status: 200, headers, chunks, end };
    }

    pub(crate) fn upstream_answers_json(&self, value: &Value) {
        self.upstream_answers("application/json", vec![value.to_string().into_bytes()], End::Whole);
    }

    pub(crate) fn send(&self, request: Request<Chunked>) -> Done {
        pollster::block_on(self.serve(request))
    }

    /// Serves all of these at the same time.
    pub(crate) fn send_all(&self, requests: Vec<Request<Chunked>>) -> Vec<Done> {
        pollster::block_on(self.serve_all(requests))
    }

    /// The same, beside something else.
    pub(crate) async fn serve_all(&self, requests: Vec<Request<Chunked>>) -> Vec<Done> {
        futures_util::future::join_all(requests.into_iter().map(|request| self.serve(request))).await
    }

    async fn serve(&self, request: Request<Chunked>) -> Done {
        pulled(handle(Rc::clone(&self.gateway), Rc::clone(&self.ports), request).await).await
    }

    /// Another instance in the same world, with settings of its own.
    pub(crate) fn instance(&self, settings: &str, policies: &str) -> Self {
        let settings = Draft::parse(settings, "t").unwrap().resolve(&BTreeMap::new()).unwrap();
        Self {
            gateway: Rc::new(gateway(settings, policies, Approved::default())),
            ports: Rc::clone(&self.ports),
        }
    }

    /// Sends a request to `/api`.
    pub(crate) fn control(&self, request: Request<Chunked>) -> Done {
        let served = portcullis_pipeline::control(Rc::clone(&self.gateway), Rc::clone(&self.ports), request);
        pollster::block_on(async { pulled(served.await).await })
    }

    /// Takes what happened so far.
    pub(crate) fn events(&self) -> Vec<String> {
        let mut events = std::mem::take(&mut *self.ports.events.borrow_mut());
        events.retain(|event| event != "fetch keys");
        events
    }

    /// How often the issuer was asked for its keys since events were last taken.
    pub(crate) fn key_fetches(&self) -> usize {
        self.ports.events.borrow().iter().filter(|event| *event == "fetch keys").count()
    }

    pub(crate) fn outcomes(&self) -> Vec<Outcome> {
        let records = self.ports.records();
        records
            .into_iter()
            .filter_map(|record| match record {
                Record::Outcome(outcome) => Some(outcome),
                Record::Drift(_) | Record::Intent(_) | Record::Refusal(_) => None,
            })
            .collect()
    }

    /// Everything at rest, records as they are read, and in the log.
    pub(crate) fn traces(&self) -> String {
        let store = self.ports.store.borrow();
        let values = store.values().map(|value| String::from_utf8_lossy(value).into_owned());
        let records = self.ports.records();
        let records = records.iter().map(|record| String::from_utf8_lossy(&record.encode()).into_owned());
        values.chain(records).chain(self.ports.log.borrow().iter().cloned()).collect::<Vec<_>>().join("\n")
    }
}

/// An answer, pulled to its end.
async fn pulled(response: Response<Answer<Fake>>) -> Done {
    let (head, answer) = response.into_parts();
    let mut bytes = Vec::new();
    match answer {
        Answer::Full(whole) => bytes.extend_from_slice(&whole),
        Answer::Events(mut events) => {
            while let Some(more) = events.next().await {
                bytes.extend_from_slice(&more);
            }
        }
    }
    let text = String::from_utf8(bytes).unwrap();
    Done { status: head.status.as_u16(), headers: head.headers, text }
}

/// A gateway with mounted policies.
pub(crate) fn gateway(settings: Settings, policies: &str, approved: Approved) -> Gateway {
    let text = policies.to_owned();
    let mounted = move || {
        let policies = PolicySet::parse(&[Source { file: "t.cedar", text: &text }]);
        let active = |policies| Active::new(policies, approved.clone());
        policies.map(active).map_err(|problems| problems.to_string())
    };
    Gateway::new("portcullis".parse().unwrap(), settings, mounted).unwrap()
}

fn signing_key() -> <Ed25519 as jwt_compact::Algorithm>::SigningKey {
    Ed25519::generate(&mut ChaCha8Rng::seed_from_u64(2)).0
}

fn key_set() -> String {
    let public = Base64UrlUnpadded::encode_string(&signing_key().to_verifying_key()[..]);
    json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": public}]}).to_string()
}

/// A token for this subject and group, good for both connections, alone and together.
pub(crate) fn token(subject: &str, group: &str) -> String {
    let places = ["", "/crm", "/photos"].map(|place| format!("https://gw.example.com/mcp{place}"));
    token_for(subject, group, &places.each_ref().map(String::as_str))
}

/// A token for this subject and group, good for these places.
pub(crate) fn token_for(subject: &str, group: &str, audiences: &[&str]) -> String {
    token_with(json!({"sub": subject, "groups": [group], "aud": audiences}))
}

/// A token with these claims, and those that each needs.
pub(crate) fn token_with(mut claims: Value) -> String {
    let header = json!({"alg": "EdDSA", "typ": "at+jwt", "kid": "k"});
    let needed = [
        ("iss", json!("https://idp.example.com")),
        ("exp", json!(NOW_MS / 1000 + 600)),
        ("jti", json!("token-1")),
    ];
    for (name, value) in needed {
        claims.as_object_mut().unwrap().entry(name).or_insert(value);
    }
    let encode = |value: &Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
    let signed = format!("{}.{}", encode(&header), encode(&claims));
    let signature = Ed25519.sign(&signing_key(), signed.as_bytes());
    format!("{signed}.{}", Base64UrlUnpadded::encode_string(&signature.as_bytes()))
}

/// A request with the headers that every MCP POST has. All connections together have no name.
pub(crate) fn post(connection: &str, token: Option<&str>, body: impl Into<Vec<u8>>) -> Request<Chunked> {
    let mut request = Request::new(Chunked::whole(body));
    *request.method_mut() = Method::POST;
    let place = if connection.is_empty() { String::new() } else { format!("/{connection}") };
    *request.uri_mut() = format!("https://gw.example.com/mcp{place}").parse().unwrap();
    for (name, value) in [
        ("host", "gw.example.com"),
        ("content-type", "application/json"),
        ("accept", "application/json, text/event-stream"),
        ("spin-client-addr", "192.0.2.7:1234"),
        ("cookie", "session=secret"),
    ] {
        request.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if let Some(token) = token {
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    }
    request
}

/// A call of a tool in the handshake era.
pub(crate) fn legacy_call(tool: &str, arguments: &Value) -> String {
    json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}})
        .to_string()
}

/// A tool result with this text.
pub(crate) fn result(text: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "result": {"content": [{"type": "text", "text": text}]}})
}
