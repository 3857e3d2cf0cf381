//! Characters that a reader does not see, made visible.
//!
//! Descriptions are where attacks on models hide: in characters of no width, in tags, in text whose order is turned
//! round. Reviewers see what the model sees only if such characters are written out.

use std::fmt::Write as _;

/// Whether a character shows nothing, shows a blank that is no plain space, or changes how others are shown.
#[must_use]
pub fn is_invisible(character: char) -> bool {
    character.is_control() || RANGES.iter().any(|(first, last)| (*first..=*last).contains(&character))
}

/// The text with every such character as `\u{…}`. Line ends and tabs are escaped too, and so is the backslash, so
/// that the result is one line and has one reading.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            other if is_invisible(other) => {
                // Writing to a string does not fail.
                _ = write!(out, "\\u{{{:x}}}", u32::from(other));
            }
            other => out.push(other),
        }
    }
    out
}

/// Besides control characters. Unicode 16: format characters, fillers, blanks, variation selectors, tags, private
/// use, and what is no character.
const RANGES: [(char, char); 33] = [
    ('\u{a0}', '\u{a0}'),
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{600}', '\u{605}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{6dd}', '\u{6dd}'),
    ('\u{70f}', '\u{70f}'),
    ('\u{890}', '\u{891}'),
    ('\u{8e2}', '\u{8e2}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{1680}', '\u{1680}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{2000}', '\u{200f}'),
    ('\u{2028}', '\u{202f}'),
    ('\u{205f}', '\u{206f}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{3000}', '\u{3000}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{e000}', '\u{f8ff}'),
    ('\u{fdd0}', '\u{fdef}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{fffe}', '\u{ffff}'),
    ('\u{110bd}', '\u{110bd}'),
    ('\u{110cd}', '\u{110cd}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
    ('\u{f0000}', '\u{10ffff}'),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_is_written_out_and_what_shows_is_left_alone() {
        for (text, want) in [
            ("plain, naïve, 漢字, 🦀, x = \"1\"", "plain, naïve, 漢字, 🦀, x = \"1\""),
            ("a\u{200b}b", "a\\u{200b}b"),
            ("\u{202e}txt.exe", "\\u{202e}txt.exe"),
            ("\u{e0041}\u{e0042}", "\\u{e0041}\\u{e0042}"),
            ("\u{1b}[2J", "\\u{1b}[2J"),
            ("\u{9b}2J", "\\u{9b}2J"),
            ("one\r\n\ttwo\u{a0}three", "one\\r\\n\\ttwo\\u{a0}three"),
            ("\\u{200b}", "\\\\u{200b}"),
        ] {
            assert_eq!(escaped(text), want);
        }
    }
}
