//! The scan: one pass over the text that stops only where a value can be.

use crate::block::{anchors, ones};
use crate::context::Text;
use crate::finding::{Finding, Findings};
use crate::fold::Folded;
use crate::glyph::View;
use crate::identifier::Identifiers;
use crate::mask::{Masked, mask};
use crate::pass::Pass;
use crate::{Class, hidden, number, prompt, secret};

/// The detectors to scan with.
#[derive(Clone, Debug)]
pub struct Detectors(());

impl Detectors {
    /// Every class in [`Class::built_in`]. Costs nothing.
    #[must_use]
    pub const fn builtin() -> Self {
        Self(())
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
        let folded = Folded::new(text);
        let hits = scan_view(key, &View::new(folded.as_str()));
        let in_original = |hit: Finding| Finding { range: folded.original(hit.range.clone()), ..hit };
        let mut hits = hits.into_iter().map(in_original).collect();
        if !text.is_ascii() {
            hidden::scan(text, &mut hits);
        }
        Findings::resolve(hits)
    }

    /// Finds the value that a number in a JSON document is. `number` is its text as it was written, not its value: a card
    /// of 19 digits does not fit a double. `key` is the name of the member that it is, or empty.
    ///
    /// The finding, if there is one, covers the whole text.
    #[must_use]
    pub fn scan_number(&self, key: &str, number: &str) -> Findings {
        number::scan(key, number)
    }

    /// Masks what a scan of this very `text` has found, as [`mask`] does, and then what is found in the result: what is
    /// masked once leaves nothing to mask a second time.
    #[must_use]
    pub fn mask<'t>(
        &self,
        key: &str,
        text: &'t str,
        findings: &Findings,
        is_masked: impl Fn(Class) -> bool,
    ) -> Masked<'t> {
        let mut masked = mask(text, findings, &is_masked);
        for _ in 0..ROUNDS {
            if masked.counts.is_empty() {
                return masked;
            }
            let rest = self.scan_member(key, &masked.text);
            let again = mask(&masked.text, &rest, &is_masked);
            if again.counts.is_empty() {
                return masked;
            }
            masked.counts.merge(&again.counts);
            masked.text = again.text.into_owned().into();
        }
        masked.text = "[masked]".into();
        masked
    }
}

/// How often a masked text is looked at again. What a mask uncovers is a value that had lain against another one, so
/// that once is nearly always enough; what is still not clean then is masked as a whole.
const ROUNDS: usize = 4;

pub(crate) fn scan_view(key: &str, view: &View<'_>) -> Vec<Finding> {
    let text = Text::new(key, view);
    let mut scan = Scan {
        text: &text,
        escape_end: 0,
        pass: Pass::new(view),
        identifiers: Identifiers::new(&text),
        hits: Vec::new(),
    };
    for (start, anchors) in anchors(view.bytes()) {
        ones(anchors.digits | anchors.signs).for_each(|place| scan.look(start + place));
        ones(anchors.long_words).for_each(|place| secret::look_at_word(&text, start + place, &mut scan.hits));
    }
    scan.hits.extend(scan.pass.into_hits());
    prompt::scan(view.bytes(), &mut scan.hits);
    scan.hits
}

/// One pass over a text.
struct Scan<'v, 't> {
    text: &'v Text<'v, 't>,
    /// Where the last `\u0000` ends: its digits are none of a value.
    escape_end: usize,
    pass: Pass<'v, 't>,
    identifiers: Identifiers<'v, 't>,
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
            _ => self.pass.look(place),
        }
    }

    fn digit(&mut self, place: usize) {
        self.pass.look(place);
        self.identifiers.look(place, &mut self.hits);
    }
}

#[cfg(test)]
mod tests;
