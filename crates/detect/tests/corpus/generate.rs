//! Builds values from the published formats. The checks are computed here once more, by other means than the detectors
//! use, so that a mistake in one of the two is seen.

pub(crate) mod americas;
pub(crate) mod asia;
pub(crate) mod europe;
pub(crate) mod everywhere;
pub(crate) mod north;
pub(crate) mod south;
pub(crate) mod states;

/// One value in each of its layouts.
pub(crate) type Layouts = Vec<String>;

/// The value of a digit or letter: letters go on from ten.
pub(crate) fn value(character: char) -> i64 {
    match character {
        '0'..='9' => i64::from(u32::from(character) - u32::from('0')),
        _ => i64::from(u32::from(character) - u32::from('A')) + 10,
    }
}

/// The sum of the characters' values, each times its weight.
pub(crate) fn sum(text: &str, weights: &[i64]) -> i64 {
    assert_eq!(text.chars().count(), weights.len(), "{text}");
    text.chars().zip(weights).map(|(character, weight)| value(character) * weight).sum()
}

/// The digit that makes a number pass a test.
pub(crate) fn digit_that(mut passes: impl FnMut(i64) -> bool) -> Option<i64> {
    (0..10).find(|digit| passes(*digit))
}

/// The first of many numbers that passes a test.
pub(crate) fn number_with(mut build: impl FnMut() -> String, passes: impl Fn(&str) -> bool) -> String {
    std::iter::repeat_with(&mut build).find(|number| passes(number)).unwrap()
}

/// The number with Luhn's digit behind it.
pub(crate) fn with_luhn(body: &str) -> String {
    let crossed = |digit: i64| digit * 2 / 10 + digit * 2 % 10;
    let sum = |number: &str| -> i64 {
        let reversed: Vec<i64> = number.chars().rev().map(value).collect();
        let plain: i64 = reversed.iter().step_by(2).sum();
        plain + reversed.iter().skip(1).step_by(2).map(|digit| crossed(*digit)).sum::<i64>()
    };
    let digit = digit_that(|digit| sum(&format!("{body}{digit}")) % 10 == 0).unwrap();
    format!("{body}{digit}")
}

/// The characters of a value in groups, with signs between them: `shape` has a `#` for each character.
pub(crate) fn laid_out(value: &str, shape: &str) -> String {
    let mut rest = value.chars();
    let text = shape.chars().map(|sign| if sign == '#' { rest.next().unwrap() } else { sign }).collect();
    assert_eq!(rest.next(), None, "{value} in {shape}");
    text
}

/// The value in each shape.
pub(crate) fn in_shapes(value: &str, shapes: &[&str]) -> Layouts {
    shapes.iter().map(|shape| laid_out(value, shape)).collect()
}
