//! What readers and writers of the state folder can rely on.

use super::*;

fn state(pid: u32) -> DemoState {
    DemoState {
        gateway_url: "http://127.0.0.1:3000".into(),
        issuer: "http://127.0.0.1:4000".into(),
        development_token_url: "http://127.0.0.1:4000/development/token".into(),
        development_secret: Secret::new("s3cret"),
        connections: BTreeMap::from([("billing".into(), "http://127.0.0.1:3000/mcp/billing".into())]),
        upstream: BTreeMap::from([("billing_token".into(), "t0ken".into())]),
        pid,
    }
}

/// A process that has just ended.
fn dead_pid() -> u32 {
    let mut child = std::process::Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    child.id()
}

#[test]
fn what_is_written_is_read_and_goes_with_its_guard() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("nested/.portcullis");
    let file = state(std::process::id()).write(&folder).unwrap();
    let read = DemoState::read(&folder).unwrap();
    assert_eq!(read.audience("billing"), Some("http://127.0.0.1:3000/mcp/billing"));
    assert_eq!(read.upstream.get("billing_token").map(String::as_str), Some("t0ken"));
    assert_eq!((read.audience("other"), read.development_secret.expose()), (None, "s3cret"));
    drop(file);
    assert!(matches!(DemoState::read(&folder), Err(StateError::Missing(_))));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let file = state(std::process::id()).write(folder.path()).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(folder.path()), mode(file.path())), (0o700, 0o600));
}

#[test]
fn a_file_of_a_dead_process_is_stale_and_may_be_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let pid = dead_pid();
    let left = state(pid).write(folder.path()).unwrap();
    assert!(
        matches!(DemoState::read(folder.path()), Err(StateError::Stale { pid: stale, .. }) if stale == pid)
    );
    let _file = state(std::process::id()).write(folder.path()).unwrap();
    drop(left);
    assert!(DemoState::read(folder.path()).is_ok(), "the old guard must not remove the new file");
}

#[test]
fn a_living_demonstration_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let _file = state(std::process::id()).write(folder.path()).unwrap();
    let refused = state(dead_pid()).write(folder.path()).unwrap_err();
    assert!(matches!(refused, StateError::Running { pid } if pid == std::process::id()));
}

#[test]
fn anything_else_in_its_place_is_malformed() {
    for text in ["", "{}", "[]", r#"{"version":1}"#] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), text).unwrap();
        assert!(matches!(DemoState::read(folder.path()), Err(StateError::Malformed(_))), "text: {text}");
    }
}
