//! Callers that are web pages.
#![expect(clippy::unwrap_used, reason = "a failing test is its report")]

#[expect(dead_code, reason = "the data path's tests use more of it")]
mod world;

use http::{HeaderValue, Method};
use serde_json::json;

use crate::world::{Done, World, legacy_call, post, result, token};

const OWN: &str = "https://gw.example.com";

fn preflight(origin: Option<&'static str>, path: &str) -> Done {
    let mut request = post("crm", None, "");
    *request.method_mut() = Method::OPTIONS;
    *request.uri_mut() = format!("https://gw.example.com{path}").parse().unwrap();
    for name in ["content-type", "accept"] {
        request.headers_mut().remove(name);
    }
    let asked = "Authorization, mcp-session-id, Mcp-Param-Region, x-evil";
    request.headers_mut().insert("access-control-request-headers", HeaderValue::from_static(asked));
    if let Some(origin) = origin {
        request.headers_mut().insert("origin", HeaderValue::from_static(origin));
    }
    World::new().send(request)
}

#[test]
fn a_browser_learns_what_a_page_may_send() {
    for path in ["/mcp/crm", "/mcp", "/.well-known/oauth-protected-resource/mcp/crm"] {
        let done = preflight(Some(OWN), path);
        assert_eq!(done.status, 204, "{path}");
        assert_eq!(done.headers["access-control-allow-origin"], OWN, "{path}");
        let allowed = &done.headers["access-control-allow-headers"];
        assert_eq!(allowed, "authorization, mcp-session-id, mcp-param-region", "{path}");
    }
    let foreign = preflight(Some("https://evil.example.com"), "/mcp/crm");
    assert_eq!(foreign.status, 403);
    assert!(!foreign.headers.contains_key("access-control-allow-origin"));
    assert_eq!(preflight(None, "/mcp/crm").status, 405, "only browsers ask");
    assert_eq!(preflight(Some(OWN), "/mcp/nowhere").status, 404);
}

#[test]
fn a_page_may_read_what_it_is_answered_also_a_challenge() {
    let send = |token: Option<&str>, origin: Option<&'static str>| {
        let world = World::new();
        world.upstream_answers_json(&result("ok"));
        let mut request = post("crm", token, legacy_call("read", &json!({})));
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", HeaderValue::from_static(origin));
        }
        world.send(request)
    };
    let ada = token("ada", "staff");
    for (token, status) in [(Some(ada.as_str()), 200), (None, 401)] {
        let done = send(token, Some(OWN));
        assert_eq!(
            (done.status, &done.headers["access-control-allow-origin"]),
            (status, &HeaderValue::from_static(OWN))
        );
        let readable = done.headers["access-control-expose-headers"].to_str().unwrap();
        assert!(readable.contains("mcp-session-id") && readable.contains("www-authenticate"), "{readable}");
        assert_eq!(done.headers["vary"], "origin");
    }
    assert!(!send(Some(&ada), None).headers.contains_key("access-control-allow-origin"));
}
