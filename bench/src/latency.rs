//! Latencies of one measurement, in microseconds.

/// The smallest value that at least `percent` of all `sorted` values do not exceed (nearest rank). Nothing for
/// no values.
pub(crate) fn percentile(sorted: &[u32], percent: u32) -> Option<u32> {
    let rank = sorted.len().saturating_mul(percent.min(100) as usize).div_ceil(100);
    sorted.get(rank.max(1) - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_of_the_nearest_rank() {
        let hundred: Vec<u32> = (1..=100).collect();
        for (values, percent, want) in [
            (&[][..], 50, None),
            (&[7][..], 0, Some(7)),
            (&[7][..], 99, Some(7)),
            (&[1, 2][..], 50, Some(1)),
            (&[1, 2][..], 51, Some(2)),
            (&[1, 2, 3][..], 50, Some(2)),
            (&hundred[..], 50, Some(50)),
            (&hundred[..], 99, Some(99)),
            (&hundred[..], 100, Some(100)),
            (&hundred[..], 900, Some(100)),
        ] {
            assert_eq!(percentile(values, percent), want, "{percent} % of {} values", values.len());
        }
    }
}
