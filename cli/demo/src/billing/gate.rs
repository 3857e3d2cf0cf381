//! The door: every request is written down, and only those with the service credential reach the MCP server.
//!
//! The credential is the service's own. A caller's token does not open this door, which is the point of it.

use std::sync::Arc;

use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use rmcp::transport::streamable_http_server::StreamableHttpService;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;

use super::effects::{Effects, SeenRequest};
use super::server::BillingServer;
use crate::Secret;
use crate::http::listener::Handler;
use crate::http::{Reply, body};

/// The path of the MCP endpoint.
pub(super) const PATH: &str = "/mcp";

/// The longest request body.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// Everything a request needs. Clones share it.
#[derive(Clone)]
pub(super) struct Gate {
    pub(super) credential: Arc<Secret>,
    pub(super) effects: Effects,
    pub(super) mcp: StreamableHttpService<BillingServer, LocalSessionManager>,
}

impl Handler for Gate {
    async fn handle(&self, request: Request<Incoming>) -> Reply {
        let (head, incoming) = request.into_parts();
        let Some(bytes) = body::read(incoming, BODY_LIMIT).await else {
            return body::text(StatusCode::PAYLOAD_TOO_LARGE, "the request body is too long\n");
        };
        let authorised = bearer(&head.headers).is_some_and(|token| self.credential.matches(token));
        self.effects.arrived(SeenRequest {
            method: head.method.clone(),
            target: head.uri.to_string(),
            headers: head.headers.clone(),
            body: String::from_utf8_lossy(&bytes).into_owned(),
            authorised,
        });
        if head.uri.path() != PATH {
            return body::text(StatusCode::NOT_FOUND, "the MCP endpoint is /mcp\n");
        }
        if !authorised {
            return unauthorised();
        }
        self.mcp.handle(Request::from_parts(head, Full::new(bytes))).await
    }
}

/// The token of the only `Authorization` header; several are as good as none.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let only = values.next().filter(|_| values.next().is_none())?;
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn unauthorised() -> Reply {
    let mut reply = body::text(StatusCode::UNAUTHORIZED, "the billing service wants its own credential\n");
    reply.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"billing\""));
    reply
}
