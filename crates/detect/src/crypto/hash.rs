//! Hashes, and the addresses that are checked by one alone.

use sha2::{Digest, Sha256};
use sha3::Keccak256;

/// How many digits an address of Ethereum has.
const ETHEREUM: usize = 40;

/// The first four bytes of SHA-256 of SHA-256, the checksum of Bitcoin and its kin.
pub(super) fn sha256_twice(bytes: &[u8]) -> Option<[u8; 4]> {
    Sha256::digest(Sha256::digest(bytes)).first_chunk().copied()
}

/// The first four bytes of Keccak-256, the checksum of Monero.
pub(super) fn keccak(bytes: &[u8]) -> Option<[u8; 4]> {
    Keccak256::digest(bytes).first_chunk().copied()
}

/// Whether it is an address with the checksum of ERC-55: a letter is a capital where its place in the hash of the
/// address in small letters is 8 or more.
pub(super) fn is_ethereum(hex: &[u8]) -> bool {
    let has = |is_case: fn(&u8) -> bool| hex.iter().any(is_case);
    if !is_hex(hex) || !has(u8::is_ascii_lowercase) || !has(u8::is_ascii_uppercase) {
        return false;
    }
    let hash = Keccak256::digest(hex.to_ascii_lowercase());
    let nibbles = hash.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    hex.iter()
        .zip(nibbles)
        .all(|(byte, nibble)| !byte.is_ascii_alphabetic() || byte.is_ascii_uppercase() == (nibble >= 8))
}

/// Whether it is one without a checksum. Mostly zeros is nobody's.
pub(super) fn is_one_case(hex: &[u8]) -> bool {
    let is_in = |is_case: fn(&u8) -> bool| hex.iter().all(|byte| byte.is_ascii_digit() || is_case(byte));
    let n_zeros = hex.iter().filter(|byte| **byte == b'0').count();
    is_hex(hex) && n_zeros < ETHEREUM / 2 && (is_in(u8::is_ascii_lowercase) || is_in(u8::is_ascii_uppercase))
}

fn is_hex(hex: &[u8]) -> bool {
    hex.len() == ETHEREUM && hex.iter().all(u8::is_ascii_hexdigit)
}
