//! How fast texts are classified: one line for each kind of text, with megabytes a second at three sizes. The first is
//! short enough for the parser, which reads it in every dialect; where the time grows in proportion to the length, the
//! others are the same.

use std::hint::black_box;
use std::time::Duration;

use portcullis_danger::classes;

/// How long each size is classified.
const TIME: Duration = Duration::from_millis(150);
/// The sizes, in bytes.
const SIZES: [usize; 3] = [32_000, 128_000, 1_024_000];

#[expect(clippy::print_stdout, reason = "what it is for")]
fn main() {
    for (name, before, piece) in TEXTS {
        let [parsed, small, large] = SIZES.map(|size| megabytes_a_second(&text(before, piece, size)));
        println!("{name} {parsed:.1} MB/s, {small:.1} MB/s, {large:.1} MB/s, ratio {:.2}", small / large);
    }
}

fn text(before: &str, piece: &str, size: usize) -> String {
    format!("{before}{}", piece.repeat(size / piece.len()))
}

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn megabytes_a_second(text: &str) -> f64 {
    let mut n_bytes = 0;
    let start = std::time::Instant::now();
    while start.elapsed() < TIME {
        black_box(classes(black_box(text)));
        n_bytes += text.len();
    }
    f64::from(u32::try_from(n_bytes / 1_000).unwrap_or(u32::MAX)) / 1_000.0 / start.elapsed().as_secs_f64()
}

/// Names, what stands before, and what is repeated.
const TEXTS: &[(&str, &str, &str)] = &[
    ("prose", "", "The gateway stands between the people who ask and the service that answers. "),
    ("rows", "INSERT INTO t (a, b) VALUES ", "(1, 'x'), "),
    ("brackets", "SELECT ", "("),
    ("brackets with SELECT", "", "SELECT ((("),
    ("semicolons", "", ";"),
    ("statements", "", "SELECT 1; "),
    ("unclosed comments", "SELECT 1 ", "/* "),
    ("comments", "SELECT 1 ", "/**/ "),
    ("comments that run", "SELECT 1 ", "/*!50000 x */ "),
    ("comments in words", "SELECT 1 ", "a/**/b "),
    ("lines of comments", "SELECT 1 ", "-- \n"),
    ("quotes", "SELECT ", "'"),
    ("quotes of all kinds", "SELECT ", "'\"`"),
    ("strings", "SELECT ", "'a\"b' "),
    ("tautologies", "x' ", "OR 1=1 "),
    ("unions", "x' ", "UNION SELECT "),
    ("operators", "SELECT 1", "+1"),
    ("not", "SELECT ", "NOT "),
    ("substitutions", "echo ", "$("),
    ("backticks", "echo ", "` "),
    ("pipes", "curl x ", "| sh "),
    ("shells", "", "sh -c 'sh -c ls'; "),
    ("nested shells", "", "sh -c "),
    ("variables", "x ", "$IFS"),
    ("braces", "x ", "{a,b} "),
    ("escapes", "/", "%25"),
    ("climbing", "/", "../"),
    ("dots", "see ", "..%2f "),
    ("slashes", "/", "/./"),
];
