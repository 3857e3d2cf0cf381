//! How large and how deep a policy may be.
//!
//! Cedar recurses over a condition when it parses, evaluates and drops it. Natively it notices that the stack
//! ends; in a component it does not, and the instance dies with everybody's requests. So depth is bounded before
//! Cedar sees the text. A set or a record may be long, since its members are side by side; a chain such as
//! `a && b && c` is as deep as it has operators.

use crate::annotations::Complaint;
use crate::scan::tokens;

/// Refuses what is too large or too deep, with the offset of where it becomes so.
pub(crate) fn check(statement: &str) -> Result<(), (usize, Complaint)> {
    if statement.len() > LONGEST {
        let message = format!("this policy has {} bytes; {LONGEST} are the most", statement.len());
        return Err((0, Complaint::of_policy(&message, "split it into several policies")));
    }
    match too_deep(statement) {
        None => Ok(()),
        Some(offset) => {
            let message = format!(
                "this condition is nested too deeply: {DEEPEST} operators or {} brackets are the most",
                DEEPEST / BRACKET
            );
            Err((
                offset,
                Complaint::of_policy(&message, "split it into several policies, or compare with a set"),
            ))
        }
    }
}

/// What is known of a bracket that is still open, or of the whole statement.
#[derive(Clone, Copy, Debug, Default)]
struct Level {
    /// The operators of the item that is being read.
    operators: usize,
    /// How deep the deepest bracket in this item is.
    inner: usize,
    /// How deep the deepest item before it is.
    before: usize,
}

impl Level {
    fn depth(self) -> usize {
        self.before.max(self.operators + self.inner)
    }

    fn next_item(&mut self) {
        *self = Self { before: self.depth(), ..Self::default() };
    }
}

/// Where the depth of a statement goes beyond what is allowed. What is counted is never less than the depth.
fn too_deep(statement: &str) -> Option<usize> {
    let mut around = Vec::new();
    let mut level = Level::default();
    // Where an operator ended just now.
    let mut operator_end = 0;
    for token in tokens(statement) {
        match token.text {
            "(" | "[" | "{" => around.push(std::mem::take(&mut level)),
            ")" | "]" | "}" => {
                // One that closes nothing is for Cedar to complain about.
                let outer: Level = around.pop().unwrap_or_default();
                level = Level { inner: outer.inner.max(level.depth() + BRACKET), ..outer };
            }
            "," | ";" => level.next_item(),
            // The `=` of `<=`, the second `&` of `&&`; and what is no operator.
            "=" | "&" | "|" if token.offset == operator_end => {}
            ":" | "@" => {}
            text if is_operand(text) => {}
            operator => {
                level.operators += 1;
                operator_end = token.offset + operator.len();
            }
        }
        if level.depth().max(around.len() * BRACKET) > DEEPEST {
            return Some(token.offset);
        }
    }
    None
}

/// Names and literals. Keywords that are operators are not among them.
fn is_operand(text: &str) -> bool {
    let first = text.chars().next().unwrap_or(' ');
    let is_keyword = matches!(text, "else" | "has" | "if" | "in" | "is" | "like" | "then");
    (first == '"' || first == '_' || first.is_ascii_alphanumeric()) && !is_keyword
}

/// In bytes.
const LONGEST: usize = 64 * 1024;
/// An instance has a stack of 512 KiB, which ends at about 300 operators or 70 brackets.
const DEEPEST: usize = 150;
/// A bracket costs Cedar's parser more of the stack than an operator.
const BRACKET: usize = 4;
