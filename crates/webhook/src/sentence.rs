//! One plain sentence for people, as chat relays show it.
//!
//! Some of them read markup in it, with which a caller's text could make links or call everybody: so whatever could be
//! markup is taken out of names here.

use crate::event::{About, Decision, Event, Matter, Rfc3339};

/// What has happened, in one sentence.
pub(crate) fn of(event: &Event) -> String {
    match event {
        Event::ApprovalDecided { matter, by, decision, state, reason } => {
            let done = match decision {
                Decision::Approve => "approved",
                Decision::Force => "FORCED the approval of",
                Decision::Reject => "rejected",
            };
            let reason = because(reason.as_deref());
            format!(
                "{} {done} {}{reason}; it is {} now: {}",
                plain(by),
                wish(matter),
                plain(state),
                matter.url
            )
        }
        Event::ApprovalExpired { matter } => {
            format!("Nobody approved {} in time: {}", wish(matter), matter.url)
        }
        Event::ApprovalRequested { matter } => format!(
            "Approval is needed until {} for {}: {}",
            Rfc3339(matter.deadline),
            wish(matter),
            matter.url
        ),
        Event::ApprovalRevoked { matter, by, state: _, reason } => {
            let reason = because(reason.as_deref());
            format!("{} revoked the approval of {}{reason}: {}", plain(by), wish(matter), matter.url)
        }
        Event::CallDenied { principal, connection, method, name, policies } => {
            let name = name.as_deref().map(|name| format!(" {}", plain(name))).unwrap_or_default();
            let on = connection.as_deref().map(|name| format!(" on {}", plain(name))).unwrap_or_default();
            let why = match policies.as_slice() {
                [] => "no policy allows it".to_owned(),
                [policy] => format!("policy {} says no", plain(policy)),
                [policy, rest @ ..] => format!("policy {} and {} more say no", plain(policy), rest.len()),
            };
            format!("{} was denied {}{name}{on}: {why}", plain(principal), plain(method))
        }
        Event::DefinitionDrift { connection, kind, name, setting, .. } => {
            let done = match setting.as_str() {
                "block" => "nobody sees or calls it",
                "hold" => "calls of it wait for approval",
                _ => "it passes all the same",
            };
            format!(
                "The {} {} of {} is not what was approved; {done}",
                plain(kind),
                plain(name),
                plain(connection)
            )
        }
        Event::PolicyPushed { by, serial, is_rollback, .. } => {
            let done = if *is_rollback { "rolled the policies back" } else { "pushed policies" };
            format!("{} {done}: serial {serial}", plain(by))
        }
    }
}

fn wish(matter: &Matter) -> String {
    let requester = plain(&matter.requester);
    match &matter.about {
        About::Access { group } => format!("{requester} to be in {}", plain(group)),
        About::Definition { connection, kind, name } => {
            let (kind, name, connection) = (plain(kind), plain(name), plain(connection));
            format!("the definition of the {kind} {name} on {connection}, called by {requester}")
        }
        About::Call { connection, method, name } => {
            format!("{} {} on {}, asked for by {requester}", plain(method), plain(name), plain(connection))
        }
    }
}

fn because(reason: Option<&str>) -> String {
    reason.map(|reason| format!(" ({})", plain(reason))).unwrap_or_default()
}

/// A text in which nothing is markup.
fn plain(text: &str) -> String {
    const HARMLESS: &str = " -_./:|@,()[]+=#%?!;'";
    let plain = |character: char| match character {
        character if character.is_alphanumeric() || HARMLESS.contains(character) => character,
        '…' => '…',
        _ => '·',
    };
    crate::event::shortened(text).chars().map(plain).collect()
}
