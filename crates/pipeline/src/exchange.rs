//! One request and what is known of it so far: the context that every refusal and record needs.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::{join, join3};
use http::Response;
use http::request::Parts;
use portcullis_detect::KnownValues;
use portcullis_identity::{Principal, UnixSeconds, VerifiedToken};
use portcullis_ledger::{RecordId, Stage};
use portcullis_mcp::era::{Call, Rejected};
use portcullis_mcp::json::Json;
use portcullis_mcp::revision::Revision;
use portcullis_policy::Usage;
use portcullis_settings::{ClassName, Connection, ConnectionName};
use portcullis_usage::Slot;

use crate::active::Active;
use crate::approvals::task::{self, Errand};
use crate::edge::Place;
use crate::forward::Way;
use crate::gateway::Gateway;
use crate::guard::Masker;
use crate::ports::Ports;
use crate::refusal::{Addressee, Refusal};
use crate::session::{self, Bundle, Session};
use crate::spans::{Leg, Serving};
use crate::trace::Trace;
use crate::usage::Account;
use crate::{access, authenticate, edge, labels, pace, record, usage, webhooks};

/// The longest line for the operator, in bytes.
const LONGEST_LINE: usize = 2048;

/// One request on its way through the stages.
pub(crate) struct Exchange<P: Ports> {
    pub(crate) gateway: Rc<Gateway>,
    pub(crate) ports: Rc<P>,
    /// What is in force for this request, whatever is pushed meanwhile.
    pub(crate) active: Rc<Active>,
    pub(crate) parts: Parts,
    /// When it came, in milliseconds since 1970-01-01T00:00:00Z.
    pub(crate) now: u64,
    pub(crate) address: Option<IpAddr>,
    /// The trace that the request came with, or that begins with it.
    came_in: Trace,
    /// The trace of what is being done: of the call, if its message names one.
    pub(crate) trace: Trace,
    /// How it is told, if anybody is.
    pub(crate) serving: Option<Rc<Serving<P>>>,
    /// Where the request came to.
    pub(crate) place: Option<Place>,
    /// The connection that it is for. Where several are served, it is known when the request was read.
    pub(crate) connection: Option<ConnectionName>,
    /// The sessions of the connections that are served together.
    pub(crate) bundle: Option<Rc<Bundle>>,
    pub(crate) token: Option<Rc<VerifiedToken>>,
    pub(crate) to: Addressee,
    /// What is to be done at `/api`.
    pub(crate) deed: Option<&'static str>,
    /// The tool, prompt or URI that is asked for.
    pub(crate) name: Option<String>,
    /// What policy was asked to let through, if it did not.
    pub(crate) refused: Option<record::Tried>,
    /// What the session negotiated, if there is one.
    pub(crate) negotiated: Option<Revision>,
    /// How many bytes of the body were read.
    pub(crate) request_bytes: u64,
    /// How long each stage took, in microseconds.
    pub(crate) timings: BTreeMap<Stage, u64>,
    /// When the last stage ended, on the clock that only goes forward.
    pub(crate) lapped: u64,
    /// What was put into the call in the place of tokens, to be found where it must not be seen.
    pub(crate) restored: Vec<Arc<KnownValues>>,
    /// Whether this message was taken of the limits of its principal.
    pub(crate) is_paced: bool,
    /// Its place among the principal's requests that are under way.
    pub(crate) slot: Option<Slot<String>>,
    /// The call as it came, if it waits for an approval and its answer may be held back.
    pub(crate) again: Option<Call<'static>>,
    /// The task whose call is being made.
    pub(crate) errand: Option<Rc<Errand>>,
    /// Where its use is counted; several where several connections are asked.
    pub(crate) accounts: RefCell<Vec<Account<P>>>,
}

impl<P: Ports> Exchange<P> {
    pub(crate) fn new(gateway: Rc<Gateway>, ports: Rc<P>, parts: Parts) -> Self {
        let sample = gateway.settings().telemetry.sample;
        let trace = Trace::of_request(&*ports, &parts.headers, sample);
        Self {
            serving: Serving::begin(&gateway, &ports, &parts.method),
            came_in: trace.clone(),
            trace,
            now: ports.now(),
            lapped: ports.monotonic(),
            timings: BTreeMap::new(),
            negotiated: None,
            request_bytes: 0,
            address: edge::client_address(gateway.settings(), &parts.headers),
            place: None,
            connection: None,
            bundle: None,
            token: None,
            to: Addressee::default(),
            deed: None,
            name: None,
            refused: None,
            restored: Vec::new(),
            is_paced: false,
            slot: None,
            again: None,
            errand: None,
            accounts: RefCell::default(),
            active: gateway.active(),
            gateway,
            ports,
            parts,
        }
    }

    /// Stage 2, for the place that the route names.
    pub(crate) async fn authenticate(&mut self, place: Place) -> Result<(), Refusal> {
        let gateway = Rc::clone(&self.gateway);
        let endpoint = place.endpoint(gateway.settings()).ok_or(Refusal::NotFound)?;
        if let Place::Connection(name) = &place {
            self.connection = Some(name.clone());
        }
        self.place = Some(place);
        let token =
            authenticate::caller(&gateway, &*self.ports, &endpoint, &self.parts.headers, self.address)
                .await?;
        self.token = Some(Rc::clone(&token));
        authenticate::check_scopes(&endpoint, &token)
    }

    /// Takes what is in force for the rest of the request, and the groups that the caller was granted.
    pub(crate) async fn refresh(&mut self) -> Result<(), Refusal> {
        let (active, joined) = join(self.gateway.refresh(&*self.ports), access::joined(self)).await;
        self.active = active?;
        self.token = joined.or(self.token.take());
        Ok(())
    }

    /// The verified caller. An error here means that a stage was skipped, and refuses.
    pub(crate) fn caller(&self) -> Result<Rc<VerifiedToken>, Refusal> {
        self.token.clone().ok_or(Refusal::NotFound)
    }

    /// Whether the request came to where several connections are served together.
    pub(crate) fn is_aggregate(&self) -> bool {
        self.place == Some(Place::Aggregate)
    }

    pub(crate) fn connection_name(&self) -> Result<&ConnectionName, Refusal> {
        self.connection.as_ref().ok_or(Refusal::NotFound)
    }

    pub(crate) fn connection(&self) -> Result<&Connection, Refusal> {
        self.gateway.connection(self.connection_name()?).ok_or(Refusal::NotFound)
    }

    /// What a request for the upstream leaves through.
    pub(crate) fn way(&self) -> Way<P> {
        let hop = self.trace.hop(&*self.ports, |text| {
            labels::of_value((&self.gateway, &self.active), &Json::from(text)).is_empty()
        });
        let leg = Leg::of(self, &hop);
        Way { gateway: Rc::clone(&self.gateway), ports: Rc::clone(&self.ports), hop, leg }
    }

    /// What a call leaves through, which then names the same trace as its headers if it names any.
    pub(crate) fn way_of(&self, call: &mut Call<'_>, record: Option<RecordId>) -> Way<P> {
        let way = self.way();
        way.hop.write_meta(call);
        Way { leg: way.leg.map(|leg| leg.about(self, call.method.as_str(), record)), ..way }
    }

    /// Remembers what is asked, so that a refusal has the shape the caller expects.
    pub(crate) fn address(&mut self, call: &Call<'_>) {
        self.to = Addressee {
            id: Some(call.id.clone().into_owned()),
            method: Some(call.method),
            era: Some(call.era),
        };
        self.name = call.subject().filter(|_| !task::is_about_ours(call)).map(ToOwned::to_owned);
        self.refused = None;
        self.trace = self.came_in.of_call(call);
    }

    /// Begins with the next message of several.
    pub(crate) fn begin_next(&mut self) {
        (self.to, self.name, self.is_paced) = (Addressee::default(), None, false);
        self.trace = self.came_in.clone();
    }

    pub(crate) fn rejected(&mut self, rejected: Rejected<'_>) -> Refusal {
        self.to.id = rejected.id.map(portcullis_mcp::message::RequestId::into_owned);
        Refusal::Protocol(rejected.rejection)
    }

    /// Notes that a stage has ended.
    pub(crate) fn lap(&mut self, stage: Stage) {
        let now = self.ports.monotonic();
        self.timings.insert(stage, now.saturating_sub(self.lapped));
        self.lapped = now;
    }

    /// The session that the headers name; its revision must be the one that the request states.
    pub(crate) fn session(&mut self, stated: Option<Revision>) -> Result<Option<Session>, Refusal> {
        if let Some(bundle) = &self.bundle {
            return Ok(bundle.session(self.connection_name()?));
        }
        let caller = self.caller()?;
        let headers = &self.parts.headers;
        let opened = session::open(
            self.gateway.sealer(),
            caller.principal(),
            self.connection_name()?,
            headers,
            self.now,
        )?;
        self.negotiated = opened.as_ref().map(|session| session.revision);
        match (&opened, stated) {
            (Some(session), Some(stated)) if session.revision != stated => {
                Err(Refusal::Session("it was negotiated for another revision"))
            }
            _ => Ok(opened),
        }
    }

    /// The sessions that the headers name, where several connections are served together.
    pub(crate) fn open_bundle(&mut self, stated: Option<Revision>) -> Result<Rc<Bundle>, Refusal> {
        let caller = self.caller()?;
        let bundle = Bundle::open(self.gateway.sealer(), caller.principal(), &self.parts.headers, self.now)?;
        if stated.is_some_and(|stated| stated != bundle.revision) {
            return Err(Refusal::Session("it was negotiated for another revision"));
        }
        self.negotiated = Some(bundle.revision);
        let bundle = Rc::new(bundle);
        self.bundle = Some(Rc::clone(&bundle));
        Ok(bundle)
    }

    /// What policy knows of the session besides the call.
    pub(crate) fn session_of_policy<'s>(
        &self,
        principal: &'s Principal,
        labels: &'s BTreeSet<ClassName>,
        usage: Option<&'s Usage>,
    ) -> portcullis_policy::Session<'s> {
        portcullis_policy::Session {
            labels,
            client: principal.client.as_deref(),
            now: UnixSeconds(self.now / 1000),
            usage,
        }
    }

    /// Answers a request that is refused: tell the operator, leave a record, tell the caller little.
    pub(crate) async fn refuse(&self, refusal: &Refusal) -> Response<Bytes> {
        self.note(refusal).await;
        refusal.answer(&self.to)
    }

    /// Tells the operator of a refusal, and leaves a record. What was used is published meanwhile, and who wants to be told
    /// of it will be.
    pub(crate) async fn note(&self, refusal: &Refusal) {
        let told = webhooks::of_refusal(self, refusal);
        join3(self.leave_record(refusal), usage::settle(self), told).await;
    }

    async fn leave_record(&self, refusal: &Refusal) {
        self.serving.iter().for_each(|serving| serving.failed(refusal.kind()));
        if !pace::is_recorded(self, refusal) {
            return;
        }
        self.ports.log(&self.explained(refusal));
        if self.token.is_none() && !self.may_record_a_stranger() {
            self.ports.log("not recorded: too many refusals of unproven callers in this minute");
        } else if let Err(error) = record::refusal(self, refusal).await {
            self.ports.log(&format!("a refusal could not be recorded: {error}"));
        }
    }

    /// Masks what operators read and the store holds.
    pub(crate) fn masker(&self) -> Masker {
        Masker::for_store(Rc::clone(&self.gateway)).looking_for(self.restored.clone())
    }

    /// What the operator reads: masked, since a refusal may name what the caller sent, and not endless.
    fn explained(&self, refusal: &Refusal) -> String {
        let mut text = Cow::Owned(format!("refused at {}: {refusal}", refusal.stage().as_str()));
        self.masker().text(&mut text);
        let mut text = text.into_owned();
        text.truncate(text.floor_char_boundary(LONGEST_LINE));
        text.push_str(&format!(" (trace {})", self.trace.id));
        text
    }

    fn may_record_a_stranger(&self) -> bool {
        let mut strangers = self.gateway.strangers.borrow_mut();
        let may = !strangers.exhausted(None, self.now);
        strangers.failed(None, self.now);
        may
    }
}
