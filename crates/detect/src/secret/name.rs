//! Names that say that their value gives access.

use super::words::split;

/// What the value of a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// What an `Authorization` field carries.
    Authorization,
    /// The cookies of a request or an answer.
    Cookies,
    /// Chosen by a person: anything that is not a plain word.
    Password,
    /// The signature of a link that gives access.
    Signature,
    /// The key of a storage account or a bus, in a connection string.
    SharedKey,
    /// Drawn at random.
    Token,
}

/// The longest word of a name that is read.
const LONGEST: usize = 24;

/// What the value of `name` is, by its last words.
pub(super) fn kind(name: &[u8]) -> Option<Kind> {
    let name = name.trim_ascii_end();
    let n_digits = name.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let name = name.get(..name.len() - n_digits)?;
    if !can_end(name) {
        return None;
    }
    let mut words = split(name).rev();
    let (mut last, mut before) = ([0; LONGEST], [0; LONGEST]);
    let last = lower(words.next()?, &mut last)?;
    let before = words.next().and_then(|word| lower(word, &mut before)).unwrap_or_default();
    let ends_in = |ends: &[&str]| ends.iter().any(|end| last.ends_with(end));
    let is_shared =
        matches!((before, last), ("account" | "access", "key") | (_, "accountkey" | "sharedaccesskey"));
    match last {
        "authorization" => Some(Kind::Authorization),
        "cookie" => Some(Kind::Cookies),
        "pass" => Some(Kind::Password),
        "sig" => Some(Kind::Signature),
        _ if is_shared && before != "access" => Some(Kind::SharedKey),
        "key"
            if before == "access"
                && words.next().is_some_and(|word| word.eq_ignore_ascii_case(b"shared")) =>
        {
            Some(Kind::SharedKey)
        }
        "key" => KEYS.contains(&before).then_some(Kind::Token),
        "base" => (before == "key").then_some(Kind::Token),
        "auth" | "bearer" | "credential" | "credentials" => Some(Kind::Token),
        "token" => (!POSITIONS.contains(&before)).then_some(Kind::Token),
        _ if ends_in(&["password", "passwd", "passphrase", "passcode", "pwd"]) => Some(Kind::Password),
        _ if ends_in(&[
            "secret",
            "apikey",
            "secretkey",
            "accesskey",
            "privatekey",
            "authkey",
            "authtoken",
        ]) =>
        {
            Some(Kind::Token)
        }
        _ if ends_in(&["accesstoken", "refreshtoken", "apitoken", "bearertoken"]) => Some(Kind::Token),
        _ => None,
    }
}

/// Whether a name ends as one may that says so. Most do not, and are read no further.
fn can_end(name: &[u8]) -> bool {
    let ends_in = |letters: &[u8]| {
        let start = name.len().checked_sub(letters.len());
        start.and_then(|start| name.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(letters))
    };
    match name.last_chunk::<2>().map(|end| end.map(|byte| byte.to_ascii_lowercase())) {
        Some([_, b'_' | b'-']) => true,
        // `bearer`, but not `customer`; `authorization`, but not `description`.
        Some([b'e', b'r']) => ends_in(b"arer"),
        Some([b'o', b'n']) => ends_in(b"ation"),
        Some(
            [b'a', b'l']
            | [b'd', b'e']
            | [b'e', b'n' | b't' | b'y']
            | [b'i', b'e' | b'g']
            | [b'l', b's']
            | [b'r' | b'w', b'd']
            | [b's', b'e' | b's']
            | [b't', b'h'],
        ) => true,
        Some(_) | None => false,
    }
}

/// Whether a name is one of those that connection strings have beside the password.
pub(super) fn is_of_connection(name: &[u8]) -> bool {
    // Most names end otherwise.
    let Some(last) = name.iter().rposition(u8::is_ascii_alphanumeric) else { return false };
    let end = name.get(last.saturating_sub(1)..=last).unwrap_or_default();
    if !["ce", "de", "dr", "er", "id", "me", "nt", "og", "se", "st"]
        .iter()
        .any(|letters| end.eq_ignore_ascii_case(letters.as_bytes()))
    {
        return false;
    }
    let Some(word) = split(name).next_back() else { return false };
    // And most start otherwise.
    if !word.first().is_some_and(|first| b"cdehsu".contains(&first.to_ascii_lowercase())) {
        return false;
    }
    let mut last = [0; LONGEST];
    let last = lower(word, &mut last).unwrap_or_default();
    matches!(
        last,
        "host"
            | "server"
            | "database"
            | "dbname"
            | "source"
            | "hostaddr"
            | "sslmode"
            | "uid"
            | "endpoint"
            | "catalog"
    )
}

/// What stands before `key` where it gives access: `primary_key`, `public_key` and `cache_key` do not.
const KEYS: &[&str] = &[
    "access",
    "admin",
    "aes",
    "api",
    "app",
    "application",
    "auth",
    "cipher",
    "client",
    "consumer",
    "crypto",
    "deploy",
    "encryption",
    "hmac",
    "jwt",
    "license",
    "master",
    "private",
    "secret",
    "service",
    "shared",
    "sign",
    "signing",
    "storage",
    "subscription",
    "webhook",
];

/// What stands before `token` where it says how far somebody got, or how many there are.
const POSITIONS: &[&str] = &[
    "cancel",
    "cancellation",
    "continuation",
    "count",
    "cursor",
    "delta",
    "design",
    "max",
    "next",
    "page",
    "pagination",
    "progress",
    "resume",
    "start",
    "sync",
];

fn lower<'b>(word: &[u8], buffer: &'b mut [u8; LONGEST]) -> Option<&'b str> {
    let lower = buffer.get_mut(..word.len())?;
    lower.copy_from_slice(word);
    lower.make_ascii_lowercase();
    str::from_utf8(lower).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_that_says_so_is_read() {
        for (name, want) in [
            ("Authorization", Kind::Authorization),
            ("Set-Cookie", Kind::Cookies),
            ("db_pass", Kind::Password),
            ("PASSWORD", Kind::Password),
            ("passwd", Kind::Password),
            ("passphrase", Kind::Password),
            ("passcode", Kind::Password),
            ("pwd2", Kind::Password),
            ("sig", Kind::Signature),
            ("AccountKey", Kind::SharedKey),
            ("SharedAccessKey", Kind::SharedKey),
            ("api_key", Kind::Token),
            ("SECRET_KEY_BASE", Kind::Token),
            ("auth", Kind::Token),
            ("bearer", Kind::Token),
            ("credential", Kind::Token),
            ("credentials", Kind::Token),
            ("token", Kind::Token),
            ("clientSecret", Kind::Token),
            ("privatekey", Kind::Token),
            ("authtoken", Kind::Token),
            ("accesstoken_", Kind::Token),
        ] {
            assert_eq!(kind(name.as_bytes()), Some(want), "{name}");
        }
    }

    #[test]
    fn other_names_say_nothing() {
        for name in ["", "d", "type", "description", "customer", "title", "_", "country", "next_token", "7"] {
            assert_eq!(kind(name.as_bytes()), None, "{name}");
        }
    }
}
