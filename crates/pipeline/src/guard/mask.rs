//! Masking: every string and number of a frame, keys too, unless the caller may see the class.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;
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
use crate::tokenize::{Form, Tokenizer, letters};
use crate::usage::Seen;

/// Masks for one principal on one connection and counts what it saw.
pub(crate) struct Masker {
    gateway: Rc<Gateway>,
    /// What is searched with, until something else is in force; taken out while it is.
    current: Option<Current>,
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
    /// Whether anything was found, masked or not, and also where the reader's own tokens are.
    has_found: bool,
    /// How many texts that are carried in another the one is in that is masked.
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
        let masker = Self { reader: Some((principal, connection)), ..Self::for_store(gateway) };
        masker.looking_for(credential)
    }

    /// For what is stored: no class is spared.
    pub(crate) fn for_store(gateway: Rc<Gateway>) -> Self {
        Self {
            current: None,
            known: Vec::new(),
            tokenizer: None,
            masked_classes: RefCell::new((gateway.active(), BTreeMap::new())),
            gateway,
            reader: None,
            found: Counts::default(),
            masked: Counts::default(),
            seen: None,
            has_found: false,
            carried: 0,
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
        Self { current: None, ..self }
    }

    /// Leaves these tokens alone, and writes such where settings say so.
    pub(crate) fn keeping(self, tokenizer: Option<Rc<Tokenizer>>) -> Self {
        Self { tokenizer, ..self }
    }

    /// Where the reader's own tokens are.
    fn masked_in(&self, text: &str) -> Vec<Range<usize>> {
        self.tokenizer.as_ref().map(|tokenizer| tokenizer.own_in(text)).unwrap_or_default()
    }

    /// Does something with the detectors of what is in force now. That stays in force until it is done: nothing here
    /// waits.
    fn with_current<T>(&mut self, act: impl FnOnce(&mut Self, &mut Current) -> T) -> T {
        let active = self.gateway.active();
        let known = self.current.take().filter(|current| Rc::ptr_eq(&current.active, &active));
        let mut current = known.unwrap_or_else(|| Current::new(active, &self.known));
        let done = act(self, &mut current);
        self.current = Some(current);
        done
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
        self.with_current(|masker, current| {
            let spot = Spot { at: current.detectors.top(), key: "" };
            masker.member(current, spot, value);
        });
    }

    /// Masks the members of an object in place, keys included, but for those named `opaque`.
    pub(crate) fn members(&mut self, object: &mut Object<'_>, opaque: &[&str]) {
        self.with_current(|masker, current| {
            let top = current.detectors.top();
            masker.members_at(current, top, object, opaque);
        });
    }

    /// Masks an item of a list in place that is a member of what is masked; says whether nothing at all was found in it.
    pub(crate) fn item(&mut self, list: &str, item: &mut Json<'_>) -> bool {
        self.has_found = false;
        self.with_current(|masker, current| {
            let at = current.detectors.member(current.detectors.top(), list);
            masker.member(current, Spot { at, key: list }, item);
        });
        !self.has_found
    }

    /// Whether it makes no difference to what is found in an item of such a list which of the items it is, and the name of
    /// the list stays what it is.
    pub(crate) fn is_alike_in(&mut self, list: &str) -> bool {
        self.with_current(|_, current| {
            let at = current.detectors.member(current.detectors.top(), list);
            at == Place::default() && current.scan(Spot::default(), list).is_none()
        })
    }

    /// Masks a text in place.
    pub(crate) fn text(&mut self, text: &mut Cow<'_, str>) {
        self.with_current(|masker, current| masker.text_at(current, Spot::default(), text));
    }

    /// Whether a text, which can pass only as it is, holds something that the reader may not see.
    pub(crate) fn would_mask_text(&mut self, text: &str) -> bool {
        self.with_current(|masker, current| {
            let classes = current.detectors.scan(text).classes();
            classes.into_iter().any(|class| masker.is_masked(class))
        })
    }

    fn member(&mut self, current: &mut Current, spot: Spot<'_>, value: &mut Json<'_>) {
        match value {
            Json::Null | Json::Bool(_) => {}
            Json::String(text) => self.text_at(current, spot, text),
            Json::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    let at = current.detectors.item(spot.at, index);
                    self.member(current, Spot { at, ..spot }, item);
                }
            }
            Json::Object(object) => self.members_at(current, spot.at, object, &[]),
            Json::Number(number) => {
                if let Some(masked) = self.number(current, spot, number.as_str()) {
                    *value = masked;
                }
            }
        }
    }

    fn members_at(&mut self, current: &mut Current, at: Place, object: &mut Object<'_>, opaque: &[&str]) {
        let mut has_blob = false;
        for (key, value) in object.iter_mut() {
            if key == BLOB {
                has_blob = true;
            } else if !opaque.contains(&key) {
                let spot = Spot { at: current.detectors.member(at, key), key };
                self.member(current, spot, value);
            }
        }
        if has_blob {
            self.blob(current, at, object, opaque);
        }
        object.rename_keys(|key| {
            let findings = current.scan(Spot::default(), key)?;
            self.apply(current, (Form::Text, Spot::default()), key, findings)
        });
    }

    /// Masks a blob as the text that it carries, and then as the text that it is.
    fn blob(&mut self, current: &mut Current, at: Place, object: &mut Object<'_>, opaque: &[&str]) {
        let spot = Spot { at: current.detectors.member(at, BLOB), key: BLOB };
        let blob = Carried::of_blob(object);
        if let Some(masked) = blob.and_then(|blob| self.carried(current, Spot { at, ..spot }, &blob)) {
            object.insert(BLOB, masked);
        }
        if let Some(value) = object.get_mut(BLOB).filter(|_| !opaque.contains(&BLOB)) {
            self.member(current, spot, value);
        }
    }

    fn text_at(&mut self, current: &mut Current, spot: Spot<'_>, text: &mut Cow<'_, str>) {
        self.url(current, spot, (text, Coding::Base64));
        // What a text without its escapes is masked to may be no JSON any more.
        let document = Carried::of_document(text);
        if let Some(masked) = document.and_then(|document| self.carried(current, spot, &document)) {
            *text = Cow::Owned(masked);
        }
        let findings = current.scan(spot, text);
        if let Some(masked) =
            findings.and_then(|findings| self.apply(current, (Form::Text, spot), text, findings))
        {
            *text = Cow::Owned(masked);
        }
        // What can be read as it is has been masked as it is.
        self.url(current, spot, (text, Coding::Percent));
    }

    /// Masks what a text carries, if it is a `data:` URL that is written so.
    fn url(&mut self, current: &mut Current, spot: Spot<'_>, (text, coding): (&mut Cow<'_, str>, Coding)) {
        let url = Carried::of_url(text).filter(|url| url.coding() == Some(coding));
        if let Some(masked) = url.and_then(|url| self.carried(current, spot, &url)) {
            *text = Cow::Owned(masked);
        }
    }

    /// What stands in the place of a text that is carried in another, if anything in it is masked.
    fn carried(&mut self, current: &mut Current, spot: Spot<'_>, carried: &Carried) -> Option<String> {
        if self.carried >= Carried::DEEPEST {
            return None;
        }
        self.carried += 1;
        let masked = match carried.json() {
            Some(mut json) => {
                let before = json.clone();
                let top = Spot { at: current.detectors.top(), key: "" };
                self.member(current, top, &mut json);
                (json != before).then(|| json.to_string())
            }
            None => {
                let mut text = Cow::Borrowed(carried.text());
                self.text_at(current, spot, &mut text);
                (text != carried.text()).then(|| text.into_owned())
            }
        };
        self.carried -= 1;
        masked.map(|masked| carried.carry(&masked))
    }

    /// What stands in the place of a number, if anything does.
    fn number(&mut self, current: &Current, spot: Spot<'_>, number: &str) -> Option<Json<'static>> {
        let findings = current.detectors.scan_number_at(spot.at, spot.key, number);
        let is_dummy = findings.iter().all(|found| self.strategy(found.class) == Strategy::Dummy);
        let masked = self.apply(current, (Form::Number, spot), number, findings)?;
        // A number stays one, so that it fits the schema that it has.
        Some(if is_dummy { Json::from(0) } else { Json::from(masked) })
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
    fn apply(
        &mut self,
        current: &Current,
        (form, spot): (Form, Spot<'_>),
        text: &str,
        findings: Findings,
    ) -> Option<String> {
        if findings.is_empty() {
            return None;
        }
        self.has_found = true;
        let findings = findings.outside(&self.masked_in(text));
        if findings.is_empty() {
            return None;
        }
        self.found.merge(&findings.counts());
        if let Some(seen) = &mut self.seen {
            for finding in &findings {
                seen.add(finding.class, text.get(finding.range.clone()).unwrap_or(text));
            }
        }
        let masked = current.detectors.mask(spot.key, text, &findings, Disguise(self, form));
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
    fn new(active: Rc<Active>, known: &[Arc<KnownValues>]) -> Self {
        let known = known.iter().map(Arc::clone);
        let detectors = known.fold(active.detectors().clone(), Detectors::with_known);
        Self { active, detectors, plain: Plain::default() }
    }

    /// What a text holds, if it holds anything.
    fn scan(&mut self, Spot { at, key }: Spot<'_>, text: &str) -> Option<Findings> {
        if self.detectors.is_bare(key, text) {
            return None;
        }
        let is_anywhere = at == Place::default();
        if is_anywhere && self.plain.has(key, text) {
            return None;
        }
        let findings = self.detectors.scan_at(at, key, text);
        if is_anywhere && findings.is_empty() {
            self.plain.add(key, text);
        }
        Some(findings).filter(|findings| !findings.is_empty())
    }
}

/// Where a value is.
#[derive(Clone, Copy, Default)]
struct Spot<'k> {
    /// In the document.
    at: Place,
    /// The name of the member that it is, or is in a list of, or empty.
    key: &'k str,
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

/// The member of a resource that holds its bytes in base64.
const BLOB: &str = "blob";
const PURPOSE: Purpose = Purpose::new("mask");
/// So many that two of a million values share a digest with a chance of one to thirty million.
const HASH_BYTES: usize = 8;
