//! The secret key that policies are signed with, in its file.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, anyhow};
use base64ct::{Base64, Encoding as _};
use portcullis_policy::SigningKey;
use portcullis_settings::PolicyKey;
use rand_core::{OsRng, RngCore as _};

/// The seed of a key.
pub(crate) struct SecretKey([u8; 32]);

impl SecretKey {
    /// A key that nobody has.
    pub(crate) fn random() -> anyhow::Result<Self> {
        let mut seed = [0; 32];
        let filled = OsRng.try_fill_bytes(&mut seed);
        filled.map_err(|error| anyhow!("the system gives no random bytes: {error}"))?;
        Ok(Self(seed))
    }

    /// Reads the file that [`SecretKey::write`] has written.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut seed = [0; 32];
        let decoded = text.trim().strip_prefix(PREFIX).map(|base64| Base64::decode(base64, &mut seed));
        match decoded {
            Some(Ok(decoded)) if decoded.len() == 32 => Ok(Self(seed)),
            // What is in the file may be a secret of another kind, so it is not told.
            Some(_) | None => {
                Err(anyhow!("{} is no secret key: `portcullis policy keygen` makes one", path.display()))
            }
        }
    }

    /// Writes a new file that only its owner can read.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let text = format!("{PREFIX}{}\n", Base64::encode_string(&self.0));
        let written = options.open(path).and_then(|mut file| file.write_all(text.as_bytes()));
        written.with_context(|| format!("cannot write {}", path.display()))
    }

    /// What the settings need to trust it.
    pub(crate) fn public(&self) -> PolicyKey {
        PolicyKey::from(self.signing_key().verifying_key().as_bytes())
    }

    pub(crate) fn signing_key(&self) -> SigningKey {
        SigningKey::from_seed(self.0)
    }
}

const PREFIX: &str = "ed25519-seed:";
