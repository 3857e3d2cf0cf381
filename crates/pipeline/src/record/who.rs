//! Who called, as records say it: ids, and the claims that policies see.

use portcullis_identity::{self as identity, AttributeValue, VerifiedToken};
use portcullis_ledger::{Attribute, Granted, PrincipalKind, Who};

use crate::guard::Masker;
use crate::record::masked;

pub(super) fn who(masker: &mut Masker, token: &VerifiedToken) -> Who {
    let principal = token.principal();
    let attribute = |(name, value): (&String, &AttributeValue)| (name.clone(), attribute(masker, value));
    Who {
        issuer: principal.issuer.to_string(),
        subject: principal.subject.to_string(),
        kind: match principal.kind {
            identity::PrincipalKind::User => PrincipalKind::User,
            identity::PrincipalKind::Workload => PrincipalKind::Workload,
        },
        groups: principal.groups.iter().map(ToString::to_string).collect(),
        granted: principal.granted.iter().map(granted).collect(),
        attributes: Some(principal.attributes.iter().map(attribute).collect()),
        client: principal.client.clone(),
        actors: principal.actors.iter().map(|actor| actor.subject.to_string()).collect(),
        token_id: token.token_id().map(ToOwned::to_owned),
    }
}

/// A claim as policies see it, but masked for everybody.
fn attribute(masker: &mut Masker, value: &AttributeValue) -> Attribute {
    match value {
        AttributeValue::Bool(flag) => Attribute::Flag(*flag),
        AttributeValue::Integer(number) => Attribute::Number(*number),
        AttributeValue::Text(text) => Attribute::Text(masked(masker, text)),
        AttributeValue::TextList(texts) => {
            Attribute::Texts(texts.iter().map(|text| masked(masker, text)).collect())
        }
    }
}

fn granted((group, request): (&identity::Group, &String)) -> Granted {
    Granted { group: group.to_string(), request: request.clone() }
}
