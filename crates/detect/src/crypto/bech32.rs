//! Addresses in base 32 with a checksum that is a polynomial: bech32 (BIP 173), bech32m (BIP 350), and CashAddr.

/// The characters of five bits each.
const CHARACTERS: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// What the checksum of bech32 and bech32m comes to.
const BECH32: u32 = 1;
const BECH32M: u32 = 0x2bc8_30a3;

/// The networks whose addresses are witness programs: Bitcoin and Litecoin, and those for tests.
const SEGWIT: &[&str] = &["bc", "tb", "bcrt", "ltc", "tltc"];
/// Others: Cardano, Cosmos, Osmosis, Zcash.
const OTHERS: &[&str] = &["addr", "stake", "addr_test", "stake_test", "cosmos", "osmo", "zs"];

/// Whether it is an address whose checksum holds.
pub(super) fn is_address(word: &[u8]) -> bool {
    // In data there is no `1`, so the last one ends the prefix, which is short.
    let Some(n) = word.iter().take(8).rposition(|byte| *byte == b'1') else { return false };
    let (Some(prefix), Some(data)) = (word.get(..n), word.get(n + 1..)) else { return false };
    let is = |known: &&str| known.as_bytes().eq_ignore_ascii_case(prefix);
    if SEGWIT.iter().any(&is) {
        return is_one_case(word) && is_witness(prefix, data);
    }
    OTHERS.iter().any(is) && is_one_case(word) && data.len() > 30 && checksum(prefix, data) == Some(BECH32)
}

/// How many bytes before the word belong to it: those of `addr_` and `stake_` before `test1`, if the checksum holds.
pub(super) fn n_of_test_prefix(before: &[u8], word: &[u8]) -> usize {
    let Some(data) = word.strip_prefix(b"test1") else { return 0 };
    let prefixes: [(&[u8], &[u8]); 2] = [(b"addr_", b"addr_test"), (b"stake_", b"stake_test")];
    let found = prefixes
        .iter()
        .find(|(start, prefix)| before.ends_with(start) && checksum(prefix, data) == Some(BECH32));
    found.map_or(0, |(start, _)| start.len())
}

/// A witness program (BIP 173 and 350): version 0 has 20 or 32 bytes and the first checksum, later ones the second.
fn is_witness(prefix: &[u8], data: &[u8]) -> bool {
    match (data.first(), data.len()) {
        (Some(b'q' | b'Q'), 39 | 59) => checksum(prefix, data) == Some(BECH32),
        (Some(b'q' | b'Q'), _) => false,
        (_, 11..=72) => checksum(prefix, data) == Some(BECH32M),
        _ => false,
    }
}

fn checksum(prefix: &[u8], data: &[u8]) -> Option<u32> {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let prefix = || prefix.iter().map(u8::to_ascii_lowercase);
    let high = prefix().map(|byte| Some(byte >> 5));
    let low = prefix().map(|byte| Some(byte & 31));
    let mut values = high.chain([Some(0)]).chain(low).chain(data.iter().map(|byte| value(*byte)));
    values.try_fold(1_u32, |sum, value| {
        let top = sum >> 25;
        let sum = (sum & 0x01ff_ffff) << 5 ^ u32::from(value?);
        let terms = GENERATOR.iter().enumerate().filter(|(bit, _)| top >> bit & 1 == 1);
        Some(terms.fold(sum, |sum, (_, term)| sum ^ term))
    })
}

/// Whether it is an address of Bitcoin Cash, whose prefix is a part of the checksum and may be left out.
pub(super) fn is_cash(word: &[u8]) -> bool {
    const GENERATOR: [u64; 5] =
        [0x98_f2bc_8e61, 0x79_b76d_99e2, 0xf3_3e5f_b3c4, 0xae_2eab_e2a8, 0x1e_4f43_e470];
    let prefix = b"bitcoincash".iter().map(|byte| Some(byte & 31));
    let mut values = prefix.chain([Some(0)]).chain(word.iter().map(|byte| value(*byte)));
    let sum = values.try_fold(1_u64, |sum, value| {
        let top = sum >> 35;
        let sum = (sum & 0x07_ffff_ffff) << 5 ^ u64::from(value?);
        let terms = GENERATOR.iter().enumerate().filter(|(bit, _)| top >> bit & 1 == 1);
        Some(terms.fold(sum, |sum, (_, term)| sum ^ term))
    });
    is_one_case(word) && sum == Some(1)
}

fn value(character: u8) -> Option<u8> {
    let place = CHARACTERS.iter().position(|known| *known == character.to_ascii_lowercase())?;
    u8::try_from(place).ok()
}

/// Whether it has no capitals, or nothing else.
fn is_one_case(word: &[u8]) -> bool {
    !(word.iter().any(u8::is_ascii_lowercase) && word.iter().any(u8::is_ascii_uppercase))
}
