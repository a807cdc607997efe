//! The NIR, the number of a person in the *répertoire national d'identification*: 13 characters and a key of two digits.
//! With five qualified traits it is the INS, see [`ins`](super::ins).
//!
//! `S AA MM LL OOO NNN KK`: sex, year and month of birth, place (department, commune), order, key. Key = 97 − (number
//! mod 97); the letters of `2A` and `2B` count as if the department were 19 and 18. First digits 3, 4, 7 and 8 mark numbers
//! given while an identity is being established.
//!
//! Source: decree 82-103 of 22 January 1982 and INSEE's description of the number. Not done here: no place of birth is
//! looked up, and nobody's existence is asserted.

use core::fmt;

use super::{KeyCheck, ParseIdError, check, input};

/// Whether the number is final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NirStatus {
    /// First digit 1 or 2.
    Attributed,
    /// First digit 3, 4, 7 or 8: registration is under way and the number will change.
    Provisional,
}

/// A NIR of right form. `Debug` shows its status and key only.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Nir {
    text: String,
    status: NirStatus,
    key: KeyCheck,
}

const WITHOUT_KEY: usize = 13;
const WITH_KEY: usize = 15;

impl Nir {
    /// Reads 13 characters, or 15 with the key.
    ///
    /// # Errors
    /// [`ParseIdError`] when the form is wrong or a part is outside its range. A wrong key is not an error, see
    /// [`Self::key`].
    pub fn parse(text: &str) -> Result<Self, ParseIdError> {
        let text = input::number(text)?;
        if let Some(index) = text.bytes().enumerate().position(|(index, byte)| !may_stand(index, byte)) {
            return Err(ParseIdError::Character { position: index + 1 });
        }
        let found = text.len();
        if found != WITHOUT_KEY && found != WITH_KEY {
            return Err(ParseIdError::Length { expected: WITH_KEY, found });
        }
        let status = match text.bytes().next() {
            Some(b'1' | b'2') => NirStatus::Attributed,
            Some(b'3' | b'4' | b'7' | b'8') => NirStatus::Provisional,
            _ => return Err(ParseIdError::NirField { field: "sex" }),
        };
        // Months 20 and 30 to 42 and 50 to 99 are given when the month of birth is not known (INSEE).
        if !matches!(field(&text, 3, 2), Some(1..=12 | 20 | 30..=42 | 50..=99)) {
            return Err(ParseIdError::NirField { field: "month" });
        }
        if place_is_blank(&text) {
            return Err(ParseIdError::NirField { field: "place" });
        }
        if field(&text, 10, 3) == Some(0) {
            return Err(ParseIdError::NirField { field: "order" });
        }
        let key = key_of(&text)?;
        Ok(Self { text, status, key })
    }

    /// Whether the number is final.
    #[must_use]
    pub fn status(&self) -> NirStatus {
        self.status
    }

    /// What the key says; [`KeyCheck::None`] when 13 characters were given.
    #[must_use]
    pub fn key(&self) -> KeyCheck {
        self.key
    }

    /// The characters without separators, as given (13 or 15). Discloses: never log it.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.text
    }

    /// The first digit: 1, 3, 7 for men, 2, 4, 8 for women.
    pub(super) fn sex_digit(&self) -> u8 {
        self.text.bytes().next().unwrap_or(b'0')
    }

    /// Year of birth, two digits.
    pub(super) fn year(&self) -> Option<u32> {
        field(&self.text, 1, 2)
    }

    /// Month of birth, or a number above 12 when it was not known.
    pub(super) fn month(&self) -> Option<u32> {
        field(&self.text, 3, 2)
    }

    /// The five characters of the place of birth.
    pub(super) fn place(&self) -> &str {
        self.text.get(5..10).unwrap_or("")
    }
}

impl fmt::Debug for Nir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Nir(redacted, {:?}, key {})", self.status, self.key.as_str())
    }
}

/// Digits everywhere, and A or B as the second character of the department.
fn may_stand(index: usize, byte: u8) -> bool {
    byte.is_ascii_digit() || (index == 6 && matches!(byte, b'A' | b'B'))
}

fn field(text: &str, start: usize, length: usize) -> Option<u32> {
    text.get(start..start + length)?.parse().ok()
}

fn place_is_blank(text: &str) -> bool {
    text.get(5..7) == Some("00") || (matches!(text.get(6..7), Some("A" | "B")) && text.get(5..6) != Some("2"))
}

fn key_of(text: &str) -> Result<KeyCheck, ParseIdError> {
    let Some(key) = field(text, WITHOUT_KEY, 2) else {
        return Ok(KeyCheck::None);
    };
    if !(1..=97).contains(&key) {
        return Err(ParseIdError::NirField { field: "key" });
    }
    // 2A counts as 19 and 2B as 18, so that the number stays one of 13 digits.
    let body = text.get(..WITHOUT_KEY).unwrap_or("").replace("2A", "19").replace("2B", "18");
    Ok(KeyCheck::from_sum(97 - check::remainder_97(body.bytes()) == key))
}
