//! What two readers could read differently, although each reads it correctly by its own lights.
//!
//! Some JSON decoders match member names without regard to case, or accept them in another spelling; some servers
//! normalise a URI before they use it. Policy decides on one reading, so what has another is refused.

use crate::json::{Json, Object, fold};

/// The members of `params` that mean something in some revision, and those of a `ref`.
const MEMBERS: [&str; 22] = [
    "_meta",
    "argument",
    "arguments",
    "capabilities",
    "clientInfo",
    "context",
    "cursor",
    "inputResponses",
    "level",
    "name",
    "notifications",
    "progress",
    "progressToken",
    "protocolVersion",
    "reason",
    "ref",
    "requestId",
    "requestState",
    "task",
    "taskId",
    "type",
    "uri",
];

/// The known member that one of these could be taken for, if there is one: `Name`, `request_id`.
pub(crate) fn look_alike(params: &Object<'_>) -> Option<&'static str> {
    let inner = params.get("ref").and_then(Json::as_object);
    let keys = params.iter().chain(inner.into_iter().flat_map(Object::iter)).map(|(key, _)| key);
    keys.filter(|key| !MEMBERS.contains(key))
        .find_map(|key| MEMBERS.into_iter().find(|known| spelling(known) == spelling(key)))
}

/// A name without case, underscores and hyphens: what the most lenient reader compares.
#[must_use]
pub fn spelling(name: &str) -> String {
    let mut folded = fold(name);
    folded.retain(|character| !matches!(character, '_' | '-'));
    folded
}

/// Whether every reader takes a URI for the same thing (RFC 3986 §6.2.2): a lower-case scheme, no white space, no
/// backslash, no control character and no dot segment, written plainly or not.
#[must_use]
pub fn is_plain_uri(uri: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once(':') else { return false };
    let scheme_is_plain = scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'+' | b'-' | b'.'));
    let odd = |character: char| character.is_control() || character.is_whitespace() || character == '\\';
    let path = rest.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let path = path.replace("%2e", ".").replace("%2f", "/").replace("%5c", "/");
    scheme_is_plain && !uri.chars().any(odd) && !path.split('/').any(|segment| matches!(segment, "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Bounds, parse};

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

    #[test]
    fn a_uri_has_one_reading() {
        for uri in
            ["file:///a/b.txt", "billing://customers/cus_0001", "urn:x:y", "test://a?x=../b", "a+b-c.d:e"]
        {
            assert!(is_plain_uri(uri), "{uri}");
        }
        for uri in [
            "",
            "no-scheme",
            "BILLING://admin/x",
            "file:///public/../etc",
            "file:///public/%2e%2E/etc",
            "file:///a/./b",
            "file:///a/..",
            "file:///a\\..\\b",
            "file:///a/%2e%2e%2fb",
            "file:///a b",
            "fi\tle:///a",
            "file:///a\n",
            "1a:b",
            ":a",
        ] {
            assert!(!is_plain_uri(uri), "{uri}");
        }
    }
}
