//! Masking: every string and number of a frame, keys too, unless the caller may see the class.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use portcullis_detect::{Class, Counts, Findings, Place};
use portcullis_identity::Principal;
use portcullis_mcp::json::{Json, Object};
use portcullis_settings::ConnectionName;

use crate::gateway::Gateway;
use crate::usage::Seen;

/// Masks for one principal on one connection and counts what it saw.
pub(crate) struct Masker {
    gateway: Rc<Gateway>,
    /// For whom; `None` masks every class, as for what is stored.
    reader: Option<(Rc<Principal>, ConnectionName)>,
    /// Which classes are masked for the reader; asked of policy when a class is first found.
    masked_classes: RefCell<BTreeMap<Class, bool>>,
    found: Counts,
    masked: Counts,
    /// What was found since it was last taken, if somebody counts values.
    seen: Option<Seen>,
}

impl Masker {
    /// For a caller, who may be allowed to see some classes.
    pub(crate) fn for_caller(
        gateway: Rc<Gateway>,
        principal: Rc<Principal>,
        connection: ConnectionName,
    ) -> Self {
        Self { reader: Some((principal, connection)), ..Self::for_store(gateway) }
    }

    /// For what is stored: no class is spared.
    pub(crate) fn for_store(gateway: Rc<Gateway>) -> Self {
        Self {
            gateway,
            reader: None,
            masked_classes: RefCell::default(),
            found: Counts::default(),
            masked: Counts::default(),
            seen: None,
        }
    }

    /// Remembers what is found from now on.
    pub(crate) fn watch(&mut self) {
        self.seen = Some(Seen::default());
    }

    /// What was found since this was last asked, masked or not; nothing unless it is watched.
    pub(crate) fn take_seen(&mut self) -> Seen {
        self.seen.as_mut().map(std::mem::take).unwrap_or_default()
    }

    pub(crate) fn found(&self) -> &Counts {
        &self.found
    }

    pub(crate) fn masked(&self) -> &Counts {
        &self.masked
    }

    /// Masks a value in place, whatever it is.
    pub(crate) fn value(&mut self, value: &mut Json<'_>) {
        let top = self.gateway.active().detectors().top();
        self.member(top, "", value);
    }

    /// Masks the value of a member, whose name may say what the value is.
    fn member(&mut self, at: Place, key: &str, value: &mut Json<'_>) {
        match value {
            Json::Null | Json::Bool(_) => {}
            Json::String(text) => self.text_of(at, key, text),
            Json::Array(items) => self.items(at, key, items),
            Json::Object(object) => self.members_at(at, object, &[]),
            Json::Number(number) => {
                let findings = self.gateway.active().detectors().scan_number_at(at, key, number.as_str());
                if let Some(masked) = self.apply(key, number.as_str(), &findings) {
                    *value = Json::String(Cow::Owned(masked));
                }
            }
        }
    }

    /// Masks the members of an object in place, keys included, but for those named `opaque`.
    pub(crate) fn members(&mut self, object: &mut Object<'_>, opaque: &[&str]) {
        let top = self.gateway.active().detectors().top();
        self.members_at(top, object, opaque);
    }

    fn items(&mut self, at: Place, key: &str, items: &mut [Json<'_>]) {
        let active = self.gateway.active();
        for (index, item) in items.iter_mut().enumerate() {
            self.member(active.detectors().item(at, index), key, item);
        }
    }

    fn members_at(&mut self, at: Place, object: &mut Object<'_>, opaque: &[&str]) {
        let active = self.gateway.active();
        for (key, value) in object.iter_mut() {
            if !opaque.contains(&key) {
                self.member(active.detectors().member(at, key), key, value);
            }
        }
        object.rename_keys(|key| {
            let findings = active.detectors().scan(key);
            self.apply("", key, &findings)
        });
    }

    /// Masks a text in place.
    pub(crate) fn text(&mut self, text: &mut Cow<'_, str>) {
        self.text_of(Place::default(), "", text);
    }

    fn text_of(&mut self, at: Place, key: &str, text: &mut Cow<'_, str>) {
        let findings = self.gateway.active().detectors().scan_at(at, key, text);
        if let Some(masked) = self.apply(key, text, &findings) {
            *text = Cow::Owned(masked);
        }
    }

    /// Whether a text, which can pass only as it is, holds something that the reader may not see.
    pub(crate) fn would_mask_text(&self, text: &str) -> bool {
        self.gateway.active().detectors().scan(text).classes().into_iter().any(|class| self.is_masked(class))
    }

    /// Whether any class at all is masked for the reader.
    pub(crate) fn masks_anything(&self) -> bool {
        let active = self.gateway.active();
        let own = active.own_classes().keys().copied();
        Class::built_in().chain(own).any(|class| self.is_masked(class))
    }

    /// The masked text, if anything in it is masked.
    fn apply(&mut self, key: &str, text: &str, findings: &Findings) -> Option<String> {
        if findings.is_empty() {
            return None;
        }
        self.found.merge(&findings.counts());
        if let Some(seen) = &mut self.seen {
            for finding in findings {
                seen.add(finding.class, text.get(finding.range.clone()).unwrap_or(text));
            }
        }
        let masked =
            self.gateway.active().detectors().mask(key, text, findings, |class| self.is_masked(class));
        self.masked.merge(&masked.counts);
        match masked.text {
            Cow::Borrowed(same) if same == text => None,
            Cow::Borrowed(other) => Some(other.to_owned()),
            Cow::Owned(text) => Some(text),
        }
    }

    fn is_masked(&self, class: Class) -> bool {
        let Some((principal, connection)) = &self.reader else { return class.is_sensitive() };
        let mut known = self.masked_classes.borrow_mut();
        *known.entry(class).or_insert_with(|| self.gateway.masks(class, principal, connection))
    }
}
