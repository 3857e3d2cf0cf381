//! Sets of policies, which are known by their numbers in a bundle.

/// A set of small numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Numbers {
    words: Vec<u64>,
}

impl Numbers {
    pub(crate) fn insert(&mut self, number: usize) {
        let index = number / BITS;
        if index >= self.words.len() {
            self.words.resize(index + 1, 0);
        }
        if let Some(word) = self.words.get_mut(index) {
            *word |= 1 << (number % BITS);
        }
    }

    pub(crate) fn and(mut self, other: &Self) -> Self {
        self.words.truncate(other.words.len());
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= other);
        self
    }

    pub(crate) fn or(mut self, other: &Self) -> Self {
        self.words.resize(self.words.len().max(other.words.len()), 0);
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word |= other);
        self
    }

    pub(crate) fn without(mut self, other: &Self) -> Self {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= !other);
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// In ascending order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> {
        self.words.iter().enumerate().flat_map(|(index, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let lowest = usize::try_from(rest.trailing_zeros()).ok().filter(|_| rest != 0)?;
                rest &= rest - 1;
                Some(index * BITS + lowest)
            })
        })
    }
}

impl FromIterator<usize> for Numbers {
    fn from_iter<I: IntoIterator<Item = usize>>(numbers: I) -> Self {
        let mut set = Self::default();
        numbers.into_iter().for_each(|number| set.insert(number));
        set
    }
}

impl Extend<usize> for Numbers {
    fn extend<I: IntoIterator<Item = usize>>(&mut self, numbers: I) {
        numbers.into_iter().for_each(|number| self.insert(number));
    }
}

const BITS: usize = 64;

#[cfg(test)]
mod tests {
    use super::Numbers;

    #[test]
    fn sets_are_sets() {
        let set = |numbers: &[usize]| numbers.iter().copied().collect::<Numbers>();
        let list = |set: &Numbers| set.iter().collect::<Vec<_>>();
        let (a, b) = (set(&[0, 63, 64, 200]), set(&[63, 64, 65]));
        assert_eq!(list(&a), [0, 63, 64, 200]);
        assert_eq!(list(&a.clone().and(&b)), [63, 64]);
        assert_eq!(list(&b.clone().and(&a)), [63, 64]);
        assert_eq!(list(&a.clone().without(&b)), [0, 200]);
        assert_eq!(list(&b.clone().without(&a)), [65]);
        assert_eq!(list(&a.clone().or(&b)), [0, 63, 64, 65, 200]);
        assert_eq!(list(&b.clone().or(&a)), [0, 63, 64, 65, 200]);
        assert!(set(&[]).is_empty() && a.clone().without(&a).is_empty() && !a.is_empty());
    }
}
