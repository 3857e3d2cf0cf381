use wasmtime::Config;

use super::*;

/// The smallest component: a header and nothing in it.
const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

struct Setup {
    engine: Engine,
    base: tempfile::TempDir,
}

impl Setup {
    fn new() -> Self {
        let mut config = Config::new();
        config.wasm_component_model_async(true);
        Self { engine: Engine::new(&config).unwrap(), base: tempfile::tempdir().unwrap() }
    }

    /// A cache that holds [`EMPTY`], and its file.
    fn filled(&self, folder: &Path) -> PathBuf {
        let cache = Cache::new(&self.engine, folder);
        let entry = cache.entry(EMPTY);
        assert!(cache.get(&entry).unwrap().is_none());
        cache.put(&entry, &Component::from_binary(&self.engine, EMPTY).unwrap()).unwrap();
        assert!(cache.get(&entry).unwrap().is_some());
        entry
    }
}

#[test]
fn a_damaged_entry_is_not_used() {
    let setup = Setup::new();
    let folder = setup.base.path().join("cache");
    let entry = setup.filled(&folder);
    let cache = Cache::new(&setup.engine, &folder);
    let whole = fs::read(&entry).unwrap();
    for n in [0, 31, 32, whole.len() / 2, whole.len() - 1] {
        let mut damaged = whole.clone();
        damaged[n] ^= 1;
        fs::write(&entry, damaged).unwrap();
        assert!(cache.get(&entry).unwrap().is_none(), "byte {n}");
    }
    for n in [0, 31, 32, whole.len() - 1] {
        fs::write(&entry, &whole[..n]).unwrap();
        assert!(cache.get(&entry).unwrap().is_none(), "length {n}");
    }
    fs::write(&entry, whole).unwrap();
    assert!(cache.get(&entry).unwrap().is_some());
}

#[test]
fn other_bytes_and_other_engines_have_other_entries() {
    let setup = Setup::new();
    let folder = setup.base.path();
    let cache = Cache::new(&setup.engine, folder);
    let other_engine = Engine::new(Config::new().epoch_interruption(true)).unwrap();
    assert_eq!(cache.entry(EMPTY), cache.entry(EMPTY));
    assert_ne!(cache.entry(EMPTY), cache.entry(b"other"));
    assert_ne!(cache.entry(EMPTY), Cache::new(&other_engine, folder).entry(EMPTY));
}

#[cfg(unix)]
#[test]
fn entries_are_private_and_others_are_not_trusted() {
    use std::os::unix::fs::PermissionsExt as _;
    let setup = Setup::new();
    let folder = setup.base.path().join("new/cache");
    let entry = setup.filled(&folder);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&entry)), (0o700, 0o600));
    let cache = Cache::new(&setup.engine, &folder);
    let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    for (path, shared, own) in [(&entry, 0o620, 0o600), (&entry, 0o602, 0o600), (&folder, 0o777, 0o700)] {
        set(path, shared);
        assert_eq!(cache.get(&entry).err(), Some(Untrusted), "{shared:o}");
        set(path, own);
        assert!(cache.get(&entry).unwrap().is_some());
    }
    let moved = folder.join("moved");
    fs::rename(&entry, &moved).unwrap();
    std::os::unix::fs::symlink(&moved, &entry).unwrap();
    assert_eq!(cache.get(&entry).err(), Some(Untrusted));
}
