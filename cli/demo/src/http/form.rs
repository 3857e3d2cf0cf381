//! `application/x-www-form-urlencoded` names and values, as forms, token requests and query strings write them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The fields of a form or query string.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Form(BTreeMap<String, Vec<String>>);

/// Why a form is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FormError {
    /// Not percent-encoded UTF-8.
    #[error("the form is not percent-encoded UTF-8")]
    Malformed,
    /// RFC 6749 §3.1: parameters are sent at most once (RFC 8707 allows several `resource`).
    #[error("`{0}` is sent more than once")]
    Repeated(String),
}

impl Form {
    /// Reads `a=1&b=2`. Only `resource` may be repeated.
    ///
    /// # Errors
    /// [`FormError::Malformed`] and [`FormError::Repeated`].
    pub(crate) fn parse(text: &str) -> Result<Self, FormError> {
        let mut fields = BTreeMap::<String, Vec<String>>::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name)?, decode(value)?);
            let values = fields.entry(name.clone()).or_default();
            if !values.is_empty() && name != "resource" {
                return Err(FormError::Repeated(name));
            }
            values.push(value);
        }
        Ok(Self(fields))
    }

    /// The value of a field. An empty value counts as absent (RFC 6749 §3.1).
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.values(name).first().map(String::as_str).filter(|value| !value.is_empty())
    }

    /// All values of a field that may be repeated.
    pub(crate) fn values(&self, name: &str) -> &[String] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }
}

/// Reads one percent-encoded name or value; `+` is a space.
pub(crate) fn decode(text: &str) -> Result<String, FormError> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = bytes.next().and_then(hex).ok_or(FormError::Malformed)?;
                let low = bytes.next().and_then(hex).ok_or(FormError::Malformed)?;
                high << 4 | low
            }
            other => other,
        });
    }
    String::from_utf8(decoded).map_err(|_not_utf8| FormError::Malformed)
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// Writes `a=1&b=2`, every byte outside RFC 3986's unreserved set percent-encoded.
pub(crate) fn encode<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = String::new();
    for (name, value) in fields {
        if !text.is_empty() {
            text.push('&');
        }
        encode_into(&mut text, name);
        text.push('=');
        encode_into(&mut text, value);
    }
    text
}

fn encode_into(text: &mut String, value: &str) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _written = write!(text, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn repeated_and_malformed_fields_are_refused() {
        for (text, want) in [
            ("a=1&a=2", FormError::Repeated("a".into())),
            ("a=%zz", FormError::Malformed),
            ("a=%4", FormError::Malformed),
            ("a=%ff", FormError::Malformed),
        ] {
            assert_eq!(Form::parse(text), Err(want), "text: {text}");
        }
    }

    #[test]
    fn resource_may_be_repeated_and_empty_is_absent() {
        let form = Form::parse("resource=a&resource=b+c&state=&x").unwrap();
        assert_eq!(form.values("resource"), ["a", "b c"]);
        assert_eq!((form.value("state"), form.value("x"), form.value("y")), (None, None, None));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(name in ".+", value in ".+") {
            let form = Form::parse(&encode([(name.as_str(), value.as_str())])).unwrap();
            prop_assert_eq!(form.value(&name), Some(value.as_str()));
        }
    }
}
