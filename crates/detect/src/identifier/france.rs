//! France.

use super::{Compact, Identifier, Strength};
use crate::catalog;
use crate::topic::Topic;

pub(super) const IDENTIFIERS: &[Identifier] = &[
    Identifier {
        class: catalog::FR_NIR,
        forms: &["9~99~99~9X~999~999~99"],
        check: |number| is_nir(number) && is_usual(number),
        strength: Strength::Strong,
        topic: Topic::FrNir,
    },
    Identifier {
        class: catalog::FR_NIR,
        forms: &["9~99~99~9X~999~999~99"],
        check: is_nir,
        strength: Strength::Weak,
        topic: Topic::FrNir,
    },
];

/// Numbers of the national register (INSEE): sex, year, month, place, serial and a key modulo 97; the departments of
/// Corsica, 2A and 2B, count as 19 and 18.
fn is_nir(number: &Compact) -> bool {
    let (Some(before), Some(after), Some(key)) =
        (number.number(0..5), number.number(7..13), number.number(13..15))
    else {
        return false;
    };
    let department = match number.bytes().get(5..7) {
        Some(b"2A") => Some(19),
        Some(b"2B") => Some(18),
        Some(_) | None => number.number(5..7),
    };
    let is_sex = matches!(number.digits().next(), Some(1..=4 | 7 | 8));
    let is_month = matches!(number.number(3..5), Some(1..=12 | 20..=42 | 50..=99));
    let key_of = |department| 97 - (before * 100_000_000 + department * 1_000_000 + after) % 97;
    is_sex && is_month && department.map(key_of) == Some(key)
}

/// Whether sex and month are those of somebody whose papers are in order.
fn is_usual(number: &Compact) -> bool {
    matches!(number.digits().next(), Some(1 | 2))
        && matches!(number.number(3..5), Some(1..=12))
        && number.number(7..10) != Some(0)
        && number.number(10..13) != Some(0)
}
