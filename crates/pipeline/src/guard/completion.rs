//! Completion values: a way to list what exists, so they are filtered like any list.

use portcullis_mcp::ambiguity::is_plain_uri;
use portcullis_mcp::json::{Json, Object};

use crate::guard::{Completed, Expected, Guard};

/// The most values of one answer (MCP, completion).
const MOST: usize = 100;

impl Guard {
    /// Leaves the values that lead to resources which the caller may read. Values of prompts are only masked: what
    /// a prompt makes of its arguments is decided when it is got.
    pub(super) fn filter_values(&self, call: &Expected, result: &mut Object<'_>) {
        let completion = result.get_mut("completion").and_then(Json::as_object_mut);
        let Some(completion) = completion else { return };
        let Some(values) = completion.get_mut("values").and_then(Json::as_array_mut) else { return };
        values.truncate(MOST);
        let Some(completed) = &call.completed else { return };
        let before = values.len();
        values.retain(|value| {
            let uris = value.as_str().and_then(|value| completed.filled_in(value));
            uris.is_none_or(|(expanded, plain)| {
                self.may_read(&expanded) && (!is_plain_uri(&plain) || self.may_read(&plain))
            })
        });
        // A total would tell how many there are that the caller may not read.
        if values.len() < before {
            completion.remove("total");
        }
    }
}

impl Completed {
    /// With what the caller has settled already in the template.
    pub(crate) fn given(mut self, arguments: Option<&Object<'_>>) -> Self {
        for (name, value) in
            arguments.into_iter().flat_map(Object::iter).filter(|(name, _)| *name != self.variable)
        {
            if let Some(value) = value.as_str() {
                self.template = expand(&self.template, name, value);
            }
        }
        self
    }

    /// The URI that the template stands for with this value, and the one that clients make of it which do not encode
    /// values; `None` if something else in it is left open.
    fn filled_in(&self, value: &str) -> Option<(String, String)> {
        let expanded = expand(&self.template, &self.variable, value);
        let plain =
            places(&self.variable).iter().fold(self.template.clone(), |uri, place| uri.replace(place, value));
        (expanded != self.template && !expanded.contains('{')).then_some((expanded, plain))
    }
}

/// Puts a value in the place of a variable (RFC 6570, level 1 and `+`).
fn expand(template: &str, variable: &str, value: &str) -> String {
    let [simple, reserved] = places(variable);
    template.replace(&simple, &encoded(value, "")).replace(&reserved, &encoded(value, ":/?#[]@!$&'()*+,;="))
}

fn places(variable: &str) -> [String; 2] {
    [format!("{{{variable}}}"), format!("{{+{variable}}}")]
}

/// A value with all but the unreserved characters, and these, in percent signs (RFC 3986 §2.1).
fn encoded(value: &str, kept: &str) -> String {
    let mut text = String::new();
    for character in value.chars() {
        if character.is_ascii_alphanumeric() || "-._~".contains(character) || kept.contains(character) {
            text.push(character);
        } else {
            let mut bytes = [0; 4];
            text.extend(character.encode_utf8(&mut bytes).bytes().map(|byte| format!("%{byte:02X}")));
        }
    }
    text
}
