//! How fast texts are scanned: a line for each kind of text and each of two lengths.
//!
//! ```text
//! prose 65536 bytes 312000 ns 0 findings 210 MB/s
//! ```
//!
//! The benchmark builds it for WASI, runs it in the host's engine and reads these lines. The time is that of the fastest
//! scan of many, which nothing else on the machine has disturbed.

use std::hint::black_box;
use std::time::{Duration, Instant};

use portcullis_detect::Detectors;

/// How long each kind is scanned at each length.
const TIME: Duration = Duration::from_millis(250);
/// If time grows as the length does, a scan is linear.
const LENGTHS: [usize; 2] = [1 << 16, 1 << 20];

#[expect(clippy::print_stdout, reason = "what it is for")]
fn main() {
    let detectors = Detectors::builtin();
    for (name, text) in texts() {
        for length in LENGTHS {
            let text = text(length);
            let n_findings = detectors.scan(&text).len();
            let fastest = fastest(|| drop(black_box(detectors.scan(black_box(&text)))));
            let (n_bytes, nanoseconds) = (text.len(), fastest.as_nanos());
            let rate = megabytes(n_bytes) / fastest.as_secs_f64();
            println!("{name} {n_bytes} bytes {nanoseconds} ns {n_findings} findings {rate:.0} MB/s");
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn fastest(scan: impl Fn()) -> Duration {
    let (start, mut fastest) = (Instant::now(), Duration::MAX);
    while start.elapsed() < TIME {
        let before = Instant::now();
        scan();
        fastest = fastest.min(before.elapsed());
    }
    fastest
}

fn megabytes(n_bytes: usize) -> f64 {
    u32::try_from(n_bytes).map_or(f64::INFINITY, f64::from) / 1e6
}

type Make = Box<dyn Fn(usize) -> String>;

fn texts() -> Vec<(&'static str, Make)> {
    let repeated = |piece: &'static str| -> Make { Box::new(|length| piece.repeat(length / piece.len())) };
    vec![
        ("prose", repeated(PROSE)),
        ("code", repeated(CODE)),
        ("findings", repeated(FINDINGS)),
        ("base64", Box::new(base64)),
        // What somebody could send to keep a gateway busy: each stops where a detector must look, or starts many that
        // could go on.
        ("digits", repeated("4")),
        ("groups", repeated("12 34 ")),
        ("numbers", repeated("123456789 ")),
        ("phones", repeated("tel 12 34 56 +49 12 0049 (11) 11-1 ")),
        ("octets", repeated("10.0.0.")),
        ("dots", repeated(".")),
        ("at-signs", repeated("@")),
        ("addresses", repeated("a@b.c@")),
        ("domains", repeated("a.")),
        ("dashes", repeated("-")),
        ("hyphens", repeated("a-")),
        ("colons", repeated("ab:cd:")),
        ("passwords", repeated("password=a1b2c3;")),
        ("options", repeated("--password ")),
        ("cookies", repeated("cookie:a=")),
        ("urls", repeated("a://b:")),
        ("keys", repeated("-----BEGIN PRIVATE KEY-----")),
        ("web-tokens", repeated("eyJhbGciOiJIUzI1NiJ9.")),
        ("prefixes", repeated("ya29.")),
        ("ids", repeated("550e8400-e29b-41d4-a716-446655440000 key ")),
        ("hashes", repeated("datadog key 9fceb02d0ae598e95dc970b74767f193 ")),
        ("cues", repeated("passport tax id account number 123456782 ")),
        ("words", repeated("Ab [us_ssn_xxxxx")),
        ("coins", repeated("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb/")),
        ("escapes", repeated("\\u0041\\u00")),
        ("quantifiers", repeated("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!")),
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
