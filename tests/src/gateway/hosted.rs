//! The embedded host in a process of its own, so that it can be killed: the test program, run once more.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use portcullis_host::{Host, Manifest, Sqlite};
use serde_json::{Value, json};

use super::process::{End, Process};
use super::{FILE, Launch, Running, Store};
use crate::{components, runtime};

/// Says to the process what it is to serve.
const VARIABLE: &str = "PORTCULLIS_TESTS_HOSTED";

/// Starts it; `test` is the name of the test that calls [`serve`].
pub(super) async fn start(
    launch: &Launch,
    test: &str,
    folder: &Path,
    address: SocketAddr,
) -> (Store, Running) {
    let Launch { manifest, variables, .. } = launch;
    let what = json!({ "manifest": manifest, "variables": variables, "folder": folder, "address": address });
    let mut command = Command::new(std::env::current_exe().expect("a program"));
    command.args([test, "--exact", "--nocapture"]).env(VARIABLE, what.to_string());
    let process = Process::start(command, folder, address, End::Killed).await;
    (Store::Elsewhere { file: folder.join(FILE) }, Running::Process(process))
}

/// Serves what the environment says until it is killed. If it says nothing, that is at once.
///
/// # Panics
/// If the host does not start.
pub fn serve() {
    let Some(what) = std::env::var_os(VARIABLE) else { return };
    let what: Value = serde_json::from_str(what.to_str().expect("text")).expect("JSON");
    let text = |name: &str| what[name].as_str().expect("a text").to_owned();
    let variables: BTreeMap<String, String> =
        serde_json::from_value(what["variables"].clone()).expect("variables");
    let (folder, address) = (PathBuf::from(text("folder")), text("address").parse().expect("an address"));
    runtime::run(async {
        let host = Host::builder(Manifest::load(Path::new(&text("manifest"))).expect("a manifest"))
            .variables(variables)
            .state_dir(&folder)
            .cache_dir(components::scratch().join("cache"))
            .key_value(Arc::new(Sqlite::open(folder.join(FILE)).expect("a store")))
            .build()
            .await
            .expect("the host starts");
        let bound = host.bind(address).await.expect("the address");
        _ = bound.serve(std::future::pending()).await;
    });
}
