//! Addresses in base 58.

use super::hash::{keccak, sha256_twice};

const BITCOIN: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const RIPPLE: &[u8; 58] = b"rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz";

/// The values of the characters of an alphabet; 255 for all others.
type Values = [u8; 256];

const BITCOIN_VALUES: Values = values(BITCOIN);
const RIPPLE_VALUES: Values = values(RIPPLE);

/// How addresses start, in bytes, and how long they are with a checksum of four.
const KINDS: &[(&[u8], usize)] = &[
    // Bitcoin, and Bitcoin Cash in its old form: `1`, `3`; of the test network `m`, `n`, `2`.
    (&[0x00], 25),
    (&[0x05], 25),
    (&[0x6f], 25),
    (&[0xc4], 25),
    // Litecoin: `L`, `M`.
    (&[0x30], 25),
    (&[0x32], 25),
    // Dogecoin: `D`, `9` or `A`.
    (&[0x1e], 25),
    (&[0x16], 25),
    // Dash: `X`, `7`.
    (&[0x4c], 25),
    (&[0x10], 25),
    // Tron: `T`.
    (&[0x41], 25),
    // Zcash: `t1`, `t3`.
    (&[0x1c, 0xb8], 26),
    (&[0x1c, 0xbd], 26),
    // Tezos: `tz1`, `tz2`, `tz3`, `KT1`.
    (&[0x06, 0xa1, 0x9f], 27),
    (&[0x06, 0xa1, 0xa1], 27),
    (&[0x06, 0xa1, 0xa4], 27),
    (&[0x02, 0x5a, 0x79], 27),
];

/// The networks of Monero: an address, one with a payment in it, a subaddress.
const MONERO: [u8; 3] = [18, 19, 42];

/// How many characters a block of eight bytes has in Monero's addresses, and the five bytes after the last.
const BLOCK: usize = 11;
const LAST: usize = 7;

/// Whether it is an address of [`KINDS`] whose checksum holds.
pub(super) fn is_checked(word: &[u8]) -> bool {
    if word.len() > 36 || !matches!(word.first(), Some(first) if b"12379ADKLMTXmnt".contains(first)) {
        return false;
    }
    let Some(bytes) = decode(word, &BITCOIN_VALUES) else { return false };
    KINDS.iter().any(|(version, n)| {
        let address = bytes.get(bytes.len() - n..).unwrap_or_default();
        address.starts_with(version) && starts_at(&bytes, *n, word, b'1') && holds(address)
    })
}

/// Whether it is an address of the XRP ledger.
pub(super) fn is_ripple(word: &[u8]) -> bool {
    let bytes = if word.len() > 35 { None } else { decode(word, &RIPPLE_VALUES) };
    bytes.is_some_and(|bytes| {
        let address = bytes.get(bytes.len() - 25..).unwrap_or_default();
        address.starts_with(&[0]) && starts_at(&bytes, 25, word, b'r') && holds(address)
    })
}

/// Whether it is a public key of 32 bytes, which is what an address of Solana is.
pub(super) fn is_key(word: &[u8]) -> bool {
    let has = |is: fn(&u8) -> bool| word.iter().any(is);
    let is_mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase);
    (32..=44).contains(&word.len())
        && is_mixed
        && decode(word, &BITCOIN_VALUES).is_some_and(|bytes| starts_at(&bytes, 32, word, b'1'))
}

/// Whether it is an address of Monero, which is encoded in blocks of eight bytes.
pub(super) fn is_monero(word: &[u8]) -> bool {
    let (blocks, last) = word.split_at(word.len() / BLOCK * BLOCK);
    if !matches!(word.len(), 95 | 106) || last.len() != LAST {
        return false;
    }
    let mut bytes = Vec::with_capacity(77);
    for block in blocks.chunks(BLOCK) {
        let Some(value) = value(block).and_then(|value| u64::try_from(value).ok()) else { return false };
        bytes.extend(value.to_be_bytes());
    }
    let Some(value) = value(last).filter(|value| value >> 40 == 0) else { return false };
    bytes.extend(value.to_be_bytes().iter().skip(11));
    let is_known = bytes.first().is_some_and(|network| MONERO.contains(network));
    let parts = bytes.split_last_chunk::<4>();
    is_known && parts.is_some_and(|(address, sum)| keccak(address) == Some(*sum))
}

/// Whether the last four bytes are the checksum of those before.
fn holds(address: &[u8]) -> bool {
    address.split_last_chunk::<4>().is_some_and(|(address, sum)| sha256_twice(address) == Some(*sum))
}

/// Whether the number of so many bytes is written with as many zeros in front as it has.
fn starts_at(bytes: &[u8; 32], n: usize, word: &[u8], zero: u8) -> bool {
    let n_zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let written = word.iter().take_while(|byte| **byte == zero).count();
    n_zeros == bytes.len() - n + written
}

/// The number that the characters are, if it has at most 32 bytes.
fn decode(word: &[u8], values: &Values) -> Option<[u8; 32]> {
    let mut limbs = [0_u32; 8];
    for character in word {
        let mut carry = u64::from(*values.get(usize::from(*character)).filter(|value| **value < 58)?);
        for limb in limbs.iter_mut().rev() {
            carry += u64::from(*limb) * 58;
            *limb = u32::try_from(carry & 0xffff_ffff).ok()?;
            carry >>= 32;
        }
        (carry == 0).then_some(())?;
    }
    let mut bytes = [0; 32];
    for (place, limb) in bytes.chunks_mut(4).zip(limbs) {
        place.copy_from_slice(&limb.to_be_bytes());
    }
    Some(bytes)
}

/// The number that a few characters are.
fn value(word: &[u8]) -> Option<u128> {
    word.iter().try_fold(0_u128, |value, character| {
        let digit = BITCOIN_VALUES.get(usize::from(*character)).filter(|value| **value < 58)?;
        Some(value * 58 + u128::from(*digit))
    })
}

#[expect(
    clippy::indexing_slicing,
    reason = "the table has a place for each byte, and it is built by the compiler"
)]
const fn values(alphabet: &[u8; 58]) -> Values {
    let mut values = [u8::MAX; 256];
    let mut value = 0;
    while value < 58 {
        values[alphabet[value as usize] as usize] = value;
        value += 1;
    }
    values
}
