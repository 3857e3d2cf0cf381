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
    /// An address of version 4 or 6 of the Internet Protocol, RFC 791 and RFC 4291.
    IP = "network.ip";
    /// An address of a network's interface, EUI-48 or EUI-64.
    MAC = "network.mac";
    /// A date of birth.
    BIRTH_DATE = "pii.birth_date";
    /// A payment card number, ISO/IEC 7812.
    CARD = "pii.card";
    /// An address of a crypto currency.
    CRYPTO_ADDRESS = "pii.crypto_address";
    /// An electronic mail address, RFC 5321 in the form people use.
    EMAIL = "pii.email";
    /// An international bank account number, ISO 13616.
    IBAN = "pii.iban";
    /// A telephone number, ITU-T E.164.
    PHONE = "pii.phone";
    /// A social security number of the United States.
    US_SSN = "pii.us_ssn";
    /// A vehicle identification number, ISO 3779.
    VEHICLE = "pii.vehicle";
    /// A token of GitHub.
    TOKEN_GITHUB = "secret.token.github";
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
