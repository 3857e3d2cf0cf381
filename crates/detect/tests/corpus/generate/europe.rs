//! Europe without the north and the islands.

use super::{Layouts, digit_that, in_shapes, number_with, sum, value, with_luhn};
use crate::random::Random;

/// Two digits each of a day, a month and a year.
fn day_first(random: &mut Random) -> String {
    let birth = random.birth();
    let (rest, day) = birth.split_at(4);
    let (year, month) = rest.split_at(2);
    format!("{day}{month}{year}")
}

pub(crate) fn at_svnr(random: &mut Random) -> Layouts {
    let (serial, check, birth) = loop {
        let (serial, birth) = (random.number(100, 999).to_string(), day_first(random));
        let rest = sum(&format!("{serial}{birth}"), &[3, 7, 9, 5, 8, 4, 2, 1, 6]) % 11;
        if rest < 10 {
            break (serial, rest, birth);
        }
    };
    in_shapes(&format!("{serial}{check}{birth}"), &["##########", "#### ######"])
}

pub(crate) fn be_national_number(random: &mut Random) -> Layouts {
    let (year, month, day) = random.day(1930, 2015);
    let short = format!("{:02}{month:02}{day:02}{:03}", year % 100, random.number(1, 997));
    // Somebody born since 2000 puts a 2 before the number that is divided.
    let divided: u64 =
        if year < 2000 { short.parse().unwrap() } else { format!("2{short}").parse().unwrap() };
    in_shapes(&format!("{short}{:02}", 97 - divided % 97), &["##.##.##-###.##", "###########"])
}

/// GS1 General Specifications: times one and three in turn.
pub(crate) fn ch_ahv(random: &mut Random) -> Layouts {
    let body = format!("756{}", random.digits(9));
    let rest = sum(&body, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3]) % 10;
    in_shapes(&format!("{body}{}", (10 - rest) % 10), &["###.####.####.##", "#############"])
}

pub(crate) fn cz_rodne_cislo(random: &mut Random) -> Layouts {
    let (year, month, day) = random.day(1954, 2019);
    let month = month + random.one_of(&[0, 50]);
    let digits = number_with(
        || format!("{:02}{month:02}{day:02}{}", year % 100, random.digits(4)),
        |number| number.parse::<u64>().unwrap().is_multiple_of(11),
    );
    in_shapes(&digits, &["######/####", "##########"])
}

/// The check of ICAO 9303 part 3: times seven, three and one in turn.
fn icao(text: &str) -> i64 {
    let weights: Vec<i64> = [7, 3, 1].into_iter().cycle().take(text.len()).collect();
    sum(text, &weights) % 10
}

/// A serial number of a document, by the first letter that its kind has.
fn document(random: &mut Random, kinds: &[&str]) -> Layouts {
    let letters = "CFGHJKLMNPRTVWXYZ0123456789";
    let serial = number_with(
        || format!("{}{}", random.one_of(kinds), random.text(letters, 8)),
        |serial| {
            let n_digits = serial.bytes().filter(u8::is_ascii_digit).count();
            n_digits >= 4 && serial.bytes().take(4).any(|byte| byte.is_ascii_digit())
        },
    );
    vec![serial.clone(), format!("{serial}{}", icao(&serial))]
}

pub(crate) fn de_id_card(random: &mut Random) -> Layouts {
    document(random, &["L", "T"])
}

pub(crate) fn de_passport(random: &mut Random) -> Layouts {
    document(random, &["C", "F", "G", "H"])
}

/// VKVV section 2: the letter as two digits, times 2, 1, 2, 5, 7, 1, 2 and so on, the digits of the products added.
pub(crate) fn de_social_security(random: &mut Random) -> Layouts {
    let (area, letter) = (random.one_of(&["12", "15", "39", "65"]), random.capitals(1));
    let (birth, serial) = (day_first(random), random.digits(2));
    let place = value(letter.chars().next().unwrap()) - 9;
    let digits = format!("{area}{birth}{place:02}{serial}");
    let products = digits.chars().map(value).zip([2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1]);
    let check: i64 = products.map(|(digit, weight)| digit * weight / 10 + digit * weight % 10).sum();
    let number = format!("{area}{birth}{letter}{serial}{}", check % 10);
    in_shapes(&number, &["############", "## ###### # ###"])
}

/// ISO 7064 MOD 11,10, over digits of which one is there twice.
pub(crate) fn de_tax_id(random: &mut Random) -> Layouts {
    let mut digits: Vec<char> = "0123456789".chars().collect();
    for place in (1..digits.len()).rev() {
        digits.swap(place, usize::try_from(random.number(0, place as u64)).unwrap());
    }
    let (from, to) =
        (usize::try_from(random.number(0, 4)).unwrap(), usize::try_from(random.number(5, 9)).unwrap());
    digits[to] = digits[from];
    if digits[0] == '0' {
        digits.reverse();
    }
    if digits[0] == '0' {
        return de_tax_id(random);
    }
    let rest = digits.iter().fold(10, |rest, digit| match (rest + value(*digit)) % 10 {
        0 => 20 % 11,
        sum => sum * 2 % 11,
    });
    let number: String = digits.iter().collect();
    in_shapes(&format!("{number}{}", (11 - rest) % 10), &["## ### ### ###", "###########"])
}

/// The check letter of a number modulo 23.
fn spanish(number: u64) -> char {
    "TRWAGMYFPDXBNJZSQVHLCKE".chars().nth(usize::try_from(number % 23).unwrap()).unwrap()
}

pub(crate) fn es_nif(random: &mut Random) -> Layouts {
    let number = random.number(1_000_000, 99_999_999);
    let text = format!("{number:08}{}", spanish(number));
    in_shapes(&text, &["#########", "########-#", "##.###.###-#"])
}

pub(crate) fn es_nie(random: &mut Random) -> Layouts {
    let (first, number) = (random.number(0, 2), random.number(100_000, 9_999_999));
    let letter = ["X", "Y", "Z"][usize::try_from(first).unwrap()];
    let text = format!("{letter}{number:07}{}", spanish(first * 10_000_000 + number));
    in_shapes(&text, &["#########", "#-#######-#"])
}

pub(crate) fn es_cif(random: &mut Random) -> Layouts {
    let digits = random.digits(7);
    let values: Vec<i64> = digits.chars().map(value).collect();
    let even: i64 = values.iter().skip(1).step_by(2).sum();
    let odd: i64 = values.iter().step_by(2).map(|digit| digit * 2 / 10 + digit * 2 % 10).sum();
    let check = (10 - (even + odd) % 10) % 10;
    vec![format!("{}{digits}{check}", random.one_of(&["A", "B", "E", "H"]))]
}

/// INSEE: the first thirteen digits and a key that is what is missing to a multiple of 97.
pub(crate) fn fr_nir(random: &mut Random) -> Layouts {
    let (year, month, _) = random.day(1940, 2010);
    let department = random.one_of(&["75", "13", "69", "2A", "2B", "01"]);
    let number = format!(
        "{}{:02}{month:02}{department}{:03}{:03}",
        random.number(1, 2),
        year % 100,
        random.number(1, 900),
        random.number(1, 900)
    );
    let counted: u64 = number.replace("2A", "19").replace("2B", "18").parse().unwrap();
    let text = format!("{number}{:02}", 97 - counted % 97);
    in_shapes(&text, &["###############", "# ## ## ## ### ### ##"])
}

pub(crate) fn it_fiscal_code(random: &mut Random) -> Layouts {
    // What characters at odd places count, as the decree lists them.
    const ODD: &str = "1 0 5 7 9 13 15 17 19 21 2 4 18 20 11 3 6 8 12 14 16 10 22 25 24 23";
    let odd: Vec<i64> = ODD.split(' ').map(|number| number.parse().unwrap()).collect();
    let (year, _, day) = random.day(1940, 2010);
    let month = random.one_of(&["A", "B", "C", "D", "E", "H", "L", "M", "P", "R", "S", "T"]);
    let day = day + random.one_of(&[0, 40]);
    let consonants = "BCDFGLMNPRSTVZ";
    let body = format!(
        "{}{:02}{month}{day:02}{}{}",
        random.text(consonants, 6),
        year % 100,
        random.one_of(&["H", "F", "L", "A"]),
        random.digits(3)
    );
    let index = |letter: char| if letter.is_ascii_digit() { value(letter) } else { value(letter) - 10 };
    let counted = body.chars().enumerate().map(|(place, letter)| match place % 2 {
        0 => odd[usize::try_from(index(letter)).unwrap()],
        _ => index(letter),
    });
    let check = char::from(b'A' + u8::try_from(counted.sum::<i64>() % 26).unwrap());
    let code = format!("{body}{check}");
    in_shapes(&code, &["################", "###### ##### #####"])
}

pub(crate) fn it_vat(random: &mut Random) -> Layouts {
    let number = with_luhn(&format!("{:07}{:03}", random.number(1, 9_999_999), random.number(1, 100)));
    vec![format!("IT{number}"), number]
}

pub(crate) fn nl_bsn(random: &mut Random) -> Layouts {
    let passes = |number: &str| sum(number, &[9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 == 0;
    let bsn = number_with(|| random.number(100_000_000, 999_999_999).to_string(), passes);
    in_shapes(&bsn, &["#########", "####.##.###"])
}

pub(crate) fn pl_nip(random: &mut Random) -> Layouts {
    let (body, check) = loop {
        let body = random.number(100_000_000, 999_999_999).to_string();
        let rest = sum(&body, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11;
        if rest < 10 {
            break (body, rest);
        }
    };
    let nip = format!("{body}{check}");
    let mut layouts = in_shapes(&nip, &["##########", "###-###-##-##"]);
    layouts.push(format!("PL{nip}"));
    layouts
}

pub(crate) fn pl_pesel(random: &mut Random) -> Layouts {
    let (year, month, day) = random.day(1930, 2019);
    let month = if year < 2000 { month } else { month + 20 };
    let body = format!("{:02}{month:02}{day:02}{}", year % 100, random.digits(4));
    let weights = [1, 3, 7, 9, 1, 3, 7, 9, 1, 3];
    let check = digit_that(|digit| (sum(&body, &weights) + digit) % 10 == 0).unwrap();
    vec![format!("{body}{check}")]
}

pub(crate) fn pt_nif(random: &mut Random) -> Layouts {
    let body = format!("{}{}", random.one_of(&["1", "2", "5"]), random.digits(7));
    let rest = 11 - sum(&body, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    let nif = format!("{body}{}", if rest > 9 { 0 } else { rest });
    let mut layouts = in_shapes(&nif, &["#########", "### ### ###"]);
    layouts.push(format!("PT{nif}"));
    layouts
}
