//! What the gateway would find and mask, by its own detectors.
//!
//! The same walk over keys, strings and numbers as in the gateway: `crates/pipeline`, `labels` and `guard::mask`.

use std::borrow::Cow;
use std::collections::BTreeSet;

use portcullis_detect::{Class, Detectors, Findings, Mask, Place, dummy, partial};
use portcullis_identity::Principal;
use portcullis_mcp::carried::{Carried, Coding};
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
    let mut search = Search { detectors, classes: BTreeSet::new(), carried: 0 };
    if let Some(subject) = wanted.subject() {
        search.classes.extend(detectors.scan(subject).classes());
    }
    if let Some(input) = input {
        search.value((detectors.top(), ""), input);
    }
    search.classes.into_iter().filter_map(|class| class.as_str().parse().ok()).collect()
}

/// What was found so far.
struct Search<'s> {
    detectors: &'s Detectors,
    classes: BTreeSet<Class>,
    /// How many texts that are carried in another the one is in that is looked at.
    carried: usize,
}

impl Search<'_> {
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
            Json::Object(object) => {
                if let Some(blob) = Carried::of_blob(object) {
                    self.carried((at, "blob"), &blob);
                }
                for (key, value) in object.iter() {
                    self.classes.extend(self.detectors.scan(key).classes());
                    self.classes.extend(dangers(key));
                    self.value((self.detectors.member(at, key), key), value);
                }
            }
        }
    }

    fn text(&mut self, (at, key): (Place, &str), text: &str) {
        self.classes.extend(self.detectors.scan_at(at, key, text).classes());
        self.classes.extend(dangers(text));
        for carried in [Carried::of_url(text), Carried::of_document(text)].into_iter().flatten() {
            self.carried((at, key), &carried);
        }
    }

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

/// Where a value is: in how many texts that are carried in others, at which place, and of a member of which name.
type Around<'k> = (usize, Place, &'k str);

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
    pub(crate) fn masked_text<'t>(&self, text: &'t str, findings: &Findings) -> Cow<'t, str> {
        self.detectors.mask("", text, findings, Disguise(self)).text
    }

    /// Masks a value in place.
    pub(crate) fn value(&self, value: &mut Json<'_>) {
        self.member((0, self.detectors.top(), ""), value);
    }

    fn member(&self, (carried, at, key): Around<'_>, value: &mut Json<'_>) {
        match value {
            Json::Null | Json::Bool(_) => {}
            Json::String(text) => self.text((carried, at, key), text),
            Json::Number(number) => {
                let findings = self.detectors.scan_number_at(at, key, number.as_str());
                if let Some(masked) = self.apply(key, number.as_str(), &findings) {
                    *value = Json::from(masked);
                }
            }
            Json::Array(items) => items.iter_mut().enumerate().for_each(|(index, item)| {
                self.member((carried, self.detectors.item(at, index), key), item);
            }),
            Json::Object(object) => {
                let blob =
                    Carried::of_blob(object).and_then(|blob| self.carried((carried, at, "blob"), &blob));
                if let Some(masked) = blob {
                    object.insert("blob", masked);
                }
                object.iter_mut().for_each(|(key, value)| {
                    self.member((carried, self.detectors.member(at, key), key), value);
                });
                object.rename_keys(|key| self.apply("", key, &self.detectors.scan(key)));
            }
        }
    }

    fn text(&self, around: Around<'_>, text: &mut Cow<'_, str>) {
        let (_, at, key) = around;
        self.url(around, (text, Coding::Base64));
        if let Some(masked) = Carried::of_document(text).and_then(|text| self.carried(around, &text)) {
            *text = masked.into();
        }
        if let Some(masked) = self.apply(key, text, &self.detectors.scan_at(at, key, text)) {
            *text = masked.into();
        }
        self.url(around, (text, Coding::Percent));
    }

    fn url(&self, around: Around<'_>, (text, coding): (&mut Cow<'_, str>, Coding)) {
        let url = Carried::of_url(text).filter(|url| url.coding() == Some(coding));
        if let Some(masked) = url.and_then(|url| self.carried(around, &url)) {
            *text = masked.into();
        }
    }

    fn carried(&self, (depth, at, key): Around<'_>, carried: &Carried) -> Option<String> {
        if depth >= Carried::DEEPEST {
            return None;
        }
        let masked = match carried.json() {
            Some(mut json) => {
                let before = json.clone();
                self.member((depth + 1, self.detectors.top(), ""), &mut json);
                (json != before).then(|| json.to_string())
            }
            None => {
                let mut text = Cow::Borrowed(carried.text());
                self.text((depth + 1, at, key), &mut text);
                (text != carried.text()).then(|| text.into_owned())
            }
        };
        masked.map(|masked| carried.carry(&masked))
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
