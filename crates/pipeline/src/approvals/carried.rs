//! What a client carries while its call waits: a `requestState` of the gateway's own (MCP 2026-07-28).
//!
//! It is sealed for its caller and connection, and names the request for approval, which is found by all that the call
//! is. It decides nothing: on every round policy is asked anew, and only what people have said of the request lets the
//! call go on. If the call was a further round itself, the state and the answers that it came with are carried inside,
//! and put back before anything reads the call; so it is the same call, and the server sees nothing of the gateway's.

use std::time::Duration;

use portcullis_approval::{HoldState, Operation, PrincipalId, RequestId, Requirements, Subject};
use portcullis_identity::seal::Purpose;
use portcullis_ledger::UnixMillis;
use portcullis_mcp::era::{Call, Era, Rejection};
use portcullis_mcp::json::{self, Bounds, Json, Object};

use crate::approvals::held::{Standing, Told};
use crate::approvals::task::Part;
use crate::exchange::Exchange;
use crate::gateway::Gateway;
use crate::owner::Owner;
use crate::ports::Ports;
use crate::refusal::Refusal;
use crate::round::{ANSWERS, STATE};

const PURPOSE: Purpose = Purpose::new("approval-state");
/// The key of the gateway's question. A server may have one of the same name: whose it is tells the state.
pub(crate) const QUESTION: &str = "portcullis.approval";
/// How often a call is held. Clients send one call ten times at most, the first time included.
const MOST_HOLDS: u32 = 9;
/// The longest time for which a state is accepted.
const LONGEST_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// How the caller of one call may learn of its approval, and what it has brought back.
#[derive(Debug, Default)]
pub(crate) struct Carried {
    /// Whether the client lets its user open a page.
    opens_pages: bool,
    /// What the gateway had given it to carry.
    back: Option<Back>,
    /// What it has to do with a task.
    pub(crate) task: Part,
    /// State and answers of a round of the server's.
    of_server: Option<String>,
    /// The call as it came, if it waits and its answer may be held back.
    pub(crate) again: Option<Call<'static>>,
}

/// What came back of what the gateway had given out.
#[derive(Debug)]
struct Back {
    state: HoldState,
    /// Whether the user did not want to open the page.
    is_declined: bool,
}

impl Carried {
    /// Takes what is the gateway's out of a call, and puts back what it had come with.
    ///
    /// A state that does not open here is the server's or nobody's, and read as such.
    ///
    /// # Errors
    /// [`Rejection::Round`]: the state is of another release, or the answer is none.
    pub(crate) fn open((gateway, owner): (&Gateway, &Owner), call: &mut Call<'_>) -> Result<Self, Rejection> {
        if call.era != Era::Modern || !call.method.is_multi_round() {
            return Ok(Self::default());
        }
        let opens_pages = opens_pages(call);
        let nothing = Self { opens_pages, ..Self::default() };
        let Some(params) = call.params.as_ref() else { return Ok(nothing) };
        let Some(text) = params.get_str(STATE) else { return Ok(nothing) };
        let Some(plain) = owner.open::<String>(gateway, PURPOSE, text) else {
            return Ok(Self { of_server: Some(of_server(params)), ..nothing });
        };
        let state = HoldState::decode(plain.as_bytes()).map_err(|_| Rejection::Round(STATE))?;
        let may_hold = !gateway.settings().approvals.hold.is_zero();
        let again = may_hold.then(|| owned(call));
        let Some(params) = call.params.as_mut() else { return Ok(nothing) };
        params.remove(STATE);
        let is_declined = is_declined(params.remove(ANSWERS))?;
        let of_server = state.upstream.clone();
        if let Some(text) = &of_server {
            put_back(params, text, gateway.settings().limits.depth)?;
        }
        Ok(Self { back: Some(Back { state, is_declined }), of_server, again, ..nothing })
    }

    /// Whether the call is one that waits for its approval, and not the first time that it is made.
    pub(crate) const fn is_back(&self) -> bool {
        self.back.is_some() || self.task.is_errand()
    }

    /// The request that the client waits for.
    pub(super) fn request(&self) -> Option<RequestId> {
        self.back.as_ref().map(|back| back.state.request)
    }

    /// The request whose page the user did not want to open.
    pub(super) fn declined(&self) -> Option<RequestId> {
        self.back.as_ref().filter(|back| back.is_declined).map(|back| back.state.request)
    }

    /// Whether what came back belongs to this very operation, and its time is not over.
    ///
    /// # Errors
    /// [`Rejection::Round`], as for the state of a round.
    pub(super) fn check<P: Ports>(&self, x: &Exchange<P>, operation: Operation) -> Result<(), Refusal> {
        let Some(back) = &self.back else { return self.task.check(x, operation) };
        let requester = operation.requester.id.clone();
        let subject = x.gateway.approvals().subject(&Subject::Call(operation));
        match back.state.clone().check(&requester, subject, UnixMillis(x.ports.now())) {
            Ok(_) => Ok(()),
            Err(why) => {
                x.ports.log(&format!("what a client carried for an approval is refused: {why}"));
                Err(Rejection::Round(STATE).into())
            }
        }
    }

    /// How the caller is told that a request is open; of which one, if it waits for another.
    pub(super) fn waiting<P: Ports>(
        &self,
        x: &Exchange<P>,
        (request, standing): (RequestId, Standing),
        (requester, requirements): (&PrincipalId, &Requirements),
    ) -> (RequestId, (Standing, Told)) {
        if self.back.is_none()
            && let Some(created) = self.task.create(x, request, requirements)
        {
            return (request, (standing, Told::Task(created)));
        }
        let told = match &self.back {
            // It waited for a request that is over, and somebody has asked anew since.
            Some(back) if back.state.request != request => {
                return (back.state.request, (Standing::Over, Told::Finally));
            }
            Some(back) => {
                let state = HoldState { n_holds: back.state.n_holds.saturating_add(1), ..back.state.clone() };
                let may_wait = state.n_holds < MOST_HOLDS && !x.gateway.settings().approvals.hold.is_zero();
                let sealed = if may_wait { seal(x, &state) } else { None };
                sealed.map_or(Told::Finally, |state| Told::Again { state })
            }
            None if self.opens_pages && !self.task.is_errand() => {
                let state = HoldState {
                    request,
                    principal: requester.clone(),
                    expires: UnixMillis(x.ports.now().saturating_add(lifetime(requirements))),
                    n_holds: 0,
                    upstream: self.of_server.clone(),
                };
                let sealed = seal(x, &state).filter(|sealed| could_come_back(x, sealed));
                sealed.map_or(Told::Finally, |state| Told::Page { state })
            }
            None => Told::Finally,
        };
        (request, (standing, told))
    }
}

/// For how long what a client carries is accepted, in milliseconds: until its request and what that could grant are over.
pub(super) fn lifetime(requirements: &Requirements) -> u64 {
    let lifetime = requirements.ttl().saturating_add(requirements.lasts()).min(LONGEST_LIFETIME);
    u64::try_from(lifetime.as_millis()).unwrap_or_default()
}

/// Whether the client says that its user can be asked to open a page (MCP 2025-11-25, elicitation).
fn opens_pages(call: &Call<'_>) -> bool {
    let elicitation = call.capabilities().and_then(|capabilities| capabilities.get("elicitation"));
    let url = elicitation.and_then(Json::as_object).and_then(|elicitation| elicitation.get("url"));
    url.and_then(Json::as_object).is_some()
}

pub(super) fn owned(call: &Call<'_>) -> Call<'static> {
    Call {
        id: call.id.clone().into_owned(),
        method: call.method,
        params: call.params.clone().map(Object::into_owned),
        era: call.era,
    }
}

/// State and answers of a round of the server's, as they came.
fn of_server(params: &Object<'_>) -> String {
    let members = [STATE, ANSWERS].into_iter();
    let present = members.filter_map(|member| Some((member, params.get(member)?.clone())));
    Json::from(present.fold(Object::new(), |all, (member, value)| all.with(member, value))).to_string()
}

fn put_back(params: &mut Object<'_>, text: &str, depth: usize) -> Result<(), Rejection> {
    let refused = || Rejection::Round(STATE);
    let carried = json::parse_text(text, Bounds::request(depth)).map_err(|_| refused())?.into_owned();
    let Json::Object(mut carried) = carried else { return Err(refused()) };
    for member in [STATE, ANSWERS] {
        if let Some(value) = carried.remove(member) {
            params.insert(member, value);
        }
    }
    Ok(())
}

/// What the user has said to the gateway's question. To accept is to open the page, and approves nothing.
fn is_declined(answers: Option<Json<'_>>) -> Result<bool, Rejection> {
    let Some(answers) = answers else { return Ok(false) };
    let answers = answers.as_object().ok_or(Rejection::Round(ANSWERS))?;
    let Some(answer) = answers.get(QUESTION) else { return Ok(false) };
    match answer.as_object().and_then(|answer| answer.get_str("action")) {
        Some("accept") => Ok(false),
        Some("cancel" | "decline") => Ok(true),
        Some(_) | None => Err(Rejection::Round(ANSWERS)),
    }
}

/// The `requestState` that the client gets. `None` if it cannot be written.
fn seal<P: Ports>(x: &Exchange<P>, state: &HoldState) -> Option<String> {
    let caller = x.caller().ok()?;
    let owner = Owner::new(caller.principal(), x.connection_name().ok()?, None);
    let plain = String::from_utf8(state.encode().ok()?).ok()?;
    owner.seal(&x.gateway, PURPOSE, &plain)
}

/// Whether the client could send this back together with the call. All states of one call are about as long.
fn could_come_back<P: Ports>(x: &Exchange<P>, sealed: &str) -> bool {
    let bytes = usize::try_from(x.request_bytes).unwrap_or(usize::MAX).saturating_add(sealed.len());
    bytes <= x.gateway.settings().limits.body_bytes
}
