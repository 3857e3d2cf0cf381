//! International bank account numbers, ISO 13616: two letters, two check digits, and the account as its country
//! writes it; the whole passes a check modulo 97.
//!
//! What is not here: the inner layout of each country's accounts. Length and check are enough to tell an IBAN from
//! other text, and a layout table would miss numbers of countries that changed theirs.

use crate::catalog;
use crate::checksum::mod_97;
use crate::finding::{Confidence, Finding};
use crate::glyph::{Glyph, View};

/// Reports the IBAN whose first check digit is `digit`, if there is one.
///
/// Nothing before `floor` is looked at: it belongs to another finding.
pub(crate) fn find(view: &View<'_>, digit: Glyph, floor: usize) -> Option<Finding> {
    let second = view.before(digit.start, floor)?;
    let first = view.before(second.start, floor)?;
    let country = [u8::try_from(first.ch).ok()?, u8::try_from(second.ch).ok()?]
        .map(|letter| letter.to_ascii_uppercase());
    let length = country_length(country)?;
    if !starts_word(view, first, floor) {
        return None;
    }
    let account = read_account(view, digit, length - country.len())?;
    let is_iban = account.characters.check(country) == 1 && account.is_written_as_one(view);
    let range = first.start..account.end;
    is_iban.then_some(Finding { class: catalog::IBAN, range, confidence: Confidence::High })
}

/// Whether a word starts at `first`. `\n` and `\u0020` before it, in text that is quoted twice, count as white space,
/// and so does the word `IBAN`.
fn starts_word(view: &View<'_>, first: Glyph, floor: usize) -> bool {
    let Some(before) = view.before(first.start, floor) else { return true };
    if !before.ch.is_alphanumeric() || view.escape_ends_at(first.start, floor) {
        return true;
    }
    let mut position = first.start;
    "NABI".chars().all(|expected| {
        let glyph = view.before(position, floor);
        position = glyph.map_or(position, |glyph| glyph.start);
        glyph.is_some_and(|glyph| glyph.ch.eq_ignore_ascii_case(&expected))
    })
}

/// The check digits and the account, as far as the country's length goes.
struct Account {
    characters: Characters,
    end: usize,
    last: char,
    /// How long the groups between spaces or hyphens are, the first with the country's two letters.
    groups: Vec<usize>,
    has_hyphen: bool,
}

/// The characters of an IBAN after the country, each 0 to 35.
struct Characters(Vec<u32>);

/// Reads exactly `length` letters and digits from `digit` on, with single spaces or hyphens between them.
fn read_account(view: &View<'_>, digit: Glyph, length: usize) -> Option<Account> {
    let mut account = Account {
        characters: Characters(Vec::with_capacity(length)),
        end: digit.start,
        last: digit.ch,
        groups: vec![2],
        has_hyphen: false,
    };
    while account.characters.0.len() < length {
        let mut glyph = view.at(account.end)?;
        if matches!(glyph.ch, ' ' | '-') && account.characters.0.len() >= 2 {
            account.has_hyphen |= glyph.ch == '-';
            account.groups.push(0);
            glyph = view.at(glyph.end)?;
        }
        let radix = if account.characters.0.len() < 2 { 10 } else { 36 };
        account.characters.0.push(glyph.ch.to_digit(radix)?);
        *account.groups.last_mut()? += 1;
        account.end = glyph.end;
        account.last = glyph.ch;
    }
    Some(account)
}

impl Account {
    /// Whether the characters stand together as one value would: without gaps, in fours, or digits in any groups
    /// with spaces. Otherwise `NO12 items were sent` would be a candidate.
    fn is_written_as_one(&self, view: &View<'_>) -> bool {
        // The value ends where the kind of character changes. A digit after a letter may start a card, and a mask
        // there must not change the answer here.
        let goes_on = view.at(self.end).is_some_and(|next| {
            next.ch.is_ascii_alphanumeric() && next.ch.is_ascii_digit() == self.last.is_ascii_digit()
        });
        !goes_on && (self.groups.len() == 1 || self.is_in_fours() || self.is_in_number_groups())
    }

    fn is_in_fours(&self) -> bool {
        matches!(self.groups.as_slice(), [fours @ .., 1..=4] if fours.iter().all(|length| *length == 4))
    }

    fn is_in_number_groups(&self) -> bool {
        !self.has_hyphen && self.characters.0.iter().all(|value| *value < 10)
    }
}

impl Characters {
    /// The check of ISO 7064 MOD 97-10: the account, then the country, then the check digits, as one number with
    /// letters as 10 to 35, leaves 1.
    fn check(&self, country: [u8; 2]) -> u32 {
        let (check_digits, account) = self.0.split_at_checked(2).unwrap_or_default();
        let country = country.into_iter().filter_map(|letter| char::from(letter).to_digit(36));
        mod_97(account.iter().copied().chain(country).chain(check_digits.iter().copied()))
    }
}

/// The length of IBANs of a country, in upper case, from the SWIFT registry and its experimental entries.
fn country_length(country: [u8; 2]) -> Option<usize> {
    let length = match &country {
        b"NO" => 15,
        b"BE" => 16,
        b"DK" | b"FI" | b"FK" | b"FO" | b"GL" | b"NL" | b"SD" => 18,
        b"MK" | b"SI" => 19,
        b"AT" | b"BA" | b"EE" | b"KZ" | b"LT" | b"LU" | b"MN" | b"XK" => 20,
        b"CH" | b"HR" | b"LI" | b"LV" => 21,
        b"BG" | b"BH" | b"CR" | b"DE" | b"GB" | b"GE" | b"IE" | b"ME" | b"RS" | b"VA" => 22,
        b"AE" | b"GI" | b"IL" | b"IQ" | b"OM" | b"SO" | b"TL" => 23,
        b"AD" | b"CZ" | b"ES" | b"MD" | b"PK" | b"RO" | b"SA" | b"SE" | b"SK" | b"TN" | b"VG" => 24,
        b"AO" | b"CV" | b"GW" | b"LY" | b"MZ" | b"PT" | b"ST" => 25,
        b"DZ" | b"IR" | b"IS" | b"TR" => 26,
        b"CF" | b"CG" | b"CM" | b"DJ" | b"FR" | b"GA" | b"GQ" | b"GR" | b"IT" | b"KM" | b"MC" | b"MG"
        | b"MR" | b"SM" | b"TD" => 27,
        b"AL" | b"AZ" | b"BF" | b"BJ" | b"BY" | b"CI" | b"CY" | b"DO" | b"GT" | b"HN" | b"HU" | b"LB"
        | b"MA" | b"ML" | b"NE" | b"NI" | b"PL" | b"SN" | b"SV" | b"TG" => 28,
        b"BR" | b"EG" | b"PS" | b"QA" | b"UA" => 29,
        b"JO" | b"KW" | b"MU" | b"YE" => 30,
        b"MT" | b"SC" => 31,
        b"LC" => 32,
        b"RU" => 33,
        _ => return None,
    };
    Some(length)
}

#[cfg(test)]
mod tests {
    use crate::{Detectors, catalog};

    fn ibans(text: &str) -> Vec<&str> {
        let findings = Detectors::builtin().scan(text);
        findings
            .iter()
            .filter(|f| f.class == catalog::IBAN)
            .map(|f| text.get(f.range.clone()).unwrap())
            .collect()
    }

    #[test]
    fn the_registrys_examples_are_found_with_and_without_spaces() {
        for iban in [
            "AL47212110090000000235698741",
            "AT611904300234573201",
            "BE68539007547034",
            "BR1800360305000010009795493C1",
            "CH9300762011623852957",
            "DE89370400440532013000",
            "ES9121000418450200051332",
            "FR1420041010050500013M02606",
            "GB82WEST12345698765432",
            "IT60X0542811101000000123456",
            "LC55HEMM000100010012001200023015",
            "MT84MALT011000012345MTLCAST001S",
            "NL91ABNA0417164300",
            "NO9386011117947",
            "PL61109010140000071219812874",
            "RU0304452522540817810538091310419",
            "SA0380000000608010167519",
            "SE4550000000058398257466",
            "UA213223130000026007233566001",
        ] {
            let chars: Vec<char> = iban.chars().collect();
            let spaced = chars.chunks(4).map(String::from_iter).collect::<Vec<_>>().join(" ");
            for form in [iban.to_owned(), iban.to_lowercase(), spaced.replace(' ', "-"), spaced] {
                let text = format!("pay to {form}, please");
                assert_eq!(ibans(&text), [form.as_str()], "text: {text}");
            }
        }
    }

    #[test]
    fn invisible_characters_and_odd_groups_do_not_hide_one() {
        for (text, expected) in [
            ("DE89\u{200b}3704 0044\u{a0}0532 0130 00", "DE89\u{200b}3704 0044\u{a0}0532 0130 00"),
            ("ＤＥ８９370400440532013000", "ＤＥ８９370400440532013000"),
            ("DE89 37040044 0532013000", "DE89 37040044 0532013000"),
            ("IBANDE89370400440532013000", "DE89370400440532013000"),
            (r"\nDE89370400440532013000\n", "DE89370400440532013000"),
            (r"\u003cDE89370400440532013000\u003e", "DE89370400440532013000"),
            ("DE89370400440532013000EUR", "DE89370400440532013000"),
        ] {
            assert_eq!(ibans(text), [expected], "text: {text:?}");
        }
    }

    #[test]
    fn what_only_looks_like_an_iban_is_not_one() {
        for text in [
            "DE88370400440532013000",       // wrong check digits
            "DE8937040044053201300",        // too short
            "DE893704004405320130000",      // too long
            "XX89370400440532013000",       // no such country
            "CODE89370400440532013000",     // inside a word
            "DE89  3704 0044 0532 0130 00", // not one value
            "DE89/3704/0044/0532/0130/00",  // not one value
            "NO93 items were made",         // prose
            "DE 89 370400440532013000",     // not how one is written
        ] {
            assert_eq!(ibans(text), [""; 0], "text: {text:?}");
        }
    }

    #[test]
    fn digits_of_an_iban_are_not_also_a_card() {
        // The last sixteen digits are a card number.
        let text = "LT121000011101001000";
        assert!(Detectors::builtin().scan(text).iter().all(|f| f.class == catalog::IBAN));
    }
}
