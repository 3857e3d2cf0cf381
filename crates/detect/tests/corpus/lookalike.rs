//! What looks like a value and is none, as it stands in logs, code and the answers of tools.

use crate::random::Random;

/// Builds one of a kind.
type Build = fn(&mut Random) -> String;

/// Kinds without end, each with its name for messages.
pub(crate) const KINDS: &[(&str, Build)] = &[
    ("order", |random| format!("ORD-{}-{}", random.number(2019, 2026), random.digits(6))),
    ("order with a date", |random| format!("{}-{}", random.birth(), random.digits(4))),
    ("long order", |random| format!("20{}-{}-{}", random.birth(), random.digits(6), random.digits(4))),
    ("count", |random| random.number(1, 99_999_999).to_string()),
    ("nine digits", |random| random.digits(9)),
    ("ten digits", |random| random.digits(10)),
    ("eleven digits", |random| random.digits(11)),
    ("twelve digits", |random| random.digits(12)),
    ("twelve digits in fours", |random| {
        format!("{} {} {}", random.digits(4), random.digits(4), random.digits(4))
    }),
    ("sixteen digits, not Luhn's", not_luhn),
    ("UUID", |random| {
        let part = |random: &mut Random, n| random.text("0123456789abcdef", n);
        let (a, b, c) = (part(random, 8), part(random, 4), part(random, 3));
        format!("{a}-{b}-4{c}-a{}-{}", part(random, 3), part(random, 12))
    }),
    ("hash of a commit", |random| random.text("0123456789abcdef", 40)),
    ("short hash", |random| random.text("0123456789abcdef", 9)),
    ("SHA-256", |random| format!("sha256:{}", random.text("0123456789abcdef", 64))),
    ("ULID", |random| random.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", 26)),
    ("version", |random| {
        format!(
            "v{}.{}.{}-rc.{}",
            random.number(0, 99),
            random.number(0, 99),
            random.digits(3),
            random.digits(1)
        )
    }),
    ("build", |random| format!("1.{}+build.20{}{}", random.digits(2), random.birth(), random.digits(6))),
    ("seconds", |random| random.number(1_400_000_000, 1_900_000_000).to_string()),
    ("milliseconds", |random| random.number(1_400_000_000_000, 1_900_000_000_000).to_string()),
    ("time", |random| {
        let (year, month, day) = random.day(2000, 2030);
        format!("{year}-{month:02}-{day:02}T10:{}:15.{}Z", random.number(10, 59), random.digits(6))
    }),
    ("id like a phone", |random| format!("{}-{}", random.digits(3), random.digits(4))),
    ("parcel", |random| format!("1Z{}{}", random.capitals(3), random.digits(13))),
    ("postal item", |random| format!("R{}{}DE", random.capitals(1), random.digits(9))),
    ("lot", |random| format!("LOT{}{}{}", random.birth(), random.capitals(1), random.digits(2))),
    ("part", |random| format!("{}-{}-{}", random.capitals(2), random.digits(5), random.capitals(1))),
    ("ISBN", |random| format!("978-3-16-{}-{}", random.digits(6), random.digits(1))),
    ("EAN", |random| format!("40{}", random.digits(11))),
    ("coordinates", |random| {
        format!(
            "{}.{}, -{}.{}",
            random.number(10, 89),
            random.digits(7),
            random.number(10, 99),
            random.digits(6)
        )
    }),
    ("price", |random| {
        format!("${},{}.{}", random.number(1, 999), random.number(100, 999), random.digits(2))
    }),
    ("large sum", |random| {
        format!("{}.{}.{},00", random.number(1, 99), random.number(100, 999), random.number(100, 999))
    }),
    ("log line", |random| {
        format!(
            "[{}] INFO worker-{} took {}ms, offset={}",
            random.digits(6),
            random.digits(2),
            random.digits(4),
            random.digits(10)
        )
    }),
    ("minified code", |random| {
        format!(
            "function a(b){{return b[{}]^0x{}?c.d({}):e-{}}}",
            random.digits(3),
            random.text("0123456789abcdef", 8),
            random.digits(9),
            random.digits(5)
        )
    }),
    ("flight", |random| format!("LH{} {}-{}", random.digits(3), random.capitals(3), random.capitals(3))),
    ("e-mail id", |random| format!("<{}.{}>", random.digits(10), random.text("0123456789abcdef", 12))),
];

/// What people write around it, `{}` in its place.
pub(crate) const PLACES: &[&str] = &[
    "{}",
    "see {} there",
    "order {} shipped on Monday",
    "{\"id\":\"{}\",\"status\":\"done\"}",
    "ref={}; retries=3",
];

/// What members of objects are called that hold one.
pub(crate) const MEMBERS: &[&str] = &["id", "orderId", "reference", "trace_id", "value"];

fn not_luhn(random: &mut Random) -> String {
    let mut number = crate::generate::with_luhn(&random.digits(15));
    let last = number.pop().and_then(|digit| digit.to_digit(10)).unwrap();
    format!("{number}{}", (last + 1) % 10)
}
