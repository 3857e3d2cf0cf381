//! What gives access: tokens of services, keys, passwords.

mod token;

use crate::context::Text;
use crate::finding::Finding;

/// Looks at the long word that starts at `start`: letters, digits, `+`, `-`, `.`, `/` and `_`.
pub(crate) fn look_at_word(text: &Text<'_, '_>, start: usize, hits: &mut Vec<Finding>) {
    token::look(text, start, hits);
}
