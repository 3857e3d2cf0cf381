//! Texts of any length, fed in chunks.
//!
//! A stream holds a window of the text, scans it as a text of its own, and gives what lies in the middle of it: what is
//! before is there so that it can be looked back at, what is after so that nothing is given that could still become
//! something else. Where windows start and end depends on the text alone, not on the chunks. So how a text is split changes
//! nothing, wherever it is split: between two chunks there may be half a character, half an escape or half a card.
//!
//! What a stream finds is what [`Detectors::scan`] finds in the whole text, as long as no value together with all that
//! decides about it is longer than [`LONGEST_IN_STREAM`] bytes: the words around it, the word, the digits or the line that it
//! is a part of, and the invisible characters in it. Values that lie on each other count as one. A value that is longer
//! is found all the same, in several pieces, up to the next blank or empty line.
//!
//! Two things are looked for in all of a text, and here in a window of it: letters that are written from right to left,
//! which excuse marks of direction, and members of a document that a path leads to. A text that does not fit into one
//! window, may be a document, and is scanned with detectors that have paths is refused.

mod cut;
mod input;

use std::ops::Range;

use crate::class::Counts;
use crate::detectors::Detectors;
use crate::finding::{Finding, Findings};
use crate::mask::{Mask, Masked, mask_all};
use cut::Cut;
use input::Input;

/// The longest value that streams find like any other, in bytes, with all that decides about it.
pub const LONGEST_IN_STREAM: usize = 16 * 1024;

/// How much of a text is held, and how much of that is looked at on each side of what is given.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    window: usize,
    /// At most an eighth of the window.
    around: usize,
}

/// A text that is scanned and masked as it comes, in memory of a fixed size and in time linear in its length.
///
/// ```
/// use portcullis_detect::{Class, Detectors, Stream};
///
/// let detectors = Detectors::builtin();
/// let mut stream = Stream::new(&detectors, |class: Class| class.as_str() == "pii.card");
/// let mut masked = String::new();
/// for chunk in ["Refund 4111 11", "11 1111 1111 and tell ana@exam", "ple.com"] {
///     masked.push_str(&stream.feed(chunk.as_bytes())?.text);
/// }
/// masked.push_str(&stream.finish()?.text);
/// assert_eq!(masked, "Refund [card] and tell ana@example.com");
/// # Ok::<(), portcullis_detect::StreamError>(())
/// ```
#[derive(Debug)]
pub struct Stream<'d, M> {
    detectors: &'d Detectors,
    how: M,
    sizes: Sizes,
    input: Input,
    /// What of the text is held, and how many bytes there were before it.
    held: String,
    base: usize,
    /// Up to where what is held was given.
    done: usize,
    /// What begins before there and is too long to be held.
    going_on: Option<Finding>,
    failed: Option<StreamError>,
}

/// What a stream gives of a text: the next part of it, as far as nothing that follows can change it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Piece {
    /// What was found in it, by the bytes of the whole text.
    pub findings: Findings,
    /// This part, masked. All of them after each other are the masked text.
    pub text: String,
    /// How many values of each class were replaced.
    pub counts: Counts,
}

/// Why a stream gives nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// The text is not UTF-8.
    #[error("the text is not UTF-8 at byte {at}")]
    NotText {
        /// Where it stops to be.
        at: usize,
    },
    /// There are more bytes than can be counted.
    #[error("the text is longer than {} bytes", usize::MAX)]
    TooLong,
    /// It may be a JSON document, there are detectors with paths, and what they lead to is known only of a document that
    /// is held as a whole.
    #[error("the text may be a JSON document of more than {} bytes, and there are detectors with a path", STREAM.window)]
    Document,
}

const STREAM: Sizes = Sizes { window: 8 * LONGEST_IN_STREAM, around: LONGEST_IN_STREAM };

impl<'d, M: Mask> Stream<'d, M> {
    /// A text of which nothing has come yet. `how` says what is masked in what is given; [`Piece::findings`] has all that
    /// is found.
    #[must_use]
    pub const fn new(detectors: &'d Detectors, how: M) -> Self {
        Self::sized(detectors, how, STREAM)
    }

    const fn sized(detectors: &'d Detectors, how: M, sizes: Sizes) -> Self {
        Self {
            detectors,
            how,
            sizes,
            input: Input::new(),
            held: String::new(),
            base: 0,
            done: 0,
            going_on: None,
            failed: None,
        }
    }

    /// Takes the next bytes of the text, which may end anywhere, and gives what nothing that follows can change.
    ///
    /// # Errors
    /// [`StreamError`], and from then on the same one.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<Piece, StreamError> {
        let fed = self.failed.map_or(Ok(()), Err).and_then(|()| self.take(chunk));
        self.failed = fed.as_ref().err().copied();
        fed
    }

    /// Ends the text, and gives the rest of it.
    ///
    /// # Errors
    /// [`StreamError`], also that of an earlier call.
    pub fn finish(self) -> Result<Piece, StreamError> {
        self.failed.map_or(Ok(()), Err)?;
        self.input.end()?;
        let is_whole = self.base == 0 && self.done == 0;
        let scan = |text: &str| match is_whole {
            true => self.detectors.scan(text),
            false => self.scan(text),
        };
        let findings = self.with_rest(&self.held, scan(&self.held));
        let masked = mask_all(&self.held, &findings, &self.how, scan);
        Ok(self.piece(&findings, &masked, &(self.done..self.held.len())))
    }

    fn take(&mut self, chunk: &[u8]) -> Result<Piece, StreamError> {
        let mut piece = Piece::default();
        for part in chunk.chunks(self.sizes.window) {
            self.input.decode(part, &mut self.held)?;
            while self.held.len() >= self.sizes.window {
                piece.append(self.next()?);
            }
        }
        Ok(piece)
    }

    /// Looks at one window, of which all is held, and gives what is in the middle of it.
    fn next(&mut self) -> Result<Piece, StreamError> {
        let is_document = || self.held.trim_ascii_start().starts_with(['{', '[']);
        if self.base == 0 && self.done == 0 && self.detectors.paths().is_some() && is_document() {
            return Err(StreamError::Document);
        }
        let end = self.held.floor_char_boundary(self.sizes.window);
        let window = self.held.get(..end).unwrap_or_default();
        let findings = self.with_rest(window, self.scan(window));
        let stretches = findings.stretches();
        let masked = mask_all(window, &findings, &self.how, |masked| self.scan(masked));
        let cut = Cut::find(window, self.done, self.sizes, |place| {
            let next = stretches.partition_point(|stretch| stretch.end <= place);
            stretches.get(next).is_none_or(|next| next.start >= place) && masked.is_between(place)
        });
        let piece = self.piece(&findings, &masked, &(self.done..cut.end));
        let going_on = findings.across(cut.end).cloned();
        drop(masked);
        self.held.drain(..cut.keep);
        self.base += cut.keep;
        self.done = cut.end - cut.keep;
        self.going_on = going_on;
        Ok(piece)
    }

    /// What is found in a part of the text.
    fn scan(&self, text: &str) -> Findings {
        Findings::resolve(self.detectors.in_text("", text))
    }

    /// The findings of a window, and the rest of a value that has begun before.
    fn with_rest(&self, window: &str, findings: Findings) -> Findings {
        let Some(going_on) = &self.going_on else { return findings };
        let rest = window.get(self.done..).unwrap_or_default();
        let range = self.done..self.done + cut::end_of_long(rest);
        let rest = (!range.is_empty()).then(|| Finding { range, ..going_on.clone() });
        Findings::resolve(findings.all().cloned().chain(rest).collect())
    }

    fn piece(&self, findings: &Findings, masked: &Masked<'_>, part: &Range<usize>) -> Piece {
        let (text, counts) = masked.part(part.clone());
        Piece { findings: findings.part(part, self.base), text: text.to_owned(), counts }
    }
}

impl Piece {
    fn append(&mut self, later: Self) {
        let Self { findings, text, counts } = later;
        self.findings.append(findings);
        self.text.push_str(&text);
        self.counts.merge(&counts);
    }
}

#[cfg(test)]
mod tests;
