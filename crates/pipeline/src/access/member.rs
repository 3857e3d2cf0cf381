//! The groups that the caller of a request was granted.
//!
//! Whoever has never asked for a group costs one read, made together with others. Whoever has costs one more wait, in
//! which all groups are looked up that could have been granted.

use std::rc::Rc;

use futures_util::future::join_all;
use portcullis_approval::{AccessRule, Covered, Found, HasAsked, PrincipalId, Write};
use portcullis_identity::VerifiedToken;
use portcullis_ledger::UnixMillis;

use crate::approvals::{drive, find, settle};
use crate::exchange::Exchange;
use crate::ports::Ports;

/// The caller with the groups that people have granted, if there are any now.
///
/// What cannot be read grants nothing, and the operator is told.
pub(crate) async fn joined<P: Ports>(x: &Exchange<P>) -> Option<Rc<VerifiedToken>> {
    let rules = x.gateway.access();
    let token = x.token.as_deref().filter(|_| !rules.is_empty())?;
    // A name that cannot be stored has asked for nothing.
    let id = PrincipalId::of(token.principal()).ok()?;
    let now = UnixMillis(x.ports.now());
    let mut look = HasAsked::new(x.gateway.approvals(), &id);
    drive(&*x.ports, &mut look).await;
    match look.finish(now) {
        Ok(true) => {}
        Ok(false) => return None,
        Err(trouble) => {
            x.ports.log(&format!("access: no group is granted to {id}, since nothing is known: {trouble}"));
            return None;
        }
    }
    let candidates = rules.iter().filter(|rule| !rule.is_of(token.principal()));
    let found = join_all(candidates.map(|rule| grant(x, rule, token))).await;
    let mut joined = None;
    let mut notes = Vec::new();
    for (rule, cleared, note) in found.into_iter().flatten() {
        joined = rule.admit(joined.as_ref().unwrap_or(token), &cleared).or(joined);
        notes.extend(note);
    }
    join_all(notes.into_iter().map(|note| settle(&*x.ports, Some(note)))).await;
    joined.map(Rc::new)
}

type Granted<'r> = (&'r AccessRule, portcullis_approval::Cleared, Option<Write>);

async fn grant<'r, P: Ports>(
    x: &Exchange<P>,
    rule: &'r AccessRule,
    token: &VerifiedToken,
) -> Option<Granted<'r>> {
    let asked = rule.held(token.principal()).ok()?;
    match find(x, &asked, None).await {
        Ok(Found::Granted { covered: Covered::Window(cleared), settle }) => Some((rule, cleared, settle)),
        // No rule asks for this, so nobody was shown it.
        Ok(Found::Granted { covered: Covered::Once(_), .. }) => None,
        Ok(Found::MustCreate { .. } | Found::Pending(_) | Found::Rejected { .. }) => None,
        Err(trouble) => {
            let group = &rule.group;
            x.ports
                .log(&format!("access: `{group}` is granted to nobody, since nothing is known: {trouble}"));
            None
        }
    }
}
