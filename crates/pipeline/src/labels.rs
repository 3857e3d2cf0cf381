//! Stage 4: what was found in the request, as labels for policy.

use std::collections::BTreeSet;

use portcullis_detect::Class;
use portcullis_mcp::era::Call;
use portcullis_mcp::json::{Json, Object};
use portcullis_settings::ClassName;

use crate::gateway::Gateway;

/// The classes of everything that a call contains: its id and its parameters, keys and numbers too.
pub(crate) fn of(gateway: &Gateway, call: &Call<'_>) -> BTreeSet<ClassName> {
    let mut classes = BTreeSet::new();
    scan(gateway, "", &call.id.clone().into_json(), &mut classes);
    if let Some(params) = &call.params {
        scan_members(gateway, params, &mut classes);
    }
    named(gateway, classes)
}

/// The classes of everything that a value contains.
pub(crate) fn of_value(gateway: &Gateway, value: &Json<'_>) -> BTreeSet<ClassName> {
    let mut classes = BTreeSet::new();
    scan(gateway, "", value, &mut classes);
    named(gateway, classes)
}

fn named(gateway: &Gateway, classes: BTreeSet<Class>) -> BTreeSet<ClassName> {
    classes.into_iter().filter_map(|class| gateway.class_name(class).cloned()).collect()
}

fn scan_members(gateway: &Gateway, object: &Object<'_>, classes: &mut BTreeSet<Class>) {
    for (key, value) in object.iter() {
        classes.extend(gateway.detectors().scan(key).classes());
        classes.extend(dangers(key));
        scan(gateway, key, value, classes);
    }
}

/// `key` is the name of the member that the value is, or is in a list of.
fn scan(gateway: &Gateway, key: &str, value: &Json<'_>, classes: &mut BTreeSet<Class>) {
    let detectors = gateway.detectors();
    match value {
        Json::Null | Json::Bool(_) => {}
        Json::Number(number) => classes.extend(detectors.scan_number(key, number.as_str()).classes()),
        Json::String(text) => {
            classes.extend(detectors.scan_member(key, text).classes());
            classes.extend(dangers(text));
        }
        Json::Array(items) => items.iter().for_each(|item| scan(gateway, key, item, classes)),
        Json::Object(object) => scan_members(gateway, object, classes),
    }
}

/// What a text would do if the server ran it.
fn dangers(text: &str) -> impl Iterator<Item = Class> {
    portcullis_danger::classes(text).into_iter().map(|danger| Class::custom(danger.as_str()))
}
