//! Laws of scanning and masking, look-alikes over all classes, and the cost of adversarial text.

use std::borrow::Cow;

use proptest::prelude::*;

use super::{is_lonely, scan_view};
use crate::block::{anchors, ones};
use crate::context::Text;
use crate::fold::Folded;
use crate::glyph::View;
use crate::identifier::Identifiers;
use crate::pass::Pass;
use crate::phone::Phones;
use crate::{Class, Detectors, catalog, network};

fn scan(text: &str) -> crate::Findings {
    Detectors::builtin().scan(text)
}

fn mask(text: &str, is_masked: impl Fn(Class) -> bool) -> Cow<'_, str> {
    Detectors::builtin().mask("", text, &scan(text), is_masked).text
}

#[test]
fn text_of_every_day_has_no_findings() {
    for text in [
        "",
        "The quick brown fox jumps over the lazy dog.",
        "order 20240115-000042-7781, tracking 1Z999AA10123456784",
        "550e8400-e29b-41d4-a716-446655440000",
        "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "2026-08-23T10:15:30.123456789Z took 00:00:04.5 at 1787480130123",
        "v1.2.3-rc.4+build.20240115123045",
        "1234 5678 9012 3456",
        "4111 1111 1111 1112",
        "3.14159265358979323846, 6.02214076e23, -0.000000000001",
        "@ana and @bob: see #1234, 50% @ 3 for $1,234,567.89",
        "npm i react@18.2.0 @types/node@18.0.0; go get example.com/x@v1.2.3",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ",
        "ISBN 978-3-16-148410-0, EAN 4006381333931x",
        "Ünïcödé prose — with dashes… and 数字 １２３",
    ] {
        assert!(scan(text).is_empty(), "text: {text}, findings: {:?}", scan(text));
    }
}

#[test]
fn the_cost_of_adversarial_text_is_linear() {
    let patterns = [
        "4",
        "4 ",
        "4111 ",
        "4111111111111111 ",
        "4111111111111111",
        "0.",
        "1-",
        "@",
        "a@",
        "@a.",
        "a.",
        "a@b.",
        "a@b.c.",
        "%40",
        "a%40b.co",
        r"\u0040a",
        "DE89",
        "DE89 ",
        "DE89 3704 0044 0532 0130 0",
        "\u{200b}",
        "4\u{200b}",
        "4\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}",
        " ",
        "a",
        "é",
        "４",
        "f4",
        "-",
        "+4",
        "'",
        "ana@example.com ",
        "a1b2c3d4-",
        "password=a1b2c3;",
        "https://u:p",
        "cookie: a=",
        "eyJhbGciOiJIUzI1NiJ9.",
        "-----BEGIN PRIVATE KEY-----",
        "550e8400-e29b-41d4-a716-446655440000 key ",
        "tel 030 ",
        "+49 30 ",
        "1.2.3.",
        "10.0.0.1 ",
        "ab:",
        "::1 ",
        "born 1.1.85 ",
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb-",
    ];
    for pattern in patterns {
        for (before, after) in [("", ""), ("4111 1111 1111 111", "1"), ("a@b.c", "@b.co"), ("DE89", "x")] {
            let steps = |n: usize| {
                let text = format!("{before}{}{after}", pattern.repeat(n));
                let folded = Folded::new(&text);
                let view = View::new(folded.as_str());
                let _hits = scan_view("", &view);
                (view.steps(), text.len())
            };
            let (small, _) = steps(500);
            let (large, length) = steps(5_000);
            assert!(large <= length * 40, "pattern: {pattern:?}, {large} steps for {length} bytes");
            assert!(large <= small * 11 + 1_000, "pattern: {pattern:?}, {small} then {large} steps");
        }
    }
}

/// A card number of a random issuer with a right check digit, in one of the usual layouts.
fn card() -> impl Strategy<Value = String> {
    let prefixes = prop::sample::select(vec!["4", "51", "2221", "6011", "3528", "62"]);
    let gaps = prop::sample::select(vec!["", " ", "-", ".", "\u{200b}", "\u{a0}"]);
    (prefixes, "[0-9]{16}", gaps).prop_map(|(prefix, digits, gap)| {
        let body: String = format!("{prefix}{digits}").chars().take(15).collect();
        let sum: u32 = body.chars().rev().enumerate().map(|(i, c)| luhn_value(i, c)).sum();
        let number: Vec<char> = format!("{body}{}", (10 - sum % 10) % 10).chars().collect();
        number.chunks(4).map(String::from_iter).collect::<Vec<_>>().join(gap)
    })
}

fn luhn_value(place: usize, digit: char) -> u32 {
    let digit = digit.to_digit(10).unwrap();
    match (place % 2, digit * 2) {
        (1, _) => digit,
        (_, double) => double / 10 + double % 10,
    }
}

fn email() -> impl Strategy<Value = String> {
    "[a-z0-9]{1,8}([._+-][a-z0-9]{1,5}){0,2}@[a-z][a-z0-9]{0,8}(\\.[a-z]{2,6}){0,2}\\.(com|org|io|museum)"
}

fn iban() -> impl Strategy<Value = String> {
    ("[0-9]{18}", any::<bool>()).prop_map(|(account, spaced)| {
        let rest = format!("{account}131400")
            .bytes()
            .fold(0, |rest, digit| (rest * 10 + u32::from(digit - b'0')) % 97);
        let iban: Vec<char> = format!("DE{:02}{account}", 98 - rest).chars().collect();
        let gap = if spaced { " " } else { "" };
        iban.chunks(4).map(String::from_iter).collect::<Vec<_>>().join(gap)
    })
}

/// Pieces that meet each other in all ways: values, parts of values, and what decides where values end.
fn pieces() -> impl Strategy<Value = String> {
    let glue = prop::sample::select(vec![
        "",
        " ",
        ".",
        "-",
        "@",
        "+",
        "0.",
        ".5",
        "x",
        "f",
        "\\n",
        "\\u0020",
        "%40",
        "4111",
        " 1111",
        "DE89",
        "\u{200b}",
        "１",
        "é",
        "中",
        "_",
        "'",
        ".com",
        "@b.com",
        "12 ",
        "a1b2c3d4",
        "550e8400-e29b-41d4-a716-",
        "password=",
        "https://u:",
        "Bearer ",
        "cookie: a=",
        "sk_live_",
        "Tr0ub4dorAnd3",
        "eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.",
        "-----BEGIN PRIVATE KEY-----",
        "-----END PRIVATE KEY-----",
        "MIIEowIBAAKCAQEA0Z3VS5JJcds3xfn8",
    ]);
    let piece = prop_oneof![
        2 => card(),
        2 => email(),
        2 => iban(),
        6 => glue.prop_map(str::to_owned),
        1 => "[0-9 .-]{1,24}",
        1 => "[a-fA-F0-9-]{1,40}",
        1 => "\\PC{0,6}",
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn some_classes() -> impl Strategy<Value = Vec<Class>> {
    let all: Vec<Class> = Class::built_in().collect();
    let n = all.len();
    prop::sample::subsequence(all, 0..=n)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1024, ..ProptestConfig::default() })]

    #[test]
    fn findings_are_sorted_apart_and_on_character_boundaries(text in pieces()) {
        let findings = scan(&text);
        let mut end = 0;
        for finding in &findings {
            prop_assert!(finding.range.start >= end && finding.range.start < finding.range.end);
            prop_assert!(text.get(finding.range.clone()).is_some());
            end = finding.range.end;
        }
        prop_assert_eq!(scan(&text), findings);
    }

    #[test]
    fn masking_is_idempotent_for_any_set_of_classes(text in pieces(), classes in some_classes()) {
        let is_masked = |class| classes.contains(&class);
        let once = mask(&text, is_masked).into_owned();
        let again = scan(&once);
        prop_assert!(again.classes().iter().all(|class| !is_masked(*class)), "{:?} then {:?}", text, once);
        prop_assert!(matches!(mask(&once, is_masked), Cow::Borrowed(_)));
    }

    #[test]
    fn a_masked_text_holds_no_part_of_a_card(before in "([ a-z,:]{0,8}[ ,:x])?", card in card(), after in "[ a-z,:]{0,9}") {
        let text = format!("{before}{card}{after}");
        let masked = mask(&text, |class| class == catalog::CARD);
        prop_assert_eq!(masked, format!("{before}[card]{after}"));
    }

    #[test]
    fn a_masked_text_holds_no_part_of_an_address(before in "[ ,:(<]{0,9}", email in email(), after in "[ ,;>)]{0,9}") {
        let text = format!("{before}{email}{after}");
        let masked = mask(&text, |class| class == catalog::EMAIL);
        prop_assert_eq!(masked, format!("{before}[email]{after}"));
    }

    #[test]
    fn a_masked_text_holds_no_part_of_an_iban(before in "[ ,:(<]{0,9}", iban in iban(), after in "[,;>)]{0,9}") {
        let text = format!("{before}{iban}{after}");
        let masked = mask(&text, |class| class == catalog::IBAN);
        prop_assert_eq!(masked, format!("{before}[iban]{after}"));
    }

    #[test]
    fn any_text_can_be_scanned_and_masked(text in any::<String>(), number in "[-+.0-9eE]{0,40}") {
        let findings = scan(&text);
        let _masked = Detectors::builtin().mask("", &text, &findings, |_| true);
        let _number = Detectors::builtin().scan_number("", &number);
    }

    #[test]
    fn a_text_without_findings_is_borrowed(text in "[a-z \n]{0,200}") {
        prop_assert!(matches!(mask(&text, |_| true), Cow::Borrowed(_)));
    }
}

/// What the detectors find that a lonely number is not shown to.
fn found_at_digits(text: &str) -> Vec<crate::finding::Finding> {
    let view = View::new(text);
    let text = Text::new("", &view);
    let (mut pass, mut identifiers, mut phones) =
        (Pass::new(&view), Identifiers::new(&text), Phones::new(&text));
    let mut hits = Vec::new();
    for place in digits(view.bytes()) {
        pass.look(place);
        identifiers.look(place, &mut hits);
        phones.look(place, &mut hits);
        network::look_at_digits(&text, place, &mut hits);
    }
    hits.extend(pass.into_hits());
    hits
}

fn digits(bytes: &[u8]) -> impl Iterator<Item = usize> + '_ {
    anchors(bytes).flat_map(|(start, anchors)| ones(anchors.digits).map(move |place| start + place))
}

proptest! {
    #[test]
    fn a_lonely_number_is_in_nothing_that_is_found(
        pieces in prop::collection::vec(
            prop_oneof![
                "[0-9]{1,4}",
                "[0-9]{1,12}",
                "[A-Za-z]{1,9}",
                "[ ./,:;()_+-]{1,3}",
                prop::sample::select(vec![
                    "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00", "AB 12 34 56 C", "+49 30 1234 5678", "phone",
                    "(0123) 456 789", "192.168.1.10", "passport", "ABCDE1234F", "12.345.678-9", "00 33 1 23 45 67 89",
                    "GB29 NWBK 6016 1331 9268 19", "MT84 MALT 0110 0001 2345 MTLC AST0 01S", "address", "tax number",
                    "1-800-555-0123", "B1234567", "C01X00T47", "2001:db8::1", "00:1b:44:11:3a:b7", "12 AB 3456",
                ]).prop_map(str::to_owned),
            ],
            0..10,
        ),
    ) {
        let text = pieces.concat();
        for hit in found_at_digits(&text) {
            let lonely = digits(text.as_bytes()).find(|place| hit.range.contains(place) && is_lonely(text.as_bytes(), *place));
            prop_assert_eq!(lonely, None, "{:?} in {}", hit, text);
        }
    }
}

#[test]
fn numbers_in_prose_are_lonely() {
    for (text, want) in [
        ("customers of segment 12", true),
        ("of segment 12. Takes", true),
        ("get_customer_0001", true),
        ("call 12 34", false),
        ("AB12", false),
        ("12 AB", false),
        ("12345", false),
        ("+49", false),
        ("１2", false),
    ] {
        let place = digits(text.as_bytes()).next().unwrap();
        assert_eq!(is_lonely(text.as_bytes(), place), want, "{text}");
    }
}
