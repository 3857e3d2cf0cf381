//! An issuer's keys: from this instance's memory, from the store where another instance left them, or from the
//! issuer.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::header::{ACCEPT, HeaderValue};
use portcullis_identity::discovery::{self, Discovery, FirstFetch};
use portcullis_identity::seal::Purpose;
use portcullis_identity::{JwkSet, Lookup, UnixSeconds};
use portcullis_settings::{IssuerName, IssuerSettings};

use crate::authenticate::left::Left;
use crate::body;
use crate::gateway::Gateway;
use crate::ports::Ports;
use crate::refusal::Refusal;

const LEFT: Left = Left { key: "keys", name: "keys", purpose: Purpose::new("issuer-keys") };
/// The longest document that is read from an issuer.
const DOCUMENT_BYTES: usize = 256 << 10;
const DEADLINE: Duration = Duration::from_secs(5);
/// How often a request looks whether the fetch of another one has ended.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// The keys to verify a token with that names `kid`. They may lack it; then the token is refused.
pub(super) async fn of<P: Ports>(
    gateway: &Gateway,
    ports: &P,
    issuer: &IssuerSettings,
    kid: Option<&str>,
) -> Result<JwkSet, Refusal> {
    let now = UnixSeconds(ports.now() / 1000);
    if let Some(known) = known(gateway, issuer, kid, now)? {
        return Ok(known);
    }
    let Some(_turn) = Turn::take(&gateway.fetching, &issuer.name) else {
        return wait(gateway, ports, issuer, kid, now).await;
    };
    if !gateway.keys.borrow().contains_key(&issuer.name)
        && let Some((at, document)) = LEFT.read(gateway, ports, issuer).await
        && let Ok(keys) = JwkSet::parse(document.as_bytes())
    {
        gateway.keys.borrow_mut().entry(issuer.name.clone()).or_default().fetched(at, keys);
        if let Some(known) = known(gateway, issuer, kid, now)? {
            return Ok(known);
        }
    }
    match fetch(ports, issuer).await {
        Ok((document, keys)) => {
            LEFT.write(gateway, ports, (issuer, now), &document).await;
            gateway.keys.borrow_mut().entry(issuer.name.clone()).or_default().fetched(now, keys);
        }
        Err(reason) => {
            ports.log(&format!("keys of issuer `{}` cannot be fetched: {reason}", issuer.name));
            gateway.keys.borrow_mut().entry(issuer.name.clone()).or_default().failed(now);
        }
    }
    known(gateway, issuer, kid, now)?.ok_or_else(|| unavailable(issuer))
}

/// What is in memory; `None` if something should be fetched.
fn known(
    gateway: &Gateway,
    issuer: &IssuerSettings,
    kid: Option<&str>,
    now: UnixSeconds,
) -> Result<Option<JwkSet>, Refusal> {
    let mut caches = gateway.keys.borrow_mut();
    let Some(cache) = caches.get_mut(&issuer.name) else { return Ok(None) };
    match cache.lookup(kid, now) {
        Lookup::Keys(keys) => Ok(Some(keys.clone())),
        Lookup::Fetch => Ok(None),
        Lookup::Unavailable => Err(unavailable(issuer)),
    }
}

fn unavailable(issuer: &IssuerSettings) -> Refusal {
    Refusal::Keys { issuer: issuer.name.to_string(), reason: "none could be fetched".to_owned() }
}

/// The right to fetch; while one request has it, others for the same issuer wait. Given back when dropped,
/// also when the request is cancelled.
struct Turn<'t> {
    fetching: &'t RefCell<BTreeSet<IssuerName>>,
    issuer: &'t IssuerName,
}

impl<'t> Turn<'t> {
    fn take(fetching: &'t RefCell<BTreeSet<IssuerName>>, issuer: &'t IssuerName) -> Option<Self> {
        let is_free = fetching.borrow_mut().insert(issuer.clone());
        // Made only if the turn is ours: dropping one gives the turn back.
        is_free.then(|| Self { fetching, issuer })
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.fetching.borrow_mut().remove(self.issuer);
    }
}

async fn wait<P: Ports>(
    gateway: &Gateway,
    ports: &P,
    issuer: &IssuerSettings,
    kid: Option<&str>,
    now: UnixSeconds,
) -> Result<JwkSet, Refusal> {
    while gateway.fetching.borrow().contains(&issuer.name) {
        ports.sleep(LOOK_AGAIN).await;
    }
    known(gateway, issuer, kid, now)?.ok_or_else(|| unavailable(issuer))
}

async fn fetch<P: Ports>(ports: &P, issuer: &IssuerSettings) -> Result<(Vec<u8>, JwkSet), String> {
    let url = match discovery::first_fetch(issuer) {
        FirstFetch::Metadata(url) => {
            let document = get(ports, &url).await?;
            Discovery::parse(&document, &issuer.url)
                .map_err(|error| error.to_string())?
                .jwks_uri
                .as_str()
                .to_owned()
        }
        FirstFetch::KeySet(url) => url,
    };
    let document = get(ports, &url).await?;
    let keys = JwkSet::parse(&document).map_err(|error| error.to_string())?;
    Ok((document, keys))
}

/// A document of an issuer.
pub(crate) async fn get<P: Ports>(ports: &P, url: &str) -> Result<Vec<u8>, String> {
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = url.parse().map_err(|_| "not a URL".to_owned())?;
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
    let (head, mut document) =
        ports.fetch(request, DEADLINE).await.map_err(|error| error.to_string())?.into_parts();
    if head.status != http::StatusCode::OK {
        return Err(format!("{url} answered {}", head.status));
    }
    body::read(ports, &mut document, DOCUMENT_BYTES, DEADLINE).await.map_err(|error| error.to_string())
}
