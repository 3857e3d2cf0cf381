//! Findings for people, and as JSON.

use portcullis_detect::Confidence;
use portcullis_pins::escaped;
use serde_json::{Value, json};

use super::found::{Found, Placed};
use crate::terminal::Style;

/// A line for each finding, such as `stdin:1:8: pii.card (high): Refund [card]`. Nothing in it is invisible, and no value
/// that would be masked is in it.
pub(super) fn lines(name: &str, found: &Found<'_>, style: Style) -> Vec<String> {
    let placed = found.placed();
    if placed.is_empty() {
        return vec![format!("{name}: nothing found")];
    }
    let line = |finding: &Placed| {
        let Placed { class, confidence, line, column, .. } = finding;
        let (class, sure) = (style.bold(class.as_str()), sure(*confidence));
        format!("{name}:{line}:{column}: {class} ({sure}): {}", escaped(&found.excerpt(finding)))
    };
    placed.iter().map(line).collect()
}

/// The findings as an array.
pub(super) fn findings(found: &Found<'_>) -> Value {
    let finding = |finding: Placed| {
        let Placed { class, confidence, range: _, start, end, line, column } = finding;
        json!({
            "class": class.as_str(),
            "confidence": sure(confidence),
            "start": start,
            "end": end,
            "line": line,
            "column": column,
        })
    };
    found.placed().into_iter().map(finding).collect()
}

const fn sure(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Low => "low",
        Confidence::Medium => "medium",
        Confidence::High => "high",
    }
}
