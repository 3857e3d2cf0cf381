//! Cards, addresses, accounts, tokens, the United States, and travel documents.

use super::{Layouts, in_shapes, value, with_luhn};
use crate::random::Random;

pub(crate) fn card(random: &mut Random) -> Layouts {
    let prefix = random.one_of(&["4", "51", "55", "2221", "6011", "3528", "62"]);
    let card = with_luhn(&format!("{prefix}{}", random.digits(15 - prefix.len())));
    in_shapes(&card, &["################", "#### #### #### ####", "####-####-####-####"])
}

pub(crate) fn email(random: &mut Random) -> Layouts {
    let name = random.one_of(&["ana", "j.smith", "maria-jose", "o_brien", "x1"]);
    let host = random.one_of(&["example.com", "mail.example.org", "example.co.uk", "acme.io"]);
    vec![format!("{name}@{host}"), format!("{name}+{}@{host}", random.digits(2))]
}

pub(crate) fn iban(random: &mut Random) -> Layouts {
    let account = random.digits(18);
    // The remainder of a number too long for a machine word, digit by digit.
    let rest = format!("{account}131400").chars().fold(0, |rest, digit| (rest * 10 + value(digit)) % 97);
    let iban = format!("DE{:02}{account}", 98 - rest);
    in_shapes(&iban, &["######################", "#### #### #### #### #### ##"])
}

pub(crate) fn us_ssn(random: &mut Random) -> Layouts {
    let area = loop {
        let area = random.number(1, 899);
        if area != 666 {
            break area;
        }
    };
    let ssn = format!("{area:03}{:02}{:04}", random.number(1, 99), random.number(1, 9999));
    in_shapes(&ssn, &["#########", "###-##-####", "### ## ####"])
}

pub(crate) fn github(random: &mut Random) -> Layouts {
    let letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let fine = format!("github_pat_{}_{}", random.text(letters, 22), random.text(letters, 59));
    let body = random.text(letters, 30);
    // The last six characters are the CRC-32 of the others, in base 62.
    let mut check = crc32(body.as_bytes());
    let mut tail = Vec::new();
    for _ in 0..6 {
        tail.push(letters.as_bytes()[(check % 62) as usize]);
        check /= 62;
    }
    tail.reverse();
    vec![format!("ghp_{body}{}", String::from_utf8(tail).unwrap()), fine]
}

/// CRC-32 of ISO/IEC 13239, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let shift = |rest: u32, _| if rest & 1 == 1 { rest >> 1 ^ 0xedb8_8320 } else { rest >> 1 };
    !bytes.iter().fold(u32::MAX, |rest, byte| (0..8).fold(rest ^ u32::from(*byte), shift))
}

pub(crate) fn passport(random: &mut Random) -> Layouts {
    vec![
        format!("{}{}", random.capitals(1), random.digits(8)),
        format!("{}{}", random.capitals(2), random.digits(7)),
        format!("{}{}", random.capitals(1), random.digits(7)),
        random.number(100_000_000, 999_999_999).to_string(),
    ]
}

/// ICAO 9303: a passport of two lines.
pub(crate) fn mrz(random: &mut Random) -> Layouts {
    let check = |text: &str| {
        let weight = |place: usize| [7, 3, 1][place % 3];
        let value = |letter: char| if letter == '<' { 0 } else { value(letter) };
        text.chars().enumerate().map(|(place, letter)| value(letter) * weight(place)).sum::<i64>() % 10
    };
    let country = random.one_of(&["UTO", "GBR", "D<<", "JPN"]);
    let number = random.one_of(&["L898902C<", "123456789", "C01X00T47"]).replace('8', &random.digits(1));
    let (birth, expiry, sex) = (random.birth(), random.birth(), random.one_of(&["F", "M", "<"]));
    let (number, birth, expiry) = (
        format!("{number}{}", check(&number)),
        format!("{birth}{}", check(&birth)),
        format!("{expiry}{}", check(&expiry)),
    );
    let personal = random.one_of(&["<<<<<<<<<<<<<<", "ZE184226B<<<<<"]);
    let personal = format!("{personal}{}", check(personal));
    let whole = check(&format!("{number}{birth}{expiry}{personal}"));
    let second = format!("{number}{country}{birth}{sex}{expiry}{personal}{whole}");
    let first = format!("{:<<44}", format!("P<{country}{}<<ANNA<MARIA", random.capitals(8)));
    vec![format!("{first}\n{second}"), second]
}
