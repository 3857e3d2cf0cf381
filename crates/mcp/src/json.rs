//! A JSON value that can be written back exactly as it was read.
//!
//! Numbers stay text, so a 30-digit integer and `1.0` survive; strings are decoded, because detection must
//! see what the reader will see. Object members keep their order and their keys are unique.
//! There is no serde here on purpose: a general data model would lose one of these guarantees.

mod parse;
mod plain;
#[cfg(test)]
mod tests;
mod write;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) use parse::fold;
pub use parse::{Bounds, Items, JsonError, JsonErrorKind, parse, parse_list, parse_text};

/// One JSON value (RFC 8259).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as the text it was written with.
    Number(Number<'a>),
    /// A string, decoded.
    String(Cow<'a, str>),
    /// An array.
    Array(Vec<Json<'a>>),
    /// An object with unique keys.
    Object(Object<'a>),
}

/// A number as it was written: the text matches the grammar of RFC 8259 §6.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number<'a>(Cow<'a, str>);

/// The members of an object in the order they were written.
///
/// INVARIANT: keys are unique. The parser refuses duplicates, [`Object::insert`] replaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object<'a> {
    members: Vec<(Cow<'a, str>, Json<'a>)>,
}

impl<'a> Json<'a> {
    /// The string inside, if this is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Array(_) | Self::Object(_) => None,
        }
    }

    /// The number inside, if this is a number.
    #[must_use]
    pub fn as_number(&self) -> Option<&Number<'a>> {
        match self {
            Self::Number(number) => Some(number),
            Self::Null | Self::Bool(_) | Self::String(_) | Self::Array(_) | Self::Object(_) => None,
        }
    }

    /// The object inside, if this is an object.
    #[must_use]
    pub fn as_object(&self) -> Option<&Object<'a>> {
        match self {
            Self::Object(object) => Some(object),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) | Self::Array(_) => None,
        }
    }

    /// The object inside, to be changed, if this is an object.
    #[must_use]
    pub fn as_object_mut(&mut self) -> Option<&mut Object<'a>> {
        match self {
            Self::Object(object) => Some(object),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) | Self::Array(_) => None,
        }
    }

    /// The array inside, if this is an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Json<'a>]> {
        match self {
            Self::Array(items) => Some(items),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) | Self::Object(_) => None,
        }
    }

    /// The array inside, to be changed, if this is an array.
    #[must_use]
    pub fn as_array_mut(&mut self) -> Option<&mut Vec<Json<'a>>> {
        match self {
            Self::Array(items) => Some(items),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) | Self::Object(_) => None,
        }
    }

    /// The same value, owning all of its text.
    #[must_use]
    pub fn into_owned(self) -> Json<'static> {
        match self {
            Self::Null => Json::Null,
            Self::Bool(value) => Json::Bool(value),
            Self::Number(number) => Json::Number(number.into_owned()),
            Self::String(text) => Json::String(Cow::Owned(text.into_owned())),
            Self::Array(items) => Json::Array(items.into_iter().map(Json::into_owned).collect()),
            Self::Object(object) => Json::Object(object.into_owned()),
        }
    }
}

impl<'a> From<&'a str> for Json<'a> {
    fn from(text: &'a str) -> Self {
        Self::String(Cow::Borrowed(text))
    }
}

impl From<String> for Json<'_> {
    fn from(text: String) -> Self {
        Self::String(Cow::Owned(text))
    }
}

impl From<bool> for Json<'_> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Json<'_> {
    fn from(value: i64) -> Self {
        Self::Number(Number::from(value))
    }
}

impl<'a> From<Object<'a>> for Json<'a> {
    fn from(object: Object<'a>) -> Self {
        Self::Object(object)
    }
}

impl<'a> From<Vec<Json<'a>>> for Json<'a> {
    fn from(items: Vec<Json<'a>>) -> Self {
        Self::Array(items)
    }
}

impl Number<'_> {
    /// The number exactly as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The value, if it was written as an integer (no fraction, no exponent) and fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        self.0.parse().ok()
    }

    /// The value, if it is a whole number, written with or without zeros after the point, that every reader holds
    /// exactly.
    #[must_use]
    pub fn as_whole(&self) -> Option<i64> {
        whole(&self.0)
    }

    /// The same number, owning its text.
    #[must_use]
    pub fn into_owned(self) -> Number<'static> {
        Number(Cow::Owned(self.0.into_owned()))
    }
}

impl From<i64> for Number<'_> {
    fn from(value: i64) -> Self {
        Self(Cow::Owned(value.to_string()))
    }
}

impl<'a> Object<'a> {
    /// An object without members.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds or replaces one member and returns the object: for building answers.
    #[must_use]
    pub fn with(mut self, key: impl Into<Cow<'a, str>>, value: impl Into<Json<'a>>) -> Self {
        self.insert(key, value);
        self
    }

    /// The value of a member.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Json<'a>> {
        self.members.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The value of a member, to be changed.
    #[must_use]
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Json<'a>> {
        self.members.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The value of a member that is a string.
    #[must_use]
    pub fn get_str(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Json::as_str)
    }

    /// Adds a member at the end, or replaces the value of the member that has this key.
    pub fn insert(&mut self, key: impl Into<Cow<'a, str>>, value: impl Into<Json<'a>>) {
        let key = key.into();
        match self.get_mut(&key) {
            Some(slot) => *slot = value.into(),
            None => self.members.push((key, value.into())),
        }
    }

    /// Takes a member out.
    pub fn remove(&mut self, key: &str) -> Option<Json<'a>> {
        let position = self.members.iter().position(|(name, _)| name == key)?;
        Some(self.members.remove(position).1)
    }

    /// Keeps the members for which `keep` holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&str) -> bool) {
        self.members.retain(|(name, _)| keep(name));
    }

    /// The members in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json<'a>)> {
        self.members.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// The values in order, to be changed; keys stay.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Json<'a>)> {
        self.members.iter_mut().map(|(name, value)| {
            let name: &Cow<'a, str> = name;
            (name.as_ref(), value)
        })
    }

    /// Gives every key to `rename` and takes what it returns; a name that is taken gets a counter, because
    /// two members must never share a key. Linear in the number of members, but for a logarithm.
    pub fn rename_keys(&mut self, mut rename: impl FnMut(&str) -> Option<String>) {
        // Hardly ever is one renamed.
        let mut names = self.members.iter().map(|(name, _)| rename(name));
        let mut n_kept = 0;
        let Some(first) = names.find_map(|wanted| {
            n_kept += usize::from(wanted.is_none());
            wanted
        }) else {
            return;
        };
        let mut wanted: Vec<Option<String>> = std::iter::repeat_n(None, n_kept).collect();
        wanted.push(Some(first));
        wanted.extend(names);
        let kept = self.members.iter().zip(&wanted).filter(|(_, wanted)| wanted.is_none());
        let mut taken: BTreeSet<String> = kept.map(|((name, _), _)| name.to_string()).collect();
        let mut counters = BTreeMap::new();
        for ((name, _), wanted) in self.members.iter_mut().zip(wanted) {
            if let Some(wanted) = wanted {
                *name = Cow::Owned(free_name(wanted, &mut taken, &mut counters));
            }
        }
    }

    /// The number of members.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there is no member.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The same object, owning all of its text.
    #[must_use]
    pub fn into_owned(self) -> Object<'static> {
        Object {
            members: self
                .members
                .into_iter()
                .map(|(name, value)| (Cow::Owned(name.into_owned()), value.into_owned()))
                .collect(),
        }
    }
}

/// The largest whole number that every reader holds exactly, 2^53 - 1.
const LARGEST: i64 = 9_007_199_254_740_991;

/// What [`Number::as_whole`] says of a number.
pub(crate) fn whole(text: &str) -> Option<i64> {
    let digits = match text.split_once('.') {
        Some((digits, zeros)) if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') => digits,
        Some(_) => return None,
        None => text,
    };
    let plain = digits.strip_prefix('-').unwrap_or(digits).bytes().all(|byte| byte.is_ascii_digit());
    let value: i64 = digits.parse().ok().filter(|_| plain)?;
    (-LARGEST..=LARGEST).contains(&value).then_some(value)
}

/// The first of `wanted`, `wanted 2`, `wanted 3`, … that nobody has. The counters remember where to go on.
fn free_name(wanted: String, taken: &mut BTreeSet<String>, counters: &mut BTreeMap<String, u64>) -> String {
    if taken.insert(wanted.clone()) {
        return wanted;
    }
    let counter = counters.entry(wanted.clone()).or_insert(1);
    loop {
        *counter += 1;
        let candidate = format!("{wanted} {counter}");
        if taken.insert(candidate.clone()) {
            return candidate;
        }
    }
}
