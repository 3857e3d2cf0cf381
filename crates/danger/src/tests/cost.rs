//! What texts cost that are made to cost much.

use crate::{classes, work};

/// What stands before, and what is repeated.
const TEXTS: &[(&str, &str)] = &[
    ("", "The gateway stands between the people who ask and the service that answers. "),
    ("INSERT INTO t (a, b) VALUES ", "(1, 'x'), "),
    ("SELECT ", "("),
    ("", "SELECT ((("),
    ("", ";"),
    ("", "SELECT 1; "),
    ("x", "; DROP TABLE t"),
    ("SELECT 1 ", "/* "),
    ("SELECT 1 ", "/**/ "),
    ("SELECT 1 ", "/*!50000 x */ "),
    ("SELECT 1 ", "/*!"),
    ("SELECT 1 ", "a/**/b "),
    ("SELECT 1 ", "-- \n"),
    ("SELECT ", "'"),
    ("SELECT ", "'\"`"),
    ("SELECT ", "'a\"b' "),
    ("x' ", "OR 1=1 "),
    ("x' ", "UNION SELECT "),
    ("SELECT 1", "+1"),
    ("SELECT ", "NOT "),
    ("SELECT ", "CASE WHEN "),
    ("UPDATE t ", "UPDATE x "),
    ("echo ", "$("),
    ("echo ", "` "),
    ("echo ", "("),
    ("curl x ", "| sh "),
    ("", "sh -c 'sh -c ls'; "),
    ("", "sh -c "),
    ("x ", "$IFS"),
    ("x ", "{a,b} "),
    ("/", "%25"),
    ("/", "../"),
    ("see ", "..%2f "),
    ("/", "/./"),
    ("", "\u{200b}x"),
];

fn steps(before: &str, piece: &str, n_bytes: usize) -> usize {
    let text = format!("{before}{}", piece.repeat(n_bytes / piece.len()));
    let start = work::steps();
    let _found = classes(&text);
    work::steps() - start
}

#[test]
fn what_is_looked_at_grows_with_the_length_and_no_faster() {
    for (before, piece) in TEXTS {
        // Both are too long for the parser, whose own work is bounded by the length that it is given.
        let (small, large) = (steps(before, piece, 100_000), steps(before, piece, 400_000));
        assert!(small > 0 && large <= 5 * small, "{piece:?}: {small}, then {large}");
        assert!(large <= 30 * 400_000, "{piece:?}: {large}");
    }
}

#[test]
fn what_is_parsed_is_bounded_by_what_the_parser_is_given() {
    for (before, piece) in TEXTS {
        // Every dialect reads a text, and its pieces if it cannot be read as a whole.
        let n_bytes = 4_000;
        let steps = steps(before, piece, n_bytes);
        assert!(steps <= 100 * n_bytes, "{piece:?}: {steps}");
    }
}

#[test]
fn depth_takes_no_stack() {
    let deep = || {
        for (before, piece) in TEXTS {
            let _found = classes(&format!("{before}{}", piece.repeat(1_000_000 / piece.len())));
        }
        for piece in ["(", "[", "NOT ", "CASE WHEN ", "SELECT (", "- ", "$(", "EXPLAIN "] {
            for n in [7, 20, 100, 2_000] {
                let _found = classes(&format!("SELECT {}1", piece.repeat(n)));
            }
        }
    };
    // Components have a small stack.
    let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(deep).unwrap();
    assert!(thread.join().is_ok());
}
