//! An issuer's keys: from this instance's memory, from the store where another instance left them, or from the
//! issuer.
//!
//! What is in the store is sealed, so that whoever else can write there cannot give us keys.

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

use crate::body;
use crate::gateway::Gateway;
use crate::ports::{Ports, fresh};
use crate::refusal::Refusal;

const STORED: Purpose = Purpose::new("issuer-keys");
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
        && let Some((at, keys)) = stored(gateway, ports, issuer).await
    {
        gateway.keys.borrow_mut().entry(issuer.name.clone()).or_default().fetched(at, keys);
        if let Some(known) = known(gateway, issuer, kid, now)? {
            return Ok(known);
        }
    }
    match fetch(ports, issuer).await {
        Ok((document, keys)) => {
            store(gateway, ports, issuer, now, &document).await;
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

fn key(gateway: &Gateway, issuer: &IssuerSettings) -> String {
    format!("pc1:{}:keys:{}", gateway.app().as_str(), issuer.name)
}

/// What is sealed: whose keys, from when, and the document.
type Stored = (String, u64, String);

async fn stored<P: Ports>(
    gateway: &Gateway,
    ports: &P,
    issuer: &IssuerSettings,
) -> Option<(UnixSeconds, JwkSet)> {
    let value = ports.get(&key(gateway, issuer)).await.ok()??;
    let plain = gateway.sealer().open(STORED, std::str::from_utf8(&value).ok()?).ok()?;
    let (url, at, document): Stored = serde_json::from_slice(&plain).ok()?;
    let keys = JwkSet::parse(document.as_bytes()).ok()?;
    // The settings may have given the name to another issuer meanwhile.
    (url == issuer.url.as_str()).then_some((UnixSeconds(at), keys))
}

/// Leaves the keys for other instances. That it fails only costs them a fetch.
async fn store<P: Ports>(
    gateway: &Gateway,
    ports: &P,
    issuer: &IssuerSettings,
    now: UnixSeconds,
    document: &[u8],
) {
    let text = String::from_utf8_lossy(document).into_owned();
    let fields: Stored = (issuer.url.as_str().to_owned(), now.0, text);
    let Ok(plain) = serde_json::to_vec(&fields) else { return };
    let Ok(sealed) = gateway.sealer().seal(STORED, &plain, fresh(ports)) else { return };
    if let Err(error) = ports.set(&key(gateway, issuer), sealed.as_bytes()).await {
        ports.log(&format!("keys of issuer `{}` cannot be stored: {error}", issuer.name));
    }
}
