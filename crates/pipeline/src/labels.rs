//! Stage 4: what was found in the request, as labels for policy.

use std::collections::BTreeSet;

use portcullis_detect::{Class, Detectors, Place};
use portcullis_mcp::carried::Carried;
use portcullis_mcp::era::Call;
use portcullis_mcp::json::{Json, Object};
use portcullis_settings::ClassName;

use crate::active::Active;
use crate::gateway::Gateway;

/// The classes of everything that a call contains: its id and its parameters, keys and numbers too.
pub(crate) fn of((gateway, active): (&Gateway, &Active), call: &Call<'_>) -> BTreeSet<ClassName> {
    let mut search = Search::new(active.detectors());
    search.value((Place::default(), ""), &call.id.clone().into_json());
    if let Some(params) = &call.params {
        search.members(active.detectors().top(), params);
    }
    named((gateway, active), search.classes)
}

/// The classes of everything that a value contains.
pub(crate) fn of_value((gateway, active): (&Gateway, &Active), value: &Json<'_>) -> BTreeSet<ClassName> {
    let mut search = Search::new(active.detectors());
    search.value((active.detectors().top(), ""), value);
    named((gateway, active), search.classes)
}

fn named((gateway, active): (&Gateway, &Active), classes: BTreeSet<Class>) -> BTreeSet<ClassName> {
    classes.into_iter().filter_map(|class| gateway.class_name(active, class).cloned()).collect()
}

/// What was found so far.
struct Search<'s> {
    detectors: &'s Detectors,
    classes: BTreeSet<Class>,
    /// How many texts that are carried in another the one is in that is looked at.
    carried: usize,
}

impl<'s> Search<'s> {
    fn new(detectors: &'s Detectors) -> Self {
        Self { detectors, classes: BTreeSet::new(), carried: 0 }
    }

    fn members(&mut self, at: Place, object: &Object<'_>) {
        if let Some(blob) = Carried::of_blob(object) {
            self.carried((at, "blob"), &blob);
        }
        for (key, value) in object.iter() {
            self.classes.extend(self.detectors.scan(key).classes());
            self.classes.extend(dangers(key));
            self.value((self.detectors.member(at, key), key), value);
        }
    }

    /// `key` is the name of the member that the value is, or is in a list of.
    fn value(&mut self, (at, key): (Place, &str), value: &Json<'_>) {
        match value {
            Json::Null | Json::Bool(_) => {}
            Json::Number(number) => {
                let findings = self.detectors.scan_number_at(at, key, number.as_str());
                self.classes.extend(findings.classes());
            }
            Json::String(text) => self.text((at, key), text),
            Json::Array(items) => items.iter().enumerate().for_each(|(index, item)| {
                self.value((self.detectors.item(at, index), key), item);
            }),
            Json::Object(object) => self.members(at, object),
        }
    }

    fn text(&mut self, (at, key): (Place, &str), text: &str) {
        self.classes.extend(self.detectors.scan_at(at, key, text).classes());
        self.classes.extend(dangers(text));
        for carried in [Carried::of_url(text), Carried::of_document(text)].into_iter().flatten() {
            self.carried((at, key), &carried);
        }
    }

    /// Whatever it is called: the server may take it for what it is.
    fn carried(&mut self, at: (Place, &str), carried: &Carried) {
        if self.carried >= Carried::DEEPEST {
            return;
        }
        self.carried += 1;
        match carried.json() {
            Some(json) => self.value((self.detectors.top(), ""), &json),
            None => self.text(at, carried.text()),
        }
        self.carried -= 1;
    }
}

/// What a text would do if the server ran it.
fn dangers(text: &str) -> impl Iterator<Item = Class> {
    portcullis_danger::classes(text).into_iter().map(|danger| Class::custom(danger.as_str()))
}
