//! Passport numbers of any country.

use super::{Compact, Identifier, Strength};
use crate::catalog;
use crate::topic::Topic;

/// ICAO 9303 allows nine letters and digits, and says nothing of a check but in the machine readable zone. These are the
/// forms of the countries that give out most.
pub(super) const IDENTIFIERS: &[Identifier] = &[Identifier {
    class: catalog::PASSPORT,
    forms: &[
        "999999999",
        "99 9999999",
        "99AA99999",
        "A9999999",
        "A99999999",
        "AA999999",
        "AA9999999",
        "AAA999999",
        "AXXXXXXXX",
    ],
    check: is_passport,
    strength: Strength::Generic,
    topic: Topic::Passport,
}];

/// Half of it are digits at least: words and codes with few are none.
fn is_passport(number: &Compact) -> bool {
    number.digits().count() * 2 >= number.bytes().len() && number.digits().any(|digit| digit != 0)
}

#[cfg(test)]
mod tests {
    use super::super::check::check;
    use super::*;

    #[test]
    fn a_number_is_one_where_something_speaks_of_passports() {
        let values = [
            "340020013",
            "E12345678",
            "TK1234567",
            "GA302922",
            "XDB123456",
            "C01X00T47",
            "75 1234567",
            "12AB34567",
        ];
        let values = values.map(|value| (value, false));
        check(catalog::PASSPORT, "passport no.", &values, &["12345", "000000000", "1.2.3", "A1B2C3D4E5F6"]);
        check(catalog::PASSPORT, "护照号码", &[("E12345678", false)], &[]);
    }
}
