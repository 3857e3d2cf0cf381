//! Asking for a group: whether somebody may, what is asked of whom, and how it stands.
//!
//! What is asked is looked up before anything is recorded, and written after. Asking again while people have not
//! answered, or while they have granted it, changes nothing.

use std::collections::BTreeSet;

use portcullis_approval::{
    AccessRule, Asked, Asks, Case, Context, Covered, Create, Creation, Found, NoRoom, RequestId,
    StoreTrouble, later,
};
use portcullis_ledger::UnixMillis;
use portcullis_policy::{Reasons, Target};
use portcullis_settings::{ClassName, ConnectionName};
use serde_json::{Value, json};

use crate::access::{Unasked, Wish};
use crate::approvals::{drive, find, room, settle, unwritable};
use crate::control::Objection;
use crate::decide;
use crate::exchange::Exchange;
use crate::ports::Ports;
use crate::refusal::Refusal;
use crate::webhooks;

/// What is about to be asked.
pub(crate) struct Plan {
    rule: AccessRule,
    asked: Asked,
    found: Found,
    /// Why policy lets it be asked.
    pub(crate) reasons: Reasons,
}

/// How it stands.
pub(crate) struct Standing {
    pub(crate) id: RequestId,
    pub(crate) group: String,
    pub(crate) state: &'static str,
    /// For how long it was asked, in seconds.
    pub(crate) seconds: u64,
    /// Until when it is granted.
    pub(crate) until: Option<UnixMillis>,
    /// Until when people can answer.
    pub(crate) deadline: Option<UnixMillis>,
}

/// Looks what asking for this would lead to.
///
/// # Errors
/// [`Unasked`], what policy says, or that nothing is known.
pub(crate) async fn plan<P: Ports>(
    x: &Exchange<P>,
    about: (&ConnectionName, &BTreeSet<ClassName>),
    wish: &Wish,
) -> Result<Plan, Refusal> {
    let listed = x.gateway.access().iter().find(|rule| rule.group.as_str() == wish.group);
    let rule = listed.ok_or(Unasked::NotOffered)?.clone();
    let reasons = may_ask(x, about, &rule)?;
    let caller = x.caller()?;
    let asked = rule.ask(caller.principal(), wish.duration).map_err(Unasked::Cannot)?;
    let found = find(x, &asked, None).await?;
    Ok(Plan { rule, asked, found, reasons })
}

/// Asks people, if nobody was asked before.
pub(crate) async fn perform<P: Ports>(x: &Exchange<P>, plan: Plan, wish: &Wish) -> Result<Standing, Refusal> {
    let Plan { rule, asked, found, reasons } = plan;
    let id = match found {
        Found::MustCreate { id, after: _ } => id,
        found @ (Found::Granted { .. } | Found::Pending(_) | Found::Rejected { .. }) => {
            return standing(x, &rule, found).await.ok_or_else(|| StoreTrouble::Endless.into());
        }
    };
    let requester = asked.subject.requester().id.clone();
    let now = UnixMillis(x.ports.now());
    // Before the request: nobody looks for what nobody says was asked.
    let mut asks = Asks::new(x.gateway.approvals(), &requester, now).map_err(unwritable)?;
    drive(&*x.ports, &mut asks).await;
    asks.finish()?;
    room(x, id, &asked).await.map_err(|no_room| match no_room {
        NoRoom::Full => Unasked::Full(x.gateway.settings().approvals.open_per_principal).into(),
        NoRoom::Store(trouble) => Refusal::from(trouble),
    })?;
    let why = reasons.determining.iter().filter_map(|policy| policy.reason());
    let context = Context {
        reasons: why.map(ToOwned::to_owned).collect(),
        note: Some(wish.reason.clone()),
        ..Context::default()
    };
    let mut create = Create::new(x.gateway.approvals(), (id, asked), context, now).map_err(unwritable)?;
    drive(&*x.ports, &mut create).await;
    let id = match create.finish()? {
        Creation::Created(request) => {
            webhooks::requested(x, &request).await;
            request.id
        }
        Creation::Raced(id) => id,
    };
    Ok(Standing {
        id,
        group: rule.group.to_string(),
        state: "pending",
        seconds: wish.duration.as_secs(),
        until: None,
        deadline: Some(later(now, rule.ttl)),
    })
}

/// What of the caller's own is asked, granted or rejected, by the rule.
pub(crate) async fn mine<P: Ports>(x: &Exchange<P>, rule: &AccessRule) -> Result<Option<Standing>, Refusal> {
    let caller = x.caller()?;
    let held = rule.held(caller.principal()).map_err(Unasked::Cannot)?;
    let found = find(x, &held, None).await?;
    Ok(standing(x, rule, found).await)
}

/// Why policy lets the caller ask for a group.
pub(crate) fn may_ask<P: Ports>(
    x: &Exchange<P>,
    about: (&ConnectionName, &BTreeSet<ClassName>),
    rule: &AccessRule,
) -> Result<Reasons, Refusal> {
    decide::deed(x, about, Target::RequestAccess { group: rule.group.as_str() })
}

impl Standing {
    /// For programs.
    pub(crate) fn value<P: Ports>(&self, x: &Exchange<P>) -> Value {
        let Self { id, group, state, seconds, until, deadline } = self;
        json!({
            "id": id.to_string(),
            "group": group,
            "state": state,
            "for_s": seconds,
            "until": until.map(|at| at.0),
            "deadline": deadline.map(|at| at.0),
            "url": x.gateway.settings().public_url.approval_page(id),
        })
    }
}

/// How it stands; `None` if nothing is asked.
async fn standing<P: Ports>(x: &Exchange<P>, rule: &AccessRule, found: Found) -> Option<Standing> {
    let group = rule.group.to_string();
    match found {
        Found::Granted { covered: Covered::Window(cleared), settle: note } => {
            settle(&*x.ports, note).await;
            let (id, approval) = (cleared.request(), cleared.approval());
            let seconds = approval.coverage.span().as_secs();
            Some(Standing {
                id,
                group,
                state: "approved",
                seconds,
                until: Some(approval.until),
                deadline: None,
            })
        }
        Found::Pending(case) => Some(asked(&case, group, "pending")),
        Found::Rejected { case, next: _ } => Some(asked(&case, group, "rejected")),
        // No rule asks for one call; what is over is asked anew.
        Found::Granted { covered: Covered::Once(_), .. } | Found::MustCreate { .. } => None,
    }
}

fn asked(case: &Case, group: String, state: &'static str) -> Standing {
    let request = case.request();
    let seconds = request.asked.requirements.coverage().span().as_secs();
    Standing { id: request.id, group, state, seconds, until: None, deadline: Some(request.deadline()) }
}

impl From<Unasked> for Refusal {
    fn from(unasked: Unasked) -> Self {
        Objection::Access(unasked).into()
    }
}
