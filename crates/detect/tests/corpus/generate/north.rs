//! The Nordic countries, the United Kingdom and Ireland.

use super::{Layouts, digit_that, in_shapes, number_with, sum, with_luhn};
use crate::random::Random;

pub(crate) fn dk_cpr(random: &mut Random) -> Layouts {
    let (year, month, day) = random.day(1930, 2019);
    let cpr = format!("{day:02}{month:02}{:02}{}", year % 100, random.number(1000, 9999));
    in_shapes(&cpr, &["######-####", "##########"])
}

pub(crate) fn fi_hetu(random: &mut Random) -> Layouts {
    let (year, month, day) = random.day(1930, 2019);
    let sign = if year < 2000 { "-" } else { "A" };
    let (date, serial) = (format!("{day:02}{month:02}{:02}", year % 100), random.number(2, 899));
    let rest = format!("{date}{serial:03}").parse::<usize>().unwrap() % 31;
    let check = "0123456789ABCDEFHJKLMNPRSTUVWXY".chars().nth(rest).unwrap();
    vec![format!("{date}{sign}{serial:03}{check}")]
}

pub(crate) fn no_fodselsnummer(random: &mut Random) -> Layouts {
    let number = loop {
        let (year, month, day) = random.day(1930, 2019);
        let body = format!("{day:02}{month:02}{:02}{}", year % 100, random.digits(3));
        let first = digit_that(|digit| (sum(&body, &[3, 7, 6, 1, 8, 9, 4, 5, 2]) + digit) % 11 == 0);
        let Some(first) = first else { continue };
        let body = format!("{body}{first}");
        let second = digit_that(|digit| (sum(&body, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) + digit) % 11 == 0);
        if let Some(second) = second {
            break format!("{body}{second}");
        }
    };
    in_shapes(&number, &["###########", "###### #####"])
}

pub(crate) fn se_personnummer(random: &mut Random) -> Layouts {
    let (year, month, day) = random.day(1930, 2009);
    let day = day + random.one_of(&[0, 0, 60]);
    let short = with_luhn(&format!("{:02}{month:02}{day:02}{:03}", year % 100, random.number(1, 999)));
    let mut layouts = in_shapes(&short, &["######-####", "##########"]);
    layouts.extend(in_shapes(&format!("{}{short}", year / 100), &["########-####", "############"]));
    layouts
}

pub(crate) fn uk_driving_licence(random: &mut Random) -> Layouts {
    let surname = random.one_of(&["MORGA", "JONES", "SMITH", "LEE99", "FOX99"]);
    let (year, month, day) = random.day(1940, 2005);
    let month = month + random.one_of(&[0, 50]);
    let licence = format!(
        "{surname}{}{month:02}{day:02}{}{}{}{}{}",
        year / 10 % 10,
        year % 10,
        random.capitals(1),
        random.one_of(&["A", "9"]),
        random.digits(1),
        random.capitals(2),
    );
    vec![licence]
}

pub(crate) fn uk_nhs(random: &mut Random) -> Layouts {
    let passes = |number: &str| sum(number, &[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]) % 11 == 0;
    let nhs = number_with(|| random.number(4_000_000_000, 7_999_999_999).to_string(), passes);
    in_shapes(&nhs, &["##########", "### ### ####"])
}

pub(crate) fn uk_nino(random: &mut Random) -> Layouts {
    let prefix = random.one_of(&["AB", "CE", "JG", "PX", "SZ", "YW", "AA", "HR"]);
    let nino = format!("{prefix}{}{}", random.digits(6), random.one_of(&["A", "B", "C", "D"]));
    in_shapes(&nino, &["#########", "## ## ## ## #"])
}

pub(crate) fn uk_passport(random: &mut Random) -> Layouts {
    vec![random.number(100_000_000, 999_999_999).to_string()]
}

/// The check letter is what is left modulo 23, with `W` for nothing.
pub(crate) fn ie_pps(random: &mut Random) -> Layouts {
    let digits = random.number(1_000_000, 9_999_999).to_string();
    let counted = sum(&digits, &[8, 7, 6, 5, 4, 3, 2]);
    let letter = |rest: i64| "WABCDEFGHIJKLMNOPQRSTUV".chars().nth(usize::try_from(rest).unwrap()).unwrap();
    vec![format!("{digits}{}", letter(counted % 23)), format!("{digits}{}A", letter((counted + 9) % 23))]
}
