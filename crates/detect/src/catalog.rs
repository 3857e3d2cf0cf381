//! Every class that a built-in detector finds.

use crate::class::Class;

/// Declares a constant for each class and the list of all, which must be in the order of the names.
macro_rules! classes {
    ($($(#[$doc:meta])* $constant:ident = $name:literal;)*) => {
        $($(#[$doc])* pub(crate) const $constant: Class = Class::new($name);)*

        /// All of them, in order.
        pub(crate) const ALL: &[Class] = &[$($constant),*];
    };
}

/// The kinds of classes that are no values that somebody may not see.
pub(crate) const NOT_SENSITIVE: &[&str] = &["network", "path", "prompt", "shell", "sql", "unicode"];

/// A token of any service.
pub(crate) const TOKEN: Class = Class::new("secret.token");

classes! {
    /// A payment card number, ISO/IEC 7812.
    CARD = "pii.card";
    /// An electronic mail address, RFC 5321 in the form people use.
    EMAIL = "pii.email";
    /// An international bank account number, ISO 13616.
    IBAN = "pii.iban";
    /// A social security number of the United States.
    US_SSN = "pii.us_ssn";
    /// Text that tries to steer the model that reads it.
    PROMPT_INJECTION = "prompt.injection";
    /// A token of GitHub.
    TOKEN_GITHUB = "secret.token.github";
    /// Characters that nobody sees and that carry data, or change the order in which a text is read.
    UNICODE_INVISIBLE = "unicode.invisible";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_order_and_names_nothing_twice() {
        assert!(ALL.is_sorted_by(|left, right| left < right), "{ALL:?}");
    }

    #[test]
    fn every_name_is_one_that_policies_can_name() {
        for class in ALL {
            let is_word = |word: &str| {
                !word.is_empty()
                    && word
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
            };
            assert!(class.as_str().split('.').all(is_word) && class.as_str().contains('.'), "{class}");
        }
    }
}
