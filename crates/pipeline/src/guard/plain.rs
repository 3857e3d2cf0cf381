//! Texts of some words in which nothing was found, so that they need not be looked at again.
//!
//! Lists say the same thousands of times: descriptions, and names such as `additionalProperties`. What a scan finds depends
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
/// How short a text is that is looked at as fast as it is looked up, in bytes.
const SHORT: usize = 16;

impl Plain {
    /// Whether nothing was found in this text of a member of this name.
    pub(super) fn has(&self, key: &str, text: &str) -> bool {
        if text.len() < SHORT {
            return false;
        }
        let known = self.texts.get(place(key, text));
        known.is_some_and(|known| is_same(&known.text, text) && is_same(&known.key, key))
    }

    /// Remembers that nothing was found in a text, if it is short.
    pub(super) fn add(&mut self, key: &str, text: &str) {
        if text.len() < SHORT || key.len() + text.len() > LONGEST {
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

/// Whether two texts are the same. WebAssembly compares byte by byte where the library does.
pub(super) fn is_same(left: &str, right: &str) -> bool {
    let (left_words, left_rest) = left.as_bytes().as_chunks::<WORD>();
    let (right_words, right_rest) = right.as_bytes().as_chunks::<WORD>();
    let are_same =
        |(left, right): (&[u8; WORD], &[u8; WORD])| u64::from_ne_bytes(*left) == u64::from_ne_bytes(*right);
    left.len() == right.len()
        && left_words.iter().zip(right_words).all(are_same)
        && left_rest.iter().zip(right_rest).all(|(left, right)| left == right)
}

const WORD: usize = size_of::<u64>();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_known_with_its_name_only() {
        let mut plain = Plain::default();
        let text = "additionalProperties";
        assert!(!plain.has("type", text));
        plain.add("type", text);
        assert!(plain.has("type", text));
        for (key, text) in [("kind", text), ("type", "additionalPropertiez"), ("", text)] {
            assert!(!plain.has(key, text), "{key}: {text}");
        }
    }

    #[test]
    fn long_and_short_texts_are_not_kept_and_many_take_no_more_room() {
        let mut plain = Plain::default();
        let (short, long) = ("string", "x".repeat(LONGEST + 1));
        for text in [short, &long] {
            plain.add("", text);
            assert!(!plain.has("", text));
        }
        let text = |number: u32| format!("the text of number {number}");
        (0..10_000).for_each(|number| plain.add("id", &text(number)));
        assert_eq!(plain.texts.len(), PLACES);
        assert!(plain.has("id", &text(9999)));
    }
}
