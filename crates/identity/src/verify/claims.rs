//! Reads the claims of a token by type; a claim of the wrong type is refused, never taken for absent.

use portcullis_settings::ClaimPath;
use serde_json::{Map, Value};

use crate::refusal::Refusal;
use crate::time::UnixSeconds;

/// The claims of a token whose signature is valid.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claims<'t>(&'t Map<String, Value>);

impl<'t> Claims<'t> {
    pub(super) fn new(claims: &'t Map<String, Value>) -> Self {
        Self(claims)
    }

    pub(super) fn get(self, name: &str) -> Option<&'t Value> {
        // `null` is how some issuers write that a claim is absent.
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn has(self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The claim at a place that the settings name.
    pub(super) fn at(self, path: &ClaimPath) -> Option<&'t Value> {
        let mut segments = path.segments();
        let first = self.0.get(segments.next()?)?;
        let value = segments.try_fold(first, |value, name| value.as_object()?.get(name))?;
        Some(value).filter(|value| !value.is_null())
    }

    pub(super) fn text(self, name: &str) -> Result<Option<&'t str>, Refusal> {
        self.get(name).map(|value| value.as_str().ok_or_else(|| bad(name))).transpose()
    }

    /// One text or a list of texts.
    pub(super) fn texts(self, name: &str) -> Result<Option<Vec<&'t str>>, Refusal> {
        self.get(name).map(|value| texts(value).ok_or_else(|| bad(name))).transpose()
    }

    /// A time; a fraction counts as the second before, which is the safe way for an end.
    pub(super) fn time_down(self, name: &str) -> Result<Option<UnixSeconds>, Refusal> {
        self.time(name, f64::floor)
    }

    /// A time; a fraction counts as the second after, which is the safe way for a beginning.
    pub(super) fn time_up(self, name: &str) -> Result<Option<UnixSeconds>, Refusal> {
        self.time(name, f64::ceil)
    }

    /// RFC 7519 section 2, NumericDate: a number of seconds, which may have a fraction.
    fn time(self, name: &str, round: fn(f64) -> f64) -> Result<Option<UnixSeconds>, Refusal> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let seconds = value.as_u64().or_else(|| value.as_f64().and_then(|number| whole(round(number))));
        seconds.map(|seconds| Some(UnixSeconds(seconds))).ok_or_else(|| bad(name))
    }
}

/// One text or a list of texts; `None` for anything else.
pub(super) fn texts(value: &Value) -> Option<Vec<&str>> {
    match value {
        Value::String(text) => Some(vec![text]),
        Value::Array(items) => items.iter().map(Value::as_str).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    }
}

pub(super) fn bad(claim: &str) -> Refusal {
    Refusal::BadClaim { claim: claim.to_owned() }
}

/// A whole number of seconds as an integer, if it is one that a clock can show.
fn whole(number: f64) -> Option<u64> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the number is whole, not negative and below 2^53"
    )]
    let seconds = (0.0..9_007_199_254_740_992.0).contains(&number).then_some(number as u64);
    seconds
}
