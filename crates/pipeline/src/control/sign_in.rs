//! `/api/sign-in`: signing in with a browser, for the page of a request (OAuth 2.1, authorization code with PKCE).
//!
//! The page asks where to go, makes the verifier and the state, and comes back with a code. The console takes the code to
//! the issuer, verifies what it gets as any bearer token for `/api`, and gives it to the page, which keeps it in memory.
//! So the secret of a confidential client stays here, no issuer has to let a web page ask it, and there is no cookie. The
//! code is bound to the verifier, which never leaves the tab until the code is exchanged: whoever else gets hold of one
//! of them has nothing, and neither is ever logged or recorded.
//!
//! No ID token is asked for or looked at, so there is no nonce: PKCE binds the answer to the request.

mod endpoints;
mod exchange;
mod failed;

use std::cell::RefCell;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::rc::Rc;

use http::header::{AUTHORIZATION, CONTENT_ENCODING, HeaderValue, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, Method};
use portcullis_identity::sign_in::Endpoints;
use portcullis_identity::{UnixSeconds, VerifiedToken};
use portcullis_policy::Reasons;
use portcullis_settings::{Scope, Secret, Settings, SignIn};
use portcullis_usage::{Slot, Slots};
use serde_json::{Value, json};

pub use self::failed::NotSignedIn;

use self::endpoints::Known;
use self::exchange::Proof;
use crate::control::{Objection, is_of};
use crate::exchange::Exchange;
use crate::ports::Ports;
use crate::record::{self, End};
use crate::refusal::Refusal;
use crate::{authenticate, body, edge, pace};

/// Where all of it is.
pub(super) const PATH: &str = "/api/sign-in";
/// Its name in records.
const DEED: &str = "sign-in";
/// The longest body: a code and a verifier.
const BODY_BYTES: usize = 8 << 10;
/// How many codes of one address are exchanged at once: each keeps a request at the issuer open.
const AT_ONCE: u32 = 4;

/// What an instance knows of sign-ins.
#[derive(Debug)]
pub(crate) struct SignIns {
    known: RefCell<Known>,
    /// The codes that are being exchanged.
    exchanges: Slots<Option<IpAddr>>,
}

impl SignIns {
    pub(crate) fn new() -> Self {
        let at_once = NonZeroU32::new(AT_ONCE).unwrap_or(NonZeroU32::MIN);
        Self { known: RefCell::default(), exchanges: Slots::new(at_once) }
    }
}

/// Tells a page where people sign in, or makes a token of what it comes back with. Who asks is nobody yet.
pub(super) async fn serve<P: Ports>(x: &mut Exchange<P>, body: P::Body) -> Result<Value, Refusal> {
    let gateway = Rc::clone(&x.gateway);
    let client = gateway.settings().sign_in.as_ref().ok_or(Refusal::NotFound)?;
    match x.parts.method {
        Method::GET => {
            edge::check_source(gateway.settings(), &x.parts)?;
            x.deed = Some(DEED);
            let known = endpoints::of(&gateway, &*x.ports, client).await?;
            Ok(told(gateway.settings(), client, &known))
        }
        Method::POST => {
            check_page(gateway.settings(), &x.parts)?;
            x.deed = Some(DEED);
            let _turn = admit(x)?;
            finish(x, client, body).await
        }
        _ => Err(Refusal::MethodNotAllowed { allow: "GET, POST" }),
    }
}

/// What a page needs to send its reader to the issuer. All of it is in the reader's address bar then.
fn told(settings: &Settings, client: &SignIn, known: &Endpoints) -> Value {
    let scopes: Vec<&str> = client.scopes.iter().map(Scope::as_str).collect();
    json!({
        "authorization_endpoint": known.authorization.as_str(),
        "issuer": settings.issuers.get(&client.issuer).map(|issuer| issuer.url.as_str()),
        "names_issuer": known.names_issuer,
        "client_id": client.client_id.as_str(),
        "redirect_uri": settings.public_url.signed_in_page(),
        "scope": scopes.join(" "),
        "resource": client.tells_resource.then(|| settings.public_url.api_resource().as_str().to_owned()),
    })
}

/// A code is taken from the gateway's own page only, and from no other that may call the gateway.
fn check_page(settings: &Settings, parts: &Parts) -> Result<(), Refusal> {
    edge::check_source(settings, parts)?;
    let own = settings.public_url.origin();
    let is_own = |value: &HeaderValue| value.as_bytes() == own.as_bytes();
    let is_same = |value: &HeaderValue| value.as_bytes() == b"same-origin";
    let headers = &parts.headers;
    if !headers.get_all(ORIGIN).iter().all(is_own) || !headers.get_all("sec-fetch-site").iter().all(is_same) {
        return Err(Refusal::OriginNotAllowed);
    }
    if headers.contains_key(CONTENT_ENCODING) || !is_of(headers, "application/json") {
        return Err(Objection::MediaType("application/json").into());
    }
    Ok(())
}

/// Whoever guesses codes is held off as whoever guesses tokens is.
fn admit<P: Ports>(x: &Exchange<P>) -> Result<Slot<Option<IpAddr>>, Refusal> {
    let network = pace::network(x.address);
    if x.gateway.attempts.borrow().exhausted(network, x.ports.now()) {
        return Err(Refusal::TooManyFailures);
    }
    x.gateway.sign_ins.exchanges.take(network).ok_or(Refusal::TooManyAtOnce)
}

async fn finish<P: Ports>(x: &mut Exchange<P>, client: &SignIn, mut body: P::Body) -> Result<Value, Refusal> {
    let time = x.gateway.settings().limits.body_time;
    let bytes = body::read(&*x.ports, &mut body, BODY_BYTES, time).await?;
    x.request_bytes = bytes.len().try_into().unwrap_or(u64::MAX);
    let proof = Proof::parse(&bytes).ok_or_else(|| failed(x, NotSignedIn::Malformed))?;
    let known = endpoints::of(&x.gateway, &*x.ports, client).await?;
    let token = exchange::perform(x, (client, &known), &proof).await.map_err(|why| failed(x, why))?;
    let verified = verify(x, client, &token).await?;
    x.token = Some(Rc::clone(&verified));
    pace::of_principal(x)?;
    note(x, client, &verified).await?;
    let now = UnixSeconds(x.ports.now() / 1000);
    Ok(json!({
        "access_token": token.expose(),
        "expires_in": verified.expires().since(now).as_secs(),
        "principal": verified.principal().id(),
    }))
}

/// Counts a failure of this address.
fn failed<P: Ports>(x: &Exchange<P>, why: NotSignedIn) -> Refusal {
    x.gateway.attempts.borrow_mut().failed(pace::network(x.address), x.ports.now());
    why.into()
}

/// The issuer's word is not enough: the token must be one that `/api` takes, and of the issuer that was asked.
async fn verify<P: Ports>(
    x: &Exchange<P>,
    client: &SignIn,
    token: &Secret,
) -> Result<Rc<VerifiedToken>, Refusal> {
    let settings = x.gateway.settings();
    let endpoint = settings.api().ok_or(Refusal::NotFound)?;
    let refused = |reason: String| {
        let resource = settings.public_url.api_resource();
        Refusal::from(NotSignedIn::Unaccepted { issuer: client.issuer.clone(), resource, reason })
    };
    let Ok(mut bearer) = HeaderValue::try_from(format!("Bearer {}", token.expose())) else {
        return Err(refused("no header can carry it".to_owned()));
    };
    bearer.set_sensitive(true);
    let headers = HeaderMap::from_iter([(AUTHORIZATION, bearer)]);
    let caller = authenticate::caller(&x.gateway, &*x.ports, &endpoint, &headers, x.address).await;
    let checked = caller.and_then(|token| authenticate::check_scopes(&endpoint, &token).map(|()| token));
    match checked {
        Ok(token) if token.principal().issuer == client.issuer => Ok(token),
        Ok(_) => Err(refused("it is from another issuer".to_owned())),
        Err(Refusal::Unauthenticated { reason, .. }) => Err(refused(reason)),
        Err(Refusal::InsufficientScope { missing, .. }) => {
            Err(refused(format!("it lacks the scopes `{missing}`")))
        }
        Err(unavailable) => Err(unavailable),
    }
}

/// Nobody is signed in without a record of it.
async fn note<P: Ports>(x: &Exchange<P>, client: &SignIn, token: &VerifiedToken) -> Result<(), Refusal> {
    let told = json!({ "client": client.client_id.as_str(), "until": token.expires().0 });
    let named = (DEED, client.issuer.as_str());
    let record = record::administrative(x, named, &told, &Reasons::default()).await?;
    let end = End::Answered { failed: false, text: String::new() };
    record.close_here(x, end).await.map_err(Refusal::Withheld)
}
