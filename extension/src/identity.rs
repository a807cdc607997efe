//! What a person types as identifier, and exactly what would be written into the page.
//!
//! An RPPS of eleven digits gets its type digit `8` in front, which is what the login page expects and what people forget.
//! Any other national identifier is written as it was typed. Used by the popup for the preview and by the background before
//! it writes, so that both agree.

use verifier_core::ids::{KeyCheck, NationalId, Rpps};

/// Longest text that is read at all; the longest national identifier is far below.
const INPUT_BYTES: usize = 128;

/// An identifier that can be written.
#[derive(Debug, Clone)]
pub struct Identity(NationalId);

/// Why a text is no identifier that can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadIdentityError {
    /// Nothing was typed.
    Empty,
    /// Not yet complete: fewer digits than an RPPS has.
    Short,
    /// Something else is wrong; the core's code says what.
    Form(&'static str),
}

impl ReadIdentityError {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "ID-EMPTY",
            Self::Short => "ID-LENGTH",
            Self::Form(code) => code,
        }
    }
}

impl Identity {
    /// Reads what was typed.
    ///
    /// # Errors
    /// [`ReadIdentityError`] with the code of the core's rule.
    pub fn parse(text: &str) -> Result<Self, ReadIdentityError> {
        if text.trim().is_empty() {
            return Err(ReadIdentityError::Empty);
        }
        if text.len() > INPUT_BYTES {
            return Err(ReadIdentityError::Form("ID-TOO-LONG"));
        }
        if let Ok(rpps) = Rpps::parse(text) {
            return Ok(Self(rpps.national_id()));
        }
        match NationalId::parse(text) {
            Ok(id) => Ok(Self(id)),
            Err(_) if text.chars().filter(char::is_ascii_digit).count() < 11 && text.chars().all(is_digit_or_space) => {
                Err(ReadIdentityError::Short)
            }
            Err(error) => Err(ReadIdentityError::Form(error.code())),
        }
    }

    /// Exactly what is written. Discloses.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.canonical()
    }

    /// What the check digit says.
    #[must_use]
    pub fn key(&self) -> KeyCheck {
        self.0.key()
    }
}

fn is_digit_or_space(c: char) -> bool {
    c.is_ascii_digit() || c.is_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Result<(&str, KeyCheck), &str>) {
        let read = Identity::parse(text);
        let seen = read.as_ref().map(|id| (id.text(), id.key())).map_err(|error| error.code());
        assert_eq!(seen, expect, "{text}");
    }

    #[test]
    fn what_is_written() {
        check("99700427869", Ok(("899700427869", KeyCheck::Valid)));
        check("899700427869", Ok(("899700427869", KeyCheck::Valid)));
        check(" 99700 427 869 ", Ok(("899700427869", KeyCheck::Valid)));
        check("10003111463", Ok(("810003111463", Rpps::parse("10003111463").unwrap().key())));
        check("99700427860", Ok(("899700427860", KeyCheck::Mismatch)));
        check("ANS20231122132732", Ok(("ANS20231122132732", KeyCheck::None)));
        check("", Err("ID-EMPTY"));
        check("8997", Err("ID-LENGTH"));
    }
}
