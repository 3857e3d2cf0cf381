//! The names of the months in the languages that we read.

/// For each month its names in small letters: English, German, French, Spanish, Italian, Dutch, Portuguese.
const NAMES: &[&[&str]] = &[
    &[
        "january", "januar", "januari", "janvier", "janeiro", "jan", "janv", "jänner", "enero", "ene",
        "gennaio", "gen",
    ],
    &[
        "february",
        "februar",
        "februari",
        "fevereiro",
        "feb",
        "février",
        "fevrier",
        "févr",
        "fev",
        "febrero",
        "febbraio",
    ],
    &["march", "märz", "maerz", "mrz", "maart", "mrt", "mars", "marzo", "março", "marco", "mar"],
    &["april", "avril", "avr", "abril", "abr", "aprile", "apr"],
    &["may", "mai", "mei", "mayo", "maggio", "mag", "maio"],
    &["june", "juni", "juin", "junio", "junho", "jun", "giugno", "giu"],
    &["july", "juli", "juillet", "juil", "julio", "julho", "jul", "luglio", "lug"],
    &["august", "augustus", "aug", "août", "aout", "agosto", "ago"],
    &["september", "septembre", "septiembre", "sept", "sep", "settembre", "set", "setembro"],
    &["october", "oktober", "okt", "octobre", "octubre", "ottobre", "ott", "outubro", "oct", "out"],
    &["november", "novembre", "noviembre", "novembro", "nov"],
    &[
        "december",
        "dezember",
        "dez",
        "décembre",
        "decembre",
        "déc",
        "diciembre",
        "dic",
        "dicembre",
        "dezembro",
        "dec",
    ],
];

/// The month whose name is the word at the start, and how long it is.
pub(super) fn at_start(bytes: &[u8]) -> Option<(u32, usize)> {
    let n = bytes.iter().take(12).take_while(|byte| is_letter(**byte)).count();
    Some((named(bytes.get(..n)?)?, n))
}

/// The month whose name is the word before `place`, and where it starts.
pub(super) fn at_end(bytes: &[u8], place: usize, longest: usize) -> Option<(u32, usize)> {
    let before = bytes.get(place.saturating_sub(longest)..place)?;
    let before = before.strip_suffix(b". ").or(before.strip_suffix(b" ")).or(before.strip_suffix(b"-"))?;
    let n = before.iter().rev().take_while(|byte| is_letter(**byte)).count();
    let name = before.get(before.len() - n..)?;
    let gap = place.min(longest) - before.len();
    Some((named(name)?, place - gap - n))
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte >= 0x80
}

/// Whether the first two letters are those of a name: most words are told by them.
fn starts_name(word: &[u8]) -> bool {
    let [first, second, ..] = word else { return false };
    let (first, second) = (first.to_ascii_lowercase(), second.to_ascii_lowercase());
    match first {
        b'a' => b"abgopuv".contains(&second),
        b'd' => b"ei\xc3".contains(&second),
        b'e' => second == b'n',
        b'f' => b"e\xc3".contains(&second),
        b'g' => b"ei".contains(&second),
        b'j' => b"au\xc3".contains(&second),
        b'l' => second == b'u',
        b'm' => b"aer\xc3".contains(&second),
        b'n' => second == b'o',
        b'o' => b"cktu".contains(&second),
        b's' => second == b'e',
        _ => false,
    }
}

fn named(word: &[u8]) -> Option<u32> {
    if !(3..=12).contains(&word.len()) || !starts_name(word) {
        return None;
    }
    let is_named = |names: &&[&str]| names.iter().any(|name| name.as_bytes().eq_ignore_ascii_case(word));
    let month = NAMES.iter().position(is_named)?;
    u32::try_from(month + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_told_by_its_first_letters() {
        for name in NAMES.iter().copied().flatten() {
            assert!(starts_name(name.as_bytes()), "name: {name}");
        }
    }
}
