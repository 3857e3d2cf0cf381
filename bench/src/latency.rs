//! Latencies of one measurement, in microseconds.

/// The smallest value that at least `per_mille` of a thousand `sorted` values do not exceed (nearest rank).
/// Nothing for no values.
pub(crate) fn quantile(sorted: &[u32], per_mille: u16) -> Option<u32> {
    let rank = sorted.len().saturating_mul(usize::from(per_mille.min(1000))).div_ceil(1000);
    sorted.get(rank.max(1) - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_of_the_nearest_rank() {
        let hundred: Vec<u32> = (1..=100).collect();
        for (values, per_mille, want) in [
            (&[][..], 500, None),
            (&[7][..], 0, Some(7)),
            (&[7][..], 999, Some(7)),
            (&[1, 2][..], 500, Some(1)),
            (&[1, 2][..], 501, Some(2)),
            (&[1, 2, 3][..], 500, Some(2)),
            (&hundred[..], 500, Some(50)),
            (&hundred[..], 990, Some(99)),
            (&hundred[..], 999, Some(100)),
            (&hundred[..], 1000, Some(100)),
            (&hundred[..], 9000, Some(100)),
        ] {
            assert_eq!(quantile(values, per_mille), want, "{per_mille} ‰ of {} values", values.len());
        }
    }
}
