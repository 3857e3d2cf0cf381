//! Where people sign in: from this instance's memory, from the store where another instance left it, or from the issuer.
//!
//! Strangers can ask for it as often as they like, so the issuer is asked by one request at a time, and after a failure
//! not at once again. What is in the store is sealed: whoever else can write there must not say where codes go.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use portcullis_identity::UnixSeconds;
use portcullis_identity::discovery::{FirstFetch, first_fetch};
use portcullis_identity::seal::Purpose;
use portcullis_identity::sign_in::Endpoints;
use portcullis_settings::{IssuerSettings, SignIn};

use super::NotSignedIn;
use crate::authenticate::keys;
use crate::authenticate::left::Left;
use crate::gateway::Gateway;
use crate::ports::Ports;

const LEFT: Left = Left { key: "sign-in", name: "the metadata", purpose: Purpose::new("sign-in-endpoints") };
/// How long the metadata is used without asking again.
const FRESH: Duration = Duration::from_secs(60 * 60);
/// How long it is used while the issuer does not answer.
const USABLE: Duration = Duration::from_secs(24 * 60 * 60);
/// The pause after the issuer was asked in vain.
const RETRY: Duration = Duration::from_secs(5);
/// How often a request looks whether the fetch of another one has ended.
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// How often at most.
const LOOKS: u32 = 1_500;

/// What is known of the issuer's endpoints.
#[derive(Debug, Default)]
pub(super) struct Known {
    fetched: Option<(UnixSeconds, Rc<Endpoints>)>,
    /// When the issuer was last asked in vain.
    failed: Option<UnixSeconds>,
    is_fetching: bool,
}

impl Known {
    fn usable(&self, now: UnixSeconds, within: Duration) -> Option<Rc<Endpoints>> {
        let (at, endpoints) = self.fetched.as_ref()?;
        (now.since(*at) < within).then(|| Rc::clone(endpoints))
    }

    /// Takes over what another instance has left, if it is newer.
    fn adopt(&mut self, (at, endpoints): (UnixSeconds, Rc<Endpoints>)) {
        if self.fetched.as_ref().is_none_or(|(known, _)| *known < at) {
            self.fetched = Some((at, endpoints));
        }
    }

    /// What to go on with; `None` if the issuer should be asked.
    fn look(&self, now: UnixSeconds) -> Option<Result<Rc<Endpoints>, ()>> {
        if let Some(endpoints) = self.usable(now, FRESH) {
            return Some(Ok(endpoints));
        }
        let is_too_early = self.failed.is_some_and(|failed| now.since(failed) < RETRY);
        is_too_early.then(|| self.usable(now, USABLE).ok_or(()))
    }
}

/// The endpoints of the issuer at which people sign in.
pub(super) async fn of<P: Ports>(
    gateway: &Gateway,
    ports: &P,
    client: &SignIn,
) -> Result<Rc<Endpoints>, NotSignedIn> {
    let unavailable =
        |reason: &str| NotSignedIn::Unavailable { issuer: client.issuer.clone(), reason: reason.to_owned() };
    let now = UnixSeconds(ports.now() / 1000);
    let known = &gateway.sign_ins.known;
    let again = || unavailable("its metadata could not be had a moment ago");
    if let Some(found) = known.borrow().look(now) {
        return found.map_err(|()| again());
    }
    let Some(_turn) = Turn::take(known) else {
        wait(known, ports).await;
        let usable = known.borrow().usable(now, USABLE);
        return usable.ok_or_else(again);
    };
    let issuer = gateway.settings().issuers.get(&client.issuer);
    let issuer = issuer.ok_or_else(|| unavailable("the settings do not have it"))?;
    if let Some((at, document)) = LEFT.read(gateway, ports, issuer).await
        && let Ok(endpoints) = Endpoints::parse(document.as_bytes(), &issuer.url, client)
    {
        known.borrow_mut().adopt((at, Rc::new(endpoints)));
        if let Some(endpoints) = known.borrow().usable(now, FRESH) {
            return Ok(endpoints);
        }
    }
    match fetch(ports, issuer, client).await {
        Ok((document, endpoints)) => {
            LEFT.write(gateway, ports, (issuer, now), &document).await;
            let endpoints = Rc::new(endpoints);
            known.replace(Known {
                fetched: Some((now, Rc::clone(&endpoints))),
                failed: None,
                is_fetching: true,
            });
            Ok(endpoints)
        }
        Err(reason) => {
            known.borrow_mut().failed = Some(now);
            let usable = known.borrow().usable(now, USABLE);
            if usable.is_some() {
                ports.log(&format!("the metadata of issuer `{}` cannot be had: {reason}", issuer.name));
            }
            usable.ok_or_else(|| unavailable(&reason))
        }
    }
}

/// The right to ask the issuer. Given back when dropped, also when the request is cancelled.
struct Turn<'t>(&'t RefCell<Known>);

impl<'t> Turn<'t> {
    fn take(known: &'t RefCell<Known>) -> Option<Self> {
        let was_fetching = std::mem::replace(&mut known.borrow_mut().is_fetching, true);
        (!was_fetching).then(|| Self(known))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.borrow_mut().is_fetching = false;
    }
}

/// Waits for the request that asks the issuer, but not for ever: nobody may poll it.
async fn wait<P: Ports>(known: &RefCell<Known>, ports: &P) {
    for _ in 0..LOOKS {
        if !known.borrow().is_fetching {
            return;
        }
        ports.sleep(LOOK_AGAIN).await;
    }
}

async fn fetch<P: Ports>(
    ports: &P,
    issuer: &IssuerSettings,
    client: &SignIn,
) -> Result<(Vec<u8>, Endpoints), String> {
    let FirstFetch::Metadata(url) = first_fetch(issuer) else {
        return Err("it has keys only, and no metadata".to_owned());
    };
    let document = keys::get(ports, &url).await?;
    let endpoints = Endpoints::parse(&document, &issuer.url, client).map_err(|error| error.to_string())?;
    Ok((document, endpoints))
}
