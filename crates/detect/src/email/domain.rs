//! The domain of an address: labels with dots between them, the last of which looks like a top-level domain.

use super::is_break;
use crate::finding::Confidence;
use crate::glyph::{Glyph, View};

/// A domain that mail could go to.
pub(super) struct Domain {
    /// One past its last byte.
    pub(super) end: usize,
    /// Whether `:` or `/` and more text follow, as in `git@example.com:team/repository`.
    pub(super) is_before_path: bool,
    pub(super) confidence: Confidence,
}

/// Reads the longest domain that starts at `start`.
pub(super) fn read(view: &View<'_>, start: usize) -> Option<Domain> {
    let mut best = None;
    let mut position = start;
    let mut n_numbers = 0;
    for n_labels in 0_usize.. {
        let Some(label) = Label::read(view, position) else { break };
        // `@1.2.3-rc.next` is a version.
        if n_numbers == 2 && n_labels == 2 && label.starts_with_digit {
            return None;
        }
        n_numbers += usize::from(label.is_number);
        if n_labels > 0 {
            best = label.top_level(view).or(best);
        }
        match view.at(label.end) {
            Some(dot) if dot.ch == '.' => position = dot.end,
            Some(_) | None => break,
        }
    }
    let (end, confidence) = best?;
    let is_before_path = view.at(end).is_some_and(|next| matches!(next.ch, ':' | '/'));
    Some(Domain { end, is_before_path, confidence })
}

/// What is between two dots.
struct Label {
    start: usize,
    end: usize,
    /// Where the letters at its start end, and how many there are.
    letters_end: usize,
    n_letters: usize,
    is_letters: bool,
    is_number: bool,
    starts_with_digit: bool,
    /// `xn--`: a label of another script in ASCII, RFC 5890.
    is_punycode: bool,
}

impl Label {
    fn read(view: &View<'_>, start: usize) -> Option<Self> {
        let first = view.at(start).filter(|glyph| glyph.ch.is_alphanumeric())?;
        let mut label = Self {
            start: first.start,
            end: first.end,
            letters_end: first.start,
            n_letters: 0,
            is_letters: true,
            is_number: true,
            starts_with_digit: first.ch.is_ascii_digit(),
            is_punycode: false,
        };
        let mut previous = first;
        let mut glyph = Some(first);
        while let Some(current) = glyph.filter(|glyph| continues(previous, *glyph)) {
            label.add(current);
            previous = current;
            glyph = view.at(current.end);
        }
        label.is_punycode = view.bytes().get(label.start..label.end).is_some_and(is_punycode);
        Some(label)
    }

    fn add(&mut self, glyph: Glyph) {
        if self.is_letters && glyph.ch.is_alphabetic() {
            self.letters_end = glyph.end;
            self.n_letters += 1;
        }
        self.is_letters &= glyph.ch.is_alphabetic();
        self.is_number &= glyph.ch.is_ascii_digit();
        // Hyphens at the end are punctuation after the domain.
        if glyph.ch != '-' {
            self.end = glyph.end;
        }
    }

    /// Where the domain ends if this label is its last, and how sure that is.
    fn top_level(&self, view: &View<'_>) -> Option<(usize, Confidence)> {
        if self.is_punycode {
            return Some((self.end, Confidence::High));
        }
        if self.n_letters < 2 || self.is_file_extension(view) {
            return None;
        }
        // What follows the letters is text that touches the address; the address must not hide behind it.
        let confidence = if self.letters_end == self.end { Confidence::High } else { Confidence::Medium };
        Some((self.letters_end, confidence))
    }

    /// Whether the label is the end of a file name such as `icon@2x.png`, and no top-level domain.
    fn is_file_extension(&self, view: &View<'_>) -> bool {
        FILE_EXTENSIONS.iter().any(|extension| view.reads_as(self.start..self.end, extension))
    }
}

fn continues(previous: Glyph, glyph: Glyph) -> bool {
    (glyph.ch.is_alphanumeric() || glyph.ch == '-') && !is_break(previous.ch, glyph.ch)
}

fn is_punycode(label: &[u8]) -> bool {
    matches!(label, [b'x' | b'X', b'n' | b'N', b'-', b'-', rest @ ..] if !rest.is_empty())
}

/// Ends of file names that follow an `@` in practice; none is a top-level domain.
const FILE_EXTENSIONS: [&str; 12] =
    ["css", "gif", "html", "jpeg", "jpg", "js", "json", "png", "svg", "txt", "webp", "yaml"];
