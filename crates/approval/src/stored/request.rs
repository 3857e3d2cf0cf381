//! The stored form of a request.

use std::collections::BTreeSet;
use std::num::NonZeroU8;
use std::time::Duration;

use portcullis_identity::PrincipalKind;
use portcullis_ledger::UnixMillis;
use portcullis_settings::ConnectionName;
use serde::{Deserialize, Serialize};

use super::parts::{invalid, parsed};
use crate::digest::ContentDigest;
use crate::name::{GroupName, PolicyName, PrincipalId, Reason};
use crate::person::{ActorName, Requester};
use crate::protocol::Unusable;
use crate::request::{Access, Asked, Context, Definition, MaskedText, Operation, Request, Subject};
use crate::requirement::{Coverage, PolicyRef, Requirement, Requirements};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestForm {
    id: String,
    created: u64,
    requester: RequesterForm,
    subject: SubjectForm,
    requirements: Vec<RequirementForm>,
    context: ContextForm,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RequesterForm {
    id: PrincipalId,
    kind: KindForm,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    actors: Vec<ActorForm>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KindForm {
    User,
    Workload,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ActorForm {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    issuer: Option<String>,
    subject: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SubjectForm {
    Access(AccessForm),
    Call(CallForm),
    Definition(DefinitionForm),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccessForm {
    group: GroupName,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CallForm {
    connection: ConnectionName,
    method: String,
    name: String,
    arguments: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    definition: Option<ContentDigest>,
}

/// From version 2 on.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DefinitionForm {
    connection: ConnectionName,
    kind: String,
    name: String,
    digest: ContentDigest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pinned: Option<ContentDigest>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RequirementForm {
    policy: PolicyName,
    digest: ContentDigest,
    group: GroupName,
    approvers: NonZeroU8,
    ttl_s: u64,
    /// Absent where an approval is for one call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    window_s: Option<u64>,
    /// From version 2 on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    lasting: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ContextForm {
    arguments: String,
    #[serde(default, skip_serializing_if = "is_zero")]
    omitted: u64,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    labels: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<Reason>,
}

impl From<&Request> for RequestForm {
    fn from(request: &Request) -> Self {
        let Request { id, asked: Asked { subject, requirements }, created, context } = request;
        Self {
            id: id.to_string(),
            created: created.0,
            requester: subject.requester().into(),
            subject: subject.into(),
            requirements: requirements.iter().map(RequirementForm::from).collect(),
            context: context.into(),
        }
    }
}

impl TryFrom<RequestForm> for Request {
    type Error = Unusable;

    fn try_from(form: RequestForm) -> Result<Self, Unusable> {
        let RequestForm { id, created, requester, subject, requirements, context } = form;
        let requirements = requirements.into_iter().map(Requirement::try_from).collect::<Result<_, _>>()?;
        let requirements = Requirements::new(requirements).map_err(|_| invalid("requirements"))?;
        let subject = subject_of(requester.into(), subject)?;
        let asked = Asked { subject, requirements };
        Ok(Self { id: parsed(&id, "id")?, asked, created: UnixMillis(created), context: context.into() })
    }
}

fn subject_of(requester: Requester, form: SubjectForm) -> Result<Subject, Unusable> {
    Ok(match form {
        SubjectForm::Access(AccessForm { group }) => Subject::Access(Access { requester, group }),
        SubjectForm::Call(CallForm { connection, method, name, arguments, definition }) => {
            let arguments = parsed(&arguments, "arguments")?;
            Subject::Call(Operation { requester, connection, method, name, arguments, definition })
        }
        SubjectForm::Definition(DefinitionForm { connection, kind, name, digest, pinned }) => {
            Subject::Definition(Definition { requester, connection, kind, name, digest, pinned })
        }
    })
}

impl From<&Subject> for SubjectForm {
    fn from(subject: &Subject) -> Self {
        match subject {
            Subject::Access(Access { requester: _, group }) => {
                Self::Access(AccessForm { group: group.clone() })
            }
            Subject::Call(Operation { requester: _, connection, method, name, arguments, definition }) => {
                Self::Call(CallForm {
                    connection: connection.clone(),
                    method: method.clone(),
                    name: name.clone(),
                    arguments: arguments.to_string(),
                    definition: *definition,
                })
            }
            Subject::Definition(Definition { requester: _, connection, kind, name, digest, pinned }) => {
                Self::Definition(DefinitionForm {
                    connection: connection.clone(),
                    kind: kind.clone(),
                    name: name.clone(),
                    digest: *digest,
                    pinned: *pinned,
                })
            }
        }
    }
}

impl From<&Requester> for RequesterForm {
    fn from(requester: &Requester) -> Self {
        let Requester { id, kind, actors } = requester;
        let kind = match kind {
            PrincipalKind::User => KindForm::User,
            PrincipalKind::Workload => KindForm::Workload,
        };
        let actors = actors
            .iter()
            .map(|ActorName { issuer, subject }| ActorForm {
                issuer: issuer.clone(),
                subject: subject.clone(),
            })
            .collect();
        Self { id: id.clone(), kind, actors }
    }
}

impl From<RequesterForm> for Requester {
    fn from(form: RequesterForm) -> Self {
        let RequesterForm { id, kind, actors } = form;
        let kind = match kind {
            KindForm::User => PrincipalKind::User,
            KindForm::Workload => PrincipalKind::Workload,
        };
        let actors =
            actors.into_iter().map(|ActorForm { issuer, subject }| ActorName { issuer, subject }).collect();
        Self { id, kind, actors }
    }
}

impl From<&Requirement> for RequirementForm {
    fn from(requirement: &Requirement) -> Self {
        let Requirement { policy: PolicyRef { id, digest }, group, approvers, ttl, coverage } = requirement;
        let (window_s, lasting) = match coverage {
            Coverage::Lasting => (None, true),
            Coverage::Once => (None, false),
            Coverage::Window(span) => (Some(span.as_secs()), false),
        };
        Self {
            policy: id.clone(),
            digest: *digest,
            group: group.clone(),
            approvers: *approvers,
            ttl_s: ttl.as_secs(),
            window_s,
            lasting,
        }
    }
}

impl TryFrom<RequirementForm> for Requirement {
    type Error = Unusable;

    fn try_from(form: RequirementForm) -> Result<Self, Unusable> {
        let RequirementForm { policy, digest, group, approvers, ttl_s, window_s, lasting } = form;
        let coverage = match (window_s, lasting) {
            (None, false) => Coverage::Once,
            (None, true) => Coverage::Lasting,
            (Some(span), false) => Coverage::Window(Duration::from_secs(span)),
            (Some(_), true) => return Err(invalid("lasting")),
        };
        let policy = PolicyRef { id: policy, digest };
        Ok(Self { policy, group, approvers, ttl: Duration::from_secs(ttl_s), coverage })
    }
}

impl From<&Context> for ContextForm {
    fn from(context: &Context) -> Self {
        let Context { arguments: MaskedText { text, n_omitted }, labels, reasons, note } = context;
        Self {
            arguments: text.clone(),
            omitted: *n_omitted,
            labels: labels.clone(),
            reasons: reasons.clone(),
            note: note.clone(),
        }
    }
}

impl From<ContextForm> for Context {
    fn from(form: ContextForm) -> Self {
        let ContextForm { arguments, omitted, labels, reasons, note } = form;
        Self { arguments: MaskedText { text: arguments, n_omitted: omitted }, labels, reasons, note }
    }
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}
