//! Compiled components on disk, so that a second start takes no compilation.
//!
//! An entry is named after the component's bytes, the engine's version and its settings, and begins with a digest of
//! its contents; one that is damaged is compiled again. Compiled code is machine code that this process will run, so
//! an entry is only trusted if it and its folder belong to this user and nobody else can write to them.

use std::fmt::Write as _;
use std::fs;
use std::hash::{Hash as _, Hasher};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

const DIGEST_BYTES: usize = 32;

/// An entry that somebody else could have written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Untrusted;

/// A folder of compiled components.
pub(super) struct Cache<'a> {
    engine: &'a Engine,
    folder: &'a Path,
}

impl<'a> Cache<'a> {
    pub(super) fn new(engine: &'a Engine, folder: &'a Path) -> Self {
        Self { engine, folder }
    }

    /// The file for the component with the bytes `wasm`.
    pub(super) fn entry(&self, wasm: &[u8]) -> PathBuf {
        let mut key = KeyHasher(Sha256::new());
        self.engine.precompile_compatibility_hash().hash(&mut key);
        wasm.hash(&mut key);
        let mut name = String::new();
        for byte in key.0.finalize() {
            let _ = write!(name, "{byte:02x}");
        }
        self.folder.join(format!("{name}.cwasm"))
    }

    /// The component in `entry`, if it is there and whole.
    pub(super) fn get(&self, entry: &Path) -> Result<Option<Component>, Untrusted> {
        if !entry.exists() {
            return Ok(None);
        }
        if !is_ours(self.folder, entry) {
            return Err(Untrusted);
        }
        Ok(self.read(entry))
    }

    fn read(&self, entry: &Path) -> Option<Component> {
        let file = fs::read(entry).ok()?;
        let (digest, code) = file.split_at_checked(DIGEST_BYTES)?;
        if Sha256::digest(code)[..] != *digest {
            return None;
        }
        deserialize(self.engine, code)
    }

    /// Keeps `component` in `entry`. The file appears whole or not at all.
    pub(super) fn put(&self, entry: &Path, component: &Component) -> io::Result<()> {
        private_folder(self.folder)?;
        let code = component.serialize().map_err(io::Error::other)?;
        // Made readable by its owner only, and removed again if something fails.
        let mut file = tempfile::NamedTempFile::new_in(self.folder)?;
        file.write_all(&Sha256::digest(&code))?;
        file.write_all(&code)?;
        file.persist(entry)?;
        Ok(())
    }
}

#[expect(
    unsafe_code,
    reason = "the bytes are what `Component::serialize` made, as their digest and owner show"
)]
fn deserialize(engine: &Engine, code: &[u8]) -> Option<Component> {
    // SAFETY: the code was written by `Cache::put` of this user for an engine with the same version and settings,
    // and has not changed since, which `Cache::get` has checked.
    unsafe { Component::deserialize(engine, code) }.ok()
}

/// Hashes with SHA-256; the short result that [`Hasher`] wants is not used.
struct KeyHasher(Sha256);

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}

/// Makes `folder`, readable by its owner only if it is new.
pub(crate) fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Whether `folder` and the file `entry` in it belong to this process's user and no other user can write to them.
#[cfg(unix)]
fn is_ours(folder: &Path, entry: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    // A new file belongs to this process's user; the standard library has no other way to ask who that is.
    let probe = tempfile::tempfile_in(folder).and_then(|file| file.metadata());
    let Ok(user) = probe.map(|probe| probe.uid()) else { return false };
    [folder, entry].into_iter().all(|path| {
        fs::symlink_metadata(path)
            .is_ok_and(|found| found.uid() == user && found.mode() & 0o022 == 0 && !found.is_symlink())
    })
}

#[cfg(not(unix))]
fn is_ours(_folder: &Path, entry: &Path) -> bool {
    entry.exists()
}

#[cfg(test)]
mod tests;
