//! The Americas outside the United States.

use super::check::{digit, ends_in, has_date, is_luhn, is_one_digit};
use super::{Compact, Identifier, Strength};
use crate::catalog;
use crate::checksum::weighted;
use crate::topic::Topic;

pub(super) const IDENTIFIERS: &[Identifier] = &[
    Identifier {
        class: catalog::AR_CUIT,
        forms: &["99-99999999-9"],
        check: is_cuit,
        strength: Strength::Strong,
        topic: Topic::ArCuit,
    },
    Identifier {
        class: catalog::AR_CUIT,
        forms: &["99~99999999~9", "99~99~999~999~9"],
        check: is_cuit,
        strength: Strength::Weak,
        topic: Topic::ArCuit,
    },
    Identifier {
        class: catalog::BR_CNPJ,
        forms: &["XX.XXX.XXX/XXXX-99", "AX.XXX.XXX/XXXX-99", "AA.XXX.XXX/XXXX-99"],
        check: is_cnpj,
        strength: Strength::Strong,
        topic: Topic::BrCnpj,
    },
    Identifier {
        class: catalog::BR_CNPJ,
        forms: &[
            "99~999~999~9999~99",
            "XXXXXXXXXXXX99",
            "AXXXXXXXXXXX99",
            "AAXXXXXXXXXX99",
            "AAAXXXXXXXXX99",
            "AAAAXXXXXXXX99",
            "AAAAAXXXXXXX99",
            "AAAAAAXXXXXX99",
        ],
        check: is_cnpj,
        strength: Strength::Weak,
        topic: Topic::BrCnpj,
    },
    Identifier {
        class: catalog::BR_CPF,
        forms: &["999.999.999-99"],
        check: is_cpf,
        strength: Strength::Strong,
        topic: Topic::BrCpf,
    },
    Identifier {
        class: catalog::BR_CPF,
        forms: &["999~999~999~99"],
        check: is_cpf,
        strength: Strength::Weak,
        topic: Topic::BrCpf,
    },
    Identifier {
        class: catalog::CA_SIN,
        forms: &["999~999~999"],
        check: is_sin,
        strength: Strength::Weak,
        topic: Topic::CaSin,
    },
    Identifier {
        class: catalog::CL_RUT,
        forms: &["9.999.999-X", "99.999.999-X"],
        check: is_rut,
        strength: Strength::Strong,
        topic: Topic::ClRut,
    },
    Identifier {
        class: catalog::CL_RUT,
        forms: &["9~999~999~X", "99~999~999~X"],
        check: is_rut,
        strength: Strength::Weak,
        topic: Topic::ClRut,
    },
    Identifier {
        class: catalog::CO_NIT,
        forms: &["999.999.999-9"],
        check: is_nit,
        strength: Strength::Strong,
        topic: Topic::CoNit,
    },
    Identifier {
        class: catalog::CO_NIT,
        forms: &["999~999~999~9", "9~999~999~999~9"],
        check: is_nit,
        strength: Strength::Weak,
        topic: Topic::CoNit,
    },
    Identifier {
        class: catalog::MX_CURP,
        forms: &["AAAA999999AAAAAAX9"],
        check: is_curp,
        strength: Strength::Strong,
        topic: Topic::MxCurp,
    },
    // Lot numbers are letters, a date and a count too, and every eleventh of them passes the check.
    Identifier {
        class: catalog::MX_RFC,
        forms: &["AAA~999999~XXX", "AAAA~999999~XXX"],
        check: is_rfc,
        strength: Strength::Weak,
        topic: Topic::MxRfc,
    },
];

/// Argentine tax numbers (AFIP): a kind of person, eight digits, modulo 11.
fn is_cuit(number: &Compact) -> bool {
    let is_kind =
        matches!(number.number(0..2), Some(20 | 23 | 24 | 25 | 26 | 27 | 30 | 33 | 34 | 50 | 51 | 55));
    let want = match weighted(number.digits(), &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11 {
        0 => 0,
        1 => 9,
        rest => 11 - rest,
    };
    is_kind && digit(number, 10) == Some(want)
}

/// Brazilian company numbers: two digits modulo 11. Since 2026 the first twelve characters may be letters, which count
/// as their place in ASCII after the zero (Instrução Normativa RFB 2.229/2024).
fn is_cnpj(number: &Compact) -> bool {
    const WEIGHTS: [u32; 13] = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];
    let values = || number.bytes().iter().map(|byte| u32::from(byte.saturating_sub(b'0')));
    let is_zero = values().all(|value| value == 0);
    let first = brazilian(weighted(values(), WEIGHTS.get(1..).unwrap_or_default()));
    let second = brazilian(weighted(values(), &WEIGHTS));
    !is_zero && digit(number, 12) == Some(first) && digit(number, 13) == Some(second)
}

/// Brazilian personal numbers: two digits modulo 11 (Receita Federal).
fn is_cpf(number: &Compact) -> bool {
    let first = brazilian(weighted(number.digits(), &[10, 9, 8, 7, 6, 5, 4, 3, 2]));
    let second = brazilian(weighted(number.digits(), &[11, 10, 9, 8, 7, 6, 5, 4, 3, 2]));
    !is_one_digit(number) && digit(number, 9) == Some(first) && digit(number, 10) == Some(second)
}

/// The digit that goes with a sum, modulo 11.
fn brazilian(sum: u32) -> u32 {
    match sum % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    }
}

/// Canadian social insurance numbers: Luhn; those with an 8 first are numbers of businesses.
fn is_sin(number: &Compact) -> bool {
    digit(number, 0) != Some(8) && !is_one_digit(number) && is_luhn(number)
}

/// Chilean numbers of persons: modulo 11, where 10 is a K.
fn is_rut(number: &Compact) -> bool {
    let Some((_, body)) = number.bytes().split_last() else { return false };
    let body = body.iter().rev().filter_map(|byte| char::from(*byte).to_digit(10));
    let want = match 11 - weighted(body, &[2, 3, 4, 5, 6, 7, 2, 3]) % 11 {
        11 => '0',
        10 => 'K',
        rest => char::from_digit(rest, 10).unwrap_or('0'),
    };
    ends_in(number, want) && !is_one_digit(number)
}

/// Colombian tax numbers: modulo 11 over primes (DIAN, Orden Administrativa 4 of 1989).
fn is_nit(number: &Compact) -> bool {
    let sum = weighted(number.digits().rev().skip(1), &[3, 7, 13, 17, 19, 23, 29, 37, 41, 43]);
    let want = match sum % 11 {
        rest @ (0 | 1) => rest,
        rest => 11 - rest,
    };
    number.digits().next_back() == Some(want) && !is_one_digit(number)
}

/// Mexican population keys: four letters of the name, a date, the sex, the state, three consonants, and a check
/// (Instructivo Normativo, DOF 2021-10-18).
fn is_curp(number: &Compact) -> bool {
    let key = number.as_str();
    let is_sex = matches!(number.bytes().get(10), Some(b'H' | b'M' | b'X'));
    let is_state = key.get(11..13).is_some_and(|state| MEXICAN_STATES.contains(&state));
    let values = number.bytes().iter().filter_map(|byte| match byte {
        // Ñ has a place after N, though no key holds it.
        b'O'..=b'Z' => Some(u32::from(byte - b'A') + 11),
        _ => char::from(*byte).to_digit(36),
    });
    let weights = [18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2];
    let want = (10 - weighted(values, &weights) % 10) % 10;
    is_sex && is_state && has_date(number, 4) && digit(number, 17) == Some(want)
}

const MEXICAN_STATES: [&str; 33] = [
    "AS", "BC", "BS", "CC", "CH", "CL", "CM", "CS", "DF", "DG", "GR", "GT", "HG", "JC", "MC", "MN", "MS",
    "NE", "NL", "NT", "OC", "PL", "QR", "QT", "SL", "SP", "SR", "TC", "TL", "TS", "VZ", "YN", "ZS",
];

/// Mexican tax keys: three letters of a company or four of a person, a date, two characters, and a check modulo 11.
fn is_rfc(number: &Compact) -> bool {
    let n_letters = number.bytes().iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let value = |byte: &u8| match byte {
        // The ampersand has a place between N and O.
        b'O'..=b'Z' => Some(u32::from(byte - b'A') + 11),
        _ => char::from(*byte).to_digit(36),
    };
    // The key of a company is read as if a blank, which counts 37, were its first letter.
    let blank = (n_letters == 3).then_some(37);
    let values = blank.into_iter().chain(number.bytes().iter().filter_map(value));
    let sum = weighted(values, &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
    let want = match (11 - sum % 11) % 11 {
        10 => 'A',
        rest => char::from_digit(rest, 10).unwrap_or('0'),
    };
    has_date(number, n_letters) && ends_in(number, want)
}

#[cfg(test)]
mod tests {
    use super::super::check::check;
    use super::*;

    #[test]
    fn numbers_of_persons_are_found_by_their_checks() {
        check(
            catalog::CA_SIN,
            "SIN",
            &[("046 454 286", false), ("046-454-286", false)],
            &["046 454 287", "000 000 000"],
        );
        check(
            catalog::CA_SIN,
            "social insurance number",
            &[("130692544", false)],
            &["130692545", "812345676"],
        );
        check(
            catalog::BR_CPF,
            "CPF",
            &[("390.533.447-05", true), ("39053344705", false)],
            &["390.533.447-06", "111.111.111-11", "231.002.999-00"],
        );
        check(
            catalog::CL_RUT,
            "RUT",
            &[("12.531.909-2", true), ("12531909-2", false), ("30.686.957-4", true), ("10.000.013-K", true)],
            &["12.531.909-3", "12.531.909-K", "11.111.111-1"],
        );
        check(
            catalog::MX_CURP,
            "CURP",
            &[("BOXW310820HNERXN09", true), ("boxw310820hnerxn09", true)],
            &["BOXW310820HNERXN08", "BOXW311320HNERXN09", "BOXW310820HXXRXN09"],
        );
    }

    #[test]
    fn numbers_of_companies_are_found_by_their_checks() {
        check(
            catalog::BR_CNPJ,
            "CNPJ",
            &[
                ("16.727.230/0001-97", true),
                ("16727230000197", false),
                ("12.ABC.345/01DE-35", true),
                ("12ABC34501DE35", false),
            ],
            &["16.727.230/0001-98", "12.ABC.345/01DE-36", "00.000.000/0000-00"],
        );
        check(
            catalog::AR_CUIT,
            "CUIT",
            &[("20-05536168-2", true), ("20055361682", false), ("20 05536168 2", false)],
            &["20-05536168-3", "99-05536168-2"],
        );
        check(
            catalog::CO_NIT,
            "NIT",
            &[("213.123.432-1", true), ("2131234321", false), ("800197268-4", false)],
            &["213.123.432-5", "800197268-5"],
        );
        check(
            catalog::MX_RFC,
            "RFC",
            &[("GODE561231GR8", false), ("GODE 561231 GR8", false), ("MAB-930714-8T4", false)],
            &["GODE561231GR9", "GODE561331GR8", "COMG600703"],
        );
    }
}
