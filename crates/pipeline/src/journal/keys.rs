//! The keys of the ledger, all of them from the secret of the settings.

use portcullis_identity::seal::{Purpose, Sealer};
use portcullis_ledger::{DigestKey, InvalidKeyId, KeyId, SigningKey, TrustedKeys, WrappingKeys};

/// What the ledger is written and read with. Readers of other processes make the same ones from the same secrets.
#[derive(Clone, Debug)]
pub struct LedgerKeys {
    /// Names principals, connections and recordings. Changes with the current secret, and so do the names.
    pub names: DigestKey,
    /// What named them under previous secrets, the latest first.
    pub previous_names: Vec<DigestKey>,
    /// Signs, under the id of the current secret.
    pub signing: SigningKey,
    /// Verifies what was signed with the current secret or a previous one.
    pub trusted: TrustedKeys,
    /// Wraps and unwraps the keys of recordings.
    pub wrapping: WrappingKeys,
}

const NAMES: Purpose = Purpose::new("ledger-names");
const SIGNING: Purpose = Purpose::new("ledger-signing");
const WRAPPING: Purpose = Purpose::new("ledger-wrapping");

impl LedgerKeys {
    /// The keys that come from the secrets of a sealer.
    ///
    /// # Errors
    /// The id of a secret cannot name a key. The text is for the operator.
    pub fn of(sealer: &Sealer) -> Result<Self, String> {
        let named = sealer.key_ids().zip(sealer.digests(SIGNING, b""));
        let named = named.map(|(id, seed)| Ok(SigningKey::from_seed(key_id(&id.to_string())?, seed)));
        let signing: Vec<SigningKey> =
            named.collect::<Result<_, InvalidKeyId>>().map_err(|id| id.to_string())?;
        let mut trusted = TrustedKeys::default();
        signing.iter().for_each(|key| trusted.trust(key.id().clone(), key.verifying_key()));
        let previous: Vec<[u8; 32]> = sealer.digests(WRAPPING, b"").skip(1).collect();
        Ok(Self {
            names: DigestKey::new(sealer.digest(NAMES, b"")),
            previous_names: sealer.digests(NAMES, b"").skip(1).map(DigestKey::new).collect(),
            // A sealer has a current secret, and it comes first.
            signing: signing.into_iter().next().ok_or("there is no secret")?,
            trusted,
            wrapping: WrappingKeys::new(&sealer.digest(WRAPPING, b""), &previous),
        })
    }
}

fn key_id(secret: &str) -> Result<KeyId, InvalidKeyId> {
    format!("secret-{secret}").parse()
}
