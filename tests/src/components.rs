//! The components, built once for all test processes.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// The root of the workspace.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

/// A folder for what tests leave behind for the next run, such as compiled components.
pub fn scratch() -> PathBuf {
    let folder = workspace().join("target").join("end-to-end");
    std::fs::create_dir_all(&folder).expect("a scratch folder");
    folder
}

/// Builds the components if they are not up to date. Test processes take turns.
pub fn build() {
    static BUILT: LazyLock<()> = LazyLock::new(|| {
        let lock = File::create(scratch().join("build.lock")).expect("a lock file");
        lock.lock().expect("the lock");
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let status = Command::new(cargo)
            .args(["build", "--quiet", "--release", "--target", "wasm32-wasip2"])
            .args(["--package", "portcullis-gateway", "--package", "portcullis-console"])
            .args(["--package", "portcullis-bare"])
            .current_dir(workspace())
            .status()
            .expect("cargo");
        assert!(status.success(), "the components do not build");
    });
    LazyLock::force(&BUILT);
}
