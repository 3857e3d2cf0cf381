//! The United States.

use super::{Compact, Identifier, Strength};
use crate::catalog;
use crate::topic::Topic;

pub(super) const IDENTIFIERS: &[Identifier] = &[Identifier {
    class: catalog::US_SSN,
    forms: &["999~99~9999"],
    check: is_ssn,
    strength: Strength::Weak,
    topic: Topic::UsSsn,
}];

/// Social security numbers: no part is all zeros, and the first is neither 666 nor above 899 (SSA, since 2011).
fn is_ssn(number: &Compact) -> bool {
    let part = |range| number.number(range).unwrap_or_default();
    let (area, group, serial) = (part(0..3), part(3..5), part(5..9));
    !matches!(area, 0 | 666 | 900..) && group != 0 && serial != 0
}
