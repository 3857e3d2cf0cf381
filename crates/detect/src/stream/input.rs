//! Bytes as characters, of which a chunk may hold only a part.

use super::StreamError;

/// What was read of a text so far.
#[derive(Debug)]
pub(super) struct Input {
    /// The first bytes of a character.
    partial: Vec<u8>,
    /// How many bytes the characters before that have.
    n_bytes: usize,
}

impl Input {
    pub(super) const fn new() -> Self {
        Self { partial: Vec::new(), n_bytes: 0 }
    }

    /// Appends the characters that bytes are.
    pub(super) fn decode(&mut self, bytes: &[u8], to: &mut String) -> Result<(), StreamError> {
        let rest = self.complete(bytes, to)?;
        let (text, partial) = self.split(rest)?;
        self.push(text, to)?;
        self.partial.extend(partial);
        Ok(())
    }

    /// Ends the text: no character may be left that has only begun.
    pub(super) fn end(&self) -> Result<(), StreamError> {
        if self.partial.is_empty() { Ok(()) } else { Err(self.not_text(0)) }
    }

    /// Completes a character that an earlier chunk has begun, and returns what is left of the bytes.
    fn complete<'b>(&mut self, bytes: &'b [u8], to: &mut String) -> Result<&'b [u8], StreamError> {
        let mut rest = bytes;
        while let (false, [first, after @ ..]) = (self.partial.is_empty(), rest) {
            rest = after;
            self.partial.push(*first);
            let begun = std::mem::take(&mut self.partial);
            let (text, partial) = self.split(&begun)?;
            self.push(text, to)?;
            self.partial.extend(partial);
        }
        Ok(rest)
    }

    /// The characters that bytes start with, and the bytes of one that is not complete.
    fn split<'b>(&self, bytes: &'b [u8]) -> Result<(&'b str, &'b [u8]), StreamError> {
        let error = match str::from_utf8(bytes) {
            Ok(text) => return Ok((text, b"")),
            Err(error) => error,
        };
        let at = error.valid_up_to();
        if error.error_len().is_some() {
            return Err(self.not_text(at));
        }
        let (text, partial) = bytes.split_at_checked(at).unwrap_or((b"", bytes));
        str::from_utf8(text).map(|text| (text, partial)).map_err(|_| self.not_text(at))
    }

    fn push(&mut self, text: &str, to: &mut String) -> Result<(), StreamError> {
        self.n_bytes = self.n_bytes.checked_add(text.len()).ok_or(StreamError::TooLong)?;
        to.push_str(text);
        Ok(())
    }

    const fn not_text(&self, at: usize) -> StreamError {
        StreamError::NotText { at: self.n_bytes.saturating_add(at) }
    }
}
