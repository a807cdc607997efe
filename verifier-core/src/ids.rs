//! Identifiers of persons, practices and establishments, as they are typed at a Pro Santé Connect login or printed in a
//! claim: RPPS, ADELI, FINESS, SIREN, SIRET, the national person identifier that wraps them, EDIT and PSI identities,
//! and the NIR with the traits that make it an INS.
//!
//! The *form* of an identifier is checked by `parse` and a wrong form is an error. Its *check digit* is a different
//! matter: numbers printed in official guides and in several published example documents fail it, so a mismatch is a
//! value ([`KeyCheck::Mismatch`]) that the person is warned about and may keep.
//!
//! What this module does not do: it never asks a directory whether the person exists, and it never prints an identifier
//! in an error or through `Debug`. `canonical()` and `digits()` disclose, on purpose and by name.
//!
//! Sources: value set TRE_G08 / JDV_J77 (OID 1.2.250.1.213.1.6.1.145) for the type digit, the Annuaire Santé extraction
//! for lengths and keys, decree 82-103 of 22 January 1982 and the INSEE description for the NIR.
//!
//! What people paste is normalised by the numbered rules of [`input`].

mod check;
pub mod infer;
pub mod input;
pub mod ins;
mod national;
mod nir;
mod register;

pub use national::{NationalId, NationalIdKind, ParseNationalIdError};
pub use nir::{Nir, NirStatus};
pub use register::{Adeli, Finess, Rpps, Siren, Siret};

use core::fmt;

/// What the check digit says about an identifier whose form is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyCheck {
    /// The check digit agrees with the other characters.
    Valid,
    /// It does not: a typing error, or one of the many published examples that were never real.
    Mismatch,
    /// This kind of identifier has no check digit, or it was left out (a NIR of 13 characters).
    None,
}

impl KeyCheck {
    /// The word of the line contract: `valid`, `mismatch` or `none`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Mismatch => "mismatch",
            Self::None => "none",
        }
    }

    /// `true` becomes [`KeyCheck::Valid`].
    fn from_sum(agrees: bool) -> Self {
        if agrees { Self::Valid } else { Self::Mismatch }
    }
}

/// Why a text is not the identifier that was expected. Positions count characters from 1, after normalisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseIdError {
    /// Nothing was left after normalisation.
    Empty,
    /// More characters than any identifier has.
    TooLong {
        /// The most characters that are read.
        limit: usize,
    },
    /// A digit of another script (Arabic-Indic, Devanagari, …), which PSC would not read as a digit.
    ForeignDigit {
        /// Where it stands.
        position: usize,
    },
    /// A control character that changes the reading direction, so that what is seen is not what is typed.
    Direction {
        /// Where it stands.
        position: usize,
    },
    /// A character that this identifier does not have at this place.
    Character {
        /// Where it stands.
        position: usize,
    },
    /// The wrong number of characters.
    Length {
        /// How many this identifier has.
        expected: usize,
        /// How many were found.
        found: usize,
    },
    /// Every character is zero: a blank form, not an identifier.
    AllZero,
    /// A part of a NIR is outside its range (sex, month, place of birth, key).
    NirField {
        /// The part, in English: `sex`, `month`, `place`, `order`, `key`.
        field: &'static str,
    },
}

impl ParseIdError {
    /// The stable code, see `code::TABLE`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "ID-EMPTY",
            Self::TooLong { .. } => "ID-TOO-LONG",
            Self::ForeignDigit { .. } => "ID-FOREIGN-DIGIT",
            Self::Direction { .. } => "ID-DIRECTION",
            Self::Character { .. } => "ID-CHARACTER",
            Self::Length { .. } => "ID-LENGTH",
            Self::AllZero => "ID-ZERO",
            Self::NirField { .. } => "ID-NIR-FIELD",
        }
    }

    /// What the person does next.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Empty => "type the identifier",
            Self::TooLong { .. } => "paste the identifier alone, without the text around it",
            Self::ForeignDigit { .. } => "type the digits 0 to 9 on the keyboard",
            Self::Direction { .. } => "type the identifier instead of pasting it",
            Self::Character { .. } => "check for a letter typed in place of a digit",
            Self::Length { .. } => "count the characters; the RPPS stands on the first line of the card",
            Self::AllZero => "type the person's own identifier",
            Self::NirField { .. } => "compare with the number on the carte Vitale or its certificate",
        }
    }
}

impl fmt::Display for ParseIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the identifier is empty"),
            Self::TooLong { limit } => {
                write!(f, "the identifier is longer than {limit} characters")
            }
            Self::ForeignDigit { position } => {
                write!(f, "character {position} is a digit of another script")
            }
            Self::Direction { position } => {
                write!(f, "character {position} changes the reading direction")
            }
            Self::Character { position } => {
                write!(f, "character {position} cannot stand in this identifier")
            }
            Self::Length { expected, found } => {
                write!(f, "expected {expected} characters, found {found}")
            }
            Self::AllZero => f.write_str("the identifier is made of zeros only"),
            Self::NirField { field } => write!(f, "the {field} of the NIR is outside its range"),
        }
    }
}

impl core::error::Error for ParseIdError {}
