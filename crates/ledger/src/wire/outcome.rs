//! The stored form of an outcome.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::parts::{ExcerptForm, id, write_excerpt, write_numbers};
use super::{Readable, cut};
use crate::error::DecodeError;
use crate::excerpt::Excerpt;
use crate::id::UnixMillis;
use crate::json::Object;
use crate::outcome::{CallResult, Outcome};
use crate::record::Stored;
use crate::stage::Stage;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Form {
    #[serde(rename = "v")]
    _v: IgnoredAny,
    #[serde(rename = "kind")]
    _kind: IgnoredAny,
    id: String,
    at: u64,
    result: ResultForm,
    upstream_status: Option<u16>,
    bytes_out: u64,
    frames: u64,
    #[serde(default)]
    findings: BTreeMap<String, u32>,
    #[serde(default)]
    masked: BTreeMap<String, u32>,
    body: ExcerptForm,
    #[serde(default)]
    timings: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ResultForm {
    status: String,
    is_error: Option<bool>,
    kind: Option<String>,
}

impl Stored for Outcome {
    const KIND: &'static str = "outcome";

    fn write(&self, object: &mut Object) {
        // Every field is named, so that a new one cannot be forgotten here.
        let Self { id, at, result, upstream_status, bytes_out, frames, findings, masked, text, timings } =
            self;
        object.string("id", &id.to_string());
        object.plain("at", at.0);
        object.object("result", |object| write_result(object, result));
        if let Some(status) = upstream_status {
            object.plain("upstream_status", status);
        }
        object.plain("bytes_out", bytes_out);
        object.plain("frames", frames);
        write_numbers(object, "findings", findings.iter().map(|(class, n)| (class.as_str(), u64::from(*n))));
        write_numbers(object, "masked", masked.iter().map(|(class, n)| (class.as_str(), u64::from(*n))));
        write_excerpt(object, "body", text);
        write_numbers(object, "timings", timings.iter().map(|(stage, micros)| (stage.as_str(), *micros)));
    }

    fn body(&mut self) -> Option<&mut Excerpt> {
        Some(&mut self.text)
    }

    fn cut_names(&mut self) {
        let Self {
            id: _,
            at: _,
            result,
            upstream_status: _,
            bytes_out: _,
            frames: _,
            findings,
            masked,
            text: _,
            timings: _,
        } = self;
        match result {
            CallResult::Failed { kind } => cut::string(kind),
            CallResult::Cancelled | CallResult::Completed { is_error: _ } | CallResult::Interrupted => {}
        }
        cut::counts(findings);
        cut::counts(masked);
    }
}

fn write_result(object: &mut Object, result: &CallResult) {
    match result {
        CallResult::Cancelled => object.string("status", "cancelled"),
        CallResult::Completed { is_error } => {
            object.string("status", "completed");
            object.plain("is_error", is_error);
        }
        CallResult::Failed { kind } => {
            object.string("status", "failed");
            object.string("kind", kind);
        }
        CallResult::Interrupted => object.string("status", "interrupted"),
    }
}

impl Readable for Outcome {
    type Form = Form;
}

impl TryFrom<Form> for Outcome {
    type Error = DecodeError;

    fn try_from(form: Form) -> Result<Self, DecodeError> {
        let timings = form.timings.into_iter().map(|(stage, micros)| {
            let stage = stage.parse::<Stage>().map_err(|_| DecodeError::InvalidField { field: "timings" })?;
            Ok((stage, micros))
        });
        Ok(Self {
            id: id(&form.id)?,
            at: UnixMillis(form.at),
            result: form.result.try_into()?,
            upstream_status: form.upstream_status,
            bytes_out: form.bytes_out,
            frames: form.frames,
            findings: form.findings,
            masked: form.masked,
            text: form.body.into(),
            timings: timings.collect::<Result<_, DecodeError>>()?,
        })
    }
}

impl TryFrom<ResultForm> for CallResult {
    type Error = DecodeError;

    fn try_from(form: ResultForm) -> Result<Self, DecodeError> {
        let ResultForm { status, is_error, kind } = form;
        match (status.as_str(), is_error, kind) {
            ("cancelled", None, None) => Ok(Self::Cancelled),
            ("completed", Some(is_error), None) => Ok(Self::Completed { is_error }),
            ("failed", None, Some(kind)) => Ok(Self::Failed { kind }),
            ("interrupted", None, None) => Ok(Self::Interrupted),
            _ => Err(DecodeError::InvalidField { field: "result" }),
        }
    }
}
