//! How much of texts is looked at: counted in tests, which hold it to be in proportion to their length.

#[cfg(test)]
thread_local! {
    static STEPS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Counts so many bytes, or items, that are looked at.
#[cfg(test)]
pub(crate) fn add(n: usize) {
    STEPS.set(STEPS.get() + n);
}

/// Counts nothing.
#[cfg(not(test))]
pub(crate) const fn add(_: usize) {}

/// How many were counted on this thread.
#[cfg(test)]
pub(crate) fn steps() -> usize {
    STEPS.get()
}
