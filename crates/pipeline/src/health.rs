//! What orchestrators and clients may ask without a token: whether the gateway lives, whether it can serve,
//! and where to get a token.

use bytes::Bytes;
use http::{Response, StatusCode};
use portcullis_identity::metadata;
use portcullis_settings::Settings;

use crate::edge::Place;
use crate::gateway::Gateway;
use crate::ports::Ports;
use crate::refusal::respond;

/// The process answers.
pub(crate) fn alive() -> Response<Bytes> {
    respond(StatusCode::OK, "application/json", r#"{"status":"alive"}"#)
}

/// How long an instance believes what it found last, in milliseconds: anybody may ask, and to find out is a write.
const PROBE_MS: u64 = 1_000;

/// The store accepts writes and returns them, and there are policies. Settings are loaded, or nobody could ask.
pub(crate) async fn ready<P: Ports>(gateway: &Gateway, ports: &P) -> Response<Bytes> {
    let now = ports.now();
    let fresh = gateway.probed.get().filter(|(at, _)| now.saturating_sub(*at) < PROBE_MS);
    let works = match fresh {
        Some((_, works)) => works,
        None => {
            let works = probe(gateway, ports).await && gateway.refresh(ports).await.is_ok();
            gateway.probed.set(Some((now, works)));
            works
        }
    };
    if works {
        let text =
            r#"{"status":"ready","store":"default","durability":"acknowledged by the configured store"}"#;
        return respond(StatusCode::OK, "application/json", text);
    }
    let text = r#"{"status":"unready","store":"default"}"#;
    respond(StatusCode::SERVICE_UNAVAILABLE, "application/json", text)
}

async fn probe<P: Ports>(gateway: &Gateway, ports: &P) -> bool {
    // Only probes write here.
    let key = format!("pc1:{}:ready", gateway.app().as_str());
    let now = ports.now();
    let stored = async {
        ports.set(&key, now.to_string().as_bytes()).await?;
        ports.get(&key).await
    };
    let fault = match stored.await {
        // Another probe may have written in between; that something is there is enough.
        Ok(Some(_)) => None,
        Ok(None) => Some("a value just written is not there".to_owned()),
        Err(error) => Some(error.to_string()),
    };
    if let Some(fault) = &fault {
        ports.log(&format!("not ready: {fault}"));
    }
    fault.is_none()
}

/// RFC 9728 metadata: who issues the tokens of a place.
pub(crate) fn metadata(settings: &Settings, place: &Place) -> Response<Bytes> {
    match place.endpoint(settings) {
        Some(endpoint) => {
            respond(StatusCode::OK, "application/json", metadata::protected_resource(&endpoint))
        }
        None => respond(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "not found"),
    }
}
