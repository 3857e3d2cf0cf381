//! Short texts in which nothing was found, so that they need not be looked at again.
//!
//! Lists say the same thousands of times: the names of members, and values such as `"string"`. What a scan finds depends
//! on the text and on what its member is called, so both are kept, and compared whole.

/// The texts that were looked at last, each in the one place where it can be.
#[derive(Debug, Default)]
pub(super) struct Plain {
    texts: Vec<Text>,
}

#[derive(Clone, Debug, Default)]
struct Text {
    key: String,
    text: String,
}

/// How many there are.
const PLACES: usize = 256;
/// How long a text and what its member is called may be together, in bytes.
const LONGEST: usize = 96;

impl Plain {
    /// Whether nothing was found in this text of a member of this name.
    pub(super) fn has(&self, key: &str, text: &str) -> bool {
        let known = self.texts.get(place(key, text));
        known.is_some_and(|known| known.text == text && known.key == key && !text.is_empty())
    }

    /// Remembers that nothing was found in a text, if it is short.
    pub(super) fn add(&mut self, key: &str, text: &str) {
        if key.len() + text.len() > LONGEST {
            return;
        }
        self.texts.resize(PLACES, Text::default());
        if let Some(known) = self.texts.get_mut(place(key, text)) {
            key.clone_into(&mut known.key);
            text.clone_into(&mut known.text);
        }
    }
}

/// Where a text is: by its length, its first and last bytes, and how long its name is.
fn place(key: &str, text: &str) -> usize {
    let bytes = text.as_bytes();
    let end = |bytes: Option<&[u8; 4]>| bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes));
    let (first, last) = (end(bytes.first_chunk()), end(bytes.last_chunk()));
    let lengths = bytes.len().wrapping_mul(31).wrapping_add(key.len());
    let mixed = first.wrapping_mul(0x9e37_79b1) ^ last.wrapping_mul(0x85eb_ca6b);
    usize::try_from(mixed >> 16).unwrap_or_default().wrapping_add(lengths) % PLACES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_known_with_its_name_only() {
        let mut plain = Plain::default();
        assert!(!plain.has("type", "string"));
        plain.add("type", "string");
        assert!(plain.has("type", "string"));
        for (key, text) in [("kind", "string"), ("type", "strinG"), ("type", ""), ("", "string")] {
            assert!(!plain.has(key, text), "{key}: {text}");
        }
        plain.add("", "");
        assert!(!plain.has("", ""));
    }

    #[test]
    fn long_texts_are_not_kept_and_many_take_no_more_room() {
        let mut plain = Plain::default();
        let long = "x".repeat(LONGEST + 1);
        plain.add("", &long);
        assert!(!plain.has("", &long));
        (0..10_000).for_each(|number| plain.add("id", &number.to_string()));
        assert_eq!(plain.texts.len(), PLACES);
        assert!(plain.has("id", "9999"));
    }
}
