//! Texts of a pattern: literals, sets of characters, and how often.

use crate::random::Random;

/// Builds a text that a pattern describes. `[a-z]{2,4}` is two to four letters, `\.` a dot, anything else itself.
pub(crate) fn text_of(pattern: &str, random: &mut Random) -> String {
    let mut signs = pattern.chars().peekable();
    let mut text = String::new();
    while let Some(sign) = signs.next() {
        let set = match sign {
            '[' => set(&mut signs),
            '\\' => vec![signs.next().unwrap()],
            sign => vec![sign],
        };
        let (least, most) = if signs.next_if_eq(&'{').is_some() { counts(&mut signs) } else { (1, 1) };
        let n = random.number(least, most);
        text.extend((0..n).map(|_| random.one_of(&set)));
    }
    text
}

type Signs<'p> = std::iter::Peekable<std::str::Chars<'p>>;

/// The characters of a set, up to its `]`.
fn set(signs: &mut Signs<'_>) -> Vec<char> {
    let mut set = Vec::new();
    loop {
        match signs.next().unwrap() {
            ']' => return set,
            '\\' => set.extend(signs.next()),
            '-' if !set.is_empty() => {
                let last = signs.next().filter(|last| *last != '\\').or_else(|| signs.next()).unwrap();
                set.extend(*set.last().unwrap()..=last);
            }
            sign => set.push(sign),
        }
    }
}

/// How often, up to the `}`.
fn counts(signs: &mut Signs<'_>) -> (u64, u64) {
    let counts: String = signs.take_while(|sign| *sign != '}').collect();
    let (least, most) = counts.split_once(',').unwrap_or((&counts, &counts));
    (least.parse().unwrap(), most.parse().unwrap())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_describe_texts() {
        let mut random = Random(1);
        for (pattern, n) in [("ab\\.[0-9]{3}", 6), ("[\\-+_a-cx]{40}", 40), ("x{2}-[A-Fa-f]{4,4}", 7)] {
            assert_eq!(text_of(pattern, &mut random).len(), n, "{pattern}");
        }
        for _ in 0..50 {
            let text = text_of("k_[0-9a-f]{2,4}", &mut random);
            assert!((4..=6).contains(&text.len()) && text.starts_with("k_"), "{text}");
            assert!(text.bytes().skip(2).all(|byte| byte.is_ascii_hexdigit()), "{text}");
        }
        assert!(text_of("[a\\]\\\\]{30}", &mut random).chars().all(|sign| "a]\\".contains(sign)));
    }
}
