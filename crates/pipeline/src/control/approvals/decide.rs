//! Saying something about a request: who may, what is on record of it, and what it led to.

use futures_util::future::join;
use portcullis_approval::{
    Case, Cast, CastTrouble, ContentDigest, Definition, Operation, PrincipalId, Reason, Rejection, RequestId,
    Revocation, Seen, Subject, Vote, Voter,
};
use portcullis_mcp::json::{self, Bounds, Json};
use portcullis_webhook::Decision;
use serde_json::{Value, json};

use super::{Undecided, Verb, driven, found, may_say, now, read, view};
use crate::approvals::settle;
use crate::body;
use crate::control::on_any;
use crate::exchange::Exchange;
use crate::ports::Ports;
use crate::record::{self, End};
use crate::refusal::Refusal;
use crate::webhooks;

/// The longest body: a reason of the longest kind, all of it in escapes.
const BODY_BYTES: usize = 8 << 10;

/// What comes along.
struct Given {
    reason: Option<Reason>,
    /// The digest of the request that they have seen.
    digest: Option<ContentDigest>,
}

/// What is said.
enum Statement {
    Reject(Rejection),
    Revoke(Revocation),
    Vote(Vote),
}

pub(super) async fn decide<P: Ports>(
    x: &mut Exchange<P>,
    (id, verb): (RequestId, Verb),
    mut body: P::Body,
) -> Result<Value, Refusal> {
    on_any(x, &[verb.target()])?;
    let time = x.gateway.settings().limits.body_time;
    let bytes = body::read(&*x.ports, &mut body, BODY_BYTES, time).await?;
    x.request_bytes = bytes.len().try_into().unwrap_or(u64::MAX);
    let given = Given::parse(x, &bytes)?;
    let case = found(x, id).await?.case;
    let reasons = may_say(x, &case, verb)?;
    let told = told(x, &case, &given);
    let reason = given.reason.clone();
    let statement = statement(x, (&case, verb), given)?;
    let cast = cast(x, &case, statement)?;
    let record = record::administrative(x, (verb.deed(), &id.to_string()), &told, &reasons).await?;
    if verb == Verb::Force {
        // One person in place of all: whoever reads the log should see it.
        let by = x.caller()?.principal().id();
        x.ports.log(&format!("FORCED: {by} approves the request {id} in place of everybody who is asked"));
    }
    let cast = driven(x, cast).await.finish().map_err(|trouble| match trouble {
        CastTrouble::Full => Refusal::from(Undecided::Full),
        CastTrouble::Store(_) => Undecided::Unknown.into(),
    });
    let after = match &cast {
        Ok(()) => read(x, id).await.ok().flatten(),
        Err(_) => None,
    };
    let state = after.as_ref().map(|reading| view::state(&reading.case, now(x)));
    let end = match &cast {
        Ok(()) => {
            let text = state.as_ref().and_then(|state| state.get("state")?.as_str()).unwrap_or_default();
            End::Answered { failed: false, text: text.to_owned() }
        }
        Err(refusal) => End::Refused(refusal),
    };
    let is_said = cast.is_ok();
    let others = async {
        if is_said {
            let now = after.as_ref().map_or(&case, |reading| &reading.case);
            webhooks::decided(x, now, decision(verb), reason.as_ref()).await;
        }
    };
    let (closed, ()) = join(record.close_here(x, end), others).await;
    closed.map_err(Refusal::Withheld)?;
    cast?;
    settle(&*x.ports, after.and_then(|reading| reading.settle)).await;
    let mut told = state.ok_or(Undecided::Unseen)?;
    told.insert("id".to_owned(), id.to_string().into());
    Ok(Value::Object(told))
}

/// What a verb is to those who are told of it; `None` for taking back.
const fn decision(verb: Verb) -> Option<Decision> {
    match verb {
        Verb::Approve => Some(Decision::Approve),
        Verb::Force => Some(Decision::Force),
        Verb::Reject => Some(Decision::Reject),
        Verb::Revoke => None,
    }
}

/// What is on record of what somebody says.
fn told<P: Ports>(x: &Exchange<P>, case: &Case, given: &Given) -> Value {
    let request = case.request();
    let about = match &request.asked.subject {
        Subject::Access(access) => json!({ "group": access.group.as_str() }),
        Subject::Call(Operation { method, name, .. }) => {
            json!({ "method": method, "name": view::masked(x, name) })
        }
        Subject::Definition(Definition { kind, name, digest, .. }) => json!({
            "defines": kind, "name": view::masked(x, name), "definition": digest.to_string(),
        }),
    };
    json!({
        "request": case.digest().to_string(),
        "requester": request.asked.subject.requester().id.as_str(),
        "about": about,
        "was": case.state(now(x)).as_str(),
        "reason": given.reason.as_ref().map(Reason::as_str),
    })
}

/// That the caller may say this, as things are.
fn statement<P: Ports>(
    x: &Exchange<P>,
    (case, verb): (&Case, Verb),
    given: Given,
) -> Result<Statement, Refusal> {
    let caller = x.caller()?;
    let at = now(x);
    let seen = Seen { request: given.digest.unwrap_or_else(|| case.digest()), at };
    let voter = || Voter::of(caller.principal()).map_err(Undecided::from);
    let why = given.reason.clone().ok_or(Undecided::NoReason);
    let statement = match verb {
        Verb::Approve => case.approve(&voter()?, seen, given.reason).map(Statement::Vote),
        Verb::Force => case.force(&voter()?, seen, why?).map(Statement::Vote),
        Verb::Reject => case.reject(&voter()?, seen, why?).map(Statement::Reject),
        Verb::Revoke => {
            let by = PrincipalId::of(caller.principal()).map_err(Undecided::Name)?;
            let revocation = case.revoke(by, at, why?).map_err(Undecided::from)?;
            return Ok(Statement::Revoke(revocation));
        }
    };
    statement.map_err(|cannot| Undecided::from(cannot).into())
}

fn cast<'v, P: Ports>(x: &'v Exchange<P>, case: &Case, statement: Statement) -> Result<Cast<'v>, Refusal> {
    let vault = x.gateway.approvals();
    let cast = match statement {
        Statement::Reject(rejection) => Cast::reject(vault, case, rejection),
        Statement::Revoke(revocation) => Cast::revoke(vault, case, revocation),
        Statement::Vote(vote) => Ok(Cast::vote(vault, case, vote)),
    };
    // Only a text that is too long for a store cannot be written, and reasons are not.
    cast.map_err(|_| Undecided::Malformed.into())
}

impl Given {
    /// A reason is masked before anything else: it is kept and shown to others.
    fn parse<P: Ports>(x: &Exchange<P>, bytes: &[u8]) -> Result<Self, Undecided> {
        let value = json::parse(bytes, Bounds::request(8)).map_err(|_| Undecided::Malformed)?;
        let Json::Object(members) = value else { return Err(Undecided::Malformed) };
        let mut given = Self { reason: None, digest: None };
        for (name, value) in members.iter() {
            let text = value.as_str().ok_or(Undecided::Malformed)?;
            match name {
                "digest" => given.digest = Some(text.parse().map_err(|_| Undecided::Malformed)?),
                // An empty one is none, as forms send it.
                "reason" if text.trim().is_empty() => {}
                "reason" => given.reason = Some(view::masked(x, text).parse().map_err(Undecided::Reason)?),
                _ => return Err(Undecided::Malformed),
            }
        }
        Ok(given)
    }
}
