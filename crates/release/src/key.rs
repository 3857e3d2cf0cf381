//! The keys under which policies lie in the store.

use portcullis_ledger::AppName;
use portcullis_policy::{BundleDigest, Serial};

use crate::search::Want;

/// The keys of an application's policies: at most 255 bytes of `[a-z0-9._:-]`.
#[derive(Clone, Debug)]
pub struct Keys(String);

impl Keys {
    /// The keys of this application.
    #[must_use]
    pub fn new(app: &AppName) -> Self {
        Self(format!("pc1:{}:policy:", app.as_str()))
    }

    /// Where to begin looking.
    #[must_use]
    pub fn pointer(&self) -> String {
        format!("{}pointer", self.0)
    }

    /// Where what was pushed with this serial is described.
    #[must_use]
    pub fn entry(&self, Serial(serial): Serial) -> String {
        format!("{}entry:{serial:020}", self.0)
    }

    /// What says that a serial without an entry is not the last.
    #[must_use]
    pub fn skip(&self, Serial(serial): Serial) -> String {
        format!("{}skip:{serial:020}", self.0)
    }

    /// The counter of those who want to use this serial. Never set, and read by adding 0.
    #[must_use]
    pub fn claim(&self, Serial(serial): Serial) -> String {
        format!("{}claim:{serial:020}", self.0)
    }

    /// Part of a bundle.
    #[must_use]
    pub fn chunk(&self, bundle: BundleDigest, index: usize) -> String {
        let digest: String = bundle.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{}chunk:{digest}:{index}", self.0)
    }

    /// Where what a search wants is.
    #[must_use]
    pub fn wanted(&self, want: Want) -> String {
        match want {
            Want::Pointer => self.pointer(),
            Want::Entry(serial) => self.entry(serial),
            Want::Skip(serial) => self.skip(serial),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_plain_and_fit_every_store() {
        let keys = Keys::new(&"a".repeat(64).parse().unwrap());
        let last = Serial(u64::MAX);
        let digest = BundleDigest::parse(&format!("sha256:{}", "f".repeat(64))).unwrap();
        let is_safe = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b':' | b'-');
        for key in
            [keys.pointer(), keys.entry(last), keys.skip(last), keys.claim(last), keys.chunk(digest, 99)]
        {
            assert!(key.len() <= 255 && key.bytes().all(is_safe), "{key}");
        }
        let keys = Keys::new(&"portcullis".parse().unwrap());
        assert_eq!(keys.entry(Serial(7)), "pc1:portcullis:policy:entry:00000000000000000007");
    }
}
