//! The stored form of what several kinds of record hold.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::digest::KeyedDigest;
use crate::error::DecodeError;
use crate::excerpt::Excerpt;
use crate::id::RecordId;
use crate::intent::{Arguments, DecisionSummary, PolicyRef, Verdict};
use crate::json::Object;
use crate::principal::{Attribute, Granted, PrincipalKind, Who};

pub(super) fn id(text: &str) -> Result<RecordId, DecodeError> {
    text.parse().map_err(|_| DecodeError::InvalidField { field: "id" })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExcerptForm {
    text: String,
    #[serde(default)]
    omitted: u64,
}

pub(super) fn write_excerpt(object: &mut Object, key: &str, excerpt: &Excerpt) {
    object.object(key, |object| write_excerpt_fields(object, excerpt));
}

pub(super) fn write_excerpt_fields(object: &mut Object, excerpt: &Excerpt) {
    object.string("text", excerpt.text());
    if excerpt.n_omitted() > 0 {
        object.plain("omitted", excerpt.n_omitted());
    }
}

/// Numbers by what they are of; nothing if there are none.
pub(super) fn write_numbers<'n>(
    object: &mut Object,
    key: &str,
    numbers: impl Iterator<Item = (&'n str, u64)>,
) {
    let mut numbers = numbers.peekable();
    if numbers.peek().is_some() {
        object.object(key, |object| numbers.for_each(|(name, number)| object.plain(name, number)));
    }
}

impl From<ExcerptForm> for Excerpt {
    fn from(form: ExcerptForm) -> Self {
        let ExcerptForm { text, omitted } = form;
        Self::from_parts(text, omitted)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WhoForm {
    issuer: String,
    subject: String,
    kind: String,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    granted: Vec<GrantedForm>,
    attributes: Option<BTreeMap<String, AttributeForm>>,
    client: Option<String>,
    #[serde(default)]
    actors: Vec<String>,
    token_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GrantedForm {
    group: String,
    request: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum AttributeForm {
    Flag(bool),
    Number(i64),
    Text(String),
    Texts(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ArgumentsForm {
    digest: String,
    text: String,
    #[serde(default)]
    omitted: u64,
    #[serde(default)]
    restored: BTreeMap<String, u32>,
}

pub(super) fn write_arguments(object: &mut Object, arguments: &Arguments) {
    let Arguments { digest, text, restored } = arguments;
    object.object("arguments", |object| {
        object.string("digest", &digest.to_string());
        write_excerpt_fields(object, text);
        let restored = restored.iter().map(|(class, n)| (class.as_str(), u64::from(*n)));
        write_numbers(object, "restored", restored);
    });
}

impl TryFrom<ArgumentsForm> for Arguments {
    type Error = DecodeError;

    fn try_from(form: ArgumentsForm) -> Result<Self, DecodeError> {
        let ArgumentsForm { digest, text, omitted, restored } = form;
        let digest = digest.parse::<KeyedDigest>();
        let digest = digest.map_err(|_| DecodeError::InvalidField { field: "arguments.digest" })?;
        Ok(Self { digest, text: Excerpt::from_parts(text, omitted), restored })
    }
}

pub(super) fn write_who(object: &mut Object, who: &Who) {
    let Who { issuer, subject, kind, groups, granted, attributes, client, actors, token_id } = who;
    object.object("principal", |object| {
        object.string("issuer", issuer);
        object.string("subject", subject);
        object.string("kind", kind_name(*kind));
        object.strings("groups", groups);
        object.objects("granted", granted, write_granted);
        if let Some(attributes) = attributes {
            object.object("attributes", |object| {
                attributes.iter().for_each(|(name, value)| write_attribute(object, name, value));
            });
        }
        object.optional_string("client", client.as_deref());
        object.strings("actors", actors);
        object.optional_string("token_id", token_id.as_deref());
    });
}

fn write_attribute(object: &mut Object, name: &str, value: &Attribute) {
    match value {
        Attribute::Flag(flag) => object.plain(name, flag),
        Attribute::Number(number) => object.plain(name, number),
        Attribute::Text(text) => object.string(name, text),
        // An empty list is left out elsewhere, and is a value here.
        Attribute::Texts(texts) if texts.is_empty() => object.plain(name, "[]"),
        Attribute::Texts(texts) => object.strings(name, texts),
    }
}

impl From<AttributeForm> for Attribute {
    fn from(form: AttributeForm) -> Self {
        match form {
            AttributeForm::Flag(flag) => Self::Flag(flag),
            AttributeForm::Number(number) => Self::Number(number),
            AttributeForm::Text(text) => Self::Text(text),
            AttributeForm::Texts(texts) => Self::Texts(texts),
        }
    }
}

fn write_granted(object: &mut Object, granted: &Granted) {
    let Granted { group, request } = granted;
    object.string("group", group);
    object.string("request", request);
}

impl TryFrom<WhoForm> for Who {
    type Error = DecodeError;

    fn try_from(form: WhoForm) -> Result<Self, DecodeError> {
        let WhoForm { issuer, subject, kind, groups, granted, attributes, client, actors, token_id } = form;
        let attributes = attributes
            .map(|attributes| attributes.into_iter().map(|(name, value)| (name, value.into())).collect());
        let granted =
            granted.into_iter().map(|GrantedForm { group, request }| Granted { group, request }).collect();
        let kind = [PrincipalKind::User, PrincipalKind::Workload]
            .into_iter()
            .find(|known| kind_name(*known) == kind)
            .ok_or(DecodeError::InvalidField { field: "principal.kind" })?;
        Ok(Self { issuer, subject, kind, groups, granted, attributes, client, actors, token_id })
    }
}

fn kind_name(kind: PrincipalKind) -> &'static str {
    match kind {
        PrincipalKind::User => "user",
        PrincipalKind::Workload => "workload",
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DecisionForm {
    outcome: String,
    bundle: Option<String>,
    #[serde(default)]
    policies: Vec<PolicyForm>,
    #[serde(default)]
    observed: Vec<PolicyForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyForm {
    id: String,
    digest: String,
}

pub(super) fn write_decision(object: &mut Object, decision: &DecisionSummary) {
    let DecisionSummary { outcome, bundle, policies, observed } = decision;
    object.object("decision", |object| {
        object.string("outcome", verdict_name(*outcome));
        object.optional_string("bundle", bundle.as_deref());
        object.objects("policies", policies, write_policy);
        object.objects("observed", observed, write_policy);
    });
}

fn write_policy(object: &mut Object, policy: &PolicyRef) {
    let PolicyRef { id, digest } = policy;
    object.string("id", id);
    object.string("digest", digest);
}

impl TryFrom<DecisionForm> for DecisionSummary {
    type Error = DecodeError;

    fn try_from(form: DecisionForm) -> Result<Self, DecodeError> {
        let DecisionForm { outcome, bundle, policies, observed } = form;
        let outcome = [Verdict::Allow, Verdict::Deny, Verdict::Hold]
            .into_iter()
            .find(|known| verdict_name(*known) == outcome)
            .ok_or(DecodeError::InvalidField { field: "decision.outcome" })?;
        let refs = |forms: Vec<PolicyForm>| forms.into_iter().map(PolicyRef::from).collect();
        Ok(Self { outcome, bundle, policies: refs(policies), observed: refs(observed) })
    }
}

impl From<PolicyForm> for PolicyRef {
    fn from(form: PolicyForm) -> Self {
        let PolicyForm { id, digest } = form;
        Self { id, digest }
    }
}

fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allow => "allow",
        Verdict::Deny => "deny",
        Verdict::Hold => "hold",
    }
}
