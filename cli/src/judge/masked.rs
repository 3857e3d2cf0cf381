//! What of a recorded text is not as it was: placeholders and tokens stand in the place of masked values.

use std::collections::BTreeSet;

use portcullis_detect::Class;
use portcullis_mcp::carried::Carried;
use portcullis_mcp::json::{Json, Object};
use portcullis_policy::{Gap, Gaps};

/// What may stand in the place of a value in one record.
#[derive(Debug)]
pub(super) struct Placeholders {
    /// The names in the brackets, of classes that are not built in.
    own: BTreeSet<String>,
}

impl Placeholders {
    /// Those of the classes that are built in, and of the labels of a request: nothing else was masked in it.
    pub(super) fn of_labels(labels: &BTreeSet<String>) -> Self {
        Self { own: labels.iter().map(|label| name_of(label)).collect() }
    }

    /// Whether a text has something in the place of a value, by itself or in what it carries.
    pub(super) fn are_in(&self, text: &str) -> bool {
        self.are_in_text(text, 0)
    }

    /// Which arguments are not as they were.
    pub(super) fn gaps(&self, input: &Json<'_>) -> Gaps {
        let mut found = Gaps::new();
        self.search(input, &mut Vec::new(), &mut found);
        found
    }

    fn search(&self, value: &Json<'_>, path: &mut Vec<String>, found: &mut Gaps) {
        let is_masked = match value {
            Json::Null | Json::Bool(_) | Json::Number(_) => false,
            Json::String(text) => self.are_in(text),
            Json::Array(items) => items.iter().any(|item| self.are_in_value(item, 0)),
            // Which members it had is not known.
            Json::Object(object) if self.are_in_keys(object, 0) => true,
            Json::Object(object) => {
                for (key, value) in object.iter() {
                    path.push(key.to_owned());
                    self.search(value, path, found);
                    path.pop();
                }
                false
            }
        };
        if is_masked {
            found.insert(Gap::Argument(path.clone()));
        }
    }

    fn are_in_value(&self, value: &Json<'_>, depth: usize) -> bool {
        match value {
            Json::Null | Json::Bool(_) | Json::Number(_) => false,
            Json::String(text) => self.are_in_text(text, depth),
            Json::Array(items) => items.iter().any(|item| self.are_in_value(item, depth)),
            Json::Object(object) => {
                self.are_in_keys(object, depth)
                    || object.iter().any(|(_, value)| self.are_in_value(value, depth))
            }
        }
    }

    /// In the keys, or in a blob: what carries it in base64 is not the text that it is.
    fn are_in_keys(&self, object: &Object<'_>, depth: usize) -> bool {
        object.iter().any(|(key, _)| self.stand_in(key))
            || Carried::of_blob(object).is_some_and(|blob| self.are_carried(&blob, depth))
    }

    fn are_in_text(&self, text: &str, depth: usize) -> bool {
        let carried = || [Carried::of_url(text), Carried::of_document(text)].into_iter().flatten();
        self.stand_in(text) || carried().any(|carried| self.are_carried(&carried, depth))
    }

    fn are_carried(&self, carried: &Carried, depth: usize) -> bool {
        // What is deeper is not masked.
        depth < Carried::DEEPEST
            && match carried.json() {
                Some(json) => self.are_in_value(&json, depth + 1),
                None => self.are_in_text(carried.text(), depth + 1),
            }
    }

    fn stand_in(&self, text: &str) -> bool {
        text.match_indices('[').any(|(start, bracket)| {
            let inner = text.get(start + bracket.len()..).and_then(|rest| rest.split_once(']'));
            // A token has its name before a colon.
            let name = inner.and_then(|(inner, _)| inner.split(':').next()).unwrap_or_default();
            name.len() <= LONGEST_NAME
                && (name == UNCLEAN
                    || self.own.contains(name)
                    || Class::built_in().any(|class| class.is_shown_as(name)))
        })
    }
}

/// What stands in the brackets for a class.
fn name_of(class: &str) -> String {
    match class.strip_prefix("secret.token.") {
        Some(service) => format!("{service} token"),
        None => class.rsplit('.').next().unwrap_or(class).to_owned(),
    }
}

/// What stands in the place of a text that could not be masked in parts.
const UNCLEAN: &str = "masked";
/// A class has at most 63 characters, and that of a service gets a word more.
const LONGEST_NAME: usize = 72;

#[cfg(test)]
mod tests {
    use portcullis_mcp::json::{Bounds, parse_text};

    use super::*;

    fn gaps(labels: &[&str], input: &str) -> Vec<String> {
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        let input = parse_text(input, Bounds::request(64)).unwrap();
        Placeholders::of_labels(&labels).gaps(&input).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_stands_for_a_value_is_found_wherever_it_is() {
        for (input, expected) in [
            (r#"{"a":"plain [note]","b":[1,"[]"]}"#, vec![]),
            (r#"{"a":"to [email]","b":"[card:abcdefghijkl]","c":1}"#, vec!["arguments.a", "arguments.b"]),
            (
                r#"{"a":{"b":{"c":"[card]"},"d":1},"e":["x",["[iban]"]]}"#,
                vec!["arguments.a.b.c", "arguments.e"],
            ),
            (r#"{"a":{"[email]":1,"b":2}}"#, vec!["arguments.a"]),
            (r#"{"[email]":1}"#, vec!["arguments"]),
            (
                r#"{"a":"[github token]","b":"[masked]","c":"[project]"}"#,
                vec!["arguments.a", "arguments.b", "arguments.c"],
            ),
            // "to [email]" and "{\"to\":\"[email]\"}" in base64.
            (r#"{"a":"data:text/plain;base64,dG8gW2VtYWlsXQ=="}"#, vec!["arguments.a"]),
            (r#"{"a":{"uri":"x:y","mimeType":"text/plain","blob":"dG8gW2VtYWlsXQ=="}}"#, vec!["arguments.a"]),
            (r#"{"a":"{\"to\":\"\\u005bemail]\"}"}"#, vec!["arguments.a"]),
        ] {
            assert_eq!(gaps(&["pii.email", "acme.project"], input), expected, "{input}");
        }
        // Nobody else's detectors masked anything in it.
        assert_eq!(gaps(&[], r#"{"c":"[project]"}"#), [""; 0]);
    }
}
