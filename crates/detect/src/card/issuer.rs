//! Which numbers each card network issues: leading digits and lengths.
//!
//! The table holds the networks' published ranges, also retired ones of which cards are still in test data and in
//! old records. Wider guesses (all of Maestro's `50` and `56` to `69`) are left out: they would find order numbers.

/// Numbers of one network that start alike.
struct Range {
    /// The lowest and highest leading digits, of equally many digits.
    prefixes: (u32, u32),
    /// How many leading digits are compared, 1 to 6.
    width: usize,
    /// The lengths issued.
    lengths: &'static [usize],
}

/// Whether a known network issues numbers that start like `digits` and are as long.
pub(super) fn issues(digits: &[u8]) -> bool {
    RANGES.iter().any(|range| {
        let prefix = digits.iter().take(range.width).fold(0, |number, digit| number * 10 + u32::from(*digit));
        let (lowest, highest) = range.prefixes;
        (lowest..=highest).contains(&prefix) && range.lengths.contains(&digits.len())
    })
}

const fn range(lowest: u32, highest: u32, lengths: &'static [usize]) -> Range {
    Range { prefixes: (lowest, highest), width: lowest.ilog10() as usize + 1, lengths }
}

const FROM_16: &[usize] = &[16, 17, 18, 19];
const DINERS: &[usize] = &[14, 16, 17, 18, 19];
const MAESTRO: &[usize] = &[12, 13, 14, 15, 16, 17, 18, 19];

const RANGES: [Range; 30] = [
    // Visa
    range(4, 4, &[13, 16, 19]),
    // Mastercard
    range(51, 55, &[16]),
    range(2221, 2720, &[16]),
    // American Express
    range(34, 34, &[15]),
    range(37, 37, &[15]),
    // Discover
    range(6011, 6011, FROM_16),
    range(644, 649, FROM_16),
    range(65, 65, FROM_16),
    // JCB; the last two are retired and have 15 digits
    range(3528, 3589, FROM_16),
    range(1800, 1800, &[15]),
    range(2131, 2131, &[15]),
    // Diners Club
    range(300, 305, DINERS),
    range(3095, 3095, DINERS),
    range(36, 36, DINERS),
    range(38, 39, DINERS),
    // UnionPay
    range(62, 62, FROM_16),
    range(81, 81, FROM_16),
    // Maestro
    range(5018, 5018, MAESTRO),
    range(5020, 5020, MAESTRO),
    range(5038, 5038, MAESTRO),
    range(5612, 5612, MAESTRO),
    range(5893, 5893, MAESTRO),
    range(6304, 6304, MAESTRO),
    range(6390, 6390, MAESTRO),
    range(6703, 6703, MAESTRO),
    range(6708, 6708, MAESTRO),
    range(6759, 6759, MAESTRO),
    range(6761, 6763, MAESTRO),
    range(6771, 6771, MAESTRO),
    range(6799, 6799, MAESTRO),
];
