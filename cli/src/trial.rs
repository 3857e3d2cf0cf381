//! One question to the policies of a folder, put without a gateway, a server or a token.
//!
//! `portcullis test` reads many from files, `portcullis explain` one from the command line. Both are answered by the
//! code that answers the gateway: its policies, its detectors, its reading of claims. Not here: what is expected of
//! the answer (`test`), and how it is told (`explain`).

pub(crate) mod detection;
pub(crate) mod folder;
pub(crate) mod principal;
pub(crate) mod problem;
pub(crate) mod time;
pub(crate) mod told;
pub(crate) mod usage;
pub(crate) mod wanted;

use std::collections::BTreeSet;

use portcullis_identity::{Principal, UnixSeconds};
use portcullis_mcp::json::Json;
use portcullis_policy::{
    Asked, Detokenizing, Explainer, Explanation, InputType, PolicySet, Question, Session, Target, Usage,
    Visibility,
};
use portcullis_schema::World;
use portcullis_settings::{ClassName, ConnectionName, Draft};

use crate::trial::wanted::{Aim, Wanted};

/// Everything that a decision depends on.
#[derive(Clone, Debug)]
pub(crate) struct Trial {
    pub(crate) principal: Principal,
    pub(crate) connection: ConnectionName,
    pub(crate) wanted: Wanted,
    /// The arguments.
    pub(crate) input: Option<Json<'static>>,
    pub(crate) labels: BTreeSet<ClassName>,
    pub(crate) now: UnixSeconds,
    /// What the principal has used on the connection; `None` where it is not known.
    pub(crate) usage: Option<Usage>,
}

impl Trial {
    /// What is decided, and why.
    pub(crate) fn explain(&self, explainer: &Explainer<'_>, world: &World) -> Explanation {
        explainer.explain(match self.wanted.aim() {
            Aim::Class(class) => {
                Asked::Unmask { principal: &self.principal, connection: &self.connection, class }
            }
            Aim::ClassForTool(class, tool) => {
                let (principal, connection) = (&self.principal, &self.connection);
                Asked::Detokenize { asked: Detokenizing { principal, connection, tool }, class }
            }
            Aim::Target(target) => Asked::Call(self.question(target, world.types(&self.connection, target))),
        })
    }

    /// How it appears in a list; `None` for what is in none.
    pub(crate) fn visibility(&self, policies: &PolicySet) -> Option<Visibility> {
        match self.wanted.aim() {
            Aim::Target(target) if self.wanted.is_listed() => {
                Some(policies.visibility(&self.question(target, None)))
            }
            Aim::Class(_) | Aim::ClassForTool(..) | Aim::Target(_) => None,
        }
    }

    pub(crate) fn question<'q>(&'q self, target: Target<'q>, types: Option<&'q InputType>) -> Question<'q> {
        Question {
            principal: &self.principal,
            connection: &self.connection,
            target,
            input: self.input.as_ref(),
            types,
            session: Session {
                labels: &self.labels,
                client: self.principal.client.as_deref(),
                now: self.now,
                usage: self.usage.as_ref(),
            },
        }
    }
}

/// A connection of the settings that takes callers of this principal's issuer; the error says what is wrong.
pub(crate) fn connection(draft: &Draft, name: &str, principal: &Principal) -> Result<ConnectionName, String> {
    let known: Vec<&str> = draft.connections().map(ConnectionName::as_str).collect();
    let Some(connection) = draft.connections().find(|connection| connection.as_str() == name) else {
        return Err(format!("the settings have no connection `{name}`; {}", problem::suggest(name, &known)));
    };
    if !draft.takes_callers_of(connection, &principal.issuer) {
        let issuer = &principal.issuer;
        return Err(format!("callers of `{issuer}` cannot use `{name}`: its `issuers` do not list it"));
    }
    Ok(connection.clone())
}
