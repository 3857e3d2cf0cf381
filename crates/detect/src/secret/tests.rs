//! What is a secret, and what only looks like one.

use crate::{Class, Detectors};

const PEM_BODY: &str = "MIIEowIBAAKCAQEA0Z3VS5JJcds3xfn/ygWyF8PbnGy0AHB7MhgwMbRvI0MBZhpJ\nqL2m9Kk3bq8Zx7Jv0rY4s1TnQwErTyUiOpAsDfGhJkLzXcVbNm1234567890ab==";

fn masked(key: &str, text: &str) -> String {
    let detectors = Detectors::builtin();
    let findings = detectors.scan_member(key, text);
    let masked = detectors.mask(key, text, &findings, |class: Class| class.as_str().starts_with("secret."));
    masked.text.into_owned()
}

fn check(cases: &[(&str, &str)]) {
    let outcome = |(text, want): &(&str, &str)| {
        let got = masked("", text);
        let again = masked("", want);
        (got != *want || again != *want).then(|| format!("{text}: {got}, again: {again}"))
    };
    let wrong: Vec<String> = cases.iter().filter_map(outcome).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Nothing in the texts is a secret.
fn check_clean(texts: &[&str]) {
    let cases: Vec<_> = texts.iter().map(|text| (*text, *text)).collect();
    check(&cases);
}

#[test]
fn the_value_of_a_name_that_says_so_is_a_password() {
    check(&[
        ("password=hunter2", "password=[password]"),
        ("password: hunter2, next", "password: [password], next"),
        ("the API key: 4fi10o7pnia1t4haqa4g, next", "the API key: [password], next"),
        ("Secret Key = 4fi10o7pnia1t4haqa4g", "Secret Key = [password]"),
        ("DB_PASSWORD=p@ss;word,1\nX=1", "DB_PASSWORD=[password]\nX=1"),
        ("export PGPASSWORD='s3cr3t pw'", "export PGPASSWORD='s3cr3t pw'"),
        ("export PGPASSWORD='s3cr3t-pw'", "export PGPASSWORD='[password]'"),
        (r#"{"user":"ana","password":"Tr0ub4dor&3"}"#, r#"{"user":"ana","password":"[password]"}"#),
        (r#"{\"password\":\"Tr0ub4dor&3\"}"#, r#"{\"password\":\"[password]\"}"#),
        ("config['password'] = 'Tr0ub4dor&3'", "config['password'] = '[password]'"),
        ("userPassword => \"Tr0ub4dor&3\"", "userPassword => \"[password]\""),
        ("user=ana&password=Tr0ub4dor3&x=1", "user=ana&password=[password]&x=1"),
        ("mysql --password Tr0ub4dor3 -h x", "mysql --password [password] -h x"),
        ("mysql --password=Tr0ub4dor3 -h x", "mysql --password=[password] -h x"),
        ("api_key = 'a8f5f167f44f4964e6c998dee827110c'", "api_key = '[password]'"),
        ("clientSecret: 7Fx9aQpL2mZr8TvWc1", "clientSecret: [password]"),
        ("X-Api-Key: 7Fx9aQpL2mZr8TvWc1", "X-Api-Key: [password]"),
        ("SECRET_KEY_BASE=7Fx9aQpL2mZr8TvWc1", "SECRET_KEY_BASE=[password]"),
        ("//registry/:_authToken=7Fx9aQpL2mZr8TvWc1", "//registry/:_authToken=[password]"),
        (
            "machine api.example.com login ana password c0rrecthorse\n",
            "machine api.example.com login ana password [password]\n",
        ),
    ]);
}

#[test]
fn the_text_of_a_member_is_judged_by_its_name() {
    for (key, text, want) in [
        ("password", "hunter2", "[password]"),
        ("dbPassword", "Tr0ub4dor&3", "[password]"),
        ("api_key", "a8f5f167f44f4964e6c998dee827110c", "[password]"),
        ("Authorization", "Bearer 7Fx9aQpL2mZr8TvWc1", "Bearer [authorization]"),
        ("Authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Basic [authorization]"),
        ("cookie", "theme=dark; sid=7Fx9aQpL2mZr8TvWc1", "theme=dark; sid=[cookie]"),
        ("password", "correct!horse$staple", "[password]"),
        ("password", "xKvQwPzRtB", "[password]"),
        ("password", "required", "required"),
        ("password", "The password of the user, 8 or more", "The password of the user, 8 or more"),
        ("password", "[password]", "[password]"),
        ("nextPageToken", "7Fx9aQpL2mZr8TvWc1", "7Fx9aQpL2mZr8TvWc1"),
        ("progressToken", "7Fx9aQpL2mZr8TvWc1", "7Fx9aQpL2mZr8TvWc1"),
        ("primary_key", "a8f5f167f44f4964e6c998dee827110c", "a8f5f167f44f4964e6c998dee827110c"),
        ("name", "hunter2", "hunter2"),
    ] {
        assert_eq!(masked(key, text), want, "{key}: {text}");
    }
}

#[test]
fn what_stands_for_a_password_is_none() {
    check_clean(&[
        "password=<password>",
        "password=${DB_PASSWORD}",
        "password=$DB_PASS1",
        "password=%DB_PASS1%",
        "password={{ vault.pw1 }}",
        "password: changeme",
        "password: changeme123",
        "password: xxxx1234",
        "password: ********",
        "password: null, token: true",
        "password: String, min 8",
        "password = getpass()",
        "password = os.environ[\"PW1\"]",
        "password = config.password",
        "password == 'hunter2'",
        "password: your-password-1",
        "PWD=/srv/ana/work1",
        "passwords: 12345678a",
        "bypass: hunter2",
        "the password is strong",
        "token: 4096",
        "max_tokens: 4096",
        "max_token=a8f5f167f44f4964e6c998dee827110c",
        "next_page_token=a8f5f167f44f4964e6c998dee827110c",
        "public_key: a8f5f167f44f4964e6c998dee827110c",
        "key: a8f5f167f44f4964e6c998dee827110c",
        "secret: projects/1/secrets/db-password/versions/2",
        "secretName: orders-db-credentials-v2",
        "token: orders-db-credentials-v2",
        "https://example.com/oauth/token:443/path",
        "let token: Option<String> = None;",
        "self.token = Token::new(2024)",
        "tokenizer: cl100k_base",
        "secret_hash: e3b0c44298fc1c149afbf4c8996fb924",
        "password_changed_at: 2026-03-01T12:00:00Z",
    ]);
}

#[test]
fn passwords_in_urls_and_connection_strings_are_found() {
    check(&[
        (
            "postgres://app:s3cret@db.example.com:5432/x",
            "postgres://app:[url_password]@db.example.com:5432/x",
        ),
        ("see https://ana:hunter@example.com/a?b=c@d", "see https://ana:[url_password]@example.com/a?b=c@d"),
        ("redis://:p4ss@cache:6379/0", "redis://:[url_password]@cache:6379/0"),
        ("mongodb+srv://u:p@ss@h.example.net/", "mongodb+srv://u:[url_password]@h.example.net/"),
        (r"https:\/\/u:hunter2@h.example.com\/", r"https:\/\/u:[url_password]@h.example.com\/"),
        (
            "Server=db;Database=x;User Id=sa;Password=Winter;Encrypt=true",
            "Server=db;Database=x;User Id=sa;Password=[url_password];Encrypt=true",
        ),
        ("host=db user=app password=winter dbname=x", "host=db user=app password=[url_password] dbname=x"),
        (
            "jdbc:postgresql://h/x?user=app&password=winter&ssl=true",
            "jdbc:postgresql://h/x?user=app&password=[url_password]&ssl=true",
        ),
        (
            "Endpoint=sb://x.servicebus.windows.net/;SharedAccessKey=q1W2e3R4t5Y6u7I8o9P0aSdFgHjKlZxC=",
            "Endpoint=sb://x.servicebus.windows.net/;SharedAccessKey=[url_password]",
        ),
        (
            "https://x.blob.core.windows.net/c?sv=2024-01-01&sig=q1W2e3R4t5Y6u7I8o9P0aSdFgHjKlZxCvBnM1234567%3D&se=1",
            "https://x.blob.core.windows.net/c?sv=2024-01-01&sig=[azure token]&se=1",
        ),
    ]);
    check_clean(&[
        "postgres://user:password@localhost/x",
        "postgres://user:${PASS}@localhost/x",
        "https://user:<password>@example.org/",
        "https://user:xxxxx@example.org/",
        "https://example.org:8080/@ana",
        "https://example.org/a:b@c",
    ]);
}

#[test]
fn the_password_of_a_url_is_no_address() {
    let findings = Detectors::builtin().scan("ftp://ana:hunter2@example.com/ or ana@example.com");
    let classes: Vec<_> = findings.iter().map(|finding| finding.class.as_str()).collect();
    assert_eq!(classes, ["secret.url_password", "pii.email"]);
}

#[test]
fn fields_of_http_are_read() {
    check(&[
        (
            "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\nHost: x",
            "Authorization: Basic [authorization]\r\nHost: x",
        ),
        (
            "curl -H 'Authorization: Bearer 7Fx9aQpL2mZr8TvWc1' x",
            "curl -H 'Authorization: Bearer [authorization]' x",
        ),
        ("use bearer 7Fx9aQpL2mZr8TvWc1 there", "use bearer [authorization] there"),
        (
            "Set-Cookie: sid=7Fx9aQpL2mZr8TvWc1; Path=/; HttpOnly",
            "Set-Cookie: sid=[cookie]; Path=/; HttpOnly",
        ),
        (
            "Cookie: theme=dark; lang=en-GB; JSESSIONID=7Fx9aQpL2mZr8TvWc1\r\n",
            "Cookie: theme=dark; lang=en-GB; JSESSIONID=[cookie]\r\n",
        ),
    ]);
    for text in
        ["Authorization: Bearer <token>", "Bearer authentication-is-required", "Basic introduction here"]
    {
        assert_eq!(masked("", text), text);
    }
}

#[test]
fn web_tokens_are_found_by_their_header() {
    // The examples of RFC 7519 section 3.1 and of RFC 7516 appendix A.3, the parts after the header shortened.
    let signed = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let encrypted = "eyJhbGciOiJBMTI4S1ciLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0.6KB707dM9YTIgHtLvtgWQ8mKwboJW3of9locizkDTHzBC2IlrT1oOQ.AxY8DCtDaGlsbGljb3RoZQ.KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY.U0m_YmjN04DJvceFICbCVQ";
    for token in [signed, encrypted] {
        for (text, want) in [
            (token.to_owned(), "[jwt]".to_owned()),
            (format!("Bearer {token}."), "Bearer [jwt].".to_owned()),
            (format!("{{\"a\":\"{token}\"}}"), "{\"a\":\"[jwt]\"}".to_owned()),
            (format!("https://example.com/?t={token}&x=1"), "https://example.com/?t=[jwt]&x=1".to_owned()),
        ] {
            let got = masked("", &text).replace("[authorization]", "[jwt]");
            assert!(got == want || got == want.replace('.', ""), "text: {text}, got: {got}");
        }
    }
    check_clean(&[
        "eyJhbGciOiJIUzI1NiJ9",
        "eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ",
        "eyJrZXkiOiJ2YWx1ZSJ9.eyJhIjoxfQ.c2lnbmF0dXJl",
    ]);
}

#[test]
fn a_secret_is_found_beside_another_wherever_they_stand() {
    let token = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";
    let key = format!("-----BEGIN PRIVATE KEY-----\n{PEM_BODY}\n-----END PRIVATE KEY-----");
    let azure = "abc8Q~abcdefghijklmnopqrstuvwxyzABCDE12";
    for n in 0..64 {
        let blanks = " ".repeat(n);
        check(&[
            (&format!("{blanks}{token} {key}"), &format!("{blanks}[github token] [private_key]")),
            (&format!("{blanks}{key} {token}"), &format!("{blanks}[private_key] [github token]")),
            (&format!("{blanks}{token} {azure}"), &format!("{blanks}[github token] [azure token]")),
        ]);
    }
}

#[test]
fn private_keys_are_found_whole() {
    let labels = [
        "PRIVATE KEY",
        "RSA PRIVATE KEY",
        "EC PRIVATE KEY",
        "ENCRYPTED PRIVATE KEY",
        "OPENSSH PRIVATE KEY",
        "PGP PRIVATE KEY BLOCK",
    ];
    for label in labels {
        let key = format!("-----BEGIN {label}-----\n{PEM_BODY}\n-----END {label}-----");
        let with_headers = key.replacen('\n', "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,AB12\n\n", 1);
        let (escaped, windows) = (key.replace('\n', "\\n"), key.replace('\n', "\r\n"));
        for key in [key.clone(), with_headers, escaped, windows, key.replace('\n', " ")] {
            assert_eq!(masked("", &format!("a: {key}\nend")), "a: [private_key]\nend", "key: {key}");
        }
        let cut = key.split("\n-----END").next().unwrap();
        assert_eq!(masked("", &format!("{cut}\nThat was it.")), "[private_key]\nThat was it.");
    }
    let putty = format!(
        "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nPrivate-Lines: 2\n{PEM_BODY}\nPrivate-MAC: ab"
    );
    let want = "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n[private_key]\nPrivate-MAC: ab";
    assert_eq!(masked("", &putty), want);
    let encoded = "LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpNSUlFb3dJQkFBS0NBUUVBMFozVlM1SkpjZHMzeGZuL3lnV3lGOFBibkd5MA==";
    assert_eq!(masked("", &format!("tls.key: {encoded}")), "tls.key: [private_key]");
}

#[test]
fn what_only_speaks_of_keys_is_none() {
    for text in [
        format!("-----BEGIN CERTIFICATE-----\n{PEM_BODY}\n-----END CERTIFICATE-----"),
        format!("-----BEGIN PUBLIC KEY-----\n{PEM_BODY}\n-----END PUBLIC KEY-----"),
        "It starts with -----BEGIN PRIVATE KEY----- and ends with -----END PRIVATE KEY-----.".to_owned(),
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----".to_owned(),
    ] {
        assert_eq!(masked("", &text), text);
    }
}

#[test]
fn hashes_of_passwords_are_found() {
    let sha512 = "U6Yv5E1lWn6mEESzKen42o6rbEmFNLlq6Ik9X3reMXY3doKEuxrcDohKUx0Oxf44aeTIxGEjssvtT1aKyZHjs.";
    assert_eq!(sha512.len(), 86);
    let shadow =
        format!("root:$6$uH7ab.cd$rounds:19000:0:99999:7:::\nana:$6$uH7ab.cd${sha512}:19000:0:99999:7:::");
    let want = "root:$6$uH7ab.cd$rounds:19000:0:99999:7:::\nana:[password_hash]:19000:0:99999:7:::";
    assert_eq!(masked("", &shadow), want);
    check(&[
        ("ana:$2b$12$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW", "ana:[password_hash]"),
        (
            "'$argon2id$v=19$m=65536,t=2,p=1$gZiV/M1gPc22ElAH/Jh1Hw$CWOrkoo7oJBQ/iyh7uJ0LO2aLEfrHwTWllSAxT0zRno'",
            "'[password_hash]'",
        ),
        ("userPassword: {SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g2hXs1", "userPassword: [password_hash]"),
        ("cost $100 and $2a$ or $PATH", "cost $100 and $2a$ or $PATH"),
    ]);
}
