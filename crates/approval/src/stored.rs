//! The stored form of what lies in the store: `{"v":1,"record":{"vote":{…}}}`.
//!
//! The types of the crate know no JSON; what is read is a form of its own and is converted field by field. Unknown
//! fields are refused, so a change of what is there is a new version. Every version that was released is read for ever,
//! and what an earlier version has a form for is written in that: a digest of a request is over its stored form.

mod parts;
mod request;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use portcullis_ledger::UnixMillis;
use serde::{Deserialize, Serialize};

use crate::case::Statement;
use crate::digest::ContentDigest;
use crate::id::{Generation, RequestId};
use crate::name::{GroupName, PrincipalId, Reason};
use crate::protocol::Unusable;
use crate::request::{Request, Subject};
use crate::requirement::Coverage;
use crate::said::{Consent, Rejection, Revocation, Use, Vote};
use parts::{invalid, parsed};
use request::RequestForm;

/// What may lie in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Record {
    /// When a principal has last asked for a group.
    Asker(UnixMillis),
    /// An item of a day's list.
    Entry(RequestId),
    Latest(Generation),
    /// What of a principal waits for people, each with its deadline.
    Open(Vec<(RequestId, UnixMillis)>),
    Rejection(Rejection),
    Request(Box<Request>),
    Revocation(Revocation),
    Settled(Vec<Vote>),
    Use(Use),
    Vote(Vote),
    Waiting(UnixMillis),
}

#[derive(Deserialize)]
struct Version {
    v: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    v: u64,
    record: Form,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Form {
    Asker(u64),
    Entry(String),
    Latest(u32),
    Open(Vec<OpenForm>),
    Rejection(RejectionForm),
    Request(Box<RequestForm>),
    Revocation(RevocationForm),
    Settled(Vec<VoteForm>),
    Use(UseForm),
    Vote(VoteForm),
    Waiting(u64),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct VoteForm {
    request: ContentDigest,
    at: u64,
    voter: PrincipalId,
    /// Absent where somebody forces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    groups: Option<BTreeSet<GroupName>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    verb: Verb,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Verb {
    Approve,
    Force,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RejectionForm {
    request: ContentDigest,
    at: u64,
    voter: PrincipalId,
    groups: BTreeSet<GroupName>,
    reason: Reason,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RevocationForm {
    at: u64,
    by: PrincipalId,
    reason: Reason,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OpenForm {
    request: String,
    until: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct UseForm {
    at: u64,
    call: String,
}

impl Record {
    pub(crate) fn encode(&self) -> Result<Vec<u8>, Unusable> {
        let stored = Stored { v: self.version(), record: Form::from(self) };
        serde_json::to_vec(&stored).map_err(|error| Unusable::Malformed(error.to_string()))
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Unusable> {
        let malformed = |error: serde_json::Error| Unusable::Malformed(error.to_string());
        // A later version may have fields that this one does not know, so its number comes first.
        let Version { v } = serde_json::from_slice(bytes).map_err(malformed)?;
        if v > VERSION {
            return Err(Unusable::Newer(v));
        }
        let Stored { v: _, record } = serde_json::from_slice(bytes).map_err(malformed)?;
        let record = Self::try_from(record)?;
        if v == record.version() { Ok(record) } else { Err(invalid("v")) }
    }

    /// The first version that has a form for this.
    fn version(&self) -> u64 {
        match self {
            Self::Request(request) => {
                let is_of_definition = matches!(request.asked.subject, Subject::Definition(_));
                let lasts = request.asked.requirements.iter().any(|one| one.coverage == Coverage::Lasting);
                if is_of_definition || lasts { 2 } else { 1 }
            }
            Self::Asker(_)
            | Self::Entry(_)
            | Self::Latest(_)
            | Self::Open(_)
            | Self::Rejection(_)
            | Self::Revocation(_)
            | Self::Settled(_)
            | Self::Use(_)
            | Self::Vote(_)
            | Self::Waiting(_) => 1,
        }
    }
}

impl Request {
    /// What a vote names.
    pub(crate) fn digest(&self) -> Result<ContentDigest, Unusable> {
        let bytes = Record::Request(Box::new(self.clone())).encode()?;
        Ok(ContentDigest::of("portcullis approval request 1", &[&bytes]))
    }
}

impl From<&Record> for Form {
    fn from(record: &Record) -> Self {
        match record {
            Record::Asker(at) => Self::Asker(at.0),
            Record::Open(open) => {
                let form = |(id, until): &(RequestId, UnixMillis)| OpenForm {
                    request: id.to_string(),
                    until: until.0,
                };
                Self::Open(open.iter().map(form).collect())
            }
            Record::Entry(id) => Self::Entry(id.to_string()),
            Record::Latest(generation) => Self::Latest(generation.number()),
            Record::Rejection(Rejection { request, at, voter, groups, reason }) => {
                Self::Rejection(RejectionForm {
                    request: *request,
                    at: at.0,
                    voter: voter.clone(),
                    groups: groups.clone(),
                    reason: reason.clone(),
                })
            }
            Record::Request(request) => Self::Request(Box::new(RequestForm::from(&**request))),
            Record::Revocation(Revocation { at, by, reason }) => {
                Self::Revocation(RevocationForm { at: at.0, by: by.clone(), reason: reason.clone() })
            }
            Record::Settled(votes) => Self::Settled(votes.iter().map(VoteForm::from).collect()),
            Record::Use(Use { at, call }) => Self::Use(UseForm { at: at.0, call: call.to_string() }),
            Record::Vote(vote) => Self::Vote(VoteForm::from(vote)),
            Record::Waiting(since) => Self::Waiting(since.0),
        }
    }
}

impl TryFrom<Form> for Record {
    type Error = Unusable;

    fn try_from(form: Form) -> Result<Self, Unusable> {
        Ok(match form {
            Form::Asker(at) => Self::Asker(UnixMillis(at)),
            Form::Open(forms) => {
                let open = |OpenForm { request, until }| Ok((parsed(&request, "open")?, UnixMillis(until)));
                Self::Open(forms.into_iter().map(open).collect::<Result<_, Unusable>>()?)
            }
            Form::Entry(id) => Self::Entry(parsed(&id, "entry")?),
            Form::Latest(number) => {
                Self::Latest(Generation::from_number(number).ok_or_else(|| invalid("latest"))?)
            }
            Form::Rejection(RejectionForm { request, at, voter, groups, reason }) => {
                Self::Rejection(Rejection { request, at: UnixMillis(at), voter, groups, reason })
            }
            Form::Request(form) => Self::Request(Box::new(Request::try_from(*form)?)),
            Form::Revocation(RevocationForm { at, by, reason }) => {
                Self::Revocation(Revocation { at: UnixMillis(at), by, reason })
            }
            Form::Settled(forms) => {
                Self::Settled(forms.into_iter().map(Vote::try_from).collect::<Result<_, _>>()?)
            }
            Form::Use(UseForm { at, call }) => {
                Self::Use(Use { at: UnixMillis(at), call: parsed(&call, "call")? })
            }
            Form::Vote(form) => Self::Vote(form.try_into()?),
            Form::Waiting(since) => Self::Waiting(UnixMillis(since)),
        })
    }
}

impl From<&Vote> for VoteForm {
    fn from(vote: &Vote) -> Self {
        let Vote { request, at, voter, consent, reason } = vote;
        let (verb, groups) = match consent {
            Consent::Approve(groups) => (Verb::Approve, Some(groups.clone())),
            Consent::Force => (Verb::Force, None),
        };
        Self { request: *request, at: at.0, voter: voter.clone(), groups, reason: reason.clone(), verb }
    }
}

impl TryFrom<VoteForm> for Vote {
    type Error = Unusable;

    fn try_from(form: VoteForm) -> Result<Self, Unusable> {
        let VoteForm { request, at, voter, groups, reason, verb } = form;
        let consent = match (verb, groups) {
            (Verb::Approve, Some(groups)) => Consent::Approve(groups),
            (Verb::Force, None) => Consent::Force,
            (Verb::Approve, None) | (Verb::Force, Some(_)) => return Err(invalid("groups")),
        };
        Ok(Self { request, at: UnixMillis(at), voter, consent, reason })
    }
}

impl Record {
    /// What this says about a request; nothing if it only helps to find one.
    pub(crate) fn into_statements(self) -> Vec<Statement> {
        match self {
            Self::Rejection(rejection) => vec![Statement::Rejection(rejection)],
            Self::Revocation(revocation) => vec![Statement::Revocation(revocation)],
            Self::Settled(votes) => votes.into_iter().map(Statement::Vote).collect(),
            Self::Use(used) => vec![Statement::Use(used)],
            Self::Vote(vote) => vec![Statement::Vote(vote)],
            Self::Asker(_)
            | Self::Entry(_)
            | Self::Latest(_)
            | Self::Open(_)
            | Self::Request(_)
            | Self::Waiting(_) => Vec::new(),
        }
    }
}

/// The latest that is written.
const VERSION: u64 = 2;
