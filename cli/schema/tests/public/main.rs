//! What the crate promises, through its public API only.
// Everything here is test code; the lints that make allowances for tests see it only by this attribute.

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod check;
#[cfg(test)]
mod deny;
