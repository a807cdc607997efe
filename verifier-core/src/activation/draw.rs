//! Numbers drawn without bias from bytes that the caller's random source gives.
//!
//! `byte % 10` prefers the digits 0 to 5. Here a draw that falls into the uneven rest is thrown away and the next bytes are
//! taken (rejection sampling), so every number below the bound is equally likely if every byte is.
//!
//! Not here: a random source. The core has none; an edge that has none either must not draw.

use core::fmt;

/// Draws that may be thrown away in a row. Each is rejected with a chance below one half, so a working source runs into
/// this bound once in 2⁶⁴ draws; a source that returns a constant does at once.
const MAX_REJECTED: usize = 64;

/// A number from 0 up to, but not including, `bound`, from four random bytes at a time.
///
/// # Errors
/// [`DrawError`] when the bytes end, the bound is zero, or the source keeps giving bytes that cannot be used.
pub fn below(bound: u32, random: &mut impl Iterator<Item = u8>) -> Result<u32, DrawError> {
    if bound == 0 {
        return Err(DrawError::EmptyRange);
    }
    // Of the 2³² words, the last `rest` would make the first numbers of the range likelier than the others.
    let rest = (u32::MAX % bound + 1) % bound;
    let limit = u32::MAX - rest;
    for _ in 0..MAX_REJECTED {
        let mut word = [0_u8; 4];
        for byte in &mut word {
            *byte = random.next().ok_or(DrawError::Exhausted)?;
        }
        let drawn = u32::from_be_bytes(word);
        if drawn <= limit {
            return Ok(drawn % bound);
        }
    }
    Err(DrawError::Stuck)
}

/// `length` decimal digits, each text of that length equally likely. At most nine digits.
///
/// # Errors
/// As [`below`]; [`DrawError::EmptyRange`] for more than nine digits.
pub fn digits(length: u32, random: &mut impl Iterator<Item = u8>) -> Result<String, DrawError> {
    let bound = 10_u32.checked_pow(length).ok_or(DrawError::EmptyRange)?;
    let number = below(bound, random)?;
    let width = usize::try_from(length).map_err(|_| DrawError::EmptyRange)?;
    Ok(format!("{number:0width$}"))
}

/// Why nothing was drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DrawError {
    /// There is nothing to draw from.
    EmptyRange,
    /// The random source ended.
    Exhausted,
    /// The random source repeats itself.
    Stuck,
}

impl DrawError {
    /// The stable code, see `code::TABLE`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "ACT-RANDOM"
    }

    /// What the operator does next.
    #[must_use]
    pub fn help(&self) -> &'static str {
        "check the random source of the machine; no code was made"
    }
}

impl fmt::Display for DrawError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EmptyRange => "there is no number in the range to draw from",
            Self::Exhausted => "the random source ended before a code was drawn",
            Self::Stuck => "the random source repeats itself",
        })
    }
}

impl core::error::Error for DrawError {}
