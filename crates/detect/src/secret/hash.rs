//! Hashes of passwords, as `crypt(3)`, the PHC string format and LDAP (RFC 2307) write them.

use std::ops::Range;

use super::finding;
use crate::catalog;
use crate::finding::Finding;

/// How far before the hash its scheme may start.
const BEFORE: usize = 128;

/// The hash of a password that ends with a long word.
pub(super) fn find(bytes: &[u8], word: &Range<usize>) -> Option<Finding> {
    let before = bytes.get(word.start.saturating_sub(BEFORE)..word.start)?;
    let n = match before.last()? {
        b'$' => before.iter().rev().take_while(|byte| is_part(**byte)).count(),
        b'}' => before.iter().rev().position(|byte| *byte == b'{')? + 1,
        _ => return None,
    };
    let scheme = before.get(before.len() - n..)?;
    let hash = bytes.get(word.clone())?;
    let is_one = if scheme.first() == Some(&b'{') { is_ldap(scheme) } else { is_crypt(scheme, hash) };
    is_one.then(|| {
        let padding =
            bytes.get(word.end..).unwrap_or_default().iter().take_while(|byte| **byte == b'=').count();
        finding(catalog::PASSWORD_HASH, word.start - n..word.end + padding.min(2))
    })
}

fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"$./_=,+-".contains(&byte)
}

/// Whether a hash of the scheme has this length: that of its bytes in base64.
fn is_crypt(scheme: &[u8], hash: &[u8]) -> bool {
    let mut parts = scheme.split(|byte| *byte == b'$');
    let before = parts.next().unwrap_or_default();
    if before.starts_with(b"pbkdf2_sha") {
        return hash.len() >= 27;
    }
    let name = parts.next().unwrap_or_default();
    let has_salt = parts.next().is_some_and(|salt| !salt.is_empty());
    if !before.is_empty() && before.last() != Some(&b'=') {
        return false;
    }
    match name {
        b"1" | b"apr1" => has_salt && hash.len() == 22,
        b"2a" | b"2b" | b"2x" | b"2y" => has_salt && hash.len() == 53,
        b"5" | b"y" | b"gy" | b"7" => has_salt && hash.len() == 43,
        b"6" => has_salt && hash.len() == 86,
        b"P" | b"H" => hash.len() == 31,
        _ => {
            has_salt
                && [&b"argon2"[..], b"scrypt", b"pbkdf2", b"bcrypt-sha256"]
                    .iter()
                    .any(|start| name.starts_with(start))
                && hash.len() >= 22
                && parts.next().is_some()
        }
    }
}

fn is_ldap(scheme: &[u8]) -> bool {
    [&b"{SSHA}"[..], b"{SHA}", b"{SSHA256}", b"{SSHA512}", b"{SMD5}"].contains(&scheme)
}
