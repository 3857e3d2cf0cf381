//! Did you mean?

/// What to write instead of `wrong`: the nearest of the `right` words, or what could stand there.
#[must_use]
pub fn suggest(wrong: &str, right: &[&str]) -> String {
    match nearest(wrong, right.iter().copied()) {
        Some(word) => meant(word),
        None if right.is_empty() => "there is none".to_owned(),
        None => expected(wrong, right),
    }
}

/// [`suggest`] where something else says better what could stand there.
#[must_use]
pub fn suggest_or(wrong: &str, right: &[&str], otherwise: &str) -> String {
    nearest(wrong, right.iter().copied()).map_or_else(|| otherwise.to_owned(), meant)
}

/// The one of many words that is meant, if one is near.
pub fn nearest<'w>(wrong: &str, right: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let distances = right.into_iter().map(|word| (strsim::damerau_levenshtein(wrong, word), word));
    let near = |(distance, word): &(usize, &str)| *distance * 3 <= word.chars().count().max(3);
    distances.min().filter(near).map(|(_, word)| word)
}

fn meant(word: &str) -> String {
    format!("did you mean `{word}`?")
}

/// What could stand there: of very many, some, and those first that begin with what does.
fn expected(wrong: &str, right: &[&str]) -> String {
    const MOST: usize = 12;
    if right.len() <= MOST {
        return format!("expected `{}`", right.join("`, `"));
    }
    let mut some: Vec<&str> = right.to_vec();
    some.sort_by_key(|word| !word.starts_with(wrong));
    some.truncate(MOST);
    format!("expected `{}` or one of {} others", some.join("`, `"), right.len() - MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_suggested_or_what_could_stand_there() {
        let many: Vec<String> =
            (0..14).map(|n| format!("{}{n:02}", if n == 13 { "x" } else { "w" })).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        for (wrong, right, want) in [
            ("alow", &["allow", "deny"][..], "did you mean `allow`?"),
            ("dney", &["allow", "deny"], "did you mean `deny`?"),
            ("a", &["b"], "did you mean `b`?"),
            ("block", &["allow", "deny"], "expected `allow`, `deny`"),
            ("block", &[], "there is none"),
            (
                "x",
                &many,
                "expected `x13`, `w00`, `w01`, `w02`, `w03`, `w04`, `w05`, `w06`, `w07`, `w08`, `w09`, `w10` or one of 2 \
                 others",
            ),
        ] {
            assert_eq!(suggest(wrong, right), want, "{wrong} of {right:?}");
        }
        assert_eq!(suggest_or("block", &["allow"], "write `connection/tool`"), "write `connection/tool`");
        assert_eq!(suggest_or("alow", &["allow"], "write `connection/tool`"), "did you mean `allow`?");
    }
}
