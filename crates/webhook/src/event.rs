//! What can be told, and the JSON that tells it.
//!
//! No argument, no answer, no token and no credential has a place here. Names and reasons are the caller's text: whoever
//! makes an event masks them first; here they are only kept short.

use std::fmt;

use portcullis_ledger::{Day, UnixMillis};
use portcullis_settings::WebhookEvent;
use serde_json::{Value, json};

use crate::sentence;

/// Something that has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Somebody has said what they think of a request.
    ApprovalDecided {
        /// The request.
        matter: Matter,
        /// Who.
        by: String,
        /// What.
        decision: Decision,
        /// Where the request stands now, such as `approved`.
        state: String,
        /// Why.
        reason: Option<String>,
    },
    /// Nobody has answered a request in its time.
    ApprovalExpired {
        /// The request.
        matter: Matter,
    },
    /// People are asked.
    ApprovalRequested {
        /// What they are asked for.
        matter: Matter,
    },
    /// Somebody has taken an approval back.
    ApprovalRevoked {
        /// The request.
        matter: Matter,
        /// Who.
        by: String,
        /// Where the request stands now.
        state: String,
        /// Why.
        reason: Option<String>,
    },
    /// Policy has denied a request.
    CallDenied {
        /// Who asked.
        principal: String,
        /// Where.
        connection: Option<String>,
        /// What, as the protocol names it.
        method: String,
        /// The tool, the prompt or the URI.
        name: Option<String>,
        /// The policies that say so; none, if none allows it.
        policies: Vec<String>,
    },
    /// A definition is not the approved one.
    DefinitionDrift {
        /// Whose.
        connection: String,
        /// A tool, a prompt, …
        kind: String,
        /// Its name.
        name: String,
        /// What the settings say to it: `block`, `hold` or `log`.
        setting: String,
        /// The digest of what was approved.
        pinned: Option<String>,
        /// The digest of what is there.
        live: Option<String>,
        /// What differs.
        changed: Vec<String>,
    },
    /// Policies were put in force.
    PolicyPushed {
        /// By whom.
        by: String,
        /// Which.
        serial: u64,
        /// Their digest.
        bundle: String,
        /// Whose signature is on them.
        key_id: String,
        /// Whether they were in force before.
        is_rollback: bool,
    },
}

/// A request for approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matter {
    /// Its id.
    pub request: String,
    /// Who asks.
    pub requester: String,
    /// What for.
    pub about: About,
    /// The policies that want approval.
    pub policies: Vec<String>,
    /// The page where people can decide.
    pub url: String,
    /// When it was asked.
    pub created: UnixMillis,
    /// When nobody can approve it any more.
    pub deadline: UnixMillis,
}

/// What somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// To be in a group for a time.
    Access {
        /// The group.
        group: String,
    },
    /// That a definition counts as approved.
    Definition {
        /// Where.
        connection: String,
        /// Of what: `tool`, `prompt` and so on.
        kind: String,
        /// Its name.
        name: String,
    },
    /// To make a call.
    Call {
        /// Where.
        connection: String,
        /// What, as the protocol names it.
        method: String,
        /// The tool, the prompt or the URI.
        name: String,
    },
}

/// What somebody says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Yes, as one of those who are asked.
    Approve,
    /// Yes, in place of all of them.
    Force,
    /// No.
    Reject,
}

impl Decision {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Force => "force",
            Self::Reject => "reject",
        }
    }
}

impl Event {
    /// What kind it is.
    #[must_use]
    pub const fn kind(&self) -> WebhookEvent {
        match self {
            Self::ApprovalDecided { .. } => WebhookEvent::ApprovalDecided,
            Self::ApprovalExpired { .. } => WebhookEvent::ApprovalExpired,
            Self::ApprovalRequested { .. } => WebhookEvent::ApprovalRequested,
            Self::ApprovalRevoked { .. } => WebhookEvent::ApprovalRevoked,
            Self::CallDenied { .. } => WebhookEvent::CallDenied,
            Self::DefinitionDrift { .. } => WebhookEvent::DefinitionDrift,
            Self::PolicyPushed { .. } => WebhookEvent::PolicyPushed,
        }
    }

    /// The connection that it is about, if it is about one.
    #[must_use]
    pub fn connection(&self) -> Option<&str> {
        match self {
            Self::ApprovalDecided { matter, .. }
            | Self::ApprovalExpired { matter }
            | Self::ApprovalRequested { matter }
            | Self::ApprovalRevoked { matter, .. } => match &matter.about {
                About::Access { .. } => None,
                About::Call { connection, .. } | About::Definition { connection, .. } => Some(connection),
            },
            Self::CallDenied { connection, .. } => connection.as_deref(),
            Self::DefinitionDrift { connection, .. } => Some(connection),
            Self::PolicyPushed { .. } => None,
        }
    }

    /// What is sent.
    #[must_use]
    pub fn body(&self, at: UnixMillis) -> String {
        json!({
            "type": self.kind().as_str(),
            "timestamp": Rfc3339(at).to_string(),
            "text": sentence::of(self),
            "data": self.data(),
        })
        .to_string()
    }

    fn data(&self) -> Value {
        match self {
            Self::ApprovalDecided { matter, by, decision, state, reason } => with(
                matter.data(),
                json!({
                    "by": shortened(by),
                    "decision": decision.as_str(),
                    "state": state,
                    "reason": reason.as_deref().map(shortened),
                }),
            ),
            Self::ApprovalExpired { matter } => with(matter.data(), json!({ "state": "expired" })),
            Self::ApprovalRequested { matter } => with(matter.data(), json!({ "state": "pending" })),
            Self::ApprovalRevoked { matter, by, state, reason } => with(
                matter.data(),
                json!({ "by": shortened(by), "state": state, "reason": reason.as_deref().map(shortened) }),
            ),
            Self::CallDenied { principal, connection, method, name, policies } => json!({
                "principal": shortened(principal),
                "connection": connection,
                "method": method,
                "name": name.as_deref().map(shortened),
                "policies": some(policies),
            }),
            Self::DefinitionDrift { connection, kind, name, setting, pinned, live, changed } => json!({
                "connection": connection,
                "kind": kind,
                "name": shortened(name),
                "setting": setting,
                "pinned": pinned,
                "live": live,
                "changed": some(changed),
            }),
            Self::PolicyPushed { by, serial, bundle, key_id, is_rollback } => json!({
                "by": shortened(by),
                "serial": serial,
                "bundle": bundle,
                "key_id": key_id,
                "rollback": is_rollback,
            }),
        }
    }
}

impl Matter {
    fn data(&self) -> Value {
        let Self { request, requester, about, policies, url, created, deadline } = self;
        let about = match about {
            About::Access { group } => json!({ "group": shortened(group) }),
            About::Call { connection, method, name } => json!({
                "connection": connection, "method": method, "name": shortened(name),
            }),
            About::Definition { connection, kind, name } => json!({
                "connection": connection, "defines": kind, "name": shortened(name),
            }),
        };
        let rest = json!({
            "request": request,
            "requester": shortened(requester),
            "policies": some(policies),
            "url": url,
            "created": Rfc3339(*created).to_string(),
            "deadline": Rfc3339(*deadline).to_string(),
        });
        with(about, rest)
    }
}

/// An object with the members of another one besides.
fn with(mut object: Value, more: Value) -> Value {
    if let (Value::Object(members), Value::Object(more)) = (&mut object, more) {
        members.extend(more);
    }
    object
}

/// The first few of many texts.
fn some(texts: &[String]) -> Vec<String> {
    texts.iter().take(MOST).map(|text| shortened(text)).collect()
}

/// A text that is not endless.
#[must_use]
pub fn shortened(text: &str) -> String {
    let mut characters = text.chars();
    let mut short: String = characters.by_ref().take(LONGEST).collect();
    if characters.next().is_some() {
        short.push('…');
    }
    short
}

/// A time as RFC 3339 writes it, in UTC.
pub(crate) struct Rfc3339(pub(crate) UnixMillis);

impl fmt::Display for Rfc3339 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = Day::of(self.0);
        let of_day = self.0.0.saturating_sub(u64::from(day.number()) * DAY).min(DAY - 1);
        let (seconds, millis) = (of_day / 1000, of_day % 1000);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{day}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
    }
}

/// In milliseconds.
const DAY: u64 = 24 * 60 * 60 * 1000;
/// The longest text, in characters.
const LONGEST: usize = 256;
/// The longest list.
const MOST: usize = 16;

#[cfg(test)]
mod tests;
