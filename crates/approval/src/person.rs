//! Who asks, and who may answer.

use std::collections::BTreeSet;

use portcullis_identity::{Principal, PrincipalKind};

use crate::name::{GroupName, InvalidName, PrincipalId};

/// Who asks: a principal, and whoever acts for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Requester {
    /// The principal.
    pub id: PrincipalId,
    /// Whether it is a person.
    pub kind: PrincipalKind,
    /// Who acts for it, the nearest first.
    pub actors: Vec<ActorName>,
}

/// Somebody who acts for a principal, as the token names them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ActorName {
    /// The `iss` of the actor, where it is named.
    pub issuer: Option<String>,
    /// The `sub` of the actor.
    pub subject: String,
}

/// A person who may vote: not a program, and in person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voter {
    id: PrincipalId,
    groups: BTreeSet<GroupName>,
}

/// Why a principal does not vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAVoter {
    /// Somebody acts for it. Whoever can make an agent approve would need no approver.
    #[error("only a person who acts in person decides on approvals, not one for whom a program acts")]
    Delegated,
    /// Its names are none that can be stored.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// It is a program.
    #[error("only a person decides on approvals, not a program")]
    Workload,
}

impl Requester {
    /// Who a verified principal is.
    ///
    /// # Errors
    /// [`InvalidName`] for nobody that a token can name.
    pub fn of(principal: &Principal) -> Result<Self, InvalidName> {
        let actors = principal.actors.iter();
        let actors = actors
            .map(|actor| ActorName { issuer: actor.issuer.clone(), subject: actor.subject.to_string() })
            .collect();
        Ok(Self { id: PrincipalId::of(principal)?, kind: principal.kind, actors })
    }

    /// Whether a person is among those who ask.
    ///
    /// The subject alone counts. The issuer of an actor is a URL or is not named, and people tend to have one name at
    /// two issuers; so this also keeps out a stranger of the same name, and seldom lets in who asks. A person whom two
    /// issuers name differently is two: nothing here can know.
    #[must_use]
    pub fn includes(&self, person: &PrincipalId) -> bool {
        let subject = person.subject();
        self.id.subject() == subject || self.actors.iter().any(|actor| actor.subject == subject)
    }
}

impl Voter {
    /// The voter that a verified principal is. Groups that people have granted for a time do not count: two who were let
    /// into a group could keep each other there for ever.
    ///
    /// # Errors
    /// [`NotAVoter`].
    pub fn of(principal: &Principal) -> Result<Self, NotAVoter> {
        match principal.kind {
            PrincipalKind::Workload => return Err(NotAVoter::Workload),
            PrincipalKind::User => {}
        }
        if !principal.actors.is_empty() {
            return Err(NotAVoter::Delegated);
        }
        let groups = principal.groups.iter().filter(|group| !principal.granted.contains_key(group));
        let groups = groups.map(GroupName::of).collect::<Result<_, _>>()?;
        Ok(Self { id: PrincipalId::of(principal)?, groups })
    }

    /// Who it is.
    #[must_use]
    pub const fn id(&self) -> &PrincipalId {
        &self.id
    }

    /// The groups that the token names.
    #[must_use]
    pub const fn groups(&self) -> &BTreeSet<GroupName> {
        &self.groups
    }
}
