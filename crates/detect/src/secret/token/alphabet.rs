//! What tokens are made of.

/// The characters of a part of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alphabet {
    /// Letters and digits.
    Alphanumeric,
    /// Digits, and `a` to `f` in either case.
    AnyHex,
    /// Letters, digits, `-`, `.`, `_` and `~`.
    Azure,
    /// Capitals and `2` to `7`, RFC 4648 section 6.
    Base32,
    /// Letters, digits, `+` and `/`, RFC 4648 section 4.
    Base64,
    /// Letters, digits, `-` and `_`, RFC 4648 section 5.
    Base64Url,
    /// Digits.
    Digit,
    /// Letters, digits, `-`, `.` and `_`.
    Dotted,
    /// Digits and `a` to `f`.
    Hex,
    /// Small letters and digits.
    LowerAlphanumeric,
    /// Capitals and digits.
    Upper,
    /// Letters, digits, and `%` for what a URL has no place for.
    UrlEncoded,
    /// Letters, digits and `_`.
    Word,
}

impl Alphabet {
    pub(crate) fn holds(self, byte: u8) -> bool {
        match self {
            Self::Alphanumeric => byte.is_ascii_alphanumeric(),
            Self::AnyHex => byte.is_ascii_hexdigit(),
            Self::Azure => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~'),
            Self::Base32 => matches!(byte, b'A'..=b'Z' | b'2'..=b'7'),
            Self::Base64 => byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'),
            Self::Base64Url => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'),
            Self::Digit => byte.is_ascii_digit(),
            Self::Dotted => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'),
            Self::Hex => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
            Self::LowerAlphanumeric => byte.is_ascii_lowercase() || byte.is_ascii_digit(),
            Self::Upper => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Self::UrlEncoded => byte.is_ascii_alphanumeric() || byte == b'%',
            Self::Word => byte.is_ascii_alphanumeric() || byte == b'_',
        }
    }

    /// Whether it has letters of both cases, so that a long text without one of them is not of it.
    pub(crate) fn is_mixed(self) -> bool {
        match self {
            Self::Alphanumeric
            | Self::Azure
            | Self::Base64
            | Self::Base64Url
            | Self::Dotted
            | Self::UrlEncoded
            | Self::Word => true,
            Self::AnyHex | Self::Base32 | Self::Digit | Self::Hex | Self::LowerAlphanumeric | Self::Upper => {
                false
            }
        }
    }

    /// Whether all of it can stand in a word: letters, digits, `+`, `-`, `.`, `/` and `_`.
    pub(crate) fn is_of_words(self) -> bool {
        match self {
            Self::Alphanumeric
            | Self::AnyHex
            | Self::Base32
            | Self::Base64
            | Self::Base64Url
            | Self::Digit
            | Self::Dotted
            | Self::Hex
            | Self::LowerAlphanumeric
            | Self::Upper
            | Self::Word => true,
            // `~` and `%`.
            Self::Azure | Self::UrlEncoded => false,
        }
    }

    /// Whether it is one of base64, which `=` fills up.
    pub(crate) fn is_base64(self) -> bool {
        matches!(self, Self::Base64 | Self::Base64Url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::words::is_word;

    #[test]
    fn what_is_of_words_holds_nothing_else() {
        use Alphabet::*;
        for alphabet in [
            Alphanumeric,
            AnyHex,
            Azure,
            Base32,
            Base64,
            Base64Url,
            Digit,
            Dotted,
            Hex,
            LowerAlphanumeric,
            Upper,
            UrlEncoded,
            Word,
        ] {
            let is_of_words = (0..=u8::MAX).all(|byte| !alphabet.holds(byte) || is_word(byte));
            assert_eq!(alphabet.is_of_words(), is_of_words, "{alphabet:?}");
        }
    }
}
