//! Text that is carried in another form: the `blob` of a resource, `data:` URLs (RFC 2397), and JSON documents in a text.
//!
//! Whoever reads only the text around it does not see what base64, percent signs and escapes hide, and any client does. So what
//! decodes to text is read as that text, and what is changed in it is put back in the form that it had. The media
//! type is only what a sender claims: what is called text and is not decodes to nothing here, and whether something is
//! called text is for the caller to ask ([`Carried::is_called_text`]).
//!
//! Not here: base64 that nothing says to be any, and pictures, sound and other binary.

use std::borrow::Cow;

use base64ct::{Base64, Base64Unpadded, Encoding as _};

use crate::json::{self, Bounds, Json, Object};

/// A text that is carried in another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    kind: MediaType,
    text: String,
    form: Form,
}

/// How a text is carried.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    /// In base64, by itself.
    Blob,
    /// As it is.
    Document,
    /// In a `data:` URL, after what is before its comma.
    Url { head: String, coding: Coding },
}

/// How a `data:` URL writes its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// As base64.
    Base64,
    /// As it is, with percent signs (RFC 3986 §2.1).
    Percent,
}

impl Carried {
    /// The text in the `blob` of an object, whatever its `mimeType` says it is; `None` if it has no blob, or one that is
    /// no base64 of text in UTF-8.
    #[must_use]
    pub fn of_blob(object: &Object<'_>) -> Option<Self> {
        let text = readable(from_base64(object.get_str("blob")?)?)?;
        let kind = MediaType::parse(object.get_str("mimeType").unwrap_or_default());
        Some(Self { kind, text, form: Form::Blob })
    }

    /// The text in a `data:` URL; `None` if a text is none, or its data is no text in UTF-8.
    #[must_use]
    #[inline]
    pub fn of_url(text: &str) -> Option<Self> {
        if may_carry(text) { Self::of_whole_url(text) } else { None }
    }

    fn of_whole_url(text: &str) -> Option<Self> {
        let Url { kind, head, coding, data } = Url::parse(text)?;
        let bytes = match coding {
            Coding::Base64 => from_base64(&String::from_utf8(from_percent(&data)).ok()?)?,
            Coding::Percent => from_percent(&data),
        };
        Some(Self { kind, text: readable(bytes)?, form: Form::Url { head, coding } })
    }

    /// A text that is a JSON document with escapes, as the results of tools are that say in a text what they say in
    /// `structuredContent`; `None` if it is none, or has no escapes that hide anything.
    #[must_use]
    #[inline]
    pub fn of_document(text: &str) -> Option<Self> {
        if may_carry(text) { Self::of_whole_document(text) } else { None }
    }

    fn of_whole_document(text: &str) -> Option<Self> {
        let begins = text.trim_start().starts_with(['{', '[']);
        let kind = MediaType { essence: "application/json".to_owned(), charset: None };
        let found = (begins && text.contains("\\u")).then(|| Self {
            kind,
            text: text.to_owned(),
            form: Form::Document,
        });
        found.filter(|document| document.json().is_some())
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many texts that are carried in others anybody should look into, one in the other: each takes its share of the
    /// stack, of which an instance has little.
    pub const DEEPEST: usize = 3;

    /// The text as a JSON value, if it is one and nests no deeper than 24 levels: then names of members and escapes count
    /// as they do elsewhere.
    #[must_use]
    pub fn json(&self) -> Option<Json<'_>> {
        let begins = self.text.trim_start().starts_with(['{', '[']);
        let bounds = Bounds::answer(JSON_DEPTH);
        let value = (begins || self.kind.is_json()).then(|| json::parse(self.text.as_bytes(), bounds));
        value?.ok()
    }

    /// Whether its media type says that it is text, and in an encoding that was read here.
    #[must_use]
    pub fn is_called_text(&self) -> bool {
        self.kind.is_text()
    }

    /// Whether the text refers to data of its own, as an SVG image refers to the pictures in it. What that is cannot be
    /// told from the media type of the whole.
    #[must_use]
    pub fn has_data_urls(&self) -> bool {
        let text = self.text.to_ascii_lowercase();
        text.match_indices("data:").any(|(start, scheme)| {
            let rest = text.get(start + scheme.len()..).unwrap_or_default();
            let head = rest.split(|c: char| c == ',' || c.is_whitespace()).next().unwrap_or_default();
            head.ends_with("base64")
                || (head.contains('/') && rest.get(head.len()..).is_some_and(|rest| rest.starts_with(',')))
        })
    }

    /// How it is written, if it is a URL.
    #[must_use]
    pub const fn coding(&self) -> Option<Coding> {
        match self.form {
            Form::Blob | Form::Document => None,
            Form::Url { coding, .. } => Some(coding),
        }
    }

    /// Another text in the same form.
    #[must_use]
    pub fn carry(&self, text: &str) -> String {
        match &self.form {
            Form::Blob => Base64::encode_string(text.as_bytes()),
            Form::Document => text.to_owned(),
            Form::Url { head, coding: Coding::Base64 } => {
                format!("{head},{}", Base64::encode_string(text.as_bytes()))
            }
            Form::Url { head, coding: Coding::Percent } => format!("{head},{}", to_percent(text)),
        }
    }
}

/// Whether a text is a `data:` URL, with whatever data.
#[inline]
#[must_use]
pub fn is_data_url(text: &str) -> bool {
    may_carry(text) && Url::parse(text).is_some()
}

/// Whether a text starts as a `data:` URL or a JSON document may. Most texts start with a letter, and cost no more.
#[inline]
fn may_carry(text: &str) -> bool {
    text.bytes().next().is_some_and(|first| !first.is_ascii_alphanumeric() || matches!(first, b'D' | b'd'))
}

/// The parts of a `data:` URL.
struct Url<'t> {
    kind: MediaType,
    /// All before the comma.
    head: String,
    coding: Coding,
    data: Cow<'t, str>,
}

impl<'t> Url<'t> {
    /// Reads a URL as browsers do (WHATWG URL, and Fetch §6): blanks and control characters before it do not count, nor do
    /// tabs and line breaks anywhere.
    fn parse(text: &'t str) -> Option<Self> {
        let text = text.trim_start_matches(|c: char| c.is_whitespace() || c.is_control());
        // Most texts are none, and cost no more than this.
        let begins = text.bytes().filter(|byte| !matches!(byte, b'\t' | b'\n' | b'\r')).take(SCHEME.len());
        if !begins.map(|byte| byte.to_ascii_lowercase()).eq(SCHEME.bytes()) {
            return None;
        }
        let text: Cow<'_, str> = match text.contains(BREAKS) {
            true => text.replace(BREAKS, "").into(),
            false => text.into(),
        };
        let comma = text.find(',')?;
        let rest = text.get(SCHEME.len()..comma)?;
        let before = rest.trim_end_matches(' ');
        let word = before.len().checked_sub(BASE64.len()).and_then(|start| before.split_at_checked(start));
        let (kind, coding) = match word {
            Some((kind, word)) if word.eq_ignore_ascii_case(BASE64) && kind.trim_end().ends_with(';') => {
                (kind.trim_end().trim_end_matches(';'), Coding::Base64)
            }
            Some(_) | None => (before, Coding::Percent),
        };
        let head = text.get(..comma)?.to_owned();
        let kind = MediaType::parse_of_url(kind);
        let data = match text {
            Cow::Borrowed(text) => text.get(comma + 1..)?.into(),
            Cow::Owned(text) => text.get(comma + 1..)?.to_owned().into(),
        };
        Some(Self { kind, head, coding, data })
    }
}

/// What a sender says that something is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct MediaType {
    /// `type/subtype` in lower case.
    essence: String,
    charset: Option<String>,
}

impl MediaType {
    fn parse(text: &str) -> Self {
        let mut parts = text.split(';');
        let essence = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        let charset = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            let value = value.trim().trim_matches('"').to_ascii_lowercase();
            name.trim().eq_ignore_ascii_case("charset").then_some(value)
        });
        Self { essence, charset }
    }

    /// What says nothing, or nothing that is a media type, is plain text in a URL.
    fn parse_of_url(text: &str) -> Self {
        let said = Self::parse(text);
        let is_token = |part: &str| !part.is_empty() && part.bytes().all(is_token_byte);
        match said.essence.split_once('/') {
            Some((kind, subtype)) if is_token(kind) && is_token(subtype) => said,
            Some(_) | None => Self { essence: "text/plain".to_owned(), charset: said.charset },
        }
    }

    fn is_json(&self) -> bool {
        self.essence.ends_with("/json") || self.essence.ends_with("+json")
    }

    fn is_text(&self) -> bool {
        let (kind, subtype) = self.essence.split_once('/').unwrap_or_default();
        let has_suffix = subtype.rsplit_once('+').is_some_and(|(_, suffix)| SUFFIXES.contains(&suffix));
        let is_named = kind == "application" && APPLICATIONS.contains(&subtype.trim_start_matches("x-"));
        let is_read = self.charset.as_deref().is_none_or(|charset| CHARSETS.contains(&charset));
        is_read && ((kind == "text" && !subtype.is_empty()) || has_suffix || is_named)
    }
}

/// RFC 9110 §5.6.2.
const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
}

/// Reads base64 of either alphabet, with or without padding and with blanks, as clients do. What some would read in one way
/// and some in another is nothing.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let is_blank = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c');
    let plain: String = text
        .chars()
        .filter(|c| !is_blank(*c))
        .map(|c| match c {
            '-' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    let unpadded = plain.trim_end_matches('=');
    let padding = plain.len() - unpadded.len();
    let is_padded = padding == 0 || (padding <= 2 && plain.len().is_multiple_of(4));
    is_padded.then(|| Base64Unpadded::decode_vec(unpadded).ok())?
}

/// Replaces percent signs and two digits by the byte that they stand for. Others stay.
fn from_percent(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let decoded = match rest {
            [b'%', high, low, ..] => digit(*high).zip(digit(*low)).map(|(high, low)| high << 4 | low),
            _ => None,
        };
        bytes.push(decoded.unwrap_or(*first));
        rest = if decoded.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    bytes
}

/// Writes every byte but those of unreserved characters (RFC 3986 §2.3) with a percent sign.
fn to_percent(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                written.push(char::from(byte));
            }
            other => written.push_str(&format!("%{other:02X}")),
        }
    }
    written
}

/// Bytes as text; `None` if they are not in UTF-8 or have control characters that no text has.
fn readable(bytes: Vec<u8>) -> Option<String> {
    let text = String::from_utf8(bytes).ok()?;
    let is_plain = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r' | '\x0c');
    text.chars().all(is_plain).then_some(text)
}

const JSON_DEPTH: usize = 24;
const SCHEME: &str = "data:";
const BASE64: &str = "base64";
/// What does not count in a URL.
const BREAKS: [char; 3] = ['\t', '\n', '\r'];
/// What types end with that are written in these (RFC 6839, RFC 7303, RFC 9512).
const SUFFIXES: [&str; 4] = ["json", "xml", "yaml", "json-seq"];
/// Types of `application/` that are text, without an `x-`.
const APPLICATIONS: [&str; 18] = [
    "csv",
    "ecmascript",
    "graphql",
    "javascript",
    "json",
    "json5",
    "jsonl",
    "jsonlines",
    "ld-json",
    "ndjson",
    "sh",
    "sql",
    "toml",
    "typescript",
    "www-form-urlencoded",
    "xhtml+xml",
    "xml",
    "yaml",
];
/// UTF-8, and what is in it.
const CHARSETS: [&str; 4] = ["ascii", "us-ascii", "utf-8", "utf8"];

#[cfg(test)]
mod tests;
