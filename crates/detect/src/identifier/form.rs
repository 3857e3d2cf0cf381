//! How identifiers are written.

/// The form of an identifier: `9` is a digit, `A` a letter, `X` either, `~` a sign that may be left out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form(&'static str);

/// The letters, in upper case, and digits of an identifier, without what stands between them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Compact {
    bytes: [u8; Self::LONGEST],
    n: usize,
}

impl Compact {
    /// How many there can be.
    const LONGEST: usize = 32;

    fn push(&mut self, byte: u8) -> Option<()> {
        *self.bytes.get_mut(self.n)? = byte.to_ascii_uppercase();
        self.n += 1;
        Some(())
    }

    /// All of them.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.n).unwrap_or_default()
    }

    /// All of them, as text.
    pub(crate) fn as_str(&self) -> &str {
        str::from_utf8(self.bytes()).unwrap_or_default()
    }

    /// The values of the digits; a letter has none, and is left out.
    pub(crate) fn digits(&self) -> impl DoubleEndedIterator<Item = u32> + Clone + '_ {
        self.bytes().iter().filter_map(|byte| char::from(*byte).to_digit(10))
    }

    /// The number that the bytes of a range are, if they are all digits.
    pub(crate) fn number(&self, range: std::ops::Range<usize>) -> Option<u64> {
        self.as_str().get(range)?.parse().ok()
    }
}

impl Form {
    pub(crate) const fn new(form: &'static str) -> Self {
        Self(form)
    }

    /// With how many letters it starts.
    pub(crate) fn n_letters(self) -> usize {
        self.0.bytes().take_while(|byte| *byte == b'A').count()
    }

    /// How many digits may follow the first letters before anything else does.
    pub(crate) fn first_runs(self) -> Vec<usize> {
        let mut runs = Vec::new();
        let mut n_digits = 0;
        let mut rest = self.0.bytes().skip(self.n_letters()).peekable();
        // A sign between the letters and the digits.
        rest.next_if(|byte| !matches!(byte, b'9' | b'X'));
        for byte in rest {
            match byte {
                b'9' => n_digits += 1,
                // A digit here goes on with the run, a letter ends it.
                b'X' => {
                    runs.push(n_digits);
                    n_digits += 1;
                }
                b'~' => runs.push(n_digits),
                _ => {
                    runs.push(n_digits);
                    return unique(runs);
                }
            }
        }
        runs.push(n_digits);
        unique(runs)
    }

    /// Where what is written so at `start` ends, and its letters and digits.
    pub(crate) fn read(self, bytes: &[u8], start: usize) -> Option<(usize, Compact)> {
        let mut compact = Compact { bytes: [0; Compact::LONGEST], n: 0 };
        let mut rest = bytes.get(start..)?.iter().copied().peekable();
        let mut end = start;
        for wanted in self.0.bytes() {
            let next = rest.next_if(|byte| match wanted {
                b'~' => matches!(byte, b' ' | b'-' | b'.' | b'/'),
                b'9' => byte.is_ascii_digit(),
                b'A' => byte.is_ascii_alphabetic(),
                b'X' => byte.is_ascii_alphanumeric(),
                sign => *byte == sign,
            });
            match next {
                Some(byte) if byte.is_ascii_alphanumeric() => compact.push(byte)?,
                Some(_) => {}
                None if wanted == b'~' => {}
                None => return None,
            }
            end += usize::from(next.is_some());
        }
        Some((end, compact))
    }
}

fn unique(mut runs: Vec<usize>) -> Vec<usize> {
    runs.sort_unstable();
    runs.dedup();
    runs
}
