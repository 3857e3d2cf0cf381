//! Paths that leave the folder they should stay in, and paths of files that hold secrets.
//!
//! A path may be encoded in many ways: by percent signs, once or more than once, by UTF-8 that is too long, with the
//! separators of Windows. So a text that can be a path is decoded until nothing changes. In prose, where `../` and
//! `C:\Windows` are what they are written to tell, only what is encoded counts, and what is encoded to be missed.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::{Danger, work};

/// The longest text that is looked at as a path.
const LONGEST: usize = 8 * 1024;
/// How often a text is decoded.
const ROUNDS: usize = 4;

/// Adds [`Danger::PathTraversal`] for a text that is a path.
pub(crate) fn classify(text: &str, found: &mut BTreeSet<Danger>) {
    if is_dangerous(text.trim()) {
        found.insert(Danger::PathTraversal);
    }
}

fn is_dangerous(text: &str) -> bool {
    let is_one = is_path(text);
    if !is_one {
        // What a sentence holds is looked at word by word, and only if it is encoded or goes somewhere it should not.
        let has_hint = text.contains("..")
            || text.contains("%2e")
            || text.contains("%2E")
            || text.contains("%25")
            || text.contains("%c0");
        return has_hint && text.split(|c: char| c.is_whitespace() || "\"'()<>`".contains(c)).any(is_hostile);
    }
    let decoded = decoded(text);
    climbs(&decoded) || is_file_url(&decoded) || parts(&decoded).any(is_secret) || ends_early(&decoded)
}

/// Whether the whole of a text can be one path.
fn is_path(text: &str) -> bool {
    if text.len() > LONGEST || text.contains('\n') || !text.contains(['/', '\\', '%', '~', ':']) {
        return false;
    }
    let lower: String = text.chars().take(8).collect::<String>().to_ascii_lowercase();
    let starts = ["/", "~", "\\", "./", "../", "..\\", ".\\", "%2e", "%2f", "file:", "@/"];
    let is_drive =
        matches!(text.as_bytes(), [letter, b':', b'\\' | b'/', ..] if letter.is_ascii_alphabetic());
    let may_have_blanks =
        (is_drive || starts.iter().any(|start| lower.starts_with(start))) && text.split(' ').count() <= 6;
    !text.contains(' ')
        || (may_have_blanks
            && !text.ends_with(['.', '!', '?'])
            && !text.contains(", ")
            && !text.contains(" is "))
}

/// Whether a word climbs and hides it, or climbs to a file that holds secrets.
fn is_hostile(word: &str) -> bool {
    if word.len() > LONGEST || !word.contains(['.', '%']) {
        return false;
    }
    let decoded = decoded(word);
    climbs(&decoded)
        && (!climbs(word)
            || word.contains("..;")
            || parts(&decoded).any(|part| is_secret(&part.replace("../", "/").replace("//", "/"))))
}

/// The pieces of a text that may each be a path: what stands between the signs of a URL or a flag.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(['=', '?', '&', ',', '@', '"', '\'', '<', '>', '|', ';', ' ']).chain([text])
}

/// A text without its encodings: separators are `/`, and bytes that end a path early are NUL.
fn decoded(text: &str) -> String {
    work::add(text.len());
    let mut text = Cow::Borrowed(text);
    for _ in 0..ROUNDS {
        match percent_decoded(&text) {
            Some(decoded) => text = Cow::Owned(decoded),
            None => break,
        }
    }
    let text = text
        .replace("\\u002e", ".")
        .replace("\\u002f", "/")
        .replace("\\x2e", ".")
        .replace("\\x2f", "/")
        .replace("..;/", "../");
    text.chars().map(|ch| if matches!(ch, '\\' | '∕' | '⁄' | '／' | '＼') { '/' } else { ch }).collect()
}

/// A text with `%2e`, `%u002e` and the UTF-8 that is too long for `.`, `/` and `\` decoded; `None` if nothing is encoded.
fn percent_decoded(text: &str) -> Option<String> {
    if !text.contains('%') {
        return None;
    }
    work::add(text.len());
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let (before, escape) = rest.split_at_checked(at)?;
        decoded.push_str(before);
        let (ch, length) = escape_at(escape).unwrap_or(('%', 1));
        decoded.push(ch);
        rest = escape.get(length..)?;
    }
    decoded.push_str(rest);
    (decoded != text).then_some(decoded)
}

fn escape_at(text: &str) -> Option<(char, usize)> {
    const LONG: [(&str, char); 14] = [
        ("%c0%ae", '.'),
        ("%c0%af", '/'),
        ("%c1%9c", '\\'),
        ("%c1%af", '/'),
        ("%c0%2e", '.'),
        ("%c0%2f", '/'),
        ("%c0%5c", '\\'),
        ("%e0%80%ae", '.'),
        ("%e0%80%af", '/'),
        ("%e0%81%9c", '\\'),
        ("%f0%80%80%ae", '.'),
        ("%f0%80%80%af", '/'),
        ("%ef%bc%8e", '.'),
        ("%ef%bc%8f", '/'),
    ];
    let starts = |long: &str| text.get(..long.len()).is_some_and(|text| text.eq_ignore_ascii_case(long));
    if let Some((long, ch)) = LONG.iter().find(|(long, _)| starts(long)) {
        return Some((*ch, long.len()));
    }
    let (digits, length) = match text.get(1..2)? {
        "u" | "U" => (text.get(2..6)?, 6),
        _ => (text.get(1..3)?, 3),
    };
    let code = u32::from_str_radix(digits, 16).ok()?;
    char::from_u32(code).filter(char::is_ascii).map(|ch| (ch, length))
}

/// Whether a part between separators is `..`.
fn climbs(text: &str) -> bool {
    let is_climb =
        |part: &str| part.trim_end_matches('\0') == ".." || part == "..." && text.contains(".../..");
    let parts = text.split(['/', '\\']);
    text.contains("..")
        && text.contains(['/', '\\'])
        && parts.flat_map(|part| part.split(['=', '?', '&', ':', '"', '\'', '@'])).any(is_climb)
        || text.contains("....//")
}

fn is_file_url(text: &str) -> bool {
    let starts = |part: &str| part.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("file:"));
    parts(text).any(|part| starts(part) && part.contains('/'))
        || text.to_ascii_lowercase().contains("=file:/")
}

/// Whether a NUL ends the path before its extension.
fn ends_early(text: &str) -> bool {
    text.contains('\0') && text.contains(['/', '.'])
}

/// Whether a path names a file or a folder that holds secrets or runs the system.
fn is_secret(path: &str) -> bool {
    const UNIX: [&str; 22] = [
        "/etc/passwd",
        "/etc/shadow",
        "/etc/gshadow",
        "/etc/sudoers",
        "/etc/hosts",
        "/etc/ssh/",
        "/etc/kubernetes/",
        "/etc/crontab",
        "/etc/ssl/private",
        "/proc/self/",
        "/proc/1/",
        "/proc/version",
        "/proc/cmdline",
        "/proc/net/",
        concat!("/roo", "t/"),
        "/dev/mem",
        "/dev/tcp/",
        "/var/log/",
        "/var/run/secrets/",
        "/var/run/docker.sock",
        "/run/secrets/",
        "/boot/",
    ];
    const HOME: [&str; 14] = [
        "/.ssh/",
        "/.aws/",
        "/.gnupg/",
        "/.kube/config",
        "/.docker/config.json",
        "/.netrc",
        "/.pgpass",
        "/.git-credentials",
        "/.config/gcloud",
        "/.azure/",
        "/.bash_history",
        "/.npmrc",
        "/.vault-token",
        "/id_rsa",
    ];
    let mut path = path.to_ascii_lowercase();
    while path.contains("//") && !path.starts_with("//") || path.contains("/./") {
        work::add(path.len());
        path = path.replace("/./", "/").replace("//", "/");
    }
    let is_windows = matches!(path.as_bytes(), [letter, b':', b'/', ..] if letter.is_ascii_alphabetic());
    let is_share = path.strip_prefix("//").is_some_and(|rest| {
        rest.starts_with(['?', '.'])
            || rest
                .split('/')
                .nth(1)
                .is_some_and(|share| !share.is_empty() && (share.ends_with('$') || !rest.contains(".com/")))
    });
    let is_web = path.contains("://") || path.starts_with("http");
    let system = path.get(3..).is_some_and(|rest| {
        ["windows/", "winnt/", "boot.ini", "inetpub/"].iter().any(|start| rest.starts_with(start))
    });
    !is_web
        && (UNIX.iter().any(|secret| path.starts_with(secret))
            || path.starts_with(['/', '~']) && HOME.iter().any(|secret| path.contains(secret))
            || path == "~/.ssh"
            || is_windows && system
            || is_share)
}
