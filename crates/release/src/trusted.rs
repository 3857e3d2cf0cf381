//! Whose signatures count.

use std::collections::BTreeMap;

use portcullis_policy::{KeyId, VerifyingKey};
use portcullis_settings::PolicySettings;

/// The keys that the settings name.
#[derive(Clone, Debug, Default)]
pub struct Trusted(BTreeMap<KeyId, VerifyingKey>);

impl Trusted {
    /// The keys that can be used at all: one with which a signature would fit many messages is none.
    #[must_use]
    pub fn of(settings: &PolicySettings) -> Self {
        let keys = settings.keys.iter().filter_map(|(name, key)| {
            Some((KeyId::parse(name.as_str())?, VerifyingKey::from_bytes(*key.as_bytes())?))
        });
        Self(keys.collect())
    }

    /// The key of this name.
    #[must_use]
    pub fn key(&self, id: &KeyId) -> Option<VerifyingKey> {
        self.0.get(id).cloned()
    }
}
