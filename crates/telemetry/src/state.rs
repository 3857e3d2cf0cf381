//! `tracestate` (W3C Trace Context §3.3): what vendors note about a trace, as a short list.
//!
//! It is text of the caller that the upstream gets and no record holds, so it may be no longer than an id may be.

use std::collections::BTreeSet;
use std::fmt;

/// What vendors note about a trace: members in their form, never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceState(String);

/// In bytes. §3.3.1.5 asks for 512, which would be room for a text; whole members are left out from the end, as it says.
const LONGEST: usize = 128;
/// §3.3.1.1.
const MOST_MEMBERS: usize = 32;
/// §3.3.1.3.1 and §3.3.1.3.2.
const LONGEST_PART: usize = 256;

impl TraceState {
    /// Reads a header's value, or what stands for it in `_meta`; `None` if nothing of it is left, or any of it is not in its
    /// form: then all of it counts as if it were not there (§4.3).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let members: Vec<&str> = text
            .split(',')
            .map(|member| member.trim_matches([' ', '\t']))
            .filter(|member| !member.is_empty())
            .collect();
        let keys: BTreeSet<&str> = members.iter().filter_map(|member| key(member)).collect();
        // A key stands in it once.
        if members.len() > MOST_MEMBERS || keys.len() != members.len() {
            return None;
        }
        let mut kept = String::new();
        for member in members {
            let separator = if kept.is_empty() { "" } else { "," };
            if kept.len() + separator.len() + member.len() > LONGEST {
                break;
            }
            kept.push_str(separator);
            kept.push_str(member);
        }
        (!kept.is_empty()).then_some(Self(kept))
    }

    /// The list, as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TraceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The key of a member that is in its form.
fn key(member: &str) -> Option<&str> {
    let (key, value) = member.split_once('=')?;
    let is_key = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'*' | b'/' | b'@');
    let is_value = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'=';
    let begins = key.bytes().next().is_some_and(|first| first.is_ascii_lowercase() || first.is_ascii_digit());
    let fits = (1..=LONGEST_PART).contains(&key.len()) && (1..=LONGEST_PART).contains(&value.len());
    (begins && fits && key.bytes().all(is_key) && value.bytes().all(is_value)).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::TraceState;

    #[test]
    fn members_in_their_form_stay_up_to_a_length() {
        let long = format!("a={},b={}", "x".repeat(100), "y".repeat(30));
        for (text, want) in [
            ("rojo=00f067aa0ba902b7", Some("rojo=00f067aa0ba902b7")),
            ("a=1, ,b=2 ,\tt@c=3", Some("a=1,b=2,t@c=3")),
            ("dd=s:1;o:rum", Some("dd=s:1;o:rum")),
            (long.as_str(), Some(long.split_once(',').unwrap().0)),
            ("", None),
            (" , ", None),
            ("a", None),
            ("a=", None),
            ("=1", None),
            ("A=1", None),
            ("a=1,a=2", None),
            ("a=1,B=2", None),
            ("a=1=2", None),
            ("a=\u{e9}", None),
            ("a=1\r\nx: y", None),
        ] {
            assert_eq!(TraceState::parse(text).as_ref().map(TraceState::as_str), want, "{text}");
        }
        assert_eq!(TraceState::parse(&format!("a={}", "x".repeat(127))), None);
        let many: Vec<String> = (0..33).map(|n| format!("k{n}=")).collect();
        assert_eq!(TraceState::parse(&many.join(",")), None);
    }
}
