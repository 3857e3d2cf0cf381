//! Cards in runs: what is found, and what only looks like one.

use crate::{Detectors, catalog};

/// The cards found in `text`, as they stand in it.
fn cards(text: &str) -> Vec<&str> {
    let findings = Detectors::builtin().scan(text);
    findings.iter().filter(|f| f.class == catalog::CARD).map(|f| text.get(f.range.clone()).unwrap()).collect()
}

#[test]
fn a_card_is_found_in_every_layout_it_is_written_in() {
    for card in [
        "4111111111111111",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111.1111.1111.1111",
        "4111 1111-1111.1111",
        "4111\u{a0}1111\u{2009}1111\u{2011}1111",
        "3782 822463 10005",
        "3056 930902 5904",
        "6799 9901 0000 0000 019",
        "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
        "41 11 11 11 11 11 11 11",
        "411111 111111 1111",
        "41111 1111111 1111",
        "４１１１１１１１１１１１１１１１",
        "4111\u{200b}1111\u{200b}1111\u{feff}1111",
        "4\u{200d}111 1111 1111 111\u{2060}1",
    ] {
        for text in [card.to_owned(), format!("pay {card}, now"), format!("<{card}>"), format!("n:{card}\n")]
        {
            assert_eq!(cards(&text), [card], "text: {text:?}");
        }
    }
}

#[test]
fn a_card_is_found_between_other_numbers_and_letters() {
    for (text, expected) in [
        ("12 4111 1111 1111 1111 08 27 123", vec!["4111 1111 1111 1111"]),
        ("4111 1111 1111 1111 5555 5555 5555 4444", vec!["4111 1111 1111 1111", "5555 5555 5555 4444"]),
        ("4111111111111111 5555555555554444", vec!["4111111111111111", "5555555555554444"]),
        ("1,4111111111111111,2", vec!["4111111111111111"]),
        ("41 1111 1111 1111 11 4111 1111 1111 1111", vec!["41 1111 1111 1111 11", "4111 1111 1111 1111"]),
        ("PAN4111111111111111x", vec!["4111111111111111"]),
        (r"\n4111111111111111\n", vec!["4111111111111111"]),
        (r"\u00204111111111111111\u0020", vec!["4111111111111111"]),
        ("4111111111111111.", vec!["4111111111111111"]),
        ("4111111111111111.00", vec!["4111111111111111"]),
        ("4111111111111111.5555555555554444", vec!["4111111111111111", "5555555555554444"]),
        ("aaaaaaaa4111111111111111", vec!["4111111111111111"]),
        ("+4111111111111111", vec!["4111111111111111"]),
    ] {
        assert_eq!(cards(text), expected, "text: {text:?}");
    }
}

#[test]
fn what_only_looks_like_a_card_is_not_one() {
    for text in [
        "4111111111111112",                         // wrong check digit
        "1234567812345670",                         // no issuer
        "41111111111111111111",                     // a longer number that starts like a card
        "04111111111111111",                        // a longer number that ends like a card
        "0.4111111111111111",                       // a decimal number
        "4111111111111111.25",                      // a decimal number
        "4.222222222222",                           // a decimal number
        "4111  1111  1111  1111",                   // columns of a table
        "4111, 1111, 1111, 1111",                   // a list
        "4111\n1111\n1111\n1111",                   // a list
        "+4222222222222",                           // a telephone number
        "+42 222 222 222 22",                       // a telephone number
        "42 2222 222 2222",                         // a telephone number without its plus
        "550e8400-e29b-41d4-a716-676100000005",     // a UUID
        "da39a3ee5e676100000005bfef95601890afd807", // a SHA-1
        "2024-01-15 12:30:45.123456",               // a timestamp
        "1700000000000000000",                      // nanoseconds since 1970
        "192.168.100.200",                          // an address
        "4.17.21-2024.11.05.1200",                  // a version
        "ORD-2024-000123456789",                    // an order number
        "978-3-16-148410-0",                        // an ISBN
        "40.712776 74.005974",                      // coordinates
    ] {
        assert_eq!(cards(text), [""; 0], "text: {text:?}");
    }
}
