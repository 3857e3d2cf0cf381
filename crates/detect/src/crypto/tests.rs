use proptest::prelude::*;
use sha2::{Digest, Sha256};

use crate::{Detectors, catalog};

fn found<'t>(key: &str, text: &'t str) -> Vec<&'t str> {
    let findings = Detectors::builtin().scan_member(key, text);
    let found = findings.iter().filter(|finding| finding.class == catalog::CRYPTO_ADDRESS);
    found.map(|finding| text.get(finding.range.clone()).unwrap()).collect()
}

/// From the specifications of each and from well-known accounts.
const ADDRESSES: &[&str] = &[
    // Bitcoin: the first block, BIP 173, BIP 350.
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
    "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
    "1111111111111111111114oLvT2",
    "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn",
    "2MzQwSSnBHWHqSAqtTVQ6v47XtaisrJa1Vc",
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
    "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
    // ERC-55.
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    // CashAddr.
    "qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a",
    "ppm2qsznhks23z7629mms6s4cwef74vcwvn0h829pq",
    // XRP ledger: its documentation, and ACCOUNT_ZERO.
    "rf1BiGeXwwQoi8Z2ueFYTEXSwuJYfV2Jpn",
    "rrrrrrrrrrrrrrrrrrrrrhoLvTp",
    // Tron: the contract of Tether.
    "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
    // Monero: the donations of its project.
    "888tNkZrPN6JsEgekjMnABU4TBzc2Dt29EPAvkRxbANsAnjyPbb3iQ1YBRk1UXcdRsiKc9dhwMVgN5S9cQUiyoogDavup3H",
    // Cardano: CIP 19.
    "addr1vx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzers66hrl8",
    "addr_test1vz2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzerspjrlsz",
    "stake1uyehkck0lajq8gr28t9uxnuvgcqrc6070x3k9r8048z8y5gh6ffgw",
];

#[test]
fn an_address_with_a_checksum_is_found_anywhere() {
    for address in ADDRESSES {
        for text in [
            (*address).to_owned(),
            format!("send it to {address}."),
            format!("bitcoincash:{address}?amount=1"),
            format!("https://example.com/address/{address}"),
            format!(r#"{{"to":"{address}"}}"#),
            format!(r"\n{address}\n"),
        ] {
            assert_eq!(found("", &text), [*address], "text: {text}");
        }
    }
}

#[test]
fn an_address_with_one_character_changed_is_none() {
    for address in ADDRESSES {
        for place in 4..address.len() {
            let mut bytes = address.as_bytes().to_vec();
            bytes[place] = match bytes[place] {
                digit @ b'2'..=b'8' => digit + 1,
                b'9' => b'2',
                b'a'..=b'f' if bytes[place] != b'c' => b'c',
                b'c' => b'e',
                b'z' => b'y',
                b'Z' => b'Y',
                b'A'..=b'F' if bytes[place] != b'C' => b'C',
                b'C' => b'E',
                letter if letter.is_ascii_lowercase() => b'z',
                letter if letter.is_ascii_uppercase() => b'Z',
                _ => continue,
            };
            let text = String::from_utf8(bytes).unwrap();
            assert_eq!(found("", &text), [""; 0], "from {address}");
        }
    }
}

#[test]
fn an_address_without_a_checksum_needs_a_word_for_it() {
    for address in
        ["0x52908400098527886e0f7030069857d2e4169ee7", "4Nd1mBQtrMJVYVfKf2PJy9NZUZdTAsp7D4xWLs4gDB4T"]
    {
        assert_eq!(found("", &format!("see {address}")), [""; 0]);
        assert_eq!(found("", &format!("wallet: {address}")), [address]);
        assert_eq!(found("solanaOrEthereum", address), [address]);
    }
    assert_eq!(found("wallet", "0x0000000000000000000000000000000000000000"), [""; 0]);
}

#[test]
fn hashes_identifiers_and_words_are_no_addresses() {
    for text in [
        "9fceb02d0ae598e95dc970b74767f19372d61af8",
        "0x9fceb02d0ae598e95dc970b74767f19372d61af8",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNaa",
        "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKPuF5",
        "bc1thisisnotanaddressatall0123456789",
        "rhododendronpolypodiumvulgare",
        "111111111111111111111111111111",
        "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==",
    ] {
        assert_eq!(found("", text), [""; 0], "text: {text}");
    }
}

/// Writes bytes in base 58 with a checksum.
fn base58(payload: &[u8]) -> String {
    const ALPHABET: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let sum = Sha256::digest(Sha256::digest(payload));
    let mut number: Vec<u8> = payload.iter().chain(&sum[..4]).copied().collect();
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let mut written = Vec::new();
    while number.iter().any(|byte| *byte != 0) {
        let mut rest = 0_u32;
        for byte in &mut number {
            rest = rest << 8 | u32::from(*byte);
            *byte = u8::try_from(rest / 58).unwrap();
            rest %= 58;
        }
        written.push(char::from(ALPHABET[rest as usize]));
    }
    written.extend(std::iter::repeat_n('1', zeros));
    written.into_iter().rev().collect()
}

proptest! {
    #[test]
    fn every_account_of_every_kind_is_found(
        version in prop::sample::select(vec![0_u8, 5, 0x6f, 0xc4, 0x30, 0x32, 0x1e, 0x16, 0x4c, 0x10, 0x41]),
        account in prop::array::uniform20(any::<u8>()),
    ) {
        let address = base58(&[&[version], account.as_slice()].concat());
        let text = format!("to {address}, now");
        prop_assert_eq!(found("", &text), [address]);
    }

    #[test]
    fn random_words_are_no_addresses(word in "[13LDXTtr4q][1-9A-HJ-NP-Za-km-z]{24,44}") {
        prop_assert_eq!(found("", &word), [""; 0]);
    }
}
