use proptest::prelude::*;

use crate::{Detectors, catalog};

fn found<'t>(key: &str, text: &'t str) -> Vec<&'t str> {
    let findings = Detectors::builtin().scan_member(key, text);
    let found = findings.iter().filter(|finding| finding.class == catalog::PHONE);
    found.map(|finding| text.get(finding.range.clone()).unwrap()).collect()
}

/// Example numbers of every plan and kind of number, as that plan writes them.
const EXAMPLES: &str = include_str!("examples.txt");

/// The shortest number that is found without a word for it.
fn is_long(number: &str) -> bool {
    number.bytes().filter(u8::is_ascii_digit).count() >= 8
}

#[test]
fn the_example_numbers_of_every_plan_are_found() {
    for number in EXAMPLES.lines() {
        let bare: String = number.chars().filter(|ch| *ch == '+' || ch.is_ascii_digit()).collect();
        for number in [number, bare.as_str()] {
            assert_eq!(found("", &format!("tel:{number}")), [number], "number: {number}");
            assert_eq!(found("phoneNumber", number), [number]);
            if is_long(number) {
                assert_eq!(found("", number), [number]);
                assert_eq!(found("", &format!("write to {number}, please")), [number]);
                assert_eq!(found("", &format!("<{number}>")), [number]);
                assert_eq!(found("", &format!(r#"{{"n":"{number}"}}"#)), [number]);
            }
        }
    }
}

#[test]
fn numbers_are_found_whole_in_their_surroundings() {
    let mut wrong = Vec::new();
    for (text, want) in [
        (
            "call +1 (415) 555-2671, +49 30 901820, 0800 123 4567, 415-555-2671",
            vec!["+1 (415) 555-2671", "+49 30 901820", "0800 123 4567", "415-555-2671"],
        ),
        ("+49 (0)30 901820", vec!["+49 (0)30 901820"]),
        ("+44 (0) 20 7946 0958.", vec!["+44 (0) 20 7946 0958"]),
        ("+39 06 6982", vec!["+39 06 6982"]),
        ("(+49) 30 901820", vec!["(+49) 30 901820"]),
        ("+(49) 30 901820", vec!["+(49) 30 901820"]),
        ("+49-30-901820", vec!["+49-30-901820"]),
        ("+49/30/901820", vec!["+49/30/901820"]),
        ("+1.415.555.2671", vec!["+1.415.555.2671"]),
        ("+14155552671", vec!["+14155552671"]),
        ("+1 415 555 2671 2026", vec!["+1 415 555 2671"]),
        ("+33 1 23 45 67 89", vec!["+33 1 23 45 67 89"]),
        ("＋４９ ３０ ９０１８２０", vec!["＋４９ ３０ ９０１８２０"]),
        ("phone=%2B4930901820&x=1", vec!["%2B4930901820"]),
        ("tel:+1-201-555-0123", vec!["+1-201-555-0123"]),
        (r"x\n+4930901820\n", vec!["+4930901820"]),
        ("+1 415 555 2671 ext. 12, bye", vec!["+1 415 555 2671 ext. 12"]),
        ("415-555-2671x12", vec!["415-555-2671x12"]),
        ("0049 30 901820", vec!["0049 30 901820"]),
        ("fax 0049309018200", vec!["0049309018200"]),
        ("(415) 555-2671 or (415)555-2672", vec!["(415) 555-2671", "(415)555-2672"]),
        ("1-800-555-0199", vec!["1-800-555-0199"]),
        ("415-555-2671,415-555-2672", vec!["415-555-2671", "415-555-2672"]),
        ("Tel. 030 / 901820", vec![]),
        ("Tel. 030/901820", vec!["030/901820"]),
        ("Telefon: (030) 901820", vec!["(030) 901820"]),
        ("Tél. : 01 23 45 67 89", vec!["01 23 45 67 89"]),
        ("téléphone 01 23 45 67 89", vec!["01 23 45 67 89"]),
        ("téléphone 01.23.45.67.89", vec!["01.23.45.67.89"]),
        ("mobile: 07700 900123", vec!["07700 900123"]),
        ("mobile 415.555.2671", vec!["415.555.2671"]),
        ("phone: 4155552671", vec!["4155552671"]),
        ("phone: 14155552671", vec!["14155552671"]),
        ("tel 8 495 123-45-67", vec!["8 495 123-45-67"]),
        ("cell 98765 43210", vec!["98765 43210"]),
        (r#"{"mobileNumber":"9876543210","n":5}"#, vec!["9876543210"]),
    ] {
        let found = found("", text);
        if found != want {
            wrong.push(format!("{text}: {found:?}"));
        }
    }
    assert_eq!(wrong, [""; 0]);
    assert_eq!(found("homePhone", "5552671"), [""; 0]);
    assert_eq!(found("homePhone", "4155552671"), ["4155552671"]);
}

#[test]
fn a_number_that_is_a_json_number_is_found_by_its_name() {
    assert_eq!(Detectors::builtin().scan_number("phone", "4155552671").len(), 1);
    assert!(Detectors::builtin().scan_number("id", "4155552671").is_empty());
}

#[test]
fn numbers_set_apart_for_fiction_are_numbers() {
    assert_eq!(found("", "+1 212 555 0123, 212-555-0123"), ["+1 212 555 0123", "212-555-0123"]);
}

#[test]
fn other_numbers_are_not_telephone_numbers() {
    let mut wrong = Vec::new();
    for text in [
        "1787480130123",
        "order 4155552671",
        "order 415-555-2671-9",
        "9-415-555-2671",
        "115-555-2671",
        "415-155-2671",
        "(115) 555-2671",
        "+1 115 555 2671",
        "+1 415 555 267",
        "+49",
        "+999 123 456 789",
        "+0 123 456 789",
        "1+14155552671",
        "x+14155552671",
        "12:00:00+01:00",
        "2026-08-23T10:15:30+0200",
        "v1.2.3+20240115123045",
        "+14155552671abc",
        "+14155552671_1",
        "20240115-000042-7781",
        "0800 123 4567",
        "030 901820",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "550e8400-e29b-41d4-a716-446655440000",
        "192.168.10.20",
        "call me on 2026-03-01 at 10:15",
        "call 12.03.1985",
        "call took 1787480130123 ns",
        "call 10.20.30.40",
        "call 1 2 3 4 5 6 7 8 9",
        "phone model 12.1.1.2045",
        "phone 3.14159265358979",
        "phone -415555267",
        "phone: $4155552671",
        "tel 4111 1111 1111 1112 3456 7",
        "fax 123456",
        "phones sold: 1,234,567,890",
    ] {
        if !found("", text).is_empty() {
            wrong.push(text);
        }
    }
    assert_eq!(wrong, [""; 0]);
}

proptest! {
    #[test]
    fn a_number_of_the_american_plan_is_found_exactly_when_it_is_valid(
        area in 200_u32..1000, exchange in 0_u32..1000, line in 0_u32..10_000,
    ) {
        let text = format!("({area}) {exchange:03}-{line:04}");
        let international = format!("+1 {area} {exchange:03} {line:04}");
        let is_valid = !found("", &international).is_empty();
        prop_assert_eq!(!found("", &text).is_empty(), is_valid && exchange >= 200);
    }

    #[test]
    fn random_identifiers_are_not_numbers(text in "[0-9]{6,20}|[0-9]{3}-[01][0-9]{2}-[0-9]{4}|[0-9a-f]{8}-[0-9]{4}-[0-9]{4}") {
        prop_assert_eq!(found("", &text), [""; 0]);
    }
}
