//! Reading JSON strictly: one value, nothing after it, unique keys, bounded nesting.

use std::borrow::Cow;
use std::ops::Range;

use super::plain::plain_prefix;
use super::{Json, Number, Object};

/// Objects up to this size are checked for duplicate keys pair by pair; larger ones by sorting.
const PAIRWISE: usize = 12;

/// Why a text is not the JSON we accept, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at byte {offset}")]
pub struct JsonError {
    /// What is wrong.
    pub kind: JsonErrorKind,
    /// The offset in bytes of the first byte that does not fit.
    pub offset: usize,
}

/// What is wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonErrorKind {
    /// An escape that RFC 8259 §7 does not know, or half a surrogate pair.
    #[error("invalid escape")]
    BadEscape,
    /// Digits that are not a number by RFC 8259 §6.
    #[error("invalid number")]
    BadNumber,
    /// A control character inside a string.
    #[error("control character in a string")]
    ControlCharacter,
    /// Two members of one object share a key, or, in a request, keys that differ only in case. Readers disagree
    /// on which one counts, so neither does.
    #[error("duplicate key")]
    DuplicateKey,
    /// The bytes are not UTF-8.
    #[error("invalid UTF-8")]
    NotUtf8,
    /// Arrays and objects are nested deeper than allowed.
    #[error("nesting too deep")]
    TooDeep,
    /// There are more values than allowed.
    #[error("too many values")]
    TooManyValues,
    /// Something follows the value.
    #[error("data after the value")]
    TrailingData,
    /// A byte that cannot stand here.
    #[error("unexpected byte")]
    UnexpectedByte,
    /// The text stops too early.
    #[error("unexpected end")]
    UnexpectedEnd,
}

/// What a text may hold. A value takes some hundred bytes of memory however short its text is, so the length of a
/// text does not bound what reading it costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    depth: usize,
    values: usize,
    from: Sender,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sender {
    Caller,
    Upstream,
}

/// The most values in a request.
const REQUEST_VALUES: usize = 20_000;
/// The most values in one message of an upstream.
const ANSWER_VALUES: usize = 300_000;

impl Bounds {
    /// What a caller may send: at most `depth` levels and 20,000 values, and no two keys of an object that differ
    /// only in case, because some readers do not tell them apart.
    #[must_use]
    pub fn request(depth: usize) -> Self {
        Self { depth, values: REQUEST_VALUES, from: Sender::Caller }
    }

    /// What an upstream may answer: at most `depth` levels and 300,000 values. Half a surrogate pair, which
    /// servers write when they cut a text, becomes U+FFFD.
    #[must_use]
    pub fn answer(depth: usize) -> Self {
        Self { depth, values: ANSWER_VALUES, from: Sender::Upstream }
    }
}

/// Reads one JSON value within these bounds, and refuses anything after it.
///
/// # Errors
/// [`JsonError`] with the offset of the first byte that does not fit; for [`JsonErrorKind::DuplicateKey`]
/// the offset is the end of the object.
pub fn parse(bytes: &[u8], bounds: Bounds) -> Result<Json<'_>, JsonError> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| JsonError { kind: JsonErrorKind::NotUtf8, offset: error.valid_up_to() })?;
    parse_text(text, bounds)
}

/// The same for what is known to be UTF-8.
///
/// # Errors
/// As [`parse`], but for [`JsonErrorKind::NotUtf8`].
pub fn parse_text(text: &str, bounds: Bounds) -> Result<Json<'_>, JsonError> {
    Parser::new(text, bounds).read(bounds.depth)
}

/// Where the items are in a message that answers with a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Items {
    /// The place of each item of an array that is a member of the result, or of what else is a member of the message.
    pub places: Vec<Range<usize>>,
    /// How many more values the message might have held.
    pub values_left: usize,
}

/// The same as [`parse_text`], and says where the items are.
///
/// # Errors
/// As [`parse_text`].
pub fn parse_list(text: &str, bounds: Bounds) -> Result<(Json<'_>, Items), JsonError> {
    let mut parser = Parser::new(text, bounds);
    parser.noted = bounds.depth.checked_sub(DEPTH_OF_ITEMS);
    let value = parser.read(bounds.depth)?;
    Ok((value, Items { places: parser.places, values_left: parser.values_left }))
}

/// How many levels an item of a result's list is in: the message, the result, the list.
const DEPTH_OF_ITEMS: usize = 3;

struct Parser<'a> {
    text: &'a str,
    offset: usize,
    values_left: usize,
    from: Sender,
    /// What objects have that have begun and not ended, the inner ones last: only when one ends it is known how much room
    /// it takes.
    members: Vec<(Cow<'a, str>, Json<'a>)>,
    /// The same of arrays.
    items: Vec<Json<'a>>,
    /// How many levels may be below the items whose places are noted.
    noted: Option<usize>,
    /// Where they are.
    places: Vec<Range<usize>>,
    /// Why it stops, once it does.
    failed: Option<JsonError>,
}

/// The text is not the JSON we accept; why is in [`Parser::failed`]. Nothing is in it, so that every result is as small as
/// what it is of, and is not copied from one form into another at each level.
struct Stop;

impl<'a> Parser<'a> {
    fn new(text: &'a str, bounds: Bounds) -> Self {
        Self {
            text,
            offset: 0,
            values_left: bounds.values,
            from: bounds.from,
            members: Vec::new(),
            items: Vec::new(),
            noted: None,
            places: Vec::new(),
            failed: None,
        }
    }

    fn read(&mut self, depth: usize) -> Result<Json<'a>, JsonError> {
        let value = self.whole(depth);
        let unknown = JsonError { kind: JsonErrorKind::UnexpectedByte, offset: self.offset };
        value.map_err(|Stop| self.failed.unwrap_or(unknown))
    }

    fn whole(&mut self, depth: usize) -> Result<Json<'a>, Stop> {
        self.skip_whitespace();
        let value = self.value(depth)?;
        self.skip_whitespace();
        match self.peek() {
            None => Ok(value),
            Some(_) => Err(self.error(JsonErrorKind::TrailingData)),
        }
    }

    // A value is built where it is kept, and not moved there: that is a quarter of the time of reading.
    #[inline(always)]
    fn value(&mut self, depth: usize) -> Result<Json<'a>, Stop> {
        self.values_left =
            self.values_left.checked_sub(1).ok_or_else(|| self.error(JsonErrorKind::TooManyValues))?;
        match self.peek() {
            Some(b'{') => self.object(depth).map(Json::Object),
            Some(b'[') => self.array(depth).map(Json::Array),
            Some(b'"') => self.string().map(Json::String),
            Some(b'-' | b'0'..=b'9') => self.number().map(Json::Number),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            Some(_) => Err(self.error(JsonErrorKind::UnexpectedByte)),
            None => Err(self.error(JsonErrorKind::UnexpectedEnd)),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Object<'a>, Stop> {
        let depth = self.open(depth)?;
        let first = self.members.len();
        if !self.closes(b'}') {
            loop {
                self.skip_whitespace();
                let key = self.string()?;
                self.skip_whitespace();
                self.expect(b':')?;
                self.skip_whitespace();
                let value = self.value(depth)?;
                self.members.push((key, value));
                if !self.continues(b'}')? {
                    break;
                }
            }
        }
        if has_duplicate(self.members.get(first..).unwrap_or_default(), self.from) {
            return Err(self.error(JsonErrorKind::DuplicateKey));
        }
        Ok(Object { members: self.members.drain(first..).collect() })
    }

    fn array(&mut self, depth: usize) -> Result<Vec<Json<'a>>, Stop> {
        let depth = self.open(depth)?;
        let first = self.items.len();
        let is_noted = self.noted == Some(depth);
        if !self.closes(b']') {
            loop {
                self.skip_whitespace();
                let start = self.offset;
                let item = self.value(depth)?;
                self.items.push(item);
                if is_noted {
                    self.places.push(start..self.offset);
                }
                if !self.continues(b']')? {
                    break;
                }
            }
        }
        Ok(self.items.drain(first..).collect())
    }

    /// Takes the opening bracket and returns the depth that is left for what is inside.
    fn open(&mut self, depth: usize) -> Result<usize, Stop> {
        let left = depth.checked_sub(1).ok_or_else(|| self.error(JsonErrorKind::TooDeep))?;
        self.offset += 1;
        self.skip_whitespace();
        Ok(left)
    }

    fn closes(&mut self, bracket: u8) -> bool {
        let closed = self.peek() == Some(bracket);
        if closed {
            self.offset += 1;
        }
        closed
    }

    /// After an element: `true` for a comma, `false` for the closing bracket.
    fn continues(&mut self, bracket: u8) -> Result<bool, Stop> {
        self.skip_whitespace();
        if self.closes(bracket) {
            return Ok(false);
        }
        self.expect(b',')?;
        Ok(true)
    }

    // As for `value`.
    #[inline(always)]
    fn string(&mut self) -> Result<Cow<'a, str>, Stop> {
        self.expect(b'"')?;
        let start = self.offset;
        self.skip_plain();
        if self.peek() == Some(b'"') {
            let plain = self.slice(start);
            self.offset += 1;
            return Ok(Cow::Borrowed(plain));
        }
        let mut decoded = String::from(self.slice(start));
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.offset += 1;
                    return Ok(Cow::Owned(decoded));
                }
                Some(b'\\') => decoded.push(self.escape()?),
                Some(_) => return Err(self.error(JsonErrorKind::ControlCharacter)),
                None => return Err(self.error(JsonErrorKind::UnexpectedEnd)),
            }
            let start = self.offset;
            self.skip_plain();
            decoded.push_str(self.slice(start));
        }
    }

    /// Moves to the next quote, backslash or control character.
    fn skip_plain(&mut self) {
        let rest = self.text.as_bytes().get(self.offset..).unwrap_or_default();
        self.offset += plain_prefix(rest);
    }

    fn escape(&mut self) -> Result<char, Stop> {
        self.offset += 1;
        let character = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            Some(_) => return Err(self.error(JsonErrorKind::BadEscape)),
            None => return Err(self.error(JsonErrorKind::UnexpectedEnd)),
        };
        self.offset += 1;
        Ok(character)
    }

    fn unicode_escape(&mut self) -> Result<char, Stop> {
        self.offset += 1;
        let first = self.hex4()?;
        if !(0xD800..=0xDFFF).contains(&first) {
            return char::from_u32(first).ok_or_else(|| self.error(JsonErrorKind::BadEscape));
        }
        match (self.low_surrogate(first)?, self.from) {
            (Some(character), _) => Ok(character),
            (None, Sender::Caller) => Err(self.error(JsonErrorKind::BadEscape)),
            (None, Sender::Upstream) => Ok(char::REPLACEMENT_CHARACTER),
        }
    }

    /// The character that the following escape completes, if it does; else nothing is taken.
    fn low_surrogate(&mut self, high: u32) -> Result<Option<char>, Stop> {
        if high >= 0xDC00 || !self.remaining().starts_with("\\u") {
            return Ok(None);
        }
        let start = self.offset;
        self.offset += 2;
        let low = self.hex4()?;
        if !(0xDC00..=0xDFFF).contains(&low) {
            self.offset = start;
            return Ok(None);
        }
        Ok(char::from_u32(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)))
    }

    fn hex4(&mut self) -> Result<u32, Stop> {
        let digits = self.remaining().as_bytes().get(..4);
        let code = digits.and_then(|digits| {
            digits.iter().try_fold(0, |code, digit| Some(code * 16 + char::from(*digit).to_digit(16)?))
        });
        let code = code.ok_or_else(|| self.error(JsonErrorKind::BadEscape))?;
        self.offset += 4;
        Ok(code)
    }

    fn number(&mut self) -> Result<Number<'a>, Stop> {
        let start = self.offset;
        if self.peek() == Some(b'-') {
            self.offset += 1;
        }
        // RFC 8259 §6: no leading zero.
        match self.peek() {
            Some(b'0') => self.offset += 1,
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            self.offset += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.offset += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.offset += 1;
            }
            self.digits()?;
        }
        Ok(Number(Cow::Borrowed(self.slice(start))))
    }

    fn digits(&mut self) -> Result<(), Stop> {
        let digits = self.remaining().bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return Err(self.error(JsonErrorKind::BadNumber));
        }
        self.offset += digits;
        Ok(())
    }

    fn word(&mut self, word: &str, value: Json<'a>) -> Result<Json<'a>, Stop> {
        if !self.remaining().starts_with(word) {
            return Err(self.error(JsonErrorKind::UnexpectedByte));
        }
        self.offset += word.len();
        Ok(value)
    }

    fn expect(&mut self, byte: u8) -> Result<(), Stop> {
        match self.peek() {
            Some(found) if found == byte => {
                self.offset += 1;
                Ok(())
            }
            Some(_) => Err(self.error(JsonErrorKind::UnexpectedByte)),
            None => Err(self.error(JsonErrorKind::UnexpectedEnd)),
        }
    }

    fn skip_whitespace(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.offset += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.offset).copied()
    }

    fn remaining(&self) -> &'a str {
        self.text.get(self.offset..).unwrap_or_default()
    }

    fn slice(&self, start: usize) -> &'a str {
        self.text.get(start..self.offset).unwrap_or_default()
    }

    fn error(&mut self, kind: JsonErrorKind) -> Stop {
        self.failed = Some(JsonError { kind, offset: self.offset });
        Stop
    }
}

fn has_duplicate(members: &[(Cow<'_, str>, Json<'_>)], from: Sender) -> bool {
    if members.len() <= PAIRWISE {
        return members.iter().enumerate().any(|(index, (key, _))| {
            let earlier = members.get(..index).unwrap_or_default();
            earlier.iter().any(|(earlier, _)| match from {
                Sender::Caller => earlier == key || fold(earlier) == fold(key),
                Sender::Upstream => earlier == key,
            })
        });
    }
    let mut keys: Vec<Cow<'_, str>> = members
        .iter()
        .map(|(key, _)| match from {
            Sender::Caller => Cow::Owned(fold(key)),
            Sender::Upstream => Cow::Borrowed(key.as_ref()),
        })
        .collect();
    keys.sort_unstable();
    keys.windows(2).any(|pair| matches!(pair, [left, right] if left == right))
}

/// A text without its case. Upper case first: `ſ` and the Kelvin sign then meet `s` and `k`.
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}
