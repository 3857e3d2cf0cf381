//! Signing in with a browser, from the gateway's side: what a page is told, what becomes of a code, and what is left of it.

use std::rc::Rc;
use std::sync::LazyLock;

use base64ct::{Base64, Encoding as _};
use bytes::Bytes;
use http::{HeaderValue, Method, Request};
use portcullis_pins::Approved;
use portcullis_pipeline::{FetchError, control};
use portcullis_settings::Draft;
use serde_json::{Value, json};

use crate::support::{POLICIES, SETTINGS, intents, refusals};
use crate::world::{Chunked, Done, End, Upstream, World, gateway, post, token_for, token_with};

const API: &str = "https://gw.example.com/api";
const TOKEN_URL: &str = "https://login.example.com/token";
/// What must never be found anywhere.
const CODE: &str = "c0de-of-a-sign-in/+";
const VERIFIER: &str = "verifier-of-a-sign-in-0123456789.0123456789~x";
const SECRET: &str = "s3cret: of a client";

fn settings(more: &str) -> String {
    let settings = SETTINGS
        .replace(
            "jwks_url = \"https://idp.example.com/keys\"",
            "discovery_url = \"https://login.example.com/metadata\"",
        )
        .replace(
            "[limits]",
            "[edge]\norigins = [\"https://friend.example.com\"]\n[limits]\nfailures_per_minute = 3",
        );
    format!(
        "{settings}[issuers.other]\nissuer = \"https://other.example.com\"\njwks_url = \"https://idp.example.com/keys\"\n\
         [console]\nissuers = [\"idp\", \"other\"]\n[console.sign_in]\nissuer = \"idp\"\nclient_id = \"page\"\n{more}"
    )
}

/// A world with an issuer that says this of itself and answers codes like this.
fn world_of(more: &str, metadata: Value, answer: Upstream) -> World {
    let world = World::of(&settings("scopes = [\"openid\", \"mcp\"]"), POLICIES);
    let values = [("client_secret".parse().unwrap(), SECRET.to_owned())].into();
    let settings = Draft::parse(&settings(more), "t").unwrap().resolve(&values).unwrap();
    let world = World {
        gateway: Rc::new(gateway(settings, POLICIES, Approved::default())),
        ports: Rc::clone(&world.ports),
    };
    serve(&world, metadata, answer);
    world
}

fn serve(world: &World, metadata: Value, answer: Upstream) {
    let script = move |request: &Request<Bytes>| match request.uri().path() {
        "/metadata" => answers(200, &metadata.to_string()),
        "/token" => answer.clone(),
        other => panic!("nothing is at {other}"),
    };
    *world.ports.upstream.borrow_mut() = Upstream::Scripted(Rc::new(script));
}

fn world(answer: Upstream) -> World {
    world_of("scopes = [\"openid\", \"mcp\"]", metadata(), answer)
}

fn metadata() -> Value {
    json!({
        "issuer": "https://idp.example.com",
        "jwks_uri": "https://idp.example.com/keys",
        "authorization_endpoint": "https://login.example.com/authorize?tenant=1",
        "token_endpoint": TOKEN_URL,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    })
}

fn answers(status: u16, text: &str) -> Upstream {
    let headers = vec![("content-type", "application/json".to_owned())];
    Upstream::Answers { status, headers, chunks: vec![text.as_bytes().to_vec()], end: End::Whole }
}

fn gives(token: &str) -> Upstream {
    answers(200, &json!({"access_token": token, "token_type": "Bearer", "id_token": "x.y.z"}).to_string())
}

/// A token that the console takes; the same one whenever it is asked for.
fn good() -> String {
    static GOOD: LazyLock<String> = LazyLock::new(|| token_for("bob", "boss", &[API]));
    GOOD.clone()
}

fn request(method: Method, path: &str, body: &str) -> Request<Chunked> {
    let mut request = post("crm", None, body.as_bytes().to_vec());
    *request.method_mut() = method;
    *request.uri_mut() = format!("https://gw.example.com{path}").parse().unwrap();
    request
}

fn ask(world: &World) -> Done {
    world.control(request(Method::GET, "/api/sign-in", ""))
}

/// What the page sends.
fn finish_with(body: &str) -> Request<Chunked> {
    let mut request = request(Method::POST, "/api/sign-in", body);
    for (name, value) in [("origin", "https://gw.example.com"), ("sec-fetch-site", "same-origin")] {
        request.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    request
}

fn proof() -> String {
    json!({"code": CODE, "code_verifier": VERIFIER}).to_string()
}

fn finish(world: &World) -> Done {
    world.control(finish_with(&proof()))
}

/// The status and the word of an answer, with a text for people that tells nothing.
fn told(done: &Done) -> (u16, String) {
    let told = done.json();
    if done.status != 200 {
        let message = told["message"].as_str().unwrap_or_default();
        assert!(message.contains(' ') && !message.contains("example.com"), "{told}");
        assert!(told.get("access_token").is_none(), "{told}");
    }
    (done.status, told["error"].as_str().unwrap_or_default().to_owned())
}

/// The requests that reached the token endpoint.
fn exchanges(world: &World) -> Vec<Request<Bytes>> {
    let sent = world.ports.sent.borrow_mut().drain(..).collect::<Vec<_>>();
    sent.into_iter().filter(|request| request.uri().path() == "/token").collect()
}

fn no_trace(world: &World, token: &str, case: &str) {
    let traces = world.traces();
    for secret in [CODE, "c0de-of-a-sign-in", VERIFIER, token, SECRET] {
        assert!(!traces.contains(secret), "{case}: {secret} in {traces}");
    }
}

#[test]
fn a_page_is_told_where_to_go_and_a_code_becomes_a_token_on_record() {
    let world = world(gives(&good()));
    let where_to = ask(&world);
    assert_eq!(where_to.status, 200, "{}", where_to.text);
    assert_eq!(where_to.headers["cache-control"], "no-store");
    assert_eq!(
        where_to.json(),
        json!({
            "authorization_endpoint": "https://login.example.com/authorize?tenant=1",
            "issuer": "https://idp.example.com",
            "names_issuer": true,
            "client_id": "page",
            "redirect_uri": "https://gw.example.com/approve/signed-in",
            "scope": "mcp openid",
            "resource": API,
        })
    );
    assert!(intents(&world).is_empty() && refusals(&world).is_empty(), "asking where to go is not on record");

    let done = finish(&world);
    assert_eq!(done.status, 200, "{}", done.text);
    assert_eq!(done.headers["cache-control"], "no-store");
    assert!(!done.headers.contains_key("set-cookie"));
    let (told, token) = (done.json(), good());
    assert_eq!((&told["access_token"], &told["principal"]), (&json!(token), &json!("idp|bob")));
    assert!(told["expires_in"].as_u64().unwrap() > 0, "{told}");
    assert_eq!(
        told.as_object().unwrap().len(),
        3,
        "nothing else of the issuer's answer is passed on: {told}"
    );

    let [exchange]: [_; 1] = exchanges(&world).try_into().unwrap();
    assert_eq!((exchange.method(), exchange.uri().to_string().as_str()), (&Method::POST, TOKEN_URL));
    assert_eq!(exchange.headers()["content-type"], "application/x-www-form-urlencoded");
    assert!(!exchange.headers().contains_key("authorization"), "a public client has nothing to show");
    assert_eq!(
        std::str::from_utf8(exchange.body()).unwrap(),
        format!(
            "grant_type=authorization_code&code=c0de-of-a-sign-in%2F%2B\
             &redirect_uri=https%3A%2F%2Fgw.example.com%2Fapprove%2Fsigned-in&client_id=page\
             &code_verifier={VERIFIER}&resource=https%3A%2F%2Fgw.example.com%2Fapi"
        )
    );
    let [intent]: [_; 1] = intents(&world).try_into().unwrap();
    assert_eq!((intent.method.as_str(), intent.name.as_deref()), ("sign-in", Some("idp")));
    assert_eq!((intent.principal.issuer.as_str(), intent.principal.subject.as_str()), ("idp", "bob"));
    assert_eq!(world.outcomes().len(), 1);
    no_trace(&world, &token, "signed in");
    // And the token is good for what it is for.
    let mut listed = request(Method::GET, "/api/approvals", "");
    listed.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    assert_eq!(world.control(listed).status, 403, "policy has the last word");
}

#[test]
fn a_confidential_client_shows_its_secret_to_the_issuer_alone() {
    let secret = "client_secret = \"{{ client_secret }}\"";
    let world = world_of(secret, metadata(), gives(&good()));
    assert!(!ask(&world).text.contains("s3cret"));
    assert_eq!(finish(&world).status, 200);
    let [exchange]: [_; 1] = exchanges(&world).try_into().unwrap();
    let basic = format!("Basic {}", Base64::encode_string(b"page:s3cret%3A%20of%20a%20client"));
    assert_eq!(exchange.headers()["authorization"], basic);
    assert!(!std::str::from_utf8(exchange.body()).unwrap().contains("s3cret"));
    no_trace(&world, &basic, "basic");

    let mut form = metadata();
    form["token_endpoint_auth_methods_supported"] = json!(["client_secret_post"]);
    let world = world_of(secret, form, gives(&good()));
    assert_eq!(finish(&world).status, 200);
    let [exchange]: [_; 1] = exchanges(&world).try_into().unwrap();
    let sent = std::str::from_utf8(exchange.body()).unwrap();
    assert!(sent.ends_with("&client_secret=s3cret%3A%20of%20a%20client"), "{sent}");
    assert!(!exchange.headers().contains_key("authorization"));
    no_trace(&world, &good(), "form");
}

#[test]
fn what_an_issuer_refuses_or_gives_amiss_signs_nobody_in() {
    let echoed = json!({"error": "invalid_grant", "error_description": format!("{CODE} {VERIFIER}")});
    let odd = json!({"error": format!("used {CODE}")});
    let dpop = json!({"access_token": good(), "token_type": "DPoP"});
    let id_only = json!({"id_token": good(), "token_type": "Bearer"});
    let huge = json!({"access_token": good(), "token_type": "Bearer", "pad": "x".repeat(128 << 10)});
    let silent =
        Upstream::Answers { status: 200, headers: vec![], chunks: vec![b"{".to_vec()], end: End::Silent };
    let broken =
        Upstream::Answers { status: 200, headers: vec![], chunks: vec![b"{".to_vec()], end: End::Broken };
    let moved = Upstream::Answers {
        status: 302,
        headers: vec![("location", "https://evil.example.com/token".to_owned())],
        chunks: vec![],
        end: End::Whole,
    };
    let other =
        token_with(json!({"iss": "https://other.example.com", "sub": "eve", "groups": [], "aud": API}));
    let stranger = token_with(json!({"iss": "https://evil.example.com", "sub": "eve", "aud": API}));
    let elsewhere = token_for("bob", "boss", &["https://gw.example.com/mcp"]);
    let for_the_page = token_for("bob", "boss", &["page"]);
    let expired = token_with(json!({"sub": "bob", "groups": [], "aud": API, "exp": 1_000}));
    let (rejected, no_answer, unaccepted) =
        ((400, "rejected"), (502, "no_answer"), (403, "token_not_accepted"));
    for (case, answer, want, hint) in [
        ("a used code", answers(400, &echoed.to_string()), rejected, "invalid_grant"),
        ("an error of its own", answers(400, &odd.to_string()), rejected, "nothing that OAuth knows"),
        (
            "a wrong client",
            answers(401, r#"{"error":"invalid_client"}"#),
            rejected,
            "must be those that the issuer",
        ),
        ("no such resource", answers(400, r#"{"error":"invalid_target"}"#), rejected, "resource = false"),
        ("a broken issuer", answers(500, "<html>"), no_answer, "answered 500"),
        ("a redirect", moved, no_answer, "answered 302"),
        ("no JSON", answers(200, "access_token=x"), no_answer, "not usable JSON"),
        ("a bound token", answers(200, &dpop.to_string()), no_answer, "Bearer"),
        ("an ID token alone", answers(200, &id_only.to_string()), no_answer, "no usable `access_token`"),
        ("a huge answer", answers(200, &huge.to_string()), no_answer, "exceeds"),
        ("an answer without an end", silent, no_answer, "longer"),
        ("half an answer", broken, no_answer, "reset"),
        ("nobody", Upstream::Fails(FetchError::Unreachable("refused".into())), no_answer, "refused"),
        ("no time", Upstream::Fails(FetchError::TimedOut), no_answer, "no answer in time"),
        (
            "no way",
            Upstream::Fails(FetchError::NotAllowed(TOKEN_URL.into())),
            no_answer,
            "allowed_outbound_hosts",
        ),
        ("an opaque token", gives("opaque-token"), unaccepted, "It must be a JWT"),
        ("a token for elsewhere", gives(&elsewhere), unaccepted, "\"https://gw.example.com/api\""),
        ("a token for the client", gives(&for_the_page), unaccepted, "not meant for"),
        ("a token that is over", gives(&expired), unaccepted, "expired"),
        ("a token of a stranger", gives(&stranger), unaccepted, "does not trust"),
        ("a token of another issuer", gives(&other), unaccepted, "another issuer"),
    ] {
        let world = world(answer);
        assert_eq!(ask(&world).status, 200, "{case}");
        world.ports.late.set(case == "an answer without an end");
        let done = finish(&world);
        assert_eq!(told(&done), (want.0, want.1.to_owned()), "{case}: {}", done.text);
        assert_eq!(exchanges(&world).len(), 1, "{case}: it is asked once, and nobody else");
        let log = world.ports.log.borrow().join("\n");
        assert!(log.contains(hint), "{case}: {log}");
        let refused = refusals(&world);
        let [refused] = refused.as_slice() else { panic!("{case}: {refused:?}") };
        assert_eq!(
            (refused.kind.as_str(), refused.method.as_deref()),
            ("not_signed_in", Some("sign-in")),
            "{case}"
        );
        assert!(refused.principal.is_none() && intents(&world).is_empty(), "{case}");
        no_trace(&world, "opaque-token", case);
        assert!(!world.traces().contains(&elsewhere) && !world.traces().contains(&good()), "{case}");
    }
}

#[test]
fn a_code_is_taken_from_the_gateways_own_page_only() {
    let world = world(gives(&good()));
    let with = |name: &'static str, value: &'static str| {
        let mut request = finish_with(&proof());
        request.headers_mut().insert(name, HeaderValue::from_static(value));
        world.control(request).status
    };
    for (name, value, want) in [
        ("origin", "https://evil.example.com", 403),
        ("origin", "https://friend.example.com", 403),
        ("origin", "null", 403),
        ("origin", "http://gw.example.com", 403),
        ("sec-fetch-site", "cross-site", 403),
        ("sec-fetch-site", "same-site", 403),
        ("host", "evil.example.com", 403),
        ("content-type", "text/plain", 415),
        ("content-type", "application/x-www-form-urlencoded", 415),
        ("content-encoding", "gzip", 415),
    ] {
        assert_eq!(with(name, value), want, "{name}: {value}");
    }
    let mut two = finish_with(&proof());
    two.headers_mut().append("origin", HeaderValue::from_static("https://friend.example.com"));
    assert_eq!(world.control(two).status, 403);
    for method in [Method::PUT, Method::DELETE, Method::HEAD, Method::OPTIONS] {
        let done = world.control(request(method.clone(), "/api/sign-in", ""));
        assert_eq!(
            (done.status, &done.headers["allow"]),
            (405, &HeaderValue::from_static("GET, POST")),
            "{method}"
        );
    }
    for path in ["/api/sign-in/", "/api/sign-in/x", "/api/sign-inx"] {
        assert_eq!(world.control(request(Method::GET, path, "")).status, 404, "{path}");
    }
    let mut elsewhere = request(Method::GET, "/api/sign-in", "");
    elsewhere.headers_mut().insert("host", HeaderValue::from_static("evil.example.com"));
    assert_eq!(world.control(elsewhere).status, 403);
    assert!(exchanges(&world).is_empty(), "nothing of it reaches the issuer");
    assert!(intents(&world).is_empty());
    no_trace(&world, &good(), "refused");
}

#[test]
fn what_the_page_does_not_send_never_reaches_the_issuer() {
    let (long, short) = ("v".repeat(129), "v".repeat(42));
    let of = |code: &str, verifier: &str| json!({"code": code, "code_verifier": verifier}).to_string();
    for (case, body) in [
        ("nothing", String::new()),
        ("no object", "[]".to_owned()),
        ("no code", json!({"code_verifier": VERIFIER}).to_string()),
        ("no verifier", json!({"code": CODE}).to_string()),
        (
            "a further member",
            json!({"code": CODE, "code_verifier": VERIFIER, "redirect_uri": "https://evil"}).to_string(),
        ),
        ("twice", format!(r#"{{"code":"a","code":"b","code_verifier":"{VERIFIER}"}}"#)),
        ("a number", json!({"code": 1, "code_verifier": VERIFIER}).to_string()),
        ("an empty code", of("", VERIFIER)),
        ("a code with a line feed", of("a\nb", VERIFIER)),
        ("a code that is too long", of(&"c".repeat(4097), VERIFIER)),
        ("a short verifier", of(CODE, &short)),
        ("a long verifier", of(CODE, &long)),
        ("a verifier that is none", of(CODE, &format!("{VERIFIER}&"))),
    ] {
        let world = world(gives(&good()));
        let done = world.control(finish_with(&body));
        assert_eq!(told(&done), (400, "malformed".to_owned()), "{case}");
        assert!(exchanges(&world).is_empty(), "{case}");
        assert_eq!(refusals(&world).len(), 1, "{case}");
        no_trace(&world, &good(), case);
    }
    let world = world(gives(&good()));
    assert_eq!(world.control(finish_with(&"x".repeat(9 << 10))).status, 413);
    let mut slow = finish_with(&proof());
    slow.body_mut().end = End::Silent;
    world.ports.late.set(true);
    assert_eq!(world.control(slow).status, 408);
    assert!(exchanges(&world).is_empty());
}

#[test]
fn whoever_guesses_codes_is_held_off() {
    let world = world(answers(400, r#"{"error":"invalid_grant"}"#));
    for _ in 0..3 {
        assert_eq!(finish(&world).status, 400);
    }
    assert_eq!(exchanges(&world).len(), 3);
    assert_eq!(finish(&world).status, 429, "three in a minute, as with tokens");
    assert!(exchanges(&world).is_empty(), "the issuer is spared");
    // Strangers do not fill the store: eight of them are recorded in a minute.
    for _ in 0..20 {
        finish(&world);
    }
    assert!(refusals(&world).len() <= 8, "{}", refusals(&world).len());
    world.ports.now.set(world.ports.now.get() + 60_000);
    assert_eq!(finish(&world).status, 400);
}

#[test]
fn codes_of_one_address_wait_at_the_issuer_a_few_at_a_time() {
    let world = world(gives(&good()));
    assert_eq!(ask(&world).status, 200);
    world.ports.delay.set(50);
    world.ports.patience.set(std::time::Duration::from_millis(10));
    let requests =
        (0..10).map(|_| control(Rc::clone(&world.gateway), Rc::clone(&world.ports), finish_with(&proof())));
    let all = pollster::block_on(futures_util::future::join_all(requests));
    let n_done = all.iter().filter(|answer| answer.status() == 200).count();
    let n_refused = all.iter().filter(|answer| answer.status() == 429).count();
    assert_eq!((n_done, n_refused), (4, 6), "{all:?}");
    world.ports.delay.set(0);
    assert_eq!(finish(&world).status, 200, "the places come back");
}

#[test]
fn strangers_do_not_make_the_gateway_ask_the_issuer_again_and_again() {
    let n_asked = |world: &World| world.ports.sent.borrow_mut().drain(..).count();
    let world = world(gives(&good()));
    world.ports.delay.set(5);
    world.ports.patience.set(std::time::Duration::from_millis(10));
    let asks = (0..10).map(|_| {
        let asked = request(Method::GET, "/api/sign-in", "");
        control(Rc::clone(&world.gateway), Rc::clone(&world.ports), asked)
    });
    let all = pollster::block_on(futures_util::future::join_all(asks));
    assert!(all.iter().all(|answer| answer.status() == 200), "{all:?}");
    assert_eq!(n_asked(&world), 1, "one asks, and the others wait for it");
    assert_eq!(ask(&world).status, 200);
    let second = world.instance(&settings(""), POLICIES);
    assert_eq!(ask(&second).status, 200);
    assert_eq!(n_asked(&world), 0, "another instance takes what the first has left");

    // An hour later the issuer is down: what is known goes on, and it is asked once in five seconds.
    *world.ports.upstream.borrow_mut() = Upstream::Fails(FetchError::TimedOut);
    world.ports.now.set(world.ports.now.get() + 3_600_000);
    for _ in 0..5 {
        assert_eq!(ask(&world).status, 200);
    }
    assert_eq!(n_asked(&world), 1);
    world.ports.now.set(world.ports.now.get() + 24 * 3_600_000);
    for _ in 0..5 {
        assert_eq!(told(&ask(&world)), (503, "unavailable".to_owned()), "not for ever");
    }
    assert_eq!(n_asked(&world), 1);
}

#[test]
fn what_another_has_put_into_the_store_says_nothing() {
    let world = world(gives(&good()));
    assert_eq!(ask(&world).status, 200);
    let key = "pc1:portcullis:sign-in:idp";
    assert!(world.ports.store.borrow().contains_key(key));
    world.ports.store.borrow_mut().insert(key.to_owned(), b"{\"token_endpoint\":\"https://evil\"}".to_vec());
    let second = world.instance(&settings(""), POLICIES);
    world.ports.sent.borrow_mut().clear();
    assert_eq!(ask(&second).status, 200);
    assert_eq!(world.ports.sent.borrow().len(), 1, "the issuer is asked");
}

#[test]
fn where_the_issuer_cannot_be_used_nobody_signs_in_and_the_operator_knows_why() {
    let changed = |name: &str, value: Value| {
        let mut document = metadata();
        document[name] = value;
        document
    };
    for (case, document, hint) in [
        ("another issuer", changed("issuer", json!("https://evil.example.com")), "another issuer"),
        ("no PKCE", changed("code_challenge_methods_supported", json!(["plain"])), "S256"),
        (
            "no plain HTTP",
            changed("token_endpoint", json!("http://login.example.com/token")),
            "token_endpoint",
        ),
        (
            "a script",
            changed("authorization_endpoint", json!("javascript:alert(1)")),
            "authorization_endpoint",
        ),
    ] {
        let world = world_of("", document, gives(&good()));
        assert_eq!(told(&ask(&world)), (503, "unavailable".to_owned()), "{case}");
        assert_eq!(told(&finish(&world)), (503, "unavailable".to_owned()), "{case}");
        assert!(exchanges(&world).is_empty(), "{case}");
        assert!(world.ports.log.borrow().join("\n").contains(hint), "{case}: {:?}", world.ports.log.borrow());
        assert_eq!(refusals(&world)[0].kind, "not_signed_in", "{case}");
        no_trace(&world, &good(), case);
    }
}

#[test]
fn nobody_is_signed_in_without_a_record() {
    for (writes, want) in [(0, "store_unavailable"), (1, "outcome_unrecorded")] {
        let world = world(gives(&good()));
        assert_eq!(ask(&world).status, 200);
        world.ports.writes_left.set(writes);
        let done = finish(&world);
        assert_eq!(told(&done), (503, want.to_owned()), "{}", done.text);
        assert!(!done.text.contains(&good()));
    }
}

#[test]
fn a_token_must_have_the_scopes_of_the_console() {
    let scoped = settings("")
        .replace("issuers = [\"idp\", \"other\"]", "issuers = [\"idp\", \"other\"]\nscopes = [\"approve\"]");
    let world = World::of(&scoped, POLICIES);
    serve(&world, metadata(), gives(&good()));
    assert_eq!(ask(&world).json()["scope"], json!("approve"), "they are asked for");
    assert_eq!(told(&finish(&world)), (403, "token_not_accepted".to_owned()));
    let fine = token_with(json!({"sub": "bob", "groups": [], "aud": API, "scope": "approve"}));
    serve(&world, metadata(), gives(&fine));
    assert_eq!(finish(&world).status, 200);
}

#[test]
fn an_issuer_that_takes_no_resource_is_not_told_one() {
    let world = world_of("resource = false", metadata(), gives(&good()));
    assert_eq!(ask(&world).json()["resource"], Value::Null);
    assert_eq!(finish(&world).status, 200);
    let [exchange]: [_; 1] = exchanges(&world).try_into().unwrap();
    assert!(!std::str::from_utf8(exchange.body()).unwrap().contains("resource"));
}

#[test]
fn without_the_table_there_is_no_sign_in() {
    let closed = settings("").replace("[console.sign_in]\nissuer = \"idp\"\nclient_id = \"page\"\n", "");
    let world = World::of(&closed, POLICIES);
    assert_eq!(ask(&world).status, 404);
    assert_eq!(finish(&world).status, 404);
    assert_eq!(world.control(request(Method::GET, "/approve/signed-in", "")).status, 404);
    let page = world.control(request(Method::GET, &format!("/approve/{}-1", "a5".repeat(32)), ""));
    assert!(page.text.contains("<div id=\"with-browser\" hidden>"), "{}", page.text);
    assert!(world.ports.sent.borrow().is_empty());
}

#[test]
fn people_come_back_to_a_page_that_runs_nothing_but_what_is_served_here() {
    let world = world(gives(&good()));
    let back = format!("/approve/signed-in?code={CODE}&state=x&iss=https%3A%2F%2Fidp.example.com");
    let page = world.control(request(Method::GET, &back.replace('+', "%2B"), ""));
    assert_eq!(page.status, 200, "{}", page.text);
    let header = |name: &str| page.headers[name].to_str().unwrap().to_owned();
    let policy = header("content-security-policy");
    for part in ["default-src 'none'", "form-action 'none'", "frame-ancestors 'none'", "connect-src 'self'"] {
        assert!(policy.contains(part), "{policy}");
    }
    // The code must not leave in `Referer`, nor stay in a cache.
    assert_eq!(
        (header("referrer-policy"), header("cache-control")),
        ("no-referrer".into(), "no-store".into())
    );
    assert_eq!(header("x-frame-options"), "DENY");
    assert!(
        !page.text.contains("c0de") && !page.text.contains("{{"),
        "nothing of the address is in the page"
    );
    assert!(page.text.contains("data-request=\"ID\"") && page.text.contains("<div id=\"with-browser\" >"));
    assert!(world.ports.operations.borrow().is_empty() && world.ports.sent.borrow().is_empty());
    no_trace(&world, &good(), "back");

    let script = world.control(request(Method::GET, "/approve/sign-in.js", ""));
    assert_eq!(script.headers["content-type"], "text/javascript; charset=utf-8");
    let code = script.text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code = code.collect::<Vec<_>>().join("\n");
    for wrong in
        ["innerHTML", "document", "eval(", "localStorage", "cookie", "console.", "access_token", "open("]
    {
        assert!(!code.contains(wrong), "`{wrong}` is in the script");
    }
}
