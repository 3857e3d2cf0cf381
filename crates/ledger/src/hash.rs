//! Hashes of what is stored, and the root of many.
//!
//! What is hashed here is ciphertext and other hashes, so that a plain SHA-256 says nothing of a record. Digests of
//! originals are keyed ([`crate::KeyedDigest`]).

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::digest::KeyedDigest;

/// A SHA-256 of stored bytes, written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ContentHash([u8; 32]);

impl ContentHash {
    /// What stands where nothing came before.
    pub const NOTHING: Self = Self([0; 32]);

    /// The hash of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// A hash that was made elsewhere.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes of the hash.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentHash({self})")
    }
}

impl FromStr for ContentHash {
    type Err = crate::digest::InvalidDigest;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<KeyedDigest>().map(|digest| Self(*digest.as_bytes()))
    }
}

/// The root of a Merkle tree (RFC 9162 §2.1.1) over leaves that come one by one. It holds one hash for each level.
#[derive(Clone, Debug, Default)]
pub struct MerkleTree {
    /// Whole subtrees from the left, each with its number of leaves, which falls.
    subtrees: Vec<(u64, ContentHash)>,
}

impl MerkleTree {
    /// Adds a leaf after those that are there.
    pub fn push(&mut self, leaf: &[u8]) {
        let mut hash = ContentHash(Sha256::new().chain_update([0]).chain_update(leaf).finalize().into());
        let mut n = 1;
        while let Some((_, left)) = self.subtrees.pop_if(|(n_left, _)| *n_left == n) {
            hash = node(left, hash);
            n *= 2;
        }
        self.subtrees.push((n, hash));
    }

    /// The root of the leaves so far.
    #[must_use]
    pub fn root(&self) -> ContentHash {
        let hashes = self.subtrees.iter().rev().map(|(_, hash)| *hash);
        hashes.reduce(|right, left| node(left, right)).unwrap_or_else(|| ContentHash::of(&[]))
    }
}

impl<L: AsRef<[u8]>> FromIterator<L> for MerkleTree {
    fn from_iter<I: IntoIterator<Item = L>>(leaves: I) -> Self {
        let mut tree = Self::default();
        leaves.into_iter().for_each(|leaf| tree.push(leaf.as_ref()));
        tree
    }
}

fn node(left: ContentHash, right: ContentHash) -> ContentHash {
    ContentHash(Sha256::new().chain_update([1]).chain_update(left.0).chain_update(right.0).finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of the reference implementation of Certificate Transparency.
    #[test]
    fn roots_are_those_of_certificate_transparency() {
        let leaves: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        for (n, root) in [
            (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
            (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
            (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
            (4, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
            (5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
            (6, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
            (7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
            (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
        ] {
            let tree: MerkleTree = leaves.iter().take(n).collect();
            assert_eq!(tree.root().to_string(), root, "{n} leaves");
        }
    }

    #[test]
    fn a_hash_parses_from_its_text() {
        let hash = ContentHash::of(b"abc");
        assert_eq!(hash.to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert!("ba78".parse::<ContentHash>().is_err());
    }
}
