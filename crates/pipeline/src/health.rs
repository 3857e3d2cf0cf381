//! What orchestrators and clients may ask without a token: whether the gateway lives, whether it can serve,
//! and where to get a token.

use bytes::Bytes;
use http::{Response, StatusCode};
use portcullis_identity::metadata;
use portcullis_ledger::AppName;
use portcullis_settings::{ConnectionName, Settings};

use crate::ports::Ports;
use crate::refusal::respond;

/// The process answers.
pub(crate) fn alive() -> Response<Bytes> {
    respond(StatusCode::OK, "application/json", r#"{"status":"alive"}"#)
}

/// The store accepts writes and returns them. Settings and policies are loaded, or nobody could ask.
pub(crate) async fn ready<P: Ports>(app: &AppName, ports: &P) -> Response<Bytes> {
    // Only probes write here.
    let key = format!("pc1:{}:ready", app.as_str());
    let value = ports.now().to_string();
    let stored = async {
        ports.set(&key, value.as_bytes()).await?;
        ports.get(&key).await
    };
    match stored.await {
        // Another probe may have written in between; that something is there is enough.
        Ok(Some(_)) => respond(
            StatusCode::OK,
            "application/json",
            r#"{"status":"ready","store":"default","durability":"acknowledged by the configured store"}"#,
        ),
        Ok(None) => unready(ports, "a value just written is not there"),
        Err(error) => unready(ports, &error.to_string()),
    }
}

fn unready<P: Ports>(ports: &P, reason: &str) -> Response<Bytes> {
    ports.log(&format!("not ready: {reason}"));
    respond(StatusCode::SERVICE_UNAVAILABLE, "application/json", r#"{"status":"unready","store":"default"}"#)
}

/// RFC 9728 metadata: who issues the tokens of a connection.
pub(crate) fn metadata(settings: &Settings, name: &ConnectionName) -> Response<Bytes> {
    match settings.connections.get(name) {
        Some(connection) => respond(
            StatusCode::OK,
            "application/json",
            metadata::protected_resource(settings, connection, &[]),
        ),
        None => respond(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "not found"),
    }
}
