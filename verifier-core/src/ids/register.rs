//! Numbers of the registers: RPPS (persons), ADELI (persons, being phased out), FINESS (establishments), SIREN (legal
//! units) and SIRET (their sites). Each is a small value made by `parse` only.
//!
//! Lengths and keys: RPPS 11 digits, Luhn over all of them; ADELI 9 characters, Luhn with the letters A–E of the overseas
//! and Corsican departments counted 1–5 (held for all 3,616 of a public directory extract); FINESS 9 characters, Luhn with
//! A = 1, B = 2 (held for 5,346 of 5,348 there); SIREN 9 and SIRET 14 digits, Luhn, with the exception of La Poste.
//!
//! Not here: whether the number was ever attributed.

use core::fmt;

use super::{KeyCheck, NationalId, ParseIdError, check, input};

/// Defines one register number: a private text, its key, a redacted `Debug`.
macro_rules! register_number {
    ($(#[$doc:meta])* $name:ident, $grammar:expr, $key:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash)]
        pub struct $name {
            text: String,
            key: KeyCheck,
        }

        impl $name {
            /// Reads the number from typed or pasted text, normalised by the rules of [`input`](super::input).
            ///
            /// # Errors
            /// [`ParseIdError`] when the form is wrong. A wrong check digit is not an error, see [`Self::key`].
            pub fn parse(text: &str) -> Result<Self, ParseIdError> {
                let text = input::number(text)?;
                hold_to(&$grammar, &text)?;
                let key = $key(&text);
                Ok(Self { text, key })
            }

            /// What the check digit says.
            #[must_use]
            pub fn key(&self) -> KeyCheck {
                self.key
            }

            /// The number itself, without separators. Discloses: never log it.
            #[must_use]
            pub fn canonical(&self) -> &str {
                &self.text
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "(redacted, key {})"), self.key.as_str())
            }
        }
    };
}

register_number!(
    /// The number of a professional in the *répertoire partagé des professionnels de santé*: 11 digits, the last a Luhn key.
    Rpps,
    Grammar { length: 11, letters_at: &[], letters: "" },
    |text: &str| KeyCheck::from_sum(check::luhn(text))
);

register_number!(
    /// A number of the older ADELI register: 9 characters, two for the department (`2A`, `9D`, …), the last a Luhn key.
    Adeli,
    Grammar { length: 9, letters_at: &[1, 2], letters: "ABCDE" },
    |text: &str| KeyCheck::from_sum(check::luhn(text))
);

register_number!(
    /// The number of an establishment: 9 characters, two for the department (`2A`, `2B` in Corsica), the last a Luhn key.
    Finess,
    Grammar { length: 9, letters_at: &[1], letters: "AB" },
    |text: &str| KeyCheck::from_sum(check::luhn(text))
);

register_number!(
    /// The number of a legal unit: 9 digits, the last a Luhn key.
    Siren,
    Grammar { length: 9, letters_at: &[], letters: "" },
    |text: &str| KeyCheck::from_sum(check::luhn(text))
);

register_number!(
    /// The number of a site: the SIREN of its legal unit and 5 digits, the last a Luhn key over all 14.
    Siret,
    Grammar { length: 14, letters_at: &[], letters: "" },
    siret_key
);

impl Rpps {
    /// The identifier typed at a login: `8` and the eleven digits.
    #[must_use]
    pub fn national_id(&self) -> NationalId {
        NationalId::from_rpps(self.clone())
    }
}

/// La Poste has more sites than the Luhn rule leaves numbers for: under its SIREN the digits of a SIRET add up to a
/// multiple of five instead (INSEE). Its head office, numbered before, follows the common rule.
const LA_POSTE: &str = "356000000";

fn siret_key(text: &str) -> KeyCheck {
    KeyCheck::from_sum(check::luhn(text) || (text.starts_with(LA_POSTE) && check::digit_sum(text).is_multiple_of(5)))
}

/// The form of a register number: digits, except where one of a few letters may stand.
struct Grammar {
    length: usize,
    letters_at: &'static [usize],
    letters: &'static str,
}

fn hold_to(grammar: &Grammar, text: &str) -> Result<(), ParseIdError> {
    for (index, character) in text.chars().enumerate() {
        let letter = grammar.letters_at.contains(&index) && grammar.letters.contains(character);
        if !character.is_ascii_digit() && !letter {
            return Err(ParseIdError::Character { position: index + 1 });
        }
    }
    let found = text.len();
    if found != grammar.length {
        return Err(ParseIdError::Length { expected: grammar.length, found });
    }
    if text.bytes().all(|byte| byte == b'0') {
        return Err(ParseIdError::AllZero);
    }
    Ok(())
}
