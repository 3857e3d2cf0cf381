//! Texts of any length, cut to fit a record, with the cut in plain sight.

use crate::json;

/// The start of a text, and how much of it is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excerpt {
    text: String,
    n_omitted: u64,
}

impl Excerpt {
    /// All of `text`. If it turns out too long for a record, encoding cuts it.
    #[must_use]
    pub fn whole(text: impl Into<String>) -> Self {
        Self { text: text.into(), n_omitted: 0 }
    }

    /// The first `max_bytes` of `text`, or a little less so as not to cut a character.
    #[must_use]
    pub fn start_of(text: &str, max_bytes: usize) -> Self {
        let mut excerpt = Self::default();
        excerpt.text.push_str(text.get(..text.floor_char_boundary(max_bytes)).unwrap_or_default());
        excerpt.n_omitted = n_bytes(text.len() - excerpt.text.len());
        excerpt
    }

    /// What is kept of the text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many bytes of the text are missing after [`Self::text`]; 0 if it is whole.
    #[must_use]
    pub fn n_omitted(&self) -> u64 {
        self.n_omitted
    }

    pub(crate) fn from_parts(text: String, n_omitted: u64) -> Self {
        Self { text, n_omitted }
    }

    /// Cuts the text so that writing it as JSON takes at most `max_bytes`, and never fewer than those of an empty one.
    pub(crate) fn shrink_to(&mut self, max_bytes: usize) {
        let excess = json::string_len(&self.text).saturating_sub(max_bytes);
        if excess > 0 {
            self.shrink_by(excess);
        }
    }

    /// Cuts the text so that writing it as JSON takes at least `n` bytes less, or to nothing.
    pub(crate) fn shrink_by(&mut self, n: usize) {
        let budget = json::string_len(&self.text).saturating_sub(n);
        let mut used = 2;
        let fits = |(_, ch): &(usize, char)| {
            used += json::char_len(*ch);
            used <= budget
        };
        let end = self.text.char_indices().take_while(fits).map(|(start, ch)| start + ch.len_utf8()).last();
        let omitted = self.text.len() - end.unwrap_or(0);
        self.text.truncate(end.unwrap_or(0));
        self.n_omitted = self.n_omitted.saturating_add(n_bytes(omitted));
    }
}

fn n_bytes(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_keeps_characters_whole_and_says_how_much_is_missing() {
        for (text, max, kept, omitted) in
            [("abc", 3, "abc", 0), ("abc", 2, "ab", 1), ("aé", 2, "a", 2), ("é", 0, "", 2), ("", 5, "", 0)]
        {
            let excerpt = Excerpt::start_of(text, max);
            assert_eq!((excerpt.text(), excerpt.n_omitted()), (kept, omitted), "text: {text}");
        }
    }

    #[test]
    fn shrinking_counts_bytes_as_json_writes_them() {
        for (text, n, kept, omitted) in [
            ("abcdef", 2, "abcd", 2),
            ("\n\n\n", 2, "\n\n", 1),
            ("\u{1}\u{1}", 1, "\u{1}", 1),
            ("éé", 1, "é", 2),
            ("abc", 100, "", 3),
        ] {
            let mut excerpt = Excerpt::whole(text);
            excerpt.shrink_by(n);
            assert_eq!((excerpt.text(), excerpt.n_omitted()), (kept, omitted), "text: {text:?}");
        }
    }
}
