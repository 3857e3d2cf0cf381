//! Numbers as people write them: groups of digits with signs between them.

/// The most digits that a number has: fifteen (ITU-T E.164), and zeros before it.
const MOST_DIGITS: usize = 18;
/// The most groups.
const MOST_GROUPS: usize = 8;

/// Groups of digits that stand together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    digits: [u8; MOST_DIGITS],
    n_digits: usize,
    groups: [Group; MOST_GROUPS],
    n_groups: usize,
    /// Which of the digits is the zero of `(0)`.
    pub(super) trunk: Option<usize>,
    /// Whether nothing but dots stands between the groups.
    pub(super) is_dotted: bool,
}

/// Where a group of digits ends.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Group {
    /// How many digits there are up to here.
    pub(super) n: usize,
    /// One past the last byte.
    pub(super) end: usize,
}

impl Written {
    /// Reads groups from the digit at `start` on, as many as can be one number. A run of digits that is too long is no
    /// group.
    pub(super) fn read(bytes: &[u8], start: usize) -> Self {
        let mut written = Self {
            digits: [0; MOST_DIGITS],
            n_digits: 0,
            groups: [Group::default(); MOST_GROUPS],
            n_groups: 0,
            trunk: None,
            is_dotted: true,
        };
        let mut position = Some(start);
        while let Some(start) = position {
            position = written.group(bytes, start);
        }
        written
    }

    /// Reads one group, and returns where the next one starts.
    fn group(&mut self, bytes: &[u8], start: usize) -> Option<usize> {
        let before = self.n_digits;
        let mut end = start;
        while let Some(digit) = bytes.get(end).filter(|byte| byte.is_ascii_digit()) {
            let Some(place) = self.digits.get_mut(self.n_digits) else {
                self.n_digits = before;
                return None;
            };
            *place = *digit;
            self.n_digits += 1;
            end += 1;
        }
        if start > 0 && bytes.get(start - 1..=end) == Some(b"(0)") {
            self.trunk = Some(before);
        }
        *self.groups.get_mut(self.n_groups)? = Group { n: self.n_digits, end };
        self.n_groups += 1;
        let rest = bytes.get(end..)?;
        let n = rest.iter().take(3).take_while(|byte| b" -./()".contains(byte)).count();
        let is_joined = (1..=2).contains(&n) && rest.get(n).is_some_and(u8::is_ascii_digit);
        self.is_dotted &= !is_joined || rest.first() == Some(&b'.');
        is_joined.then_some(end + n)
    }

    pub(super) fn groups(&self) -> &[Group] {
        self.groups.get(..self.n_groups).unwrap_or_default()
    }

    /// How many digits each group has, up to one of them.
    pub(super) fn lengths(&self, last: Group) -> impl Iterator<Item = usize> + Clone + '_ {
        let groups = self.groups().iter().take_while(move |group| group.n <= last.n);
        groups.scan(0, |before, group| Some(group.n - std::mem::replace(before, group.n)))
    }

    /// Whether groups as long as the last one follow it: a card, or a list.
    pub(super) fn is_list(&self, last: Group) -> bool {
        let n_before =
            self.groups().iter().map(|group| group.n).take_while(|n| *n < last.n).last().unwrap_or(0);
        let next = self.groups().iter().map(|group| group.n).find(|n| *n > last.n);
        next.is_some_and(|next| next - last.n == last.n - n_before)
    }

    /// The digits up to the end of a group.
    pub(super) fn digits(&self, last: Group) -> &[u8] {
        self.digits.get(..last.n).unwrap_or_default()
    }

    /// The groups at whose end the number may end, the longest number first.
    pub(super) fn ends<'w>(&'w self, bytes: &'w [u8]) -> impl Iterator<Item = Group> + 'w {
        self.groups().iter().rev().copied().filter(|group| !goes_on(bytes, group.end))
    }
}

/// Whether what ends at `end` is a part of something longer.
fn goes_on(bytes: &[u8], end: usize) -> bool {
    match bytes.get(end..).unwrap_or_default() {
        // An extension.
        [b'x' | b'X', next, ..] => !next.is_ascii_digit(),
        [b'_' | b'%', ..] => true,
        [b'-' | b'.' | b'/' | b':', next, ..] => next.is_ascii_alphanumeric(),
        [next, ..] => next.is_ascii_alphanumeric(),
        [] => false,
    }
}

/// Where an extension ends that follows a number: `x12`, `ext. 12`, `extension 12`.
pub(super) fn with_extension(bytes: &[u8], end: usize) -> usize {
    let rest = bytes.get(end..).unwrap_or_default();
    let after_blank = rest.strip_prefix(b", ").or(rest.strip_prefix(b" ")).unwrap_or(rest);
    let words: [&[u8]; 5] = [b"extension ", b"ext. ", b"ext.", b"ext ", b"x"];
    let Some(digits) = words.iter().find_map(|word| after_blank.strip_prefix(*word)) else { return end };
    let n = digits.iter().take(8).take_while(|byte| byte.is_ascii_digit()).count();
    let is_one = (1..=6).contains(&n) && !digits.get(n).is_some_and(u8::is_ascii_alphanumeric);
    if is_one { end + rest.len() - digits.len() + n } else { end }
}
