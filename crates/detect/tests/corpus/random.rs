//! Numbers that look random and are the same in every run.

/// SplitMix64, from a seed.
#[derive(Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of the numbers from `first` to `last`.
    pub(crate) fn number(&mut self, first: u64, last: u64) -> u64 {
        first + self.next() % (last - first + 1)
    }

    pub(crate) fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.number(0, all.len() as u64 - 1)).unwrap()]
    }

    /// So many characters of an alphabet.
    pub(crate) fn text(&mut self, alphabet: &str, n: usize) -> String {
        let letters: Vec<char> = alphabet.chars().collect();
        (0..n).map(|_| self.one_of(&letters)).collect()
    }

    pub(crate) fn digits(&mut self, n: usize) -> String {
        self.text("0123456789", n)
    }

    pub(crate) fn capitals(&mut self, n: usize) -> String {
        self.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", n)
    }

    /// A day as year, month and day; every month has it.
    pub(crate) fn day(&mut self, first: u64, last: u64) -> (u64, u64, u64) {
        (self.number(first, last), self.number(1, 12), self.number(1, 28))
    }

    /// A day of birth in six digits.
    pub(crate) fn birth(&mut self) -> String {
        let (year, month, day) = self.day(1930, 2019);
        format!("{:02}{month:02}{day:02}", year % 100)
    }
}
