//! What the gateway would find and mask, by its own detectors.
//!
//! The same walk over keys, strings and numbers as in the gateway: `crates/pipeline`, `labels` and `guard::mask`.

use std::borrow::Cow;
use std::collections::BTreeSet;

use portcullis_detect::{Class, Detectors, Findings, Mask, Place, dummy, partial};
use portcullis_identity::Principal;
use portcullis_mcp::json::Json;
use portcullis_policy::PolicySet;
use portcullis_settings::{ClassName, ConnectionName, Masking, Strategy};

use crate::trial::wanted::Wanted;

/// The labels of a request.
pub(crate) fn labels(
    detectors: &Detectors,
    wanted: &Wanted,
    input: Option<&Json<'_>>,
) -> BTreeSet<ClassName> {
    let mut classes = BTreeSet::new();
    classes.extend(wanted.subject().map(|text| detectors.scan(text).classes()).into_iter().flatten());
    if let Some(input) = input {
        scan(detectors, (detectors.top(), ""), input, &mut classes);
    }
    classes.into_iter().filter_map(|class| class.as_str().parse().ok()).collect()
}

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
        Json::Object(object) => {
            for (key, value) in object.iter() {
                classes.extend(detectors.scan(key).classes());
                classes.extend(dangers(key));
                scan(detectors, (detectors.member(at, key), key), value, classes);
            }
        }
    }
}

/// What a text would do if the server ran it.
pub(crate) fn dangers(text: &str) -> impl Iterator<Item = Class> {
    portcullis_danger::classes(text).into_iter().map(|danger| Class::custom(danger.as_str()))
}

/// Masks what one principal would see of an answer.
#[derive(Debug)]
pub(crate) struct Masker {
    detectors: Detectors,
    masked: BTreeSet<Class>,
    masking: Masking,
}

impl Masker {
    pub(crate) fn new(
        policies: &PolicySet,
        (detectors, masking): (&Detectors, &Masking),
        principal: &Principal,
        connection: &ConnectionName,
    ) -> Self {
        let may_see = |name: &ClassName| policies.may_unmask(principal, connection, name);
        Self::for_whom(may_see, (detectors, masking))
    }

    /// For somebody who may see nothing in clear.
    pub(crate) fn for_anyone(detectors: &Detectors, masking: &Masking) -> Self {
        Self::for_whom(|_| false, (detectors, masking))
    }

    fn for_whom(may_see: impl Fn(&ClassName) -> bool, (detectors, masking): (&Detectors, &Masking)) -> Self {
        let is_masked = |class: &Class| match class.as_str().parse::<ClassName>() {
            Ok(name) => masking.covers(&name, class.is_sensitive()) && !may_see(&name),
            Err(_) => true,
        };
        let masked = detectors.classes().into_iter().filter(is_masked).collect();
        Self { detectors: detectors.clone(), masked, masking: masking.clone() }
    }

    /// Whether values of a class are masked.
    pub(crate) fn masks(&self, class: Class) -> bool {
        self.masked.contains(&class)
    }

    /// Masks a text by itself, in which this was found.
    pub(crate) fn text<'t>(&self, text: &'t str, findings: &Findings) -> Cow<'t, str> {
        self.detectors.mask("", text, findings, Disguise(self)).text
    }

    /// Masks a value in place.
    pub(crate) fn value(&self, value: &mut Json<'_>) {
        self.member((self.detectors.top(), ""), value);
    }

    fn member(&self, (at, key): (Place, &str), value: &mut Json<'_>) {
        match value {
            Json::Null | Json::Bool(_) => {}
            Json::String(text) => {
                if let Some(masked) = self.apply(key, text, &self.detectors.scan_at(at, key, text)) {
                    *text = masked.into();
                }
            }
            Json::Number(number) => {
                let findings = self.detectors.scan_number_at(at, key, number.as_str());
                if let Some(masked) = self.apply(key, number.as_str(), &findings) {
                    *value = Json::from(masked);
                }
            }
            Json::Array(items) => items.iter_mut().enumerate().for_each(|(index, item)| {
                self.member((self.detectors.item(at, index), key), item);
            }),
            Json::Object(object) => {
                object.iter_mut().for_each(|(key, value)| {
                    self.member((self.detectors.member(at, key), key), value);
                });
                object.rename_keys(|key| self.apply("", key, &self.detectors.scan(key)));
            }
        }
    }

    /// The masked text, if anything in it is masked.
    fn apply(&self, key: &str, text: &str, findings: &Findings) -> Option<String> {
        let masked = self.detectors.mask(key, text, findings, Disguise(self)).text;
        (masked != text).then(|| masked.into_owned())
    }
}

/// How the gateway would mask. Of a hash or a token, for which the key is not here, the placeholder alone is shown.
struct Disguise<'m>(&'m Masker);

impl Mask for Disguise<'_> {
    fn is_masked(&self, class: Class) -> bool {
        self.0.masks(class)
    }

    fn in_place_of(&self, class: Class, value: &str) -> String {
        let strategy = class.as_str().parse().map(|name| self.0.masking.strategy(&name)).unwrap_or_default();
        match strategy {
            Strategy::Drop => String::new(),
            Strategy::Dummy => dummy(class, value),
            Strategy::Partial => partial(class, value),
            Strategy::Hash | Strategy::Replace | Strategy::Token => class.placeholder(),
        }
    }
}
