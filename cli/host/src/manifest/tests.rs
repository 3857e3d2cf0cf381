//! `tests/manifest/bad/*.toml` must give the problems in the `.err` beside it; `good/*.toml` must load.
//! `BLESS=1 cargo test` writes the `.err` files anew.

use super::*;

fn cases(kind: &str) -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/manifest").join(kind);
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    assert!(!paths.is_empty());
    paths.into_iter().map(|path| (path.clone(), std::fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn bad_manifests_are_explained() {
    for (path, source) in cases("bad") {
        let problems =
            Manifest::parse(Path::new("/app/spin.toml"), &source).expect_err(&path.to_string_lossy());
        let shown = format!("{}\n", problems.located(Path::new("spin.toml")));
        let golden = path.with_extension("err");
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&golden, &shown).unwrap();
        }
        assert_eq!(shown, std::fs::read_to_string(&golden).unwrap_or_default(), "{}", path.display());
    }
}

#[test]
fn good_manifests_load() {
    for (path, source) in cases("good") {
        if let Err(problems) = Manifest::parse(Path::new("/app/spin.toml"), &source) {
            panic!("{}: {}", path.display(), problems.located(Path::new("spin.toml")));
        }
    }
}

#[test]
fn everything_in_a_manifest_is_kept() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/manifest/good/full.toml");
    let source = std::fs::read_to_string(path).unwrap();
    let manifest = Manifest::parse(Path::new("/app/spin.toml"), &source).unwrap();
    assert_eq!(manifest.name(), "full");
    assert_eq!(manifest.version(), Some("1.2.3"));
    assert_eq!(manifest.description(), Some("Everything that is supported"));
    assert_eq!(manifest.variable_names().collect::<Vec<_>>(), ["secret_key", "upstream"]);
    assert_eq!(manifest.routes().collect::<Vec<_>>(), [("/api/:id", "gateway"), ("/...", "gateway")]);
    let [console, gateway] = manifest.components().collect::<Vec<_>>()[..] else { panic!() };
    assert_eq!((console.id(), gateway.id()), ("console-two", "gateway"));
    assert_eq!(gateway.source(), Path::new("/app/target/gateway.wasm"));
    assert_eq!(gateway.description(), Some("The data path"));
    assert_eq!(gateway.build_commands(), ["cargo build"]);
    assert_eq!(console.build_commands(), ["npm install", "npm run build"]);
    assert_eq!(gateway.stores.iter().collect::<Vec<_>>(), ["default", "second_store"]);
    assert_eq!(gateway.environment["RUST_LOG"], "info");
    assert_eq!(gateway.variables["url"].to_string(), "http://{{ upstream }}");
    assert_eq!(gateway.excluded.len(), 1);
    assert_eq!(
        gateway.files,
        [
            Mount::Pattern("policies/**/*".to_owned()),
            Mount::Placement { source: "assets".into(), destination: "static/assets".into() },
            Mount::Placement { source: "root".into(), destination: "".into() },
        ]
    );
}

#[test]
fn a_missing_file_is_named() {
    let error = Manifest::load("/nowhere/spin.toml").unwrap_err();
    assert!(error.to_string().starts_with("cannot read the manifest `/nowhere/spin.toml`: "), "{error}");
}
