//! Asia without the Middle East.

use super::{Layouts, digit_that, in_shapes, sum, value};
use crate::random::Random;

pub(crate) fn cn_resident_id(random: &mut Random) -> Layouts {
    let (year, month, day) = random.day(1930, 2019);
    let division = random.one_of(&["110105", "310115", "440524", "510107", "650102"]);
    let body = format!("{division}{year}{month:02}{day:02}{}", random.digits(3));
    let sum = sum(&body, &[7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
    let check = "10X98765432".chars().nth(usize::try_from(sum % 11).unwrap()).unwrap();
    vec![format!("{body}{check}")]
}

pub(crate) fn hk_hkid(random: &mut Random) -> Layouts {
    let n_letters = random.one_of(&[1, 2]);
    let body = format!("{}{}", random.capitals(n_letters), random.digits(6));
    // The blank before a single letter counts 36, nine times.
    let blank = if n_letters == 1 { 324 } else { 0 };
    let weights = &[9, 8, 7, 6, 5, 4, 3, 2][2 - n_letters..];
    let check = "0123456789A".chars().find(|check| (blank + sum(&body, weights) + value(*check)) % 11 == 0);
    let check = check.unwrap();
    vec![format!("{body}({check})"), format!("{body}{check}")]
}

pub(crate) fn id_nik(random: &mut Random) -> Layouts {
    let (year, month, day) = random.day(1950, 2015);
    let day = day + random.one_of(&[0, 40]);
    let place = random.one_of(&["317101", "327305", "510302"]);
    vec![format!("{place}{day:02}{month:02}{:02}{:04}", year % 100, random.number(1, 99))]
}

/// The product in the group of the turns and flips of a pentagon.
fn dihedral(left: i64, right: i64) -> i64 {
    match (left < 5, right < 5) {
        (true, true) => (left + right) % 5,
        (true, false) => 5 + (left + right) % 5,
        (false, true) => 5 + (left - right).rem_euclid(5),
        (false, false) => (left - right).rem_euclid(5),
    }
}

/// The digit after `times` steps of Verhoeff's permutation.
fn permuted(digit: i64, times: usize) -> i64 {
    let step = |digit: i64| [1, 5, 7, 6, 2, 8, 3, 0, 9, 4][usize::try_from(digit).unwrap()];
    (0..times).fold(digit, |digit, _| step(digit))
}

pub(crate) fn in_aadhaar(random: &mut Random) -> Layouts {
    let body = format!("{}{}", random.number(2, 9), random.digits(10));
    let is_one = |digit: i64| {
        let number = format!("{body}{digit}");
        let steps = number.chars().rev().enumerate();
        steps.fold(0, |rest, (place, digit)| dihedral(rest, permuted(value(digit), place))) == 0
    };
    let digit = digit_that(is_one).unwrap();
    in_shapes(&format!("{body}{digit}"), &["############", "#### #### ####", "####-####-####"])
}

pub(crate) fn in_pan(random: &mut Random) -> Layouts {
    let holder = random.one_of(&["P", "C", "H", "F", "A", "T"]);
    let number = random.number(1, 9999);
    vec![format!("{}{holder}{}{number:04}{}", random.capitals(3), random.capitals(1), random.capitals(1))]
}

pub(crate) fn jp_my_number(random: &mut Random) -> Layouts {
    let body = random.digits(11);
    // The ordinance counts from the right: n + 1 up to the sixth digit, then n - 5.
    let weight = |n: i64| if n <= 6 { n + 1 } else { n - 5 };
    let rest: i64 = body.chars().rev().zip(1..).map(|(digit, n)| value(digit) * weight(n)).sum::<i64>() % 11;
    let check = if rest <= 1 { 0 } else { 11 - rest };
    in_shapes(&format!("{body}{check}"), &["############", "#### #### ####", "####-####-####"])
}

pub(crate) fn kr_rrn(random: &mut Random) -> Layouts {
    let (year, month, day) = random.day(1940, 2019);
    let century = if year < 2000 { random.number(1, 2) } else { random.number(3, 4) };
    let body = format!("{:02}{month:02}{day:02}{century}{}", year % 100, random.digits(5));
    let check = (11 - sum(&body, &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11) % 10;
    in_shapes(&format!("{body}{check}"), &["######-#######", "#############"])
}

pub(crate) fn my_nric(random: &mut Random) -> Layouts {
    let number = format!("{}{:02}{}", random.birth(), random.number(1, 16), random.digits(4));
    in_shapes(&number, &["######-##-####", "############"])
}

pub(crate) fn sg_nric(random: &mut Random) -> Layouts {
    let (prefix, extra, letters) = random.one_of(&[
        ("S", 0, "ABCDEFGHIZJ"),
        ("T", 4, "ABCDEFGHIZJ"),
        ("F", 0, "KLMNPQRTUWX"),
        ("G", 4, "KLMNPQRTUWX"),
        ("M", 3, "KLJNPQRTUWX"),
    ]);
    let body = random.digits(7);
    let place = 10 - (sum(&body, &[2, 7, 6, 5, 4, 3, 2]) + extra) % 11;
    let check = letters.chars().nth(usize::try_from(place).unwrap()).unwrap();
    vec![format!("{prefix}{body}{check}")]
}

pub(crate) fn th_tnin(random: &mut Random) -> Layouts {
    let body = format!("{}{}", random.number(1, 8), random.digits(11));
    let weighted: i64 = body.chars().zip(0..).map(|(digit, place)| value(digit) * (13 - place)).sum();
    let check = (11 - weighted % 11) % 10;
    in_shapes(&format!("{body}{check}"), &["#-####-#####-##-#", "#############", "# #### ##### ## #"])
}

pub(crate) fn tw_national_id(random: &mut Random) -> Layouts {
    // What each letter comes to, as the tables of the household registers give it, modulo 10.
    const LETTERS: [(&str, i64); 6] = [("A", 1), ("B", 10), ("F", 46), ("H", 64), ("J", 73), ("Z", 30)];
    let (letter, start) = random.one_of(&LETTERS);
    let body = format!("{}{}", random.one_of(&["1", "2", "8", "9"]), random.digits(7));
    let total = start + sum(&body, &[8, 7, 6, 5, 4, 3, 2, 1]);
    vec![format!("{letter}{body}{}", (10 - total % 10) % 10)]
}
