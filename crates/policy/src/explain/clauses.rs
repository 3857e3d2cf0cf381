//! The conditions of a policy as they are written, each with its place.
//!
//! Cedar says whether a policy is satisfied, but not which part of it is not. So its text is cut at the `&&` of its
//! `when` clauses, and each part is asked about by itself. A cut in the wrong place is harmless: what is cut off
//! does not parse, and whoever asks takes the clause as a whole or says nothing of it.

use crate::scan::{Token, tokens};

/// One condition that must come out right for a policy to be satisfied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Condition<'s> {
    /// As written.
    pub(super) text: &'s str,
    /// Where it starts in the statement, in bytes.
    pub(super) offset: usize,
    /// Whether it must be true or false.
    pub(super) wanted: bool,
}

/// The conditions of a statement, in the order in which Cedar evaluates them.
pub(super) fn conditions(statement: &str) -> Vec<Condition<'_>> {
    let all: Vec<Token<'_>> = tokens(statement).collect();
    let mut rest = after_scope(&all);
    let mut found = Vec::new();
    while let [keyword, inner @ ..] = rest {
        let Some((body, after)) = bracketed(inner) else { break };
        match keyword.text {
            "when" => {
                found.extend(conjuncts(body).into_iter().filter_map(|part| condition(statement, part, true)))
            }
            "unless" => found.extend(condition(statement, body, false)),
            _ => break,
        }
        rest = after;
    }
    found
}

/// A text of a policy in one line, without comments.
pub(super) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    let mut end = 0;
    for token in tokens(text) {
        if token.offset > end && !line.is_empty() {
            line.push(' ');
        }
        line.push_str(token.text);
        end = token.offset + token.text.len();
    }
    line
}

/// What comes after `permit (…)`.
fn after_scope<'t, 's>(tokens: &'t [Token<'s>]) -> &'t [Token<'s>] {
    let mut rest = tokens;
    while let [at, _key, inner @ ..] = rest {
        if at.text != "@" {
            break;
        }
        rest = bracketed(inner).map_or(inner, |(_value, after)| after);
    }
    let scope = rest.get(1..).and_then(bracketed);
    scope.map_or(&[], |(_scope, after)| after)
}

/// What is between the bracket that comes first and its partner, and what comes after.
fn bracketed<'t, 's>(tokens: &'t [Token<'s>]) -> Option<(&'t [Token<'s>], &'t [Token<'s>])> {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate() {
        depth = match token.text {
            "(" | "[" | "{" => depth + 1,
            ")" | "]" | "}" => depth.checked_sub(1)?,
            _ => depth,
        };
        if depth == 0 {
            return (index > 0).then(|| Some((tokens.get(1..index)?, tokens.get(index + 1..)?))).flatten();
        }
    }
    None
}

/// The parts of a body that must all be true; the whole where something binds weaker than `&&`.
fn conjuncts<'t, 's>(body: &'t [Token<'s>]) -> Vec<&'t [Token<'s>]> {
    let mut parts = Vec::new();
    let (mut start, mut depth) = (0, 0_usize);
    for (index, token) in body.iter().enumerate() {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            "|" | "if" | "then" | "else" if depth == 0 => return vec![body],
            "&" if depth == 0 => {
                // The operator is two tokens: the first ends a part, the second starts one after itself.
                parts.extend(body.get(start..index).filter(|part| !part.is_empty()));
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.extend(body.get(start..).filter(|part| !part.is_empty()));
    parts
}

fn condition<'s>(statement: &'s str, part: &[Token<'s>], wanted: bool) -> Option<Condition<'s>> {
    let (first, last) = (part.first()?, part.last()?);
    let text = statement.get(first.offset..last.offset + last.text.len())?;
    Some(Condition { text, offset: first.offset, wanted })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(statement: &str, want: &[(&str, bool)]) {
        let found = conditions(statement);
        let found: Vec<(String, bool)> =
            found.iter().map(|found| (one_line(found.text), found.wanted)).collect();
        let want: Vec<(String, bool)> =
            want.iter().map(|(text, wanted)| ((*text).to_owned(), *wanted)).collect();
        assert_eq!(found, want, "case: {statement}");
    }

    #[test]
    fn a_when_is_cut_where_all_parts_must_hold() {
        const SCOPE: &str =
            r#"@id("a.b") @reason("when { (") permit (principal in Group::"when", action, resource)"#;
        for (clauses, want) in [
            (";", &[][..]),
            ("when { a }; ", &[("a", true)]),
            ("when { a && b.c == \"x && y\" };", &[("a", true), ("b.c == \"x && y\"", true)]),
            (
                "when { a && (b || c) && [d && e].contains(f) };",
                &[("a", true), ("(b || c)", true), ("[d && e].contains(f)", true)],
            ),
            ("when { a && b || c };", &[("a && b || c", true)]),
            ("when { if a then b && c else d };", &[("if a then b && c else d", true)]),
            ("when { a } unless { b && c } when { d };", &[("a", true), ("b && c", false), ("d", true)]),
            ("when { a &&\n  // why: }\n  b };", &[("a", true), ("b", true)]),
            ("when { a", &[]),
        ] {
            check(&format!("{SCOPE} {clauses}"), want);
        }
    }

    #[test]
    fn a_condition_knows_its_place() {
        let statement = "permit (principal, action, resource)\nwhen\n{\n  a &&\n  b\n};";
        let offsets: Vec<usize> = conditions(statement).iter().map(|found| found.offset).collect();
        assert_eq!(offsets, [statement.find("a &&").unwrap(), statement.find("b\n").unwrap()]);
    }
}
