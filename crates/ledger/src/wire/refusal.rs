//! The stored form of a refusal.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::parts::{DecisionForm, ExcerptForm, WhoForm, id, write_decision, write_excerpt, write_who};
use super::{Readable, cut};
use crate::error::DecodeError;
use crate::excerpt::Excerpt;
use crate::id::UnixMillis;
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
        if let Some(decision) = decision {
            write_decision(object, decision);
        }
        object.optional_string("approval", approval.as_deref());
        object.optional_string("trace", trace.as_deref());
        object.optional_string("client_address", client_address.as_deref());
        object.plain("request_bytes", request_bytes);
    }

    fn body(&mut self) -> Option<&mut Excerpt> {
        Some(&mut self.explanation)
    }

    fn cut_names(&mut self) {
        let Self {
            id: _,
            at: _,
            stage: _,
            kind,
            explanation: _,
            principal,
            connection,
            method,
            name,
            decision,
            approval,
            trace,
            client_address,
            request_bytes: _,
        } = self;
        cut::string(kind);
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
            decision: form.decision.map(TryInto::try_into).transpose()?,
            approval: form.approval,
            trace: form.trace,
            client_address: form.client_address,
            request_bytes: form.request_bytes,
        })
    }
}
