//! What no compiler checks: the dependency rule, the shape of the sources, and documents that stay true.
//!
//! Each check collects everything that is wrong before it fails, one line per finding, and reads files only.
//! Two ask cargo for the workspace and its dependency graph; neither builds anything.
#![expect(clippy::expect_used, clippy::panic, reason = "a failing check is its own report")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The crates that reach nothing outside of themselves: no clock, environment, randomness, network or runtime.
const PURE: [&str; 13] = [
    "approval",
    "detect",
    "identity",
    "ledger",
    "mcp",
    "pins",
    "pipeline",
    "policy",
    "release",
    "settings",
    "telemetry",
    "usage",
    "webhook",
];

/// What would let a pure crate reach out, directly or through any of its dependencies.
const BANNED: [&str; 24] = [
    "async-std",
    "fastrand",
    "getrandom",
    "hyper",
    "hyper-util",
    "iana-time-zone",
    "libsqlite3-sys",
    "mio",
    "rand",
    "reqwest",
    "ring",
    "rusqlite",
    "rustls",
    "smol",
    "socket2",
    "spin-sdk",
    "tokio",
    "ureq",
    "wasip2",
    "wasip3",
    "wasmtime",
    "wasmtime-wasi",
    "web-time",
    "wit-bindgen",
];

/// Edges to a banned crate that cannot be avoided: who depends, on what, and why it is harmless.
const EXCEPTIONS: [(&str, &str, &str); 3] = [
    (
        "ed25519-compact",
        "getrandom",
        "jwt-compact turns it on for making keys; here keys come from seeds, and signing takes no randomness",
    ),
    ("num-bigint-dig", "rand", "rsa uses it to find primes for new keys; here signatures are only verified"),
    ("rand_core", "getrandom", "jwt-compact turns it on for signing; here signatures are only verified"),
];

/// Features that would give a pure crate a clock.
const BANNED_FEATURES: [(&str, &str); 2] = [("chrono", "clock"), ("chrono", "now")];

/// The longest file without its tests, in lines. Most are far shorter.
const LONGEST_FILE: usize = 500;

#[test]
fn code_in_documentation_is_tested() {
    let untested = members().into_values().filter(|manifest| read(manifest).contains("doctest = false"));
    let sources: Vec<PathBuf> =
        untested.filter_map(|manifest| Some(manifest.parent()?.join("src"))).collect();
    assert!(!sources.is_empty(), "the manifests are read");
    let mut wrong = Vec::new();
    for path in files(&["rs"]).iter().filter(|path| sources.iter().any(|source| path.starts_with(source))) {
        let text = read(path);
        let fences = text.lines().enumerate().filter_map(|(number, line)| {
            let line = line.trim_start();
            let text = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"))?;
            Some((number + 1, text.trim().strip_prefix("```")?))
        });
        // Every other one begins a block; one without a language is Rust.
        let code =
            fences.step_by(2).filter(|(_, language)| language.is_empty() || language.starts_with("rust"));
        wrong.extend(code.map(|(number, _)| format!("{}:{number}", shown(path))));
    }
    report("examples that nobody runs", &wrong);
}

#[test]
fn pure_crates_reach_nothing_of_the_world() {
    let graph = Graph::of_pure_crates();
    let mut used = BTreeSet::new();
    let mut wrong = Vec::new();
    for (from, to) in graph.edges() {
        if !BANNED.contains(&to.as_str()) {
            continue;
        }
        match EXCEPTIONS.iter().find(|(user, what, _why)| (*user, *what) == (from.as_str(), to.as_str())) {
            Some((user, what, _why)) => _ = used.insert((*user, *what)),
            None => wrong.push(format!("`{to}` is reached: {}", graph.path_to(from, to))),
        }
    }
    for (user, what, _why) in EXCEPTIONS {
        if !used.contains(&(user, what)) {
            wrong.push(format!("the exception `{user}` → `{what}` is no longer needed: remove it"));
        }
    }
    for (name, feature) in BANNED_FEATURES {
        if graph.features.get(name).is_some_and(|features| features.contains(feature)) {
            wrong.push(format!("`{name}` is built with its feature `{feature}`"));
        }
    }
    report("pure crates must be pure (ARCHITECTURE.md, boundaries)", &wrong);
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    let members = members();
    let mut wrong = Vec::new();
    for (name, manifest) in &members {
        if !read(manifest).contains("\n[lints]\nworkspace = true\n") {
            wrong.push(format!("`{name}` lacks `[lints] workspace = true`"));
        }
    }
    for name in PURE {
        let root = workspace().join("crates").join(name).join("src/lib.rs");
        assert!(members.contains_key(&format!("portcullis-{name}")), "`{name}` is not in the workspace");
        if !read(&root).lines().any(|line| line == "#![forbid(unsafe_code)]") {
            wrong.push(format!("{} lacks `#![forbid(unsafe_code)]`", shown(&root)));
        }
    }
    report("lints", &wrong);
}

#[test]
fn every_dependency_comes_from_crates_io() {
    let wrong: Vec<String> = read(&workspace().join("Cargo.lock"))
        .lines()
        .filter(|line| line.starts_with("source = "))
        .filter(|line| *line != r#"source = "registry+https://github.com/rust-lang/crates.io-index""#)
        .map(ToOwned::to_owned)
        .collect();
    report("sources in Cargo.lock", &wrong);
}

#[test]
fn every_file_says_what_it_is_and_is_short() {
    let mut wrong = Vec::new();
    for path in files(&["rs"]) {
        let text = read(&path);
        // A module of unit tests stands beside what it tests and needs no introduction.
        if !is_unit_test(&path) && !text.starts_with("//! ") {
            wrong.push(format!("{} does not begin with `//!`", shown(&path)));
        }
        if shown(&path).contains("/src/") && path.ends_with("mod.rs") {
            wrong.push(format!("{}: write `foo.rs` beside `foo/`", shown(&path)));
        }
        let production = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default().lines().count();
        if !is_test(&path) && production > LONGEST_FILE {
            wrong.push(format!("{} has {production} lines, more than {LONGEST_FILE}", shown(&path)));
        }
    }
    report("source files", &wrong);
}

#[test]
fn nothing_is_left_undone_or_switched_off() {
    // Put together, so that this file does not find itself.
    let banned = [
        concat!("#[", "ignore"),
        concat!("#[", "should_panic"),
        concat!("#[", "allow("),
        concat!("#![", "allow("),
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("dbg", "!("),
    ];
    let mut wrong = Vec::new();
    for path in files(&["rs"]) {
        for (number, line) in read(&path).lines().enumerate() {
            for word in banned.iter().filter(|word| line.contains(**word)) {
                wrong.push(format!("{}:{}: `{word}`", shown(&path), number + 1));
            }
        }
    }
    report("not finished", &wrong);
}

#[test]
fn no_file_knows_a_machine() {
    let banned =
        [concat!("/wor", "k/"), concat!("/hom", "e/"), concat!("/roo", "t/"), concat!("/User", "s/")];
    let mut wrong = Vec::new();
    for path in files(&["cedar", "md", "rs", "run", "sh", "toml", "yaml", "yml"]) {
        for (number, line) in read(&path).lines().enumerate() {
            for folder in banned.iter().filter(|folder| line.contains(**folder)) {
                wrong.push(format!("{}:{}: `{folder}`", shown(&path), number + 1));
            }
        }
    }
    report("paths of a machine", &wrong);
}

#[test]
fn links_in_documents_lead_somewhere() {
    let mut wrong = Vec::new();
    for path in files(&["md"]) {
        let text = read(&path);
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.contains("://") && !target.starts_with('#')) {
            let file = target.split('#').next().unwrap_or_default();
            if !path.parent().expect("a folder").join(file).exists() {
                wrong.push(format!("{}: `{target}`", shown(&path)));
            }
        }
    }
    report("links to files that are not there", &wrong);
}

/// Every threat names the tests that show it is met, and so does every trap; a test that was renamed must be renamed there too.
#[test]
fn the_tests_that_the_threats_name_exist() {
    let mut tests = BTreeSet::new();
    for path in files(&["rs"]) {
        for line in read(&path).lines() {
            let function = line.trim_start().trim_start_matches("async ").strip_prefix("fn ");
            let name = function.and_then(|rest| rest.split(['(', '<']).next());
            tests.extend(name.map(ToOwned::to_owned));
        }
    }
    let mut named = 0;
    let mut wrong = Vec::new();
    let (threats, approvals) =
        ["docs/threats.md", "docs/approvals.md"].map(|path| read(&workspace().join(path))).into();
    let traps = approvals.split_once("## Where others have failed").map_or("", |(_, traps)| traps);
    assert!(traps.contains("| trap |"), "docs/approvals.md names no trap");
    for row in threats.lines().chain(traps.lines()).filter(|line| line.starts_with("| ")) {
        let tests_of_row = row.split('|').nth(3).unwrap_or_default();
        for name in tests_of_row.split('`').skip(1).step_by(2) {
            named += 1;
            if !tests.contains(name) {
                wrong.push(format!("no test is called `{name}`"));
            }
        }
    }
    assert!(named > 0, "docs/threats.md names no test at all");
    report("docs/threats.md and docs/approvals.md", &wrong);
}

#[test]
fn every_setting_is_documented() {
    let documented = read(&workspace().join("docs/settings.md"));
    let wrong: Vec<String> = read(&workspace().join("policies/portcullis.toml"))
        .lines()
        .filter_map(|line| line.trim_start_matches(['#', ' ']).split_once(" = "))
        .map(|(key, _value)| key)
        .filter(|key| key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
        .filter(|key| !documented.contains(&format!("`{key}`")))
        .map(|key| format!("`{key}` is in policies/portcullis.toml and not in docs/settings.md"))
        .collect();
    report("docs/settings.md", &wrong);
}

#[test]
fn every_refusal_is_documented() {
    let documented = read(&workspace().join("docs/records.md"));
    let refusals = read(&workspace().join("crates/pipeline/src/refusal.rs"));
    let kinds: BTreeSet<&str> =
        refusals.lines().filter_map(|line| line.split_once("(Stage::")?.1.split('"').nth(1)).collect();
    assert!(kinds.contains("denied"), "the kinds of refusals are no longer where they were");
    let missing = kinds.iter().filter(|kind| !documented.contains(&format!("`{kind}`")));
    let wrong: Vec<String> = missing.map(|kind| format!("`{kind}` is not in docs/records.md")).collect();
    report("docs/records.md", &wrong);
}

/// A stored record of a release must stay readable, so its fixture must stay in use.
#[test]
fn every_golden_record_is_read_by_a_test() {
    let tests = read(&workspace().join("crates/ledger/tests/golden.rs"));
    let folder = fs::read_dir(workspace().join("crates/ledger/tests/golden")).expect("the golden records");
    let names = folder.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    let wrong: Vec<String> =
        names.filter(|name| !tests.contains(name)).map(|name| format!("no test reads {name}")).collect();
    report("golden records", &wrong);
}

#[test]
fn the_image_builds_with_the_pinned_toolchain() {
    let pinned = read(&workspace().join("rust-toolchain.toml"));
    let version = pinned.split("channel = \"").nth(1).and_then(|rest| rest.split('"').next());
    let minor = version.and_then(|version| version.rsplit_once('.')).expect("a version").0;
    let image = read(&workspace().join("deploy/Containerfile"));
    assert!(
        image.contains(&format!("rust:{minor}-")),
        "deploy/Containerfile does not build with Rust {minor}"
    );
}

/// The dependencies of the pure crates as the components are built: normal ones, without those of macros.
struct Graph {
    /// What each package depends on. Packages of one name count as one, which can only find more.
    edges: BTreeMap<String, BTreeSet<String>>,
    features: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    /// `cargo tree` and not `cargo metadata`: the latter joins the features of everything in the workspace, tests
    /// and host included, and downloads what no build of a component needs.
    fn of_pure_crates() -> Self {
        let packages = PURE.map(|name| format!("--package=portcullis-{name}"));
        let mut arguments =
            vec!["tree", "--locked", "--edges=normal,no-proc-macro", "--target=wasm32-wasip2"];
        arguments.extend(["--prefix=depth", "--format= {p} {f}"]);
        arguments.extend(packages.iter().map(String::as_str));
        let mut graph = Self { edges: BTreeMap::new(), features: BTreeMap::new() };
        let mut ancestors: Vec<String> = Vec::new();
        for line in cargo(&arguments).lines().filter(|line| !line.is_empty()) {
            let mut words = line.split(' ');
            let depth: usize = words.next().and_then(|depth| depth.parse().ok()).expect("a depth");
            let name = words.next().expect("a package").to_owned();
            ancestors.truncate(depth);
            if let Some(parent) = ancestors.last() {
                graph.edges.entry(parent.clone()).or_default().insert(name.clone());
            }
            // After the version come the folder of a member, the features, and a mark where a package is repeated.
            let features =
                words.skip(1).filter(|word| !word.starts_with('(')).flat_map(|word| word.split(','));
            graph.features.entry(name.clone()).or_default().extend(features.map(ToOwned::to_owned));
            ancestors.push(name);
        }
        assert!(graph.edges.len() > PURE.len(), "cargo tree tells less than expected");
        graph
    }

    fn edges(&self) -> impl Iterator<Item = (&String, &String)> {
        self.edges.iter().flat_map(|(from, all)| all.iter().map(move |to| (from, to)))
    }

    /// One way from a pure crate over `from` to `to`.
    fn path_to(&self, from: &str, to: &str) -> String {
        let mut path = vec![to, from];
        while let Some(parent) = path.last().and_then(|last| self.parent_outside(last, &path)) {
            path.push(parent);
        }
        path.reverse();
        path.join(" → ")
    }

    fn parent_outside(&self, name: &str, path: &[&str]) -> Option<&str> {
        let mut parents = self.edges().filter(|(_, to)| *to == name).map(|(from, _)| from.as_str());
        parents.find(|parent| !path.contains(parent))
    }
}

/// The packages of the workspace with their manifests.
fn members() -> BTreeMap<String, PathBuf> {
    let metadata = cargo(&["metadata", "--no-deps", "--locked", "--format-version=1"]);
    let metadata: Value = serde_json::from_str(&metadata).expect("JSON");
    let packages = metadata.get("packages").and_then(Value::as_array).expect("packages");
    let text = |package: &Value, key| package.get(key).and_then(Value::as_str).expect("a text").to_owned();
    packages.iter().map(|package| (text(package, "name"), text(package, "manifest_path").into())).collect()
}

/// What cargo says about this workspace; the same cargo that runs the tests.
fn cargo(arguments: &[&str]) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).args(arguments).current_dir(workspace()).output().expect("cargo");
    assert!(output.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

/// The project's own files with one of these extensions, or names, in order.
fn files(extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![workspace().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let extension = path.extension().unwrap_or_default().to_string_lossy();
            if path.is_dir() {
                let is_ours = !name.starts_with('.') || [".ci", ".cargo"].contains(&name.as_ref());
                if is_ours && !["node_modules", "target"].contains(&name.as_ref()) {
                    folders.push(path);
                }
            } else if extensions.contains(&extension.as_ref()) || extensions.contains(&name.as_ref()) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// A module of unit tests: `foo/tests.rs`, or a file below `foo/tests/` in a crate's sources.
fn is_unit_test(path: &Path) -> bool {
    let path = shown(path);
    path.split_once("/src/")
        .is_some_and(|(_, inside)| inside.ends_with("tests.rs") || inside.contains("tests/"))
}

/// Any file that is only there for tests.
fn is_test(path: &Path) -> bool {
    is_unit_test(path) || shown(path).starts_with("tests/") || shown(path).contains("/tests/")
}

/// The path as people write it: from the root, with `/`.
fn shown(path: &Path) -> String {
    let path = path.strip_prefix(workspace()).unwrap_or(path);
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn report(what: &str, wrong: &[String]) {
    assert!(wrong.is_empty(), "{what}:\n  {}", wrong.join("\n  "));
}
