//! URIs that have one spelling (RFC 3986 §6.2, WHATWG URL).
//!
//! Policy compares URIs as text; a server parses, resolves and decodes them, each in its own way. So a URI passes
//! only if no such reader turns it into another one. Not here: what a URI leads to.

/// The schemes whose URIs the WHATWG parser completes and rewrites, and their default ports.
const SPECIAL: [(&str, Option<&str>); 6] = [
    ("file", None),
    ("ftp", Some("21")),
    ("http", Some("80")),
    ("https", Some("443")),
    ("ws", Some("80")),
    ("wss", Some("443")),
];

/// Whether every reader takes a URI for the same thing. So it has
/// - a lower-case scheme, and no white space, backslash or control character, written plainly or escaped;
/// - escapes only of what needs them, in upper-case digits as RFC 3986 §6.2.2.1 has them: `%73` is `s`, and `%2f`
///   is `%2F`, so of two spellings the normal one passes;
/// - no dot segment anywhere, since some servers take all that follows the scheme for a path;
/// - no empty segment within the path, and no path that begins with a slash but without an authority (`x:/a`);
/// - an authority without an empty or default port, and one at all where the scheme wants it; `file` has none, as
///   `localhost` means the same. Where it is a host (the schemes above), it is in lower case, but for the variables
///   of a template; in a scheme of a server's own it is a name like any other, and case counts;
/// - no escaped slash in a path of `file`, where a name cannot contain one.
#[must_use]
pub fn is_plain_uri(uri: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once(':') else { return false };
    let odd = |character: char| character.is_control() || character.is_whitespace() || character == '\\';
    is_plain_scheme(scheme)
        && !rest.chars().any(odd)
        && rest.split('%').skip(1).all(begins_with_needed_escape)
        && !has_dot_segment(rest)
        && is_plain_hierarchy(scheme, rest.split(['?', '#']).next().unwrap_or_default())
}

fn is_plain_scheme(scheme: &str) -> bool {
    scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'+' | b'-' | b'.'))
}

/// Whether what follows a percent sign escapes something that may not stand there plainly (RFC 3986 §6.2.2.2).
fn begins_with_needed_escape(after: &str) -> bool {
    let digits =
        after.get(..2).filter(|digits| digits.bytes().all(|d| matches!(d, b'0'..=b'9' | b'A'..=b'F')));
    let escaped = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
    escaped.is_some_and(|byte| {
        !byte.is_ascii_alphanumeric()
            && !matches!(byte, b'-' | b'.' | b'_' | b'~')
            && !byte.is_ascii_control()
    })
}

/// Parameters of a segment (`..;x`) do not count: some servers cut them off before they resolve it.
fn has_dot_segment(rest: &str) -> bool {
    let slashed = rest.replace("%2F", "/").replace("%5C", "/");
    let mut segments = slashed.split(['/', '?', '#']).map(|segment| segment.split(';').next());
    segments.any(|segment| matches!(segment, Some("." | "..")))
}

fn is_plain_hierarchy(scheme: &str, hierarchy: &str) -> bool {
    let special = SPECIAL.iter().find(|(special, _)| *special == scheme);
    let Some(rest) = hierarchy.strip_prefix("//") else {
        return special.is_none() && !hierarchy.starts_with('/') && !hierarchy.contains("//");
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let belongs = match (special, authority) {
        (Some(("file", _)), authority) => {
            authority != "localhost" && !path.contains("%2F") && !path.contains("%5C")
        }
        (Some(_), "") => false,
        (Some((_, port)), authority) => authority.rsplit_once(':').map(|(_, given)| given) != *port,
        (None, _) => true,
    };
    // A path that begins with a slash has an empty first segment.
    let is_host = special.is_some();
    belongs && is_plain_authority(authority, is_host) && !path.starts_with('/') && !path.contains("//")
}

/// A host is in lower case, but for the names of variables and the digits of escapes.
fn is_plain_authority(authority: &str, is_host: bool) -> bool {
    let mut in_variable = false;
    let mut digits = 0_u8;
    !authority.ends_with(':')
        && authority.chars().all(|character| {
            in_variable = (in_variable || character == '{') && character != '}';
            let in_escape = digits > 0;
            digits = if character == '%' { 2 } else { digits.saturating_sub(1) };
            !is_host || in_variable || in_escape || !character.is_uppercase()
        })
}

#[cfg(test)]
mod tests {
    use super::is_plain_uri;

    #[test]
    fn a_uri_of_one_spelling_passes() {
        for uri in [
            "file:///a/b.txt",
            "file:///a/",
            "file:///",
            "file://server/share/a",
            "billing://customers/cus_0001",
            "test://template/{id}/data",
            "crm://{customerId}/notes",
            "repo://{owner}/tree/{+path}{?rev,Depth}",
            "https://host/p?q=a/b",
            "https://host:8443/p?u=http://other//x#part",
            "https://[::80]/",
            "https://host",
            "crm://1",
            "crm:///1",
            "crm://caf%C3%A9/a%20b%2Fc",
            "page://read/https%3A%2F%2Fexample.com",
            "test://a?x=../b",
            "mailto:a@b",
            "urn:a:B",
            "note://MyNote",
            "github://Owner/Repo",
            "a+b-c.d:e",
        ] {
            assert!(is_plain_uri(uri), "{uri}");
        }
    }

    #[test]
    fn a_uri_that_somebody_rewrites_does_not_pass() {
        for uri in [
            // No scheme, or an odd one.
            "",
            "no-scheme",
            "BILLING://admin/x",
            "1a:b",
            ":a",
            // Characters that are cut out, turned round or taken for ends.
            "file:///a b",
            "file:///a\\..\\b",
            "fi\tle:///a",
            "file:///a\n",
            "file:///a%00.txt",
            "file:///a%0A",
            // Dot segments, wherever a reader may look for them.
            "file:///public/../etc",
            "file:///public/%2e%2E/etc",
            "file:///public/%2E%2E/etc",
            "file:///a/./b",
            "file:///a/..",
            "file:///a/..;x/b",
            "file:///public/?/../../etc/passwd",
            "file:///public/#/../../etc/passwd",
            "file:///public/?..",
            "x://a/..%2F..%2Fb",
            "x://a/..%5Cb",
            "x://../b",
            "urn:../a",
            // Escapes of what needs none, of two spellings, or of nothing.
            "file:///%73rv/secret",
            "file:///a%7Eb",
            "x://a/b%2fc",
            "x://caf%c3%a9",
            "x://a/100%",
            "x://a/%+1",
            "x://a/%G0",
            "x://a/%é",
            // Empty segments.
            "file:///srv//secret/k",
            "file:////srv/secret",
            "x://a//b",
            "x://a/b//",
            "x:a//b",
            // Slashes that a parser adds or takes away.
            "file:/srv/secret/k",
            "file:srv/secret",
            "https:example.com/a",
            "https:///example.com/a",
            "x:/a",
            "file:///srv%2Fsecret/k",
            "file:///srv%5Csecret/k",
            // Authorities of several spellings.
            "file://LOCALHOST/a",
            "file://localhost/a",
            "https://EXAMPLE.com",
            "https://example.com:443/",
            "https://example.com:/",
            "https://{id}A/b",
            "https://%20A/b",
        ] {
            assert!(!is_plain_uri(uri), "{uri}");
        }
    }
}
