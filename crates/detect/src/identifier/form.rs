//! How identifiers are written.

use std::collections::BTreeMap;

/// The form of an identifier: `9` is a digit, `A` a letter, `X` either, `~` a sign that may be left out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form(&'static str);

/// The letters, in upper case, and digits of an identifier, without what stands between them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Compact {
    bytes: [u8; Self::LONGEST],
    n: usize,
}

impl Compact {
    /// How many there can be.
    const LONGEST: usize = 32;

    fn push(&mut self, byte: u8) -> Option<()> {
        *self.bytes.get_mut(self.n)? = byte.to_ascii_uppercase();
        self.n += 1;
        Some(())
    }

    /// All of them.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.n).unwrap_or_default()
    }

    /// All of them, as text.
    pub(crate) fn as_str(&self) -> &str {
        str::from_utf8(self.bytes()).unwrap_or_default()
    }

    /// The values of the digits; a letter has none, and is left out.
    pub(crate) fn digits(&self) -> impl DoubleEndedIterator<Item = u32> + Clone + '_ {
        self.bytes().iter().filter_map(|byte| char::from(*byte).to_digit(10))
    }

    /// The number that the bytes of a range are, if they are all digits.
    pub(crate) fn number(&self, range: std::ops::Range<usize>) -> Option<u64> {
        self.as_str().get(range)?.parse().ok()
    }
}

impl Form {
    pub(crate) const fn new(form: &'static str) -> Self {
        Self(form)
    }

    /// With how many letters it starts.
    pub(crate) fn n_letters(self) -> usize {
        self.0.bytes().take_while(|byte| *byte == b'A').count()
    }

    /// How many digits may follow the first letters before anything else does, and what may follow them.
    pub(crate) fn first_runs(self) -> BTreeMap<usize, Next> {
        let mut runs: BTreeMap<usize, Next> = BTreeMap::new();
        let mut n_digits = 0;
        let mut rest = self.0.bytes().skip(self.n_letters()).peekable();
        // A sign between the letters and the digits.
        rest.next_if(|byte| !matches!(byte, b'9' | b'X'));
        for byte in rest {
            let mut may_follow = |next: Next| runs.entry(n_digits).or_default().0 |= next.0;
            match byte {
                b'9' => n_digits += 1,
                // A digit here goes on with the run, a letter ends it.
                b'X' => {
                    may_follow(Next::LETTER);
                    n_digits += 1;
                }
                b'~' => may_follow(Next::SIGN),
                b'A' => {
                    may_follow(Next::LETTER);
                    return runs;
                }
                _ => {
                    may_follow(Next::SIGN);
                    return runs;
                }
            }
        }
        runs.entry(n_digits).or_default().0 |= Next::END.0;
        runs
    }

    /// How many digits must stand behind the sign that follows the first `n_digits`.
    pub(crate) fn digits_behind(self, n_digits: usize) -> usize {
        let is_digit = |byte: &u8| matches!(byte, b'9' | b'X');
        let mut n_passed = 0;
        let mut rest =
            self.0.bytes().skip(self.n_letters()).skip_while(|byte| !is_digit(byte)).skip_while(|byte| {
                let is_passed = n_passed < n_digits;
                n_passed += usize::from(is_digit(byte));
                is_passed
            });
        match rest.next() {
            Some(b'9' | b'A' | b'X') | None => 0,
            Some(_) => rest.take_while(|byte| *byte == b'9').count(),
        }
    }

    /// Whether many of its first characters may be letters.
    pub(crate) fn starts_with_letters(self, n_first: usize, n_digits: usize) -> bool {
        self.0.bytes().take(n_first).filter(|byte| *byte == b'9').count() < n_digits
    }

    /// Where what is written so at `start` ends, and its letters and digits.
    pub(crate) fn read(self, bytes: &[u8], start: usize) -> Option<(usize, Compact)> {
        let mut compact = Compact { bytes: [0; Compact::LONGEST], n: 0 };
        let rest = bytes.get(start..)?;
        let mut n_read = 0;
        for wanted in self.0.bytes() {
            let next = rest.get(n_read).copied();
            let is_read = next.is_some_and(|next| match wanted {
                b'~' => matches!(next, b' ' | b'-' | b'.' | b'/'),
                b'9' => next.is_ascii_digit(),
                b'A' => next.is_ascii_alphabetic(),
                b'X' => next.is_ascii_alphanumeric(),
                sign => next == sign,
            });
            match next {
                Some(next) if is_read => {
                    n_read += 1;
                    if next.is_ascii_alphanumeric() {
                        compact.push(next)?;
                    }
                }
                Some(_) | None if wanted == b'~' => {}
                Some(_) | None => return None,
            }
        }
        Some((start + n_read, compact))
    }
}

/// What stands behind the first digits: one of these, or any of several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Next(u8);

impl Next {
    pub(crate) const LETTER: Self = Self(1);
    const SIGN: Self = Self(2);
    const END: Self = Self(4);

    /// What a byte may be; a sign may belong to the identifier or end it.
    pub(crate) fn of(byte: Option<u8>) -> Self {
        match byte {
            None => Self::END,
            Some(byte) if byte.is_ascii_alphabetic() => Self::LETTER,
            Some(_) => Self(Self::SIGN.0 | Self::END.0),
        }
    }

    pub(crate) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identifier::all;

    /// A number in a form: with this in the place of every sign that may be left out, and this of what may be either.
    fn written(form: &str, sign: &str, either: char) -> String {
        let part = |wanted| match wanted {
            '9' => "5".to_owned(),
            'A' => "K".to_owned(),
            'X' => either.to_string(),
            '~' => sign.to_owned(),
            other => other.to_string(),
        };
        form.chars().map(part).collect()
    }

    fn n_digits(text: &str) -> usize {
        text.bytes().take_while(u8::is_ascii_digit).count()
    }

    /// A form is looked for only behind the digits that [`Form::first_runs`] and [`Form::digits_behind`] tell.
    #[test]
    fn no_number_is_left_out_for_how_it_starts() {
        for form in all().flat_map(|identifier| identifier.forms) {
            for (sign, either) in [("", '5'), ("-", '5'), (" ", 'K'), ("", 'K')] {
                let text = written(form, sign, either);
                let form = Form::new(form);
                assert!(
                    form.read(text.as_bytes(), 0).is_some_and(|(end, _)| end == text.len()),
                    "{form:?}: {text}"
                );
                let rest = text.get(form.n_letters()..).unwrap();
                let rest = rest.trim_start_matches(|character: char| !character.is_ascii_alphanumeric());
                let first = n_digits(rest);
                let next = Next::of(rest.as_bytes().get(first).copied());
                let is_told = form.first_runs().get(&first).is_some_and(|told| told.meets(next));
                // Letters that may be digits stand before the digits, which come first where it is looked for.
                assert!(is_told || first == 0, "{form:?}: {text}");
                let behind = rest.get(first + 1..).map_or(0, n_digits);
                assert!(next == Next::LETTER || form.digits_behind(first) <= behind, "{form:?}: {text}");
            }
        }
    }
}
