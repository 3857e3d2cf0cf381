//! Stage 4: what was found in the request, as labels for policy.

use std::collections::BTreeSet;

use portcullis_detect::{Class, Detectors, Place};
use portcullis_mcp::era::Call;
use portcullis_mcp::json::{Json, Object};
use portcullis_settings::ClassName;

use crate::active::Active;
use crate::gateway::Gateway;

/// The classes of everything that a call contains: its id and its parameters, keys and numbers too.
pub(crate) fn of((gateway, active): (&Gateway, &Active), call: &Call<'_>) -> BTreeSet<ClassName> {
    let mut classes = BTreeSet::new();
    let detectors = active.detectors();
    scan(detectors, (Place::default(), ""), &call.id.clone().into_json(), &mut classes);
    if let Some(params) = &call.params {
        scan_members(detectors, detectors.top(), params, &mut classes);
    }
    named((gateway, active), classes)
}

/// The classes of everything that a value contains.
pub(crate) fn of_value((gateway, active): (&Gateway, &Active), value: &Json<'_>) -> BTreeSet<ClassName> {
    let mut classes = BTreeSet::new();
    let detectors = active.detectors();
    scan(detectors, (detectors.top(), ""), value, &mut classes);
    named((gateway, active), classes)
}

fn named((gateway, active): (&Gateway, &Active), classes: BTreeSet<Class>) -> BTreeSet<ClassName> {
    classes.into_iter().filter_map(|class| gateway.class_name(active, class).cloned()).collect()
}

fn scan_members(detectors: &Detectors, at: Place, object: &Object<'_>, classes: &mut BTreeSet<Class>) {
    for (key, value) in object.iter() {
        classes.extend(detectors.scan(key).classes());
        classes.extend(dangers(key));
        scan(detectors, (detectors.member(at, key), key), value, classes);
    }
}

/// `key` is the name of the member that the value is, or is in a list of.
fn scan(detectors: &Detectors, (at, key): (Place, &str), value: &Json<'_>, classes: &mut BTreeSet<Class>) {
    match value {
        Json::Null | Json::Bool(_) => {}
        Json::Number(number) => classes.extend(detectors.scan_number_at(at, key, number.as_str()).classes()),
        Json::String(text) => {
            classes.extend(detectors.scan_at(at, key, text).classes());
            classes.extend(dangers(text));
        }
        Json::Array(items) => items.iter().enumerate().for_each(|(index, item)| {
            scan(detectors, (detectors.item(at, index), key), item, classes);
        }),
        Json::Object(object) => scan_members(detectors, at, object, classes),
    }
}

/// What a text would do if the server ran it.
fn dangers(text: &str) -> impl Iterator<Item = Class> {
    portcullis_danger::classes(text).into_iter().map(|danger| Class::custom(danger.as_str()))
}
