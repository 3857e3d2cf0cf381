//! Finds the statements of a policy file and the tokens of a statement.
//!
//! Cedar does the parsing. This only cuts a file into single policies, so that one broken policy hides neither
//! the problems of the others nor their lines, and yields the tokens that digests and line numbers are made
//! from. A cut in the wrong place is harmless: what is cut off does not parse.

/// One policy in the text of its file, from its first token to its `;` (or to the end of the file).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Statement<'s> {
    /// The text.
    pub(crate) text: &'s str,
    /// Where it starts in its file, in bytes.
    pub(crate) offset: usize,
}

/// One token, without the whitespace and the comments around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'s> {
    /// The text. A string literal is one token, with its quotes; a sign is one character.
    pub text: &'s str,
    /// Where it starts in the scanned text, in bytes.
    pub offset: usize,
}

impl Token<'_> {
    const fn end(&self) -> usize {
        self.offset + self.text.len()
    }
}

/// The policies in a file.
pub(crate) fn statements(text: &str) -> Vec<Statement<'_>> {
    let mut found = Vec::new();
    let mut start = None;
    let mut end = 0;
    for token in tokens(text) {
        let first = *start.get_or_insert(token.offset);
        end = token.end();
        if token.text == ";" {
            found.extend(statement(text, first, end));
            start = None;
        }
    }
    found.extend(start.and_then(|first| statement(text, first, end)));
    found
}

fn statement(text: &str, start: usize, end: usize) -> Option<Statement<'_>> {
    text.get(start..end).map(|text| Statement { text, offset: start })
}

/// The tokens of a policy's text, for tools that point at places in it.
pub fn tokens(text: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = skip_blank(rest);
        let (token, after) = rest.split_at_checked(token_length(rest)?)?;
        let offset = text.len() - rest.len();
        rest = after;
        Some(Token { text: token, offset })
    })
}

/// The annotations before the effect of a policy, as (key, offset of the `@`).
pub(crate) fn annotation_keys(statement: &str) -> impl Iterator<Item = (&str, usize)> {
    // Outside of strings, `@` occurs nowhere else in the language.
    tokens(statement)
        .zip(tokens(statement).skip(1))
        .filter(|(at, _)| at.text == "@")
        .map(|(at, key)| (key.text, at.offset))
}

/// The line of a byte in a text, from 1.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

fn skip_blank(text: &str) -> &str {
    let mut rest = text.trim_start();
    while rest.starts_with("//") {
        rest = rest.find(['\n', '\r']).and_then(|end| rest.get(end..)).unwrap_or("").trim_start();
    }
    rest
}

fn token_length(text: &str) -> Option<usize> {
    let first = text.chars().next()?;
    if first == '"' {
        return Some(string_length(text));
    }
    if is_word(first) {
        return Some(text.find(|c| !is_word(c)).unwrap_or(text.len()));
    }
    Some(first.len_utf8())
}

/// The length of a string literal with its quotes; an unterminated one reaches to the end.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (index, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return index + 1,
            _ => {}
        }
    }
    text.len()
}

const fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests;
