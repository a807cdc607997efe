//! The number that is shown on the desktop and picked on the phone: exactly two ASCII digits, leading zero kept.
//!
//! The operator's published client code draws it from 00 to 99. It is short-lived and worth hiding: `Debug` does not show
//! it, and it never stands in a message.

use core::fmt;

/// Exactly two ASCII digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct MatchNumber([u8; 2]);

impl MatchNumber {
    /// Reads a number. Nothing is trimmed and no other script is converted: the text comes from a page that an attacker
    /// may have written.
    ///
    /// # Errors
    /// [`ParseMatchNumberError`] unless the text is two ASCII digits and nothing else.
    pub fn parse(text: &str) -> Result<Self, ParseMatchNumberError> {
        match text.as_bytes() {
            [first @ b'0'..=b'9', second @ b'0'..=b'9'] => Ok(Self([*first, *second])),
            bytes if bytes.len() == 2 => Err(ParseMatchNumberError::NotDigits),
            _ if text.chars().count() == 2 && text.chars().all(char::is_numeric) => {
                Err(ParseMatchNumberError::ForeignDigit)
            }
            _ => Err(ParseMatchNumberError::Length),
        }
    }

    /// The two digits. Discloses: for the badge and the popup, never for a log.
    #[must_use]
    pub fn digits(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for MatchNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MatchNumber(redacted)")
    }
}

/// Why a text is not a matching number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParseMatchNumberError {
    /// Not two characters.
    Length,
    /// Two characters, not both digits.
    NotDigits,
    /// Digits of another script.
    ForeignDigit,
}

impl ParseMatchNumberError {
    /// The stable code, see `code::TABLE`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Length => "LOG-LENGTH",
            Self::NotDigits => "LOG-DIGITS",
            Self::ForeignDigit => "LOG-FOREIGN-DIGIT",
        }
    }

    /// What the person does next.
    #[must_use]
    pub fn help(&self) -> &'static str {
        "read the number on the page itself"
    }
}

impl fmt::Display for ParseMatchNumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "a matching number has exactly two characters",
            Self::NotDigits => "a matching number is made of the digits 0 to 9",
            Self::ForeignDigit => "the digits are of another script",
        })
    }
}

impl core::error::Error for ParseMatchNumberError {}
