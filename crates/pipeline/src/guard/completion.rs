//! Completion values: a way to list what exists, so they are filtered like any list.

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
            let uri = value.as_str().and_then(|value| completed.filled_in(value));
            uri.is_none_or(|uri| self.may_read(&uri))
        });
        // A total would tell how many there are that the caller may not read.
        if values.len() < before {
            completion.remove("total");
        }
    }
}

impl Completed {
    /// The URI that the template stands for with this value, if nothing else in it is left open (RFC 6570 level 1
    /// and `+`).
    fn filled_in(&self, value: &str) -> Option<String> {
        let plain = [format!("{{{}}}", self.variable), format!("{{+{}}}", self.variable)];
        let filled = plain.iter().fold(self.template.clone(), |uri, place| uri.replace(place, value));
        (filled != self.template && !filled.contains('{')).then_some(filled)
    }
}
