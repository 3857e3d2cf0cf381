//! What the crate promises, through its public API only.
// Everything here is test code; the lints that make allowances for tests see it only by this attribute.

#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod bundles;
#[cfg(test)]
mod candidates;
#[cfg(test)]
mod decisions;
#[cfg(test)]
mod deny;
#[cfg(test)]
mod doubts;
#[cfg(test)]
mod envelopes;
#[cfg(test)]
mod generated;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod listings;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod problems;
#[cfg(test)]
mod starter;
#[cfg(test)]
mod support;
#[cfg(test)]
mod typed;
#[cfg(test)]
mod usage;
