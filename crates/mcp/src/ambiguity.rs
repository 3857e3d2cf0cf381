//! What two readers could read differently, although each reads it correctly by its own lights.
//!
//! Some JSON decoders match member names without regard to case, or accept them in another spelling; some servers
//! normalise a URI before they use it. Policy decides on one reading, so what has another is refused.

mod uri;

pub use uri::is_plain_uri;

use crate::json::{Json, Object, fold};

/// The members of `params` that mean something in some revision, and those of a `ref`, each after its [`spelling`];
/// sorted by it.
const MEMBERS: [(&str, &str); 22] = [
    ("argument", "argument"),
    ("arguments", "arguments"),
    ("capabilities", "capabilities"),
    ("clientinfo", "clientInfo"),
    ("context", "context"),
    ("cursor", "cursor"),
    ("inputresponses", "inputResponses"),
    ("level", "level"),
    ("meta", "_meta"),
    ("name", "name"),
    ("notifications", "notifications"),
    ("progress", "progress"),
    ("progresstoken", "progressToken"),
    ("protocolversion", "protocolVersion"),
    ("reason", "reason"),
    ("ref", "ref"),
    ("requestid", "requestId"),
    ("requeststate", "requestState"),
    ("task", "task"),
    ("taskid", "taskId"),
    ("type", "type"),
    ("uri", "uri"),
];

/// The known member that one of these could be taken for, if there is one: `Name`, `request_id`.
pub(crate) fn look_alike(params: &Object<'_>) -> Option<&'static str> {
    let inner = params.get("ref").and_then(Json::as_object);
    let mut keys = params.iter().chain(inner.into_iter().flat_map(Object::iter)).map(|(key, _)| key);
    keys.find_map(|key| {
        let spelled = spelling(key);
        let found = MEMBERS.binary_search_by_key(&spelled.as_str(), |(spelled, _)| spelled).ok()?;
        MEMBERS.get(found).map(|(_, known)| *known).filter(|known| *known != key)
    })
}

/// A name without case, underscores and hyphens: what the most lenient reader compares.
#[must_use]
pub fn spelling(name: &str) -> String {
    let mut folded = fold(name);
    folded.retain(|character| !matches!(character, '_' | '-'));
    folded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Bounds, parse};

    #[test]
    fn the_known_members_stand_in_the_order_of_their_spellings() {
        assert!(MEMBERS.is_sorted());
        for (spelled, known) in MEMBERS {
            assert_eq!(spelling(known), spelled);
        }
    }

    #[test]
    fn other_spellings_of_known_members_are_found() {
        for (params, want) in [
            (r#"{"name":"a","arguments":{}}"#, None),
            (r#"{"name":"a","extra":1,"x-vendor":2}"#, None),
            (r#"{"Name":"a"}"#, Some("name")),
            (r#"{"request_state":"a"}"#, Some("requestState")),
            (r#"{"inputresponses":{}}"#, Some("inputResponses")),
            (r#"{"ref":{"type":"ref/prompt","name":"a","NAME":"b"}}"#, Some("name")),
            ("{\"ta\\u017fk\":{}}", Some("task")),
        ] {
            let value = parse(params.as_bytes(), Bounds::answer(8)).unwrap();
            assert_eq!(look_alike(value.as_object().unwrap()), want, "{params}");
        }
    }
}
