//! What several stored forms hold.

use std::str::FromStr;

use crate::protocol::Unusable;

pub(super) fn parsed<T: FromStr>(text: &str, field: &'static str) -> Result<T, Unusable> {
    text.parse().map_err(|_| invalid(field))
}

pub(super) fn invalid(field: &'static str) -> Unusable {
    Unusable::Malformed(format!("`{field}` is not one that this release knows"))
}
