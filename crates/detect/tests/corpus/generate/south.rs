//! Oceania, Africa and the Middle East.

use super::{Layouts, digit_that, in_shapes, sum, with_luhn};
use crate::random::Random;

/// The first number with a body that has a last digit to pass the test.
fn number_that(mut body: impl FnMut() -> String, passes: impl Fn(&str) -> bool) -> String {
    loop {
        let body = body();
        if let Some(digit) = digit_that(|digit| passes(&format!("{body}{digit}"))) {
            return format!("{body}{digit}");
        }
    }
}

pub(crate) fn au_abn(random: &mut Random) -> Layouts {
    // As the register computes the two digits before a number of nine.
    let body = random.digits(9);
    let rest = sum(&body, &[3, 5, 7, 9, 11, 13, 15, 17, 19]) % 89;
    let abn = format!("{}{body}", 10 + 89 - rest);
    in_shapes(&abn, &["###########", "## ### ### ###"])
}

pub(crate) fn au_acn(random: &mut Random) -> Layouts {
    let body = random.digits(8);
    let check = (10 - sum(&body, &[8, 7, 6, 5, 4, 3, 2, 1]) % 10) % 10;
    in_shapes(&format!("{body}{check}"), &["#########", "### ### ###"])
}

pub(crate) fn au_tfn(random: &mut Random) -> Layouts {
    let passes = |number: &str| sum(number, &[1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 == 0;
    let tfn = number_that(|| random.digits(8), passes);
    in_shapes(&tfn, &["#########", "### ### ###"])
}

pub(crate) fn au_medicare(random: &mut Random) -> Layouts {
    let body = format!("{}{}", random.number(2, 6), random.digits(7));
    let check = sum(&body, &[1, 3, 7, 9, 1, 3, 7, 9]) % 10;
    let card = format!("{body}{check}{}", random.number(1, 9));
    in_shapes(&card, &["##########", "#### ##### #"])
}

pub(crate) fn nz_ird(random: &mut Random) -> Layouts {
    let passes = |number: &str| {
        let padded = format!("0{number}");
        sum(&padded, &[3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 == 0
    };
    let ird = number_that(|| random.number(1_000_000, 9_999_999).to_string(), passes);
    in_shapes(&ird, &["########", "##-###-###", "## ### ###"])
}

pub(crate) fn ae_emirates_id(random: &mut Random) -> Layouts {
    let id = with_luhn(&format!("784{}{}", random.number(1940, 2019), random.digits(7)));
    in_shapes(&id, &["###-####-#######-#", "###############"])
}

pub(crate) fn il_id(random: &mut Random) -> Layouts {
    let id = with_luhn(&random.digits(8));
    in_shapes(&id, &["#########", "########-#"])
}

pub(crate) fn tr_tckn(random: &mut Random) -> Layouts {
    let body = format!("{}{}", random.number(1, 9), random.digits(8));
    // Seven times the odd places less the even ones.
    let tenth = sum(&body, &[7, -1, 7, -1, 7, -1, 7, -1, 7]).rem_euclid(10);
    let number = format!("{body}{tenth}");
    let eleventh = sum(&number, &[1; 10]) % 10;
    vec![format!("{number}{eleventh}")]
}

pub(crate) fn za_id(random: &mut Random) -> Layouts {
    let body = format!("{}{}{}8", random.birth(), random.digits(4), random.number(0, 1));
    in_shapes(&with_luhn(&body), &["#############", "###### #### ## #"])
}
