//! Three of the five secrets that people confuse: the code in the SMS, the code on the phone's screen, and the PIN. Each is a
//! type of its own, so that one cannot be compared with another by accident.
//!
//! `Debug` shows none of them, equality takes the same time for every wrong guess, and none has a `Display`.

use core::fmt;

use super::draw::{self, DrawError};

/// Defines one secret of decimal digits.
macro_rules! digit_secret {
    ($(#[$doc:meta])* $name:ident, $length:literal) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name([u8; $length]);

        impl $name {
            /// How many digits it has.
            pub const LENGTH: usize = $length;

            /// Reads what a person typed. Spaces are dropped, as phones insert them; nothing else is forgiven.
            ///
            /// # Errors
            /// [`ParseCodeError`] unless the rest is exactly [`Self::LENGTH`] ASCII digits.
            pub fn parse(text: &str) -> Result<Self, ParseCodeError> {
                read(text).map(Self)
            }

            /// The digits. Discloses: for the one surface that the person reads.
            #[must_use]
            pub fn digits(&self) -> &str {
                core::str::from_utf8(&self.0).unwrap_or_default()
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                is_same(&self.0, &other.0)
            }
        }

        impl Eq for $name {}

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(redacted)"))
            }
        }
    };
}

digit_secret!(
    /// The code that comes by SMS when the e-CPS is activated by contacts: six digits (SMURT@B guide).
    SmsCode,
    6
);

digit_secret!(
    /// The code that the phone shows and the person types on the desktop when the e-CPS is activated by card. Its length is not
    /// published; six is ours.
    PhoneCode,
    6
);

digit_secret!(
    /// The PIN of the e-CPS, chosen by the person at activation and typed on the phone only: four digits (both guides).
    Pin,
    4
);

impl SmsCode {
    /// Draws a code, every one equally likely.
    ///
    /// # Errors
    /// [`DrawError`] when the random source fails.
    pub fn make(random: &mut impl Iterator<Item = u8>) -> Result<Self, DrawError> {
        made(random).map(Self)
    }
}

impl PhoneCode {
    /// Draws a code, every one equally likely.
    ///
    /// # Errors
    /// [`DrawError`] when the random source fails.
    pub fn make(random: &mut impl Iterator<Item = u8>) -> Result<Self, DrawError> {
        made(random).map(Self)
    }
}

fn made<const LENGTH: usize>(random: &mut impl Iterator<Item = u8>) -> Result<[u8; LENGTH], DrawError> {
    let length = u32::try_from(LENGTH).map_err(|_| DrawError::EmptyRange)?;
    let text = draw::digits(length, random)?;
    text.as_bytes().try_into().map_err(|_| DrawError::EmptyRange)
}

fn read<const LENGTH: usize>(text: &str) -> Result<[u8; LENGTH], ParseCodeError> {
    let mut digits = [0_u8; LENGTH];
    let mut found = 0;
    for character in text.chars().filter(|c| !matches!(c, ' ' | '\u{A0}' | '\u{202F}')) {
        if !character.is_ascii_digit() {
            return Err(ParseCodeError::NotDigits);
        }
        if let (Some(place), Ok(digit)) = (digits.get_mut(found), u8::try_from(character)) {
            *place = digit;
        }
        found += 1;
    }
    if found == LENGTH { Ok(digits) } else { Err(ParseCodeError::Length { expected: LENGTH, found }) }
}

/// Looks at every byte whatever the first ones say.
pub(super) fn is_same<const LENGTH: usize>(a: &[u8; LENGTH], b: &[u8; LENGTH]) -> bool {
    a.iter().zip(b).fold(0, |differences, (x, y)| differences | (x ^ y)) == 0
}

/// Why a text is not such a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParseCodeError {
    /// The wrong number of digits.
    Length {
        /// How many it has.
        expected: usize,
        /// How many were typed.
        found: usize,
    },
    /// Something other than the digits 0 to 9.
    NotDigits,
}

impl ParseCodeError {
    /// The stable code, see `code::TABLE`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Length { .. } => "ACT-CODE-LENGTH",
            Self::NotDigits => "ACT-CODE-DIGITS",
        }
    }

    /// What the person does next.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Length { .. } => "count the digits: the SMS code has six, the PIN four",
            Self::NotDigits => "type the digits only",
        }
    }
}

impl fmt::Display for ParseCodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { expected, found } => write!(f, "expected {expected} digits, found {found}"),
            Self::NotDigits => f.write_str("the code is made of the digits 0 to 9"),
        }
    }
}

impl core::error::Error for ParseCodeError {}
