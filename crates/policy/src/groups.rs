//! Groups that no issuer could have given anybody.
//!
//! A principal's groups are named `issuer:group`. `Group::"support"` parses and never matches: a permit that
//! gives nothing, or worse a forbid that stops nobody. So it is a problem and not a policy.

use portcullis_settings::IssuerName;

use crate::annotations::Complaint;
use crate::scan::{Token, tokens};

/// The groups in a policy that have no issuer, each with the offset of its name.
pub(crate) fn complaints(statement: &str) -> impl Iterator<Item = (usize, Complaint)> {
    let mut before: [&str; 4] = [""; 4];
    tokens(statement).filter_map(move |token| {
        // `before` ends with what stands just before the token; `Other::Group::"x"` is another type's.
        let named = matches!(before, [outer, "Group", ":", ":"] if outer != ":");
        before.rotate_left(1);
        if let Some(last) = before.last_mut() {
            *last = token.text;
        }
        named.then(|| complaint(token)).flatten()
    })
}

fn complaint(Token { text, offset }: Token<'_>) -> Option<(usize, Complaint)> {
    let name = text.strip_prefix('"')?.strip_suffix('"')?;
    let issuer = name.split_once(':').map(|(issuer, _)| issuer);
    if issuer.is_some_and(|issuer| issuer.parse::<IssuerName>().is_ok()) {
        return None;
    }
    let message = format!("`Group::{text}` names no issuer, so nobody is in it");
    Some((offset, Complaint::of_policy(&message, &format!("write `Group::\"issuer:{name}\"`"))))
}
