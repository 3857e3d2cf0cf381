use http::{Request, Uri};

use super::*;
use crate::routes::{Route, Router};

/// What the component gets: its URI, then its headers in order of their names.
fn outcome(route: &str, scheme: &Scheme, request: http::request::Builder) -> Result<String, BadRequest> {
    let mut router = Router::default();
    router.add(Route::parse(route, "web").unwrap()).unwrap();
    let (mut head, ()) = request.body(()).unwrap().into_parts();
    let path = head.uri.path().to_owned();
    let matched = router.route(&path).unwrap();
    prepare(&mut head, &matched, scheme, "192.0.2.7:4711".parse().unwrap())?;
    let mut names: Vec<_> = head.headers.keys().cloned().collect();
    names.sort_by_key(HeaderName::to_string);
    let lines = names.iter().flat_map(|name| {
        head.headers.get_all(name).iter().map(move |value| format!("{name}: {}", value.to_str().unwrap()))
    });
    Ok([head.uri.to_string()].into_iter().chain(lines).collect::<Vec<_>>().join("\n"))
}

#[test]
fn spins_headers_are_added() {
    let request =
        Request::post("/foo/42/bar/?key=1&key=2").header("Host", "app.example:8080").header("accept", "*/*");
    let want = "\
https://app.example:8080/foo/42/bar/?key=1&key=2
accept: */*
host: app.example:8080
spin-base-path: /
spin-client-addr: 192.0.2.7:4711
spin-component-route: /foo/:user_id
spin-full-url: https://app.example:8080/foo/42/bar/?key=1&key=2
spin-matched-route: /foo/:user_id/...
spin-path-info: /bar/
spin-path-match-user-id: 42
spin-raw-component-route: /foo/:user_id/...";
    assert_eq!(outcome("/foo/:user_id/...", &Scheme::HTTPS, request).unwrap(), want);
}

#[test]
fn the_callers_headers_come_first_and_the_hosts_last() {
    let request = Request::get("/")
        .header("host", "a")
        .header("Spin-Full-Url", "http://spoofed/")
        .header("spin-client-addr", "203.0.113.1:1")
        .header("connection", "close");
    let got = outcome("/...", &Scheme::HTTP, request).unwrap();
    assert!(got.contains("spin-full-url: http://spoofed/\nspin-full-url: http://a/"), "{got}");
    assert!(got.contains("spin-client-addr: 203.0.113.1:1\nspin-client-addr: 192.0.2.7:4711"), "{got}");
    assert!(!got.contains("connection"), "{got}");
}

#[test]
fn the_authority_must_be_unambiguous() {
    let get = |uri: &str| Request::get(uri.parse::<Uri>().unwrap());
    for (request, want) in [
        (get("/x").header("host", "a:1"), Ok("http://a:1/x")),
        (get("http://a/x"), Ok("http://a/x")),
        (get("http://a/x").header("host", "a"), Ok("http://a/x")),
        (get("https://a/x").header("host", "a"), Ok("http://a/x")),
        (get("/x"), Err(BadRequest::NoHost)),
        (get("http://a/x").header("host", "b"), Err(BadRequest::AmbiguousHost)),
        (get("/x").header("host", "a").header("host", "a"), Err(BadRequest::AmbiguousHost)),
        (get("/x").header("host", ""), Err(BadRequest::InvalidHost)),
        (get("/x").header("host", "a@b"), Err(BadRequest::InvalidHost)),
        (get("/x").header("host", "a b"), Err(BadRequest::InvalidHost)),
        (get("/x").header("host", "a").header("x", &b"\xff"[..]), Err(BadRequest::NotText)),
    ] {
        let got = outcome("/...", &Scheme::HTTP, request);
        let uri = got.as_deref().map(|got| got.lines().next().unwrap());
        assert_eq!(uri, want.as_ref().copied());
    }
}
