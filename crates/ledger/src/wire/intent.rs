//! The stored form of an intent.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::parts::{ArgumentsForm, DecisionForm, WhoForm, id, write_arguments, write_decision, write_who};
use super::{Readable, cut};
use crate::digest::KeyedDigest;
use crate::error::DecodeError;
use crate::excerpt::Excerpt;
use crate::id::UnixMillis;
use crate::intent::{Arguments, Intent};
use crate::json::Object;
use crate::record::Stored;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Form {
    #[serde(rename = "v")]
    _v: IgnoredAny,
    #[serde(rename = "kind")]
    _kind: IgnoredAny,
    id: String,
    at: u64,
    principal: WhoForm,
    connection: String,
    revision: String,
    session: Option<String>,
    method: String,
    name: Option<String>,
    definition: Option<String>,
    approval: Option<String>,
    arguments: ArgumentsForm,
    #[serde(default)]
    labels: BTreeSet<String>,
    decision: DecisionForm,
    trace: Option<String>,
    client_address: Option<String>,
    request_bytes: u64,
}

impl Stored for Intent {
    const KIND: &'static str = "intent";

    fn write(&self, object: &mut Object) {
        // Every field is named, so that a new one cannot be forgotten here.
        let Self {
            id,
            at,
            principal,
            connection,
            revision,
            session,
            method,
            name,
            definition,
            approval,
            arguments,
            labels,
            decision,
            trace,
            client_address,
            request_bytes,
        } = self;
        object.string("id", &id.to_string());
        object.plain("at", at.0);
        write_who(object, principal);
        object.string("connection", connection);
        object.string("revision", revision);
        object.optional_string("session", session.map(|digest| digest.to_string()).as_deref());
        object.string("method", method);
        object.optional_string("name", name.as_deref());
        object.optional_string("definition", definition.as_deref());
        object.optional_string("approval", approval.as_deref());
        write_arguments(object, arguments);
        object.strings("labels", labels);
        write_decision(object, decision);
        object.optional_string("trace", trace.as_deref());
        object.optional_string("client_address", client_address.as_deref());
        object.plain("request_bytes", request_bytes);
    }

    fn body(&mut self) -> Option<&mut Excerpt> {
        Some(&mut self.arguments.text)
    }

    fn cut_names(&mut self) {
        let Self {
            id: _,
            at: _,
            principal,
            connection,
            revision,
            session: _,
            method,
            name,
            definition,
            approval,
            arguments: Arguments { digest: _, text: _, restored },
            labels,
            decision,
            trace,
            client_address,
            request_bytes: _,
        } = self;
        cut::who(principal);
        cut::string(connection);
        cut::string(revision);
        cut::string(method);
        cut::optional(name);
        cut::optional(definition);
        cut::optional(approval);
        cut::counts(restored);
        cut::set(labels);
        cut::decision(decision);
        cut::optional(trace);
        cut::optional(client_address);
    }
}

impl Readable for Intent {
    type Form = Form;
}

impl TryFrom<Form> for Intent {
    type Error = DecodeError;

    fn try_from(form: Form) -> Result<Self, DecodeError> {
        let digest =
            |text: &str, field| text.parse::<KeyedDigest>().map_err(|_| DecodeError::InvalidField { field });
        Ok(Self {
            id: id(&form.id)?,
            at: UnixMillis(form.at),
            principal: form.principal.try_into()?,
            connection: form.connection,
            revision: form.revision,
            session: form.session.map(|text| digest(&text, "session")).transpose()?,
            method: form.method,
            name: form.name,
            definition: form.definition,
            approval: form.approval,
            arguments: form.arguments.try_into()?,
            labels: form.labels,
            decision: form.decision.try_into()?,
            trace: form.trace,
            client_address: form.client_address,
            request_bytes: form.request_bytes,
        })
    }
}
