//! One request: the host's own paths, the route, the component.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::uri::Scheme;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::Incoming;
use wasmtime_wasi_http::handler::{ExpirationError, InstantiationError};
use wasmtime_wasi_http::{Error, WasiBody};

use crate::headers;
use crate::host::App;
use crate::log::LogExt as _;
use crate::routes::WELL_KNOWN_PREFIX;

/// Answers `request`. Nothing about a failure but its status reaches the caller.
pub(super) async fn respond(
    app: Arc<App>,
    request: Request<Incoming>,
    scheme: Scheme,
    client: SocketAddr,
) -> Result<Response<WasiBody>, Infallible> {
    let path = request.uri().path();
    Ok(match path.strip_prefix(WELL_KNOWN_PREFIX) {
        Some("health") => Response::new(full(Bytes::from_static(b"OK"))),
        Some("info") => info(&app),
        Some(_) => status(StatusCode::NOT_FOUND),
        None => component(&app, request, &scheme, client).await.unwrap_or_else(status),
    })
}

/// Passes the request to its component.
async fn component(
    app: &App,
    request: Request<Incoming>,
    scheme: &Scheme,
    client: SocketAddr,
) -> Result<Response<WasiBody>, StatusCode> {
    let (mut head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    // `OPTIONS *` names no path.
    let routed = path.starts_with('/').then(|| app.router.route(&path)).flatten();
    let matched = routed.ok_or(StatusCode::NOT_FOUND)?;
    let id = matched.component();
    let handler = app.handlers.get(id).ok_or(StatusCode::NOT_FOUND)?;
    headers::prepare(&mut head, &matched, scheme, client).map_err(|_| StatusCode::BAD_REQUEST)?;
    let request = Request::from_parts(head, body.map_err(Error::Hyper).boxed_unsync());
    handler.handle((), request).await.map_err(|error| failure(app, id, &error))
}

/// Tells the operator what went wrong, and chooses the status.
fn failure(app: &App, component: &str, error: &wasmtime::Error) -> StatusCode {
    let status = if error.is::<ExpirationError>() {
        StatusCode::GATEWAY_TIMEOUT
    } else if error.is::<InstantiationError<()>>() {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::INTERNAL_SERVER_ERROR
    };
    app.log.component(component, format_args!("a request failed with status {}: {error:#}", status.as_u16()));
    status
}

fn info(app: &App) -> Response<WasiBody> {
    #[derive(serde::Serialize)]
    struct Info<'a> {
        name: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        version: Option<&'a str>,
    }
    match serde_json::to_vec_pretty(&Info { name: &app.name, version: app.version.as_deref() }) {
        Ok(body) => {
            let mut response = Response::new(full(body.into()));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response
        }
        Err(_) => status(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

fn status(status: StatusCode) -> Response<WasiBody> {
    let mut response = Response::new(Empty::new().map_err(Error::from).boxed_unsync());
    *response.status_mut() = status;
    response
}

fn full(body: Bytes) -> WasiBody {
    Full::new(body).map_err(Error::from).boxed_unsync()
}
