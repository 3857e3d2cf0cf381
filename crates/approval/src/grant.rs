//! Whether an approved request covers what is asked now. Any difference needs a new approval.

use portcullis_ledger::UnixMillis;

use crate::case::{Approval, Case, State};
use crate::id::RequestId;
use crate::name::PolicyName;
use crate::request::{Asked, Definition, Operation, Subject};
use crate::requirement::{Coverage, PolicyRef, Requirements};

/// That a grant covers what was asked.
#[derive(Debug)]
#[must_use]
pub enum Covered {
    /// For one call: [`Consume`](crate::Consume) it first.
    Once(Once),
    /// Until its end, with nothing else to do.
    Window(Cleared),
}

/// A grant for one call, which somebody else may be about to use.
#[derive(Debug)]
#[must_use]
pub struct Once(pub(crate) Cleared);

/// Proof that people have approved this very thing. Whoever acts on it consumes it.
///
/// It is good for what was asked about, now: it says nothing about the next call.
#[derive(Debug)]
#[must_use]
pub struct Cleared {
    request: RequestId,
    approval: Approval,
    /// What people were asked to lift, and have lifted.
    lifted: Requirements,
}

/// Why a request does not cover what is asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotCovered {
    /// Other arguments.
    #[error("the approval is for other arguments")]
    Arguments,
    /// Another connection.
    #[error("the approval is for another connection")]
    Connection,
    /// It was used.
    #[error("the approval was for one call, which was made")]
    Consumed,
    /// What is called is no longer defined as it was.
    #[error("the approval is for another definition")]
    Definition,
    /// Its time is over.
    #[error("the approval has expired")]
    Expired,
    /// Another group.
    #[error("the approval is for another group")]
    Group,
    /// A call and not a group, a definition and not a call, and so on.
    #[error("the approval is for something else")]
    Kind,
    /// Another method.
    #[error("the approval is for another method")]
    Method,
    /// Another tool, prompt or resource.
    #[error("the approval is for another name")]
    Name,
    /// It is not approved yet.
    #[error("the request is not approved")]
    Pending,
    /// A policy has changed since.
    #[error("the policy `{0}` has changed since the approval")]
    PolicyChanged(PolicyName),
    /// A policy was not among those that were lifted.
    #[error("the approval does not lift the policy `{0}`")]
    PolicyMissing(PolicyName),
    /// Somebody else, or the same with other actors.
    #[error("the approval is for somebody else")]
    Principal,
    /// Somebody has rejected it.
    #[error("the request was rejected")]
    Rejected,
    /// Somebody has taken it back.
    #[error("the approval was revoked")]
    Revoked,
}

impl Case {
    /// Whether this request, as far as it is approved, covers what is asked now.
    ///
    /// # Errors
    /// [`NotCovered`]: the first difference, those of what is asked first, then policies, then the state.
    pub fn covers(&self, asked: &Asked, now: UnixMillis) -> Result<Covered, NotCovered> {
        self.is_about(asked)?;
        match self.state(now) {
            State::Approved(approval) => {
                let coverage = approval.coverage;
                let lifted = self.request().asked.requirements.clone();
                let cleared = Cleared { request: self.request().id, approval, lifted };
                Ok(match coverage {
                    Coverage::Once => Covered::Once(Once(cleared)),
                    Coverage::Lasting | Coverage::Window(_) => Covered::Window(cleared),
                })
            }
            State::Consumed => Err(NotCovered::Consumed),
            State::Expired(_) => Err(NotCovered::Expired),
            State::Pending(_) => Err(NotCovered::Pending),
            State::Rejected => Err(NotCovered::Rejected),
            State::Revoked => Err(NotCovered::Revoked),
        }
    }

    /// Whether this request is about what is asked, and lifts all that has to be lifted.
    ///
    /// # Errors
    /// [`NotCovered`]: the first difference.
    pub fn is_about(&self, asked: &Asked) -> Result<(), NotCovered> {
        let ours = &self.request().asked;
        match (&ours.subject, &asked.subject) {
            (Subject::Call(ours), Subject::Call(theirs)) => same_call(ours, theirs)?,
            (Subject::Access(ours), Subject::Access(theirs)) => {
                same(&ours.requester, &theirs.requester, NotCovered::Principal)?;
                same(&ours.group, &theirs.group, NotCovered::Group)?;
            }
            (Subject::Definition(ours), Subject::Definition(theirs)) => same_definition(ours, theirs)?,
            (Subject::Access(_), Subject::Call(_) | Subject::Definition(_))
            | (Subject::Call(_), Subject::Access(_) | Subject::Definition(_))
            | (Subject::Definition(_), Subject::Access(_) | Subject::Call(_)) => {
                return Err(NotCovered::Kind);
            }
        }
        lifts(&ours.requirements, &asked.requirements)
    }
}

/// Every field is named, so that a new one cannot be forgotten here.
fn same_call(ours: &Operation, theirs: &Operation) -> Result<(), NotCovered> {
    let Operation { requester, connection, method, name, arguments, definition } = ours;
    same(requester, &theirs.requester, NotCovered::Principal)?;
    same(connection, &theirs.connection, NotCovered::Connection)?;
    same(method, &theirs.method, NotCovered::Method)?;
    same(name, &theirs.name, NotCovered::Name)?;
    same(arguments, &theirs.arguments, NotCovered::Arguments)?;
    same(definition, &theirs.definition, NotCovered::Definition)
}

/// The same for everybody, whoever asked first.
fn same_definition(ours: &Definition, theirs: &Definition) -> Result<(), NotCovered> {
    let Definition { requester: _, connection, kind, name, digest, pinned } = ours;
    same(connection, &theirs.connection, NotCovered::Connection)?;
    same(kind, &theirs.kind, NotCovered::Name)?;
    same(name, &theirs.name, NotCovered::Name)?;
    same(digest, &theirs.digest, NotCovered::Definition)?;
    same(pinned, &theirs.pinned, NotCovered::Definition)
}

fn lifts(ours: &Requirements, theirs: &Requirements) -> Result<(), NotCovered> {
    theirs.iter().try_for_each(|asked| {
        let id = &asked.policy.id;
        match ours.of_policy(id) {
            Some(lifted) => {
                same(&lifted.policy.digest, &asked.policy.digest, NotCovered::PolicyChanged(id.clone()))
            }
            None => Err(NotCovered::PolicyMissing(id.clone())),
        }
    })
}

fn same<T: PartialEq>(ours: &T, theirs: &T, otherwise: NotCovered) -> Result<(), NotCovered> {
    if ours == theirs { Ok(()) } else { Err(otherwise) }
}

impl Cleared {
    /// Which request.
    #[must_use]
    pub const fn request(&self) -> RequestId {
        self.request
    }

    /// Whether this very policy, as it stands now, is among what people have lifted.
    #[must_use]
    pub fn lifts(&self, policy: &PolicyRef) -> bool {
        self.lifted.of_policy(&policy.id).is_some_and(|lifted| lifted.policy == *policy)
    }

    /// What was granted, and on whose word.
    #[must_use]
    pub const fn approval(&self) -> &Approval {
        &self.approval
    }
}

impl Once {
    /// Which request.
    #[must_use]
    pub const fn request(&self) -> RequestId {
        self.0.request
    }
}
