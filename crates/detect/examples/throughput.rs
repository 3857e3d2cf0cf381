//! How fast texts are scanned: one line for each kind of text, with megabytes a second.
//!
//! The benchmark builds it for WASI and runs it in the host's engine.

use std::hint::black_box;
use std::time::Duration;

use portcullis_detect::Detectors;

/// How long each kind is scanned.
const TIME: Duration = Duration::from_millis(300);

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
#[expect(clippy::print_stdout, reason = "what it is for")]
fn main() {
    let detectors = Detectors::builtin();
    let members = CODE.repeat(4_000);
    let members: Vec<&str> = members.split('"').skip(1).step_by(2).collect();
    let start = std::time::Instant::now();
    let n_findings: usize = members.iter().map(|text| detectors.scan(black_box(text)).len()).sum();
    let time = start.elapsed();
    println!(
        "members {:?} each, {n_findings} findings",
        time / u32::try_from(members.len()).unwrap_or(u32::MAX)
    );
    for (name, text) in texts() {
        let (mut n_bytes, mut n_findings) = (0, 0);
        let start = std::time::Instant::now();
        while start.elapsed() < TIME {
            n_findings = detectors.scan(black_box(&text)).len();
            n_bytes += text.len();
        }
        let megabytes = f64::from(u32::try_from(n_bytes / 1_000).unwrap_or(u32::MAX)) / 1_000.0;
        println!("{name} {:.0} MB/s, {n_findings} findings", megabytes / start.elapsed().as_secs_f64());
    }
}

fn texts() -> Vec<(&'static str, String)> {
    let repeated = |piece: &str| piece.repeat(1_000_000 / piece.len());
    vec![
        ("prose", repeated(PROSE)),
        ("code", repeated(CODE)),
        ("findings", repeated(FINDINGS)),
        ("base64", base64(1_000_000)),
        ("digits", repeated("4")),
        ("passwords", repeated("password=a1b2c3;")),
        ("keys", repeated("-----BEGIN PRIVATE KEY-----")),
        ("hyphens", repeated("a-")),
        ("urls", repeated("a://b:")),
        ("web tokens", repeated("eyJhbGciOiJIUzI1NiJ9.")),
        ("cookies", repeated("cookie:a=")),
        ("ids", repeated("550e8400-e29b-41d4-a716-446655440000 key ")),
        ("prefixes", repeated("ya29.")),
        ("hashes", repeated("datadog key 9fceb02d0ae598e95dc970b74767f193 ")),
        ("options", repeated("--password ")),
        ("numbers", repeated("123456789 ")),
        ("cues", repeated("passport tax id account number 123456782 ")),
        ("words", repeated("Ab [us_ssn_xxxxx")),
        ("phones", repeated("tel 12 34 56 +49 12 0049 (11) 11-1 ")),
        ("groups", repeated("12 34 ")),
        ("colons", repeated("ab:cd:")),
        ("octets", repeated("10.0.0.")),
        ("coins", repeated("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb/")),
        ("bait", repeated("a@b.c 1-1.1 aaaa:=aaaa \\u0041 4111 1111 1111 1111 ghp_ghp_ghp_ghp_ghp_")),
    ]
}

/// Letters and digits without a pattern.
fn base64(n: usize) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut state = 1_u32;
    let letter = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        LETTERS.get(usize::try_from(state >> 26).unwrap_or_default()).copied().map_or('A', char::from)
    };
    std::iter::repeat_with(letter).take(n).collect()
}

const PROSE: &str = "The gateway stands between the people who ask and the service that answers. It asks who calls, \
    what they may do, and what they may see; it writes down what happened, so that in March 2026 somebody can read \
    what was done in November. Nothing of this is new: banks have had clerks for it since the 15th century. What is \
    new is that the one who asks is a program, and that it asks a thousand times a minute - well-meaning, tireless, \
    and wrong now and then. ";
const CODE: &str = r#"{"type":"object","properties":{"customer_id":{"type":"string","description":"Identifier of the customer, as in the register (see https://example.com/docs/customers)","maxLength":64},"limit":{"type":"integer","minimum":1,"maximum":500,"default":50}},"required":["customer_id"]}"#;
const FINDINGS: &str = r#"{"id":48213,"name":"Ana Lindqvist","email":"ana.lindqvist@example.com","card":"4111 1111 1111 1111","iban":"DE89 3704 0044 0532 0130 00","ssn":"078-05-1120","phone":"+49 30 901820","token":"ghp_16C7e42F292c6912E7710c838347Ae178B4a","updated":"2026-03-01T12:00:00Z"}"#;
