use super::*;
use crate::manifest::Manifest;

/// An application's folder with some files, and what `files` makes of it: the copied paths, or the error.
fn outcome(keys: &str) -> Result<Vec<String>, String> {
    let base = tempfile::tempdir().unwrap();
    // A name with characters that mean something in patterns.
    let root = base.path().join("app [1]");
    for file in ["a/one.txt", "a/two.md", "a/b/three.txt", "a/.hidden", "top.txt", "../secret.txt"] {
        let path = root.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, file).unwrap();
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("one.txt", root.join("a/link.txt")).unwrap();
        std::os::unix::fs::symlink("..", root.join("a/loop")).unwrap();
    }
    let source = format!(
        "spin_manifest_version = 2\napplication.name = \"a\"\n[trigger]\n[component.web]\nsource = \"w\"\n{keys}"
    );
    let manifest = Manifest::parse(&root.join("spin.toml"), &source).unwrap();
    let copied = copy(&manifest.components["web"], &root, base.path())
        .map_err(|error| error.to_string().replace(&root.to_string_lossy().into_owned(), "ROOT"))?;
    let Some(folder) = copied else { return Ok(Vec::new()) };
    let mut paths: Vec<_> = glob::glob(&format!("{}/**/*", folder.path().display()))
        .unwrap()
        .map(Result::unwrap)
        .filter(|path| path.is_file())
        .map(|path| path.strip_prefix(folder.path()).unwrap().to_string_lossy().into_owned())
        .collect();
    paths.sort();
    Ok(paths)
}

#[test]
fn files_are_copied_where_they_belong() {
    for (keys, want) in [
        ("", &[][..]),
        (r#"files = ["top.txt"]"#, &["top.txt"]),
        (r#"files = ["a/*.txt"]"#, &["a/link.txt", "a/one.txt"]),
        (r#"files = ["nothing/*"]"#, &[]),
        (r#"files = ["a/b"]"#, &["a/b/three.txt"]),
        (r#"files = [{ source = "top.txt", destination = "/etc/conf.txt" }]"#, &["etc/conf.txt"]),
        (
            r#"files = [{ source = "a", destination = "/" }]"#,
            &[".hidden", "b/three.txt", "link.txt", "one.txt", "two.md"],
        ),
        (
            "files = [{ source = \"a\", destination = \"/x\" }]\nexclude_files = [\"**/*.md\", \"a/b/*\", \"**/.*\"]",
            &["x/link.txt", "x/one.txt"],
        ),
    ] {
        assert_eq!(outcome(keys).unwrap(), want, "{keys}");
    }
}

#[test]
fn files_that_are_missing_or_outside_are_refused() {
    for (keys, want) in [
        (r#"files = ["absent.txt"]"#, "no file matches `absent.txt`"),
        (r#"files = ["../secret.txt"]"#, "`ROOT/../secret.txt` is outside of the application's folder"),
        (r#"files = ["../*.txt"]"#, "`ROOT/../secret.txt` is outside of the application's folder"),
        (
            r#"files = [{ source = "../secret.txt", destination = "/s" }]"#,
            "`ROOT/../secret.txt` is outside of the application's folder",
        ),
    ] {
        assert_eq!(outcome(keys).unwrap_err(), want, "{keys}");
    }
    let error = outcome(r#"files = [{ source = "absent", destination = "/x" }]"#).unwrap_err();
    assert!(error.starts_with("`ROOT/absent` cannot be copied: "), "{error}");
}

#[test]
fn the_copy_goes_with_its_owner() {
    let base = tempfile::tempdir().unwrap();
    std::fs::write(base.path().join("f"), "x").unwrap();
    let source = "spin_manifest_version = 2\napplication.name = \"a\"\n[trigger]\n\
                  [component.web]\nsource = \"w\"\nfiles = [\"f\"]";
    let manifest = Manifest::parse(&base.path().join("spin.toml"), source).unwrap();
    let copied = copy(&manifest.components["web"], base.path(), base.path()).unwrap().unwrap();
    let path = copied.path().to_owned();
    assert!(path.join("f").exists());
    drop(copied);
    assert!(!path.exists());
}

#[test]
fn only_copies_that_nobody_uses_are_removed() {
    let base = tempfile::tempdir().unwrap();
    let left = base.path().join("files-left");
    let other = base.path().join("cache");
    let leave = || {
        std::fs::create_dir_all(left.join("sub")).unwrap();
        std::fs::create_dir_all(&other).unwrap();
    };
    leave();
    let first = lock(base.path()).unwrap();
    assert!(!left.exists() && other.exists());
    leave();
    let second = lock(base.path()).unwrap();
    drop(first);
    assert!(left.exists());
    let third = lock(base.path()).unwrap();
    assert!(left.exists());
    drop((second, third));
    drop(lock(base.path()).unwrap());
    assert!(!left.exists() && other.exists());
}
