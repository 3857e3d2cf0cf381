//! Masking: every string and number of a frame, keys too, unless the caller may see the class.

use std::borrow::Cow;
use std::cell::{RefCell, RefMut};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use portcullis_detect::{Class, Counts, Detectors, Findings, KnownValues, Mask, Place, dummy, partial};
use portcullis_identity::Principal;
use portcullis_identity::seal::Purpose;
use portcullis_mcp::carried::{Carried, Coding};
use portcullis_mcp::json::{Json, Object};
use portcullis_settings::{ConnectionName, Strategy};

use crate::active::Active;
use crate::gateway::Gateway;
use crate::guard::plain::Plain;
use crate::usage::Seen;

/// Masks for one principal on one connection and counts what it saw.
pub(crate) struct Masker {
    gateway: Rc<Gateway>,
    current: RefCell<Current>,
    credential: Option<Arc<KnownValues>>,
    /// For whom; `None` masks every class, as for what is stored.
    reader: Option<(Rc<Principal>, ConnectionName)>,
    /// Which classes are masked for the reader, by what was in force when a class was first found. A stream outlives
    /// that.
    masked_classes: RefCell<(Rc<Active>, BTreeMap<Class, bool>)>,
    found: Counts,
    masked: Counts,
    /// What was found since it was last taken, if somebody counts values.
    seen: Option<Seen>,
    /// How many texts that are carried in another the one is in that is looked at.
    carried: usize,
}

impl Masker {
    /// For a caller, who may be allowed to see some classes.
    pub(crate) fn for_caller(
        gateway: Rc<Gateway>,
        principal: Rc<Principal>,
        connection: ConnectionName,
    ) -> Self {
        let credential = gateway.credential_of(&connection);
        let masker = Self { credential, reader: Some((principal, connection)), ..Self::for_store(gateway) };
        let active = masker.gateway.active();
        let detectors = masker.detectors_of(&active);
        Self { current: RefCell::new(Current { active, detectors, plain: Plain::default() }), ..masker }
    }

    /// For what is stored: no class is spared.
    pub(crate) fn for_store(gateway: Rc<Gateway>) -> Self {
        Self {
            current: RefCell::new(Current::of(gateway.active())),
            credential: None,
            masked_classes: RefCell::new((gateway.active(), BTreeMap::new())),
            gateway,
            reader: None,
            found: Counts::default(),
            masked: Counts::default(),
            seen: None,
            carried: 0,
        }
    }

    /// Asks the detectors of what is in force now.
    fn with_detectors<T>(&self, ask: impl FnOnce(&Detectors) -> T) -> T {
        ask(&self.current().detectors)
    }

    /// What a text holds.
    fn scan(&self, at: Place, key: &str, text: &str) -> Findings {
        let mut current = self.current();
        if at == Place::default() && current.plain.has(key, text) {
            return Findings::default();
        }
        let findings = current.detectors.scan_at(at, key, text);
        if at == Place::default() && findings.is_empty() {
            current.plain.add(key, text);
        }
        findings
    }

    fn current(&self) -> RefMut<'_, Current> {
        let active = self.gateway.active();
        let mut current = self.current.borrow_mut();
        if !Rc::ptr_eq(&current.active, &active) {
            let detectors = self.detectors_of(&active);
            *current = Current { active, detectors, plain: Plain::default() };
        }
        current
    }

    fn detectors_of(&self, active: &Active) -> Detectors {
        let detectors = active.detectors().clone();
        match &self.credential {
            Some(credential) => detectors.with_known(Arc::clone(credential)),
            None => detectors,
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
                let findings =
                    self.with_detectors(|detectors| detectors.scan_number_at(at, key, number.as_str()));
                let is_dummy = findings.iter().all(|found| self.strategy(found.class) == Strategy::Dummy);
                *value = match self.apply(key, number.as_str(), &findings) {
                    // A number stays one, so that it fits the schema that it has.
                    Some(_) if is_dummy => Json::from(0),
                    Some(masked) => Json::String(Cow::Owned(masked)),
                    None => return,
                };
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
        if let Some(masked) = Carried::of_blob(object).and_then(|blob| self.carried(at, "blob", &blob)) {
            object.insert("blob", masked);
        }
        for (key, value) in object.iter_mut() {
            if !opaque.contains(&key) {
                self.member(active.detectors().member(at, key), key, value);
            }
        }
        object.rename_keys(|key| {
            let findings = self.scan(Place::default(), "", key);
            self.apply("", key, &findings)
        });
    }

    /// Masks a text in place.
    pub(crate) fn text(&mut self, text: &mut Cow<'_, str>) {
        self.text_of(Place::default(), "", text);
    }

    fn text_of(&mut self, at: Place, key: &str, text: &mut Cow<'_, str>) {
        self.url(at, key, (text, Coding::Base64));
        // What a text without its escapes is masked to may be no JSON any more.
        if let Some(masked) = Carried::of_document(text).and_then(|text| self.carried(at, key, &text)) {
            *text = Cow::Owned(masked);
        }
        let findings = self.scan(at, key, text);
        if let Some(masked) = self.apply(key, text, &findings) {
            *text = Cow::Owned(masked);
        }
        // What can be read as it is has been masked as it is.
        self.url(at, key, (text, Coding::Percent));
    }

    /// Masks what a text carries, if it is a `data:` URL that is written so.
    fn url(&mut self, at: Place, key: &str, (text, coding): (&mut Cow<'_, str>, Coding)) {
        let url = Carried::of_url(text).filter(|url| url.coding() == Some(coding));
        if let Some(masked) = url.and_then(|url| self.carried(at, key, &url)) {
            *text = Cow::Owned(masked);
        }
    }

    /// What stands in the place of a text that is carried in another, if anything in it is masked.
    fn carried(&mut self, at: Place, key: &str, carried: &Carried) -> Option<String> {
        if self.carried >= Carried::DEEPEST {
            return None;
        }
        self.carried += 1;
        let masked = match carried.json() {
            Some(mut json) => {
                let before = json.clone();
                self.value(&mut json);
                (json != before).then(|| json.to_string())
            }
            None => {
                let mut text = Cow::Borrowed(carried.text());
                self.text_of(at, key, &mut text);
                (text != carried.text()).then(|| text.into_owned())
            }
        };
        self.carried -= 1;
        masked.map(|masked| carried.carry(&masked))
    }

    /// Whether a text, which can pass only as it is, holds something that the reader may not see.
    pub(crate) fn would_mask_text(&self, text: &str) -> bool {
        self.with_detectors(|detectors| detectors.scan(text))
            .classes()
            .into_iter()
            .any(|class| self.is_masked(class))
    }

    /// Whether a masked value may no longer fit the schema that it has. That a server gives back its credential is not
    /// what schemas are taken away for.
    pub(crate) fn breaks_schemas(&self) -> bool {
        let active = self.gateway.active();
        let own = active.own_classes().keys().copied();
        let mut classes = Class::built_in().chain(own).filter(|class| *class != Class::CREDENTIAL);
        classes.any(|class| self.is_masked(class) && self.strategy(class) != Strategy::Dummy)
    }

    /// What stands in the place of values of a class; in what is stored, the names of classes do.
    fn strategy(&self, class: Class) -> Strategy {
        let name = self
            .reader
            .as_ref()
            .and_then(|_| self.gateway.class_name(&self.gateway.active(), class).cloned());
        name.map_or_else(Strategy::default, |name| self.gateway.settings().masking.strategy(&name))
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
        let masked = self.with_detectors(|detectors| detectors.mask(key, text, findings, Disguise(self)));
        self.masked.merge(&masked.counts);
        match masked.text {
            Cow::Borrowed(same) if same == text => None,
            Cow::Borrowed(other) => Some(other.to_owned()),
            Cow::Owned(text) => Some(text),
        }
    }

    fn is_masked(&self, class: Class) -> bool {
        if class == Class::CREDENTIAL {
            return true;
        }
        let Some((principal, connection)) = &self.reader else { return class.is_sensitive() };
        let mut known = self.masked_classes.borrow_mut();
        let active = self.gateway.active();
        if !Rc::ptr_eq(&known.0, &active) {
            *known = (active, BTreeMap::new());
        }
        *known.1.entry(class).or_insert_with(|| self.gateway.masks(class, principal, connection))
    }
}

/// The detectors of what is in force, with the credential, and what they have found nothing in.
struct Current {
    active: Rc<Active>,
    detectors: Detectors,
    plain: Plain,
}

impl Current {
    fn of(active: Rc<Active>) -> Self {
        Self { detectors: active.detectors().clone(), active, plain: Plain::default() }
    }
}

/// How values are masked for a reader.
struct Disguise<'m>(&'m Masker);

impl Mask for Disguise<'_> {
    fn is_masked(&self, class: Class) -> bool {
        self.0.is_masked(class)
    }

    fn in_place_of(&self, class: Class, value: &str) -> String {
        match self.0.strategy(class) {
            // Nothing is told of what opens an upstream.
            _ if class == Class::CREDENTIAL => class.placeholder(),
            Strategy::Drop => String::new(),
            Strategy::Dummy => dummy(class, value),
            Strategy::Hash => self.hashed(class, value),
            Strategy::Partial => partial(class, value),
            Strategy::Replace => class.placeholder(),
        }
    }
}

impl Disguise<'_> {
    /// The placeholder with a keyed digest of the value in its one spelling, in letters: digits could be another value.
    fn hashed(&self, class: Class, value: &str) -> String {
        let spelled = format!("{class}\0{}", class.canonical(value));
        let digest = self.0.gateway.sealer().digest(PURPOSE, spelled.as_bytes());
        let letter = |bits: u8| char::from(b'a' + bits % 16);
        let letters = digest.iter().take(HASH_BYTES).flat_map(|byte| [letter(byte >> 4), letter(*byte)]);
        let letters: String = letters.collect();
        let placeholder = class.placeholder();
        format!("{}:{letters}]", placeholder.trim_end_matches(']'))
    }
}

const PURPOSE: Purpose = Purpose::new("mask");
/// So many that two of a million values share a digest with a chance of one to thirty million.
const HASH_BYTES: usize = 8;
