//! Masking: every string and number of a frame, keys too, unless the caller may see the class.

use std::borrow::Cow;
use std::cell::{RefCell, RefMut};
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use portcullis_detect::{Class, Counts, Detectors, Findings, KnownValues, Mask, Place, dummy, partial};
use portcullis_identity::Principal;
use portcullis_identity::seal::Purpose;
use portcullis_mcp::json::{Json, Object};
use portcullis_settings::{ConnectionName, Strategy};

use crate::active::Active;
use crate::gateway::Gateway;
use crate::guard::plain::Plain;
use crate::tokenize::{Form, Tokenizer, letters};
use crate::usage::Seen;

/// Masks for one principal on one connection and counts what it saw.
pub(crate) struct Masker {
    gateway: Rc<Gateway>,
    current: RefCell<Current>,
    /// What is searched for besides: the credential, and what was put into the call in the place of tokens.
    known: Vec<Arc<KnownValues>>,
    /// Whose tokens are left alone, and written where settings say so.
    tokenizer: Option<Rc<Tokenizer>>,
    /// For whom; `None` masks every class, as for what is stored.
    reader: Option<(Rc<Principal>, ConnectionName)>,
    /// Which classes are masked for the reader, by what was in force when a class was first found. A stream outlives
    /// that.
    masked_classes: RefCell<(Rc<Active>, BTreeMap<Class, bool>)>,
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
        let credential = gateway.credential_of(&connection);
        let masker = Self { reader: Some((principal, connection)), ..Self::for_store(gateway) };
        masker.looking_for(credential)
    }

    /// For what is stored: no class is spared.
    pub(crate) fn for_store(gateway: Rc<Gateway>) -> Self {
        Self {
            current: RefCell::new(Current::of(gateway.active())),
            known: Vec::new(),
            tokenizer: None,
            masked_classes: RefCell::new((gateway.active(), BTreeMap::new())),
            gateway,
            reader: None,
            found: Counts::default(),
            masked: Counts::default(),
            seen: None,
        }
    }

    /// For what is stored of what this has masked.
    pub(crate) fn for_store_too(&self) -> Self {
        let masker = Self::for_store(Rc::clone(&self.gateway)).keeping(self.tokenizer.clone());
        masker.looking_for(self.known.iter().map(Arc::clone))
    }

    /// Looks for these values, besides what detectors find.
    pub(crate) fn looking_for(mut self, known: impl IntoIterator<Item = Arc<KnownValues>>) -> Self {
        self.known.extend(known);
        let active = self.gateway.active();
        let detectors = self.detectors_of(&active);
        Self { current: RefCell::new(Current { active, detectors, plain: Plain::default() }), ..self }
    }

    /// Leaves these tokens alone, and writes such where settings say so.
    pub(crate) fn keeping(self, tokenizer: Option<Rc<Tokenizer>>) -> Self {
        Self { tokenizer, ..self }
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
        if !findings.is_empty() {
            return findings.outside(&self.masked_in(text));
        }
        if at == Place::default() {
            current.plain.add(key, text);
        }
        findings
    }

    /// Where the reader's own tokens are.
    fn masked_in(&self, text: &str) -> Vec<Range<usize>> {
        self.tokenizer.as_ref().map(|tokenizer| tokenizer.own_in(text)).unwrap_or_default()
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
        let known = self.known.iter().map(Arc::clone);
        known.fold(active.detectors().clone(), Detectors::with_known)
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
                *value = match self.apply((Form::Number, key), number.as_str(), &findings) {
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
        for (key, value) in object.iter_mut() {
            if !opaque.contains(&key) {
                self.member(active.detectors().member(at, key), key, value);
            }
        }
        object.rename_keys(|key| {
            let findings = self.scan(Place::default(), "", key);
            self.apply((Form::Text, ""), key, &findings)
        });
    }

    /// Masks a text in place.
    pub(crate) fn text(&mut self, text: &mut Cow<'_, str>) {
        self.text_of(Place::default(), "", text);
    }

    fn text_of(&mut self, at: Place, key: &str, text: &mut Cow<'_, str>) {
        let findings = self.scan(at, key, text);
        if let Some(masked) = self.apply((Form::Text, key), text, &findings) {
            *text = Cow::Owned(masked);
        }
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
    fn apply(&mut self, (form, key): (Form, &str), text: &str, findings: &Findings) -> Option<String> {
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
            self.with_detectors(|detectors| detectors.mask(key, text, findings, Disguise(self, form)));
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

/// How values are masked for a reader that stand in this form.
struct Disguise<'m>(&'m Masker, Form);

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
            Strategy::Token => match &self.0.tokenizer {
                Some(tokenizer) => tokenizer.token(class, self.1, value),
                None => class.placeholder(),
            },
        }
    }

    fn masked_in(&self, text: &str) -> Vec<Range<usize>> {
        self.0.masked_in(text)
    }
}

impl Disguise<'_> {
    /// The placeholder with a keyed digest of the value in its one spelling, in letters: digits could be another value.
    fn hashed(&self, class: Class, value: &str) -> String {
        let spelled = format!("{class}\0{}", class.canonical(value));
        let digest = self.0.gateway.sealer().digest(PURPOSE, spelled.as_bytes());
        let letters = letters(digest.into_iter().take(HASH_BYTES));
        let placeholder = class.placeholder();
        format!("{}:{letters}]", placeholder.trim_end_matches(']'))
    }
}

const PURPOSE: Purpose = Purpose::new("mask");
/// So many that two of a million values share a digest with a chance of one to thirty million.
const HASH_BYTES: usize = 8;
