//! Did you mean?

/// What to write instead of `wrong`: the nearest of the `right` words, or all of them.
#[must_use]
pub fn suggest(wrong: &str, right: &[&str]) -> String {
    match nearest(wrong, right.iter().copied()) {
        Some(word) => format!("did you mean `{word}`?"),
        None if right.is_empty() => "there is none".to_owned(),
        None => portcullis_settings::read::expected(wrong, right),
    }
}

/// The one of many words that is meant, if one is near.
pub(crate) fn nearest<'w>(wrong: &str, right: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let distances = right.into_iter().map(|word| (strsim::damerau_levenshtein(wrong, word), word));
    let near = |(distance, word): &(usize, &str)| *distance * 3 <= word.chars().count().max(3);
    distances.min().filter(near).map(|(_, word)| word)
}

/// [`suggest`] where there may be too many words to list.
pub(crate) fn suggest_or(wrong: &str, right: &[&str], otherwise: &str) -> String {
    nearest(wrong, right.iter().copied())
        .map_or_else(|| otherwise.to_owned(), |word| format!("did you mean `{word}`?"))
}
