//! Canada, Mexico and South America.

use super::{Layouts, digit_that, in_shapes, sum, value, with_luhn};
use crate::random::Random;

pub(crate) fn ca_sin(random: &mut Random) -> Layouts {
    let sin = with_luhn(&format!("{}{}", random.number(1, 7), random.digits(7)));
    in_shapes(&sin, &["#########", "### ### ###", "###-###-###"])
}

/// The digit modulo 11 of the Receita Federal: what is left of the sum times ten, and 0 for 10.
fn brazilian(values: &[i64], most: i64) -> i64 {
    let weights = (2..=most).cycle();
    let sum: i64 = values.iter().rev().zip(weights).map(|(value, weight)| value * weight).sum();
    sum * 10 % 11 % 10
}

pub(crate) fn br_cpf(random: &mut Random) -> Layouts {
    let mut cpf = random.digits(9);
    for _ in 0..2 {
        let values: Vec<i64> = cpf.chars().map(value).collect();
        cpf += &brazilian(&values, 99).to_string();
    }
    in_shapes(&cpf, &["###.###.###-##", "###########"])
}

fn cnpj(mut body: String) -> Layouts {
    for _ in 0..2 {
        let values: Vec<i64> = body.bytes().map(|byte| i64::from(byte) - 48).collect();
        body += &brazilian(&values, 9).to_string();
    }
    in_shapes(&body, &["##.###.###/####-##", "##############"])
}

pub(crate) fn br_cnpj(random: &mut Random) -> Layouts {
    let mut layouts = cnpj(format!("{}0001", random.digits(8)));
    layouts.extend(cnpj(format!(
        "{}{}",
        random.digits(1),
        random.text("0123456789ABCDEFGHJKLMNPQRSTUVWXYZ", 11)
    )));
    layouts
}

pub(crate) fn ar_cuit(random: &mut Random) -> Layouts {
    let (body, digit) = loop {
        let body = format!("{}{}", random.one_of(&["20", "23", "27", "30"]), random.digits(8));
        let weights = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2];
        if let Some(digit) = digit_that(|digit| (sum(&body, &weights) + digit) % 11 == 0) {
            break (body, digit);
        }
    };
    in_shapes(&format!("{body}{digit}"), &["##-########-#", "###########"])
}

pub(crate) fn cl_rut(random: &mut Random) -> Layouts {
    let body = random.number(10_000_000, 29_999_999).to_string();
    // Of the usual one-line programs: from 1, take each digit times 9, 8, 7, 6, 5, 4 from the right.
    let (mut rest, mut number, mut place) = (1, body.parse::<i64>().unwrap(), 0);
    while number > 0 {
        rest = (rest + number % 10 * (9 - place % 6)) % 11;
        number /= 10;
        place += 1;
    }
    let check = if rest == 0 { "K".to_owned() } else { (rest - 1).to_string() };
    in_shapes(&format!("{body}{check}"), &["##.###.###-#", "########-#", "#########"])
}

pub(crate) fn co_nit(random: &mut Random) -> Layouts {
    let body = format!("{}{}", random.one_of(&["8", "9"]), random.digits(8));
    let rest = sum(&body, &[41, 37, 29, 23, 19, 17, 13, 7, 3]) % 11;
    let digit = if rest > 1 { 11 - rest } else { rest };
    in_shapes(&format!("{body}{digit}"), &["###.###.###-#", "#########-#", "##########"])
}

pub(crate) fn mx_curp(random: &mut Random) -> Layouts {
    const ORDER: &str = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ";
    let state = random.one_of(&["AS", "DF", "JC", "NE", "MC", "VZ"]);
    let body = format!(
        "{}{}{}{state}{}{}",
        random.capitals(4),
        random.birth(),
        random.one_of(&["H", "M"]),
        random.text("BCDFGHJKLMNPQRSTVWXYZ", 3),
        random.digits(1)
    );
    let place = |letter: char| ORDER.chars().position(|other| other == letter).unwrap();
    let sum: usize = body.chars().zip((2..=18).rev()).map(|(letter, weight)| place(letter) * weight).sum();
    vec![format!("{body}{}", (1000 * 10 - sum) % 10)]
}

pub(crate) fn mx_rfc(random: &mut Random) -> Layouts {
    const ORDER: &str = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ Ñ";
    let n_letters = random.one_of(&[3, 4]);
    let alphanumeric = "123456789ABCDEFGHIJKLMNPQRSTUVWXYZ";
    let body = format!("{}{}{}", random.capitals(n_letters), random.birth(), random.text(alphanumeric, 2));
    let place = |letter: char| ORDER.chars().position(|other| other == letter).unwrap();
    let padded = format!("{body:>12}");
    let sum: usize = padded.chars().zip((2..=13).rev()).map(|(letter, weight)| place(letter) * weight).sum();
    let check = "0123456789A".chars().nth((11 - sum % 11) % 11).unwrap();
    let shape = format!("{}-######-###", "#".repeat(n_letters));
    vec![format!("{body}{check}"), in_shapes(&format!("{body}{check}"), &[&shape]).remove(0)]
}
