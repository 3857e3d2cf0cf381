//! The scan: one pass over the text that stops only where a value can be.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::birth::Births;
use crate::block::{BARE_BELOW, anchors, is_bare, is_plain, ones};
use crate::context::Text;
use crate::custom::{Child, Custom, Paths, Place};
use crate::finding::{Finding, Findings};
use crate::fold::Folded;
use crate::glyph::View;
use crate::identifier::Identifiers;
use crate::known::KnownValues;
use crate::mask::{Mask, Masked, mask_all};
use crate::pass::Pass;
use crate::phone::Phones;
use crate::secret::{self, Secrets};
use crate::{Class, number};
use crate::{crypto, hidden, network, prompt, vehicle};

/// The detectors to scan with.
#[derive(Clone, Debug)]
pub struct Detectors {
    custom: Option<Arc<Custom>>,
    known: Vec<Arc<KnownValues>>,
    /// How long a text is, in bytes, that one look may show to hold nothing.
    bare_below: usize,
}

impl Detectors {
    /// Every class in [`Class::built_in`]. Costs nothing.
    #[must_use]
    pub const fn builtin() -> Self {
        Self { custom: None, known: Vec::new(), bare_below: BARE_BELOW }
    }

    /// Those that are built in, and an organisation's own. Costs nothing.
    #[must_use]
    pub const fn with_custom(custom: Arc<Custom>) -> Self {
        // They may look for anything.
        Self { custom: Some(custom), known: Vec::new(), bare_below: 0 }
    }

    /// The same, and finds these values.
    #[must_use]
    pub fn with_known(mut self, known: Arc<KnownValues>) -> Self {
        self.bare_below = self.bare_below.min(known.shortest());
        self.known.push(known);
        self
    }

    /// Every class that they find, in order.
    #[must_use]
    pub fn classes(&self) -> BTreeSet<Class> {
        Class::built_in().chain(self.custom.iter().flat_map(|custom| custom.classes())).collect()
    }

    /// Every class that what they find is counted in, in order: see [`Class::counted_as`].
    #[must_use]
    pub fn counted(&self) -> BTreeSet<Class> {
        self.classes().into_iter().map(Class::counted_as).collect()
    }

    /// The top of a document whose values are scanned one by one.
    #[must_use]
    pub fn top(&self) -> Place {
        self.paths().map_or(Place::default(), Paths::top)
    }

    /// The place of the member `name` of an object at `place`.
    #[must_use]
    pub fn member(&self, place: Place, name: &str) -> Place {
        self.paths().map_or(place, |paths| paths.enter(place, Child::Member(name)))
    }

    /// The place of the item `index`, from 0, of a list at `place`.
    #[must_use]
    pub fn item(&self, place: Place, index: usize) -> Place {
        self.paths().map_or(place, |paths| paths.enter(place, Child::Item(index)))
    }

    /// Finds the values in `text`, in time linear in its length.
    #[must_use]
    pub fn scan(&self, text: &str) -> Findings {
        self.scan_member("", text)
    }

    /// Finds the values in the text of a member of an object. What the member is called says what a value may be that by
    /// itself is too weak to tell.
    #[must_use]
    pub fn scan_member(&self, key: &str, text: &str) -> Findings {
        self.scan_at(Place::default(), key, text)
    }

    /// Finds the values in the text of a member that is at a place in a document.
    #[must_use]
    pub fn scan_at(&self, place: Place, key: &str, text: &str) -> Findings {
        if self.is_bare(key, text) {
            return Findings::default();
        }
        let mut hits = self.in_text(key, text);
        if let Some(custom) = &self.custom {
            hits.extend(custom.at(place, text));
            hits.extend(custom.in_document(text));
        }
        Findings::resolve(hits)
    }

    /// Whether nothing can be found in the short text of a member, as one look at it shows: most texts are short and say so.
    #[inline]
    #[must_use]
    pub fn is_bare(&self, key: &str, text: &str) -> bool {
        text.len() < self.bare_below
            && is_bare(text.as_bytes())
            && (key.is_empty() || !secret::is_named_by(key))
    }

    /// What is in a text, but for what paths lead to.
    pub(crate) fn in_text(&self, key: &str, text: &str) -> Vec<Finding> {
        match is_plain(text.as_bytes()) && !secret::is_named_by(key) {
            true => self.in_plain(key, text),
            false => self.in_any(key, text),
        }
    }

    /// What is in a text that has no anchor.
    fn in_plain(&self, key: &str, text: &str) -> Vec<Finding> {
        let mut hits = Vec::new();
        if prompt::can_be_in(text) {
            prompt::scan(text.as_bytes(), &mut hits);
        }
        self.own(key, &View::new(text), &mut hits);
        hits
    }

    fn in_any(&self, key: &str, text: &str) -> Vec<Finding> {
        let folded = Folded::new(text);
        let view = View::new(folded.as_str());
        let mut hits = scan_view(key, &view);
        self.own(key, &view, &mut hits);
        for hit in &mut hits {
            hit.range = folded.original(hit.range.clone());
        }
        if !text.is_ascii() {
            hidden::scan(text, &mut hits);
        }
        hits
    }

    /// What is found that is not built in.
    fn own(&self, key: &str, view: &View<'_>, hits: &mut Vec<Finding>) {
        hits.extend(self.known.iter().flat_map(|known| known.find(view.bytes())));
        hits.extend(self.custom.iter().flat_map(|custom| custom.scan(key, view)));
    }

    /// Finds the value that a number in a JSON document is. `number` is its text as it was written, not its value: a card
    /// of 19 digits does not fit a double. `key` is the name of the member that it is, or empty.
    ///
    /// The finding, if there is one, covers the whole text.
    #[must_use]
    pub fn scan_number(&self, key: &str, number: &str) -> Findings {
        self.scan_number_at(Place::default(), key, number)
    }

    /// Finds the value that a number is which is at a place in a document.
    #[must_use]
    pub fn scan_number_at(&self, place: Place, key: &str, number: &str) -> Findings {
        let mut hits = number::scan(key, number);
        let known = self.known.iter().flat_map(|known| known.find(number.as_bytes()));
        hits.extend(known.filter(|hit| hit.range == (0..number.len())));
        if let Some(custom) = &self.custom {
            let found = custom.scan(key, &View::new(number)).into_iter();
            hits.extend(found.filter(|hit| hit.range == (0..number.len())));
            hits.extend(custom.at(place, number));
        }
        Findings::resolve(hits)
    }

    pub(crate) fn paths(&self) -> Option<&Paths> {
        self.custom.as_ref().map(|custom| custom.paths()).filter(|paths| !paths.is_empty())
    }

    /// Masks what a scan of this very `text` has found, as [`Mask`] says, and then what is found in the result: what is
    /// masked once leaves nothing to mask a second time.
    #[must_use]
    pub fn mask<'t>(&self, key: &str, text: &'t str, findings: &Findings, how: impl Mask) -> Masked<'t> {
        mask_all(text, findings, &how, |masked| self.scan_member(key, masked))
    }
}

pub(crate) fn scan_view(key: &str, view: &View<'_>) -> Vec<Finding> {
    let text = Text::new(key, view);
    let mut scan = Scan {
        text: &text,
        escape_end: 0,
        pass: Pass::new(view),
        births: Births::new(&text),
        identifiers: Identifiers::new(&text),
        phones: Phones::new(&text),
        secrets: Secrets::new(&text),
        hits: Vec::new(),
    };
    for (start, anchors) in anchors(view.bytes()) {
        // In order: what is found at one place says up to where nothing else is, and not that nothing is before it.
        let short = anchors.digits | anchors.signs;
        for place in ones(short | anchors.long_words) {
            if short >> place & 1 == 1 {
                scan.look(start + place);
            }
            if anchors.long_words >> place & 1 == 1 {
                scan.long_word(start + place);
            }
        }
    }
    scan.hits.extend(scan.pass.into_hits());
    scan.hits.retain(|hit| !scan.secrets.is_in_url(hit));
    scan.hits.extend(scan.secrets.into_hits());
    prompt::scan(view.bytes(), &mut scan.hits);
    scan.hits
}

/// One pass over a text.
struct Scan<'v, 't> {
    text: &'v Text<'v, 't>,
    /// Where the last `\u0000` ends: its digits are none of a value.
    escape_end: usize,
    pass: Pass<'v, 't>,
    births: Births<'v, 't>,
    identifiers: Identifiers<'v, 't>,
    phones: Phones<'v, 't>,
    secrets: Secrets<'v, 't>,
    hits: Vec<Finding>,
}

impl Scan<'_, '_> {
    /// Looks around a digit that starts a run, or a sign. The places come in order.
    fn look(&mut self, place: usize) {
        if place < self.escape_end {
            return;
        }
        let bytes = self.text.bytes();
        match bytes.get(place..).unwrap_or_default() {
            [b'0'..=b'9', ..] => self.digit(place),
            [b'\\', b'u', rest @ ..] => {
                self.pass.look(place);
                let digits = rest.first_chunk::<4>();
                if digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                    self.escape_end = place + 6;
                    // A run of digits that has started in the escape goes on.
                    if bytes.get(self.escape_end).is_some_and(u8::is_ascii_digit) {
                        self.digit(self.escape_end);
                    }
                }
            }
            [b':' | b'-', ..] => {
                network::look_at_sign(self.text, place, &mut self.hits);
                self.secrets.look_at_sign(place);
            }
            _ => {
                self.pass.look(place);
                self.secrets.look_at_sign(place);
            }
        }
    }

    fn digit(&mut self, place: usize) {
        self.secrets.look_at_digit(place);
        self.births.look(place, &mut self.hits);
        if is_lonely(self.text.bytes(), place) {
            return;
        }
        self.pass.look(place);
        self.identifiers.look(place, &mut self.hits);
        self.phones.look(place, &mut self.hits);
        network::look_at_digits(self.text, place, &mut self.hits);
    }

    fn long_word(&mut self, place: usize) {
        crypto::look_at_word(self.text, place, &mut self.hits);
        self.secrets.look_at_word(place);
        vehicle::look_at_word(self.text, place, &mut self.hits);
    }
}

/// How many digits a number has at most that is none of a value by itself.
const FEW: usize = 4;
/// How far the digits of one value lie apart at most, with signs or letters between them.
const REACH: usize = 8;

/// Whether a run of digits is too short to be a value, and nothing around it can be a part of one: no letter touches it, and
/// neither digits, nor what stands for a sign, are near. Most numbers in prose are alone so. Dates have words between their
/// numbers, and passwords have any length, so neither is looked for with this.
fn is_lonely(bytes: &[u8], place: usize) -> bool {
    let n_digits = bytes.get(place..).unwrap_or_default().iter().take(FEW + 1);
    let n_digits = n_digits.take_while(|byte| byte.is_ascii_digit()).count();
    let before = bytes.get(place.saturating_sub(REACH)..place).unwrap_or_default();
    let after = bytes.get(place + n_digits..).unwrap_or_default();
    let after = after.get(..REACH).unwrap_or(after);
    let is_part = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'%' | b'\\' | b'+' | b'*' | 0x80..);
    let touches = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    n_digits <= FEW
        && !touches(before.last())
        && !touches(after.first())
        && !touches(after.get(1))
        && !before.iter().chain(after).any(is_part)
}

#[cfg(test)]
mod tests;
