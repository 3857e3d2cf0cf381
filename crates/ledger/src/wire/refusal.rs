//! The stored form of a refusal.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::parts::{
    ArgumentsForm, DecisionForm, ExcerptForm, WhoForm, id, write_arguments, write_decision, write_excerpt,
    write_who,
};
use super::{Readable, cut};
use crate::error::DecodeError;
use crate::excerpt::Excerpt;
use crate::id::UnixMillis;
use crate::intent::Arguments;
use crate::json::Object;
use crate::record::Stored;
use crate::refusal::Refusal;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Form {
    #[serde(rename = "v")]
    _v: IgnoredAny,
    #[serde(rename = "kind")]
    _kind: IgnoredAny,
    id: String,
    at: u64,
    stage: String,
    error: String,
    explanation: ExcerptForm,
    principal: Option<WhoForm>,
    connection: Option<String>,
    method: Option<String>,
    name: Option<String>,
    arguments: Option<ArgumentsForm>,
    #[serde(default)]
    labels: BTreeSet<String>,
    decision: Option<DecisionForm>,
    approval: Option<String>,
    trace: Option<String>,
    client_address: Option<String>,
    request_bytes: u64,
}

impl Stored for Refusal {
    const KIND: &'static str = "refusal";

    fn write(&self, object: &mut Object) {
        // Every field is named, so that a new one cannot be forgotten here.
        let Self {
            id,
            at,
            stage,
            kind,
            explanation,
            principal,
            connection,
            method,
            name,
            arguments,
            labels,
            decision,
            approval,
            trace,
            client_address,
            request_bytes,
        } = self;
        object.string("id", &id.to_string());
        object.plain("at", at.0);
        object.string("stage", stage.as_str());
        object.string("error", kind);
        write_excerpt(object, "explanation", explanation);
        if let Some(who) = principal {
            write_who(object, who);
        }
        object.optional_string("connection", connection.as_deref());
        object.optional_string("method", method.as_deref());
        object.optional_string("name", name.as_deref());
        if let Some(arguments) = arguments {
            write_arguments(object, arguments);
        }
        object.strings("labels", labels);
        if let Some(decision) = decision {
            write_decision(object, decision);
        }
        object.optional_string("approval", approval.as_deref());
        object.optional_string("trace", trace.as_deref());
        object.optional_string("client_address", client_address.as_deref());
        object.plain("request_bytes", request_bytes);
    }

    fn body(&mut self) -> Option<&mut Excerpt> {
        // Where there are arguments, policy has refused, and the explanation names policies.
        Some(self.arguments.as_mut().map_or(&mut self.explanation, |arguments| &mut arguments.text))
    }

    fn cut_names(&mut self) {
        let Self {
            id: _,
            at: _,
            stage: _,
            kind,
            explanation,
            principal,
            connection,
            method,
            name,
            arguments,
            labels,
            decision,
            approval,
            trace,
            client_address,
            request_bytes: _,
        } = self;
        cut::string(kind);
        if let Some(Arguments { digest: _, text: _, restored }) = arguments {
            explanation.shrink_to(MAX_EXPLANATION);
            cut::counts(restored);
        }
        cut::set(labels);
        principal.iter_mut().for_each(cut::who);
        cut::optional(connection);
        cut::optional(method);
        cut::optional(name);
        decision.iter_mut().for_each(cut::decision);
        cut::optional(approval);
        cut::optional(trace);
        cut::optional(client_address);
    }
}

impl Readable for Refusal {
    type Form = Form;
}

impl TryFrom<Form> for Refusal {
    type Error = DecodeError;

    fn try_from(form: Form) -> Result<Self, DecodeError> {
        Ok(Self {
            id: id(&form.id)?,
            at: UnixMillis(form.at),
            stage: form.stage.parse().map_err(|_| DecodeError::InvalidField { field: "stage" })?,
            kind: form.error,
            explanation: form.explanation.into(),
            principal: form.principal.map(TryInto::try_into).transpose()?,
            connection: form.connection,
            method: form.method,
            name: form.name,
            arguments: form.arguments.map(TryInto::try_into).transpose()?,
            labels: form.labels,
            decision: form.decision.map(TryInto::try_into).transpose()?,
            approval: form.approval,
            trace: form.trace,
            client_address: form.client_address,
            request_bytes: form.request_bytes,
        })
    }
}

/// How many bytes of JSON are kept of an explanation that is not the longest part of its record.
const MAX_EXPLANATION: usize = 4096;
