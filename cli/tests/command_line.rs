//! The command line as a newcomer uses it, and as a script reads it.
#![expect(clippy::expect_used, reason = "a failing test is its report")]
#![expect(clippy::disallowed_methods, reason = "what is pushed must be in force within a second")]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use portcullis_tests::components;

const PROGRAM: &str = env!("CARGO_BIN_EXE_portcullis");

fn portcullis(arguments: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).current_dir(components::workspace());
    // The machine that runs the tests may have variables of its own.
    for name in ["SECRET_KEY", "BILLING_TOKEN", "PUBLIC_URL"] {
        command.env_remove(format!("SPIN_VARIABLE_{name}"));
    }
    command.output().expect("the program runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The running demo; killed if the test fails.
struct Demo {
    child: Child,
    /// What it said before it was ready.
    said: String,
}

impl Demo {
    fn start(state: &Path) -> Self {
        components::build();
        let mut child = Command::new(PROGRAM)
            .args(["up", "--demo", "--listen", "127.0.0.1:0", "--state-dir"])
            .arg(state)
            // Compiling them takes longer than all that is tried here.
            .arg("--cache-dir")
            .arg(components::scratch().join("cache"))
            .current_dir(components::workspace())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the demo starts");
        let mut said = String::new();
        let mut output = BufReader::new(child.stdout.take().expect("its output"));
        while !said.contains("Ctrl-C") {
            assert_ne!(output.read_line(&mut said).expect("a line"), 0, "the demo stopped: {said}");
        }
        // Whatever else it prints must not block it.
        std::thread::spawn(move || output.read_to_end(&mut Vec::new()));
        Self { child, said }
    }

    fn interrupt(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-INT", &pid]).status().expect("a signal");
        self.child.wait().expect("its end").code()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

#[test]
fn the_demo_does_what_it_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().to_str().expect("a path");
    let demo = Demo::start(folder.path());
    assert!(demo.said.contains("/mcp/billing") && demo.said.contains("\"mcpServers\""), "{}", demo.said);
    assert!(!demo.said.contains('\u{1b}'), "no colours outside a terminal: {}", demo.said);

    let token = text(&portcullis(&["token", "--as", "vendor", "--state-dir", state]).stdout);
    assert_eq!(
        (token.split('.').count(), token.lines().count()),
        (3, 1),
        "the token and nothing else: {token}"
    );

    // The three commands that the demo prints, as it prints them.
    let commands: Vec<Vec<&str>> = demo
        .said
        .lines()
        .filter_map(|line| line.split_once("portcullis call "))
        .map(|(_, arguments)| arguments.split_whitespace().collect())
        .collect();
    let answers: Vec<(Option<i32>, String)> = commands
        .iter()
        .map(|arguments| {
            let output = portcullis(&[&["call", "--state-dir", state], arguments.as_slice()].concat());
            (output.status.code(), text(&output.stdout))
        })
        .collect();
    let [masked, denied, refunded] = answers.as_slice() else { panic!("not three commands: {}", demo.said) };
    assert!(masked.0 == Some(0) && masked.1.contains("[card]") && masked.1.contains("[email]"), "{masked:?}");
    assert_eq!(*denied, (Some(2), "not allowed\n".to_owned()));
    assert!(refunded.0 == Some(0) && refunded.1.contains("refund"), "{refunded:?}");

    let events = portcullis(&["sessions", "events", "--as", "auditor", "--state-dir", state]);
    let classes = text(&events.stdout).lines().filter(|line| line.contains(r#""class_uid":6003"#)).count();
    assert!(classes >= commands.len() && events.status.success(), "{events:?}");

    let usage = ["sessions", "usage", "--as", "auditor", "--connection", "billing", "--state-dir", state];
    let table = text(&portcullis(&usage).stdout);
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    let [heads, .., all] = rows.as_slice() else { panic!("no rows: {table}") };
    assert_eq!(
        (heads[..3].join(" "), all[..4].join(" ")),
        ("DAY CONNECTION CALLS".into(), "all days billing 2".into())
    );
    let lines = portcullis(&[&usage[..], &["--json"]].concat());
    assert!(text(&lines.stdout).contains(r#""refusals":{"deny":1,"hold":0"#), "{lines:?}");

    let file = folder.path().join("token");
    fs::write(&file, token).expect("a file");
    let gateway =
        demo.said.split_whitespace().find_map(|word| word.strip_suffix("/mcp/billing")).expect("a URL");
    let arguments = ["call", "--gateway", gateway, "--token-file", file.to_str().expect("a path"), "billing"];
    let listed = portcullis(&arguments);
    assert!(text(&listed.stdout).contains("get_customer"), "{listed:?}");

    assert_eq!(demo.interrupt(), Some(0), "it stops by itself");
    let gone = portcullis(&["token", "--as", "vendor", "--state-dir", state]);
    assert_eq!(gone.status.code(), Some(1));
    assert!(text(&gone.stderr).contains("no demonstration runs here"), "{gone:?}");
}

#[test]
fn recorded_calls_of_a_gateway_are_judged_by_other_policies() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("state");
    fs::create_dir(&state).expect("a folder");
    let demo = Demo::start(&state);
    let state = state.to_str().expect("a path");
    let call = ["call", "--state-dir", state, "--as", "vendor", "billing"];
    for (tool, expected) in [("get_customer", 0), ("execute_sql", 2)] {
        let arguments = ["customer_id=cus_0001", "sql=SELECT 1"];
        let arguments = if tool == "get_customer" { &arguments[..1] } else { &arguments[1..] };
        let output = portcullis(&[&call[..], &[tool], arguments].concat());
        assert_eq!(output.status.code(), Some(expected), "{output:?}");
    }
    let rule =
        "@id(\"test.nobody\")\nforbid (principal, action == Action::\"billing/get_customer\", resource);";
    let next = policies_with(folder.path(), rule);
    for (policies, code, expected) in
        [("policies", 0, ": 0 change, 2 do not"), (next.as_str(), 1, "allow → deny  by test.nobody (")]
    {
        let output = portcullis(&["replay", "--as", "auditor", "--state-dir", state, "--against", policies]);
        let said = text(&output.stdout);
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        assert!(said.contains(expected) && said.contains("checked the signatures"), "{output:?}");
    }
    assert_eq!(demo.interrupt(), Some(0));
}

/// The shipped policies in a folder of a test's own, with this text besides.
fn policies_with(folder: &Path, more: &str) -> String {
    let policies = folder.join("policies");
    for of in ["", "pins"] {
        fs::create_dir_all(policies.join(of)).expect("a folder");
        for entry in fs::read_dir(components::workspace().join("policies").join(of)).expect("the policies") {
            let path = entry.expect("an entry").path();
            if path.is_file() {
                fs::copy(&path, policies.join(of).join(path.file_name().expect("a name"))).expect("a copy");
            }
        }
    }
    fs::write(policies.join("more.cedar"), more).expect("a file");
    policies.to_str().expect("a path").to_owned()
}

#[test]
fn policies_are_pushed_to_the_running_demo_and_taken_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let state_dir = folder.path().join("state");
    let state = state_dir.to_str().expect("a path");
    let _demo = Demo::start(&state_dir);
    let policy = |words: &[&str], who: &str| {
        let output = portcullis(&[&["policy"], words, &["--as", who, "--state-dir", state]].concat());
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    // The first call that begins a second later, or an earlier one, has this exit code.
    let settles = |want: i32| {
        let pushed = std::time::Instant::now();
        loop {
            let begun = pushed.elapsed();
            let call = ["call", "--as", "vendor", "--state-dir", state, "billing", "list_customers"];
            if portcullis(&call).status.code() == Some(want) {
                return;
            }
            assert!(begun < std::time::Duration::from_secs(1), "a call that began after {begun:?}");
        }
    };
    let (code, said, _) = policy(&["status"], "writer");
    assert!(code == Some(0) && said.contains("nothing was pushed yet"), "{said}");
    let approvals = |words: &[&str], who: &str| {
        let output = portcullis(&[&["approvals"], words, &["--as", who, "--state-dir", state]].concat());
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    assert_eq!(approvals(&["list"], "finance"), (Some(0), "nothing\n".to_owned(), String::new()));
    let (code, _, said) = approvals(&["list"], "vendor");
    assert!(code == Some(2) && said.contains("`review` or `approve`"), "{said}");
    let nobody = format!("{}-1", "a5".repeat(32));
    let (code, _, said) = approvals(&["reject", &nobody, "--reason", "no"], "finance");
    assert!(code == Some(1) && said.contains("there is no such request"), "{said}");
    settles(0);

    let forbid = "@id(\"more.no-vendors\") forbid (principal in Group::\"demo:vendors\", action, resource);";
    let strict = policies_with(folder.path(), forbid);
    let (code, _, said) = policy(&["push", &strict], "finance");
    assert_eq!(code, Some(2), "who approves does not write: {said}");
    let (code, said, told) = policy(&["push", &strict], "writer");
    assert_eq!(code, Some(0), "{said}{told}");
    assert!(said.starts_with("serial 1, sha256:") && said.contains("added    more.no-vendors"), "{said}");
    settles(2);
    let (code, _, said) = policy(&["rollback"], "writer");
    assert!(code == Some(1) && said.contains("nothing else was pushed"), "{said}");

    let open = policies_with(folder.path(), "// nothing");
    let (code, said, _) = policy(&["push", &open, "--json"], "writer");
    assert!(code == Some(0) && said.contains("\"removed\":[\"more.no-vendors\"]"), "{said}");
    settles(0);
    assert_eq!(policy(&["rollback"], "writer").0, Some(0));
    settles(2);
    let (_, said, _) = policy(&["status"], "writer");
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines.len() == 5 && lines[1].contains("serial 3 ") && lines[4].contains("serial 1 "), "{said}");
    assert_eq!(policy(&["rollback", "2"], "writer").0, Some(0));
    settles(0);

    let bad = policies_with(folder.path(), "permit (principal, action, resource);");
    let (code, said, _) = policy(&["push", &bad], "writer");
    assert!(code == Some(3) && said.contains("more.cedar:1:"), "{said}");
}

#[test]
fn keys_and_bundles_are_made_once_and_checked() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = folder.path().join("policy.key");
    let key = key.to_str().expect("a path");
    let made = portcullis(&["policy", "keygen", "--out", key, "--key-id", "ops"]);
    let said = text(&made.stdout);
    assert!(made.status.success() && said.contains("keys = { ops = \"ed25519:"), "{said}");
    let secret = fs::read_to_string(key).expect("the key");
    assert!(
        !said.contains(secret.trim().rsplit(':').next().expect("a seed")),
        "the secret is in the file only"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(key).expect("the key").permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(
        portcullis(&["policy", "keygen", "--out", key]).status.code(),
        Some(1),
        "it is not overwritten"
    );
    assert_eq!(fs::read_to_string(key).expect("the key"), secret);

    let policies = policies_with(folder.path(), "// nothing");
    assert_eq!(portcullis(&["policy", "build", &policies]).status.code(), Some(0));
    assert_eq!(portcullis(&["check", &policies]).status.code(), Some(0));
    policies_with(folder.path(), "@id(\"more\") forbid (principal, action, resource);");
    let checked = portcullis(&["check", &policies]);
    assert_eq!(checked.status.code(), Some(3));
    assert!(text(&checked.stdout).contains("policy.bundle:1:"), "{checked:?}");
}

#[test]
fn what_keeps_it_from_starting_is_said_in_one_sentence() {
    components::build();
    let cache = components::scratch().join("cache").display().to_string();
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("state");
    let state = state.to_str().expect("a path");
    let busy = TcpListener::bind("127.0.0.1:0").expect("a port");
    let busy = busy.local_addr().expect("an address").to_string();
    let bad = folder.path().join("spin.toml");
    let manifest = fs::read_to_string(components::workspace().join("spin.toml")).expect("the manifest");
    fs::write(&bad, manifest.replace("key_value_stores", "key_value_store")).expect("a file");
    let bad = bad.to_str().expect("a path");
    let secret = "secret_key=0123456789abcdef0123456789abcdef";
    for (arguments, code, want) in [
        (vec!["up", "--state-dir", state], 1, "billing_token"),
        (
            vec![
                "up",
                "--listen",
                &busy,
                "--state-dir",
                state,
                "--cache-dir",
                &cache,
                "--variable",
                "billing_token=x",
                "--variable",
                secret,
            ],
            1,
            "already in use",
        ),
        (vec!["up", "--from", bad], 1, "key_value_store"),
        (vec!["up", "--from", "nowhere.toml"], 1, "nowhere.toml"),
        (vec!["up", "--variable", "x"], 64, "NAME=VALUE"),
        (vec!["up", "--wrong"], 64, "--wrong"),
        (vec!["token", "--as", "mallory"], 64, "no persona `mallory`"),
    ] {
        let output = portcullis(&arguments);
        let said = text(&output.stderr);
        assert!(said.contains(want), "{arguments:?}: {said}");
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    }
}

#[test]
fn bad_policies_are_listed_and_keep_the_gateway_from_starting() {
    let good = portcullis(&["check", "policies"]);
    assert_eq!((good.status.code(), text(&good.stdout).as_str()), (Some(0), "policies: no problems\n"));

    let folder = tempfile::tempdir().expect("a folder");
    let policies = folder.path().join("policies");
    fs::create_dir(&policies).expect("a folder");
    let source = components::workspace();
    let settings = fs::read_to_string(source.join("policies/portcullis.toml")).expect("the settings");
    fs::write(policies.join("portcullis.toml"), settings.replace("body_bytes", "body_byte")).expect("a file");
    fs::write(policies.join("a.cedar"), "permit (principal, action, resource);").expect("a file");
    fs::copy(source.join("spin.toml"), folder.path().join("spin.toml")).expect("a copy");

    let checked = portcullis(&["check", policies.to_str().expect("a path")]);
    let said = text(&checked.stdout);
    assert_eq!(checked.status.code(), Some(3), "{said}");
    assert!(said.contains("portcullis.toml:") && said.contains("body_bytes"), "{said}");
    assert!(said.contains("a.cedar:1:") && said.contains("@id"), "{said}");

    let manifest = folder.path().join("spin.toml");
    let started = portcullis(&["up", "--from", manifest.to_str().expect("a path")]);
    assert_eq!(started.status.code(), Some(3), "{started:?}");
}
