//! The *identité nationale de santé*: a NIR (or the provisional number that stands for it) and five qualified traits. It
//! replaced the computed INS-C.
//!
//! The five traits: birth name, given names, date of birth, sex, place of birth. [`Traits::parse`] holds each to its form;
//! [`Ins::compare`] says, trait by trait, whether what the number itself encodes agrees. A disagreement is an observation
//! and never proof of a wrong identity: a number keeps the civil status of its first registration.
//!
//! Source: the ANS question page on the INS (five traits, NIR, end of INS-C) and the composition of the NIR in decree
//! 82-103. Not done here: only the INSi service qualifies an identity; nothing here calls it.

use core::fmt;

use super::Nir;

/// Longest name taken, in bytes: the INS implementation guides set 100 characters for names and lists of given names.
pub const NAME_BYTES: usize = 200;

/// Sex as civil status writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sex {
    /// `F`.
    Female,
    /// `M`.
    Male,
    /// `I`: not determined.
    Undetermined,
}

/// The five traits in their canonical form. `Debug` shows none of them.
#[derive(Clone, PartialEq, Eq)]
pub struct Traits {
    birth_name: String,
    given_names: Vec<String>,
    birth: BirthDate,
    sex: Sex,
    birth_place: String,
}

/// What was typed for each trait.
#[derive(Clone, Copy)]
pub struct TraitTexts<'a> {
    /// Birth name.
    pub birth_name: &'a str,
    /// Given names, separated by spaces.
    pub given_names: &'a str,
    /// `YYYY-MM-DD`; `00` for a day or month that civil status does not know.
    pub birth_date: &'a str,
    /// `F`, `M` or `I`.
    pub sex: &'a str,
    /// Official geographic code (COG), five characters; `99…` abroad.
    pub birth_place: &'a str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct BirthDate {
    year: u32,
    month: u32,
    day: u32,
}

impl Traits {
    /// Holds each trait to its form. Names become capitals, apostrophes and spaces are unified; accents stay as given.
    ///
    /// # Errors
    /// [`ParseTraitsError`] names the first trait whose form is wrong, never its content.
    pub fn parse(texts: &TraitTexts<'_>) -> Result<Self, ParseTraitsError> {
        let birth_name = name(texts.birth_name).ok_or(ParseTraitsError::BirthName)?;
        let given_names =
            name(texts.given_names).ok_or(ParseTraitsError::GivenNames)?.split(' ').map(str::to_owned).collect();
        let birth = birth_date(texts.birth_date).ok_or(ParseTraitsError::BirthDate)?;
        let sex = match texts.sex.trim() {
            "F" | "f" => Sex::Female,
            "M" | "m" => Sex::Male,
            "I" | "i" => Sex::Undetermined,
            _ => return Err(ParseTraitsError::Sex),
        };
        let birth_place = place(texts.birth_place).ok_or(ParseTraitsError::BirthPlace)?;
        Ok(Self { birth_name, given_names, birth, sex, birth_place })
    }

    /// Birth name. Discloses.
    #[must_use]
    pub fn birth_name(&self) -> &str {
        &self.birth_name
    }

    /// Given names in order. Discloses.
    #[must_use]
    pub fn given_names(&self) -> &[String] {
        &self.given_names
    }

    /// Sex.
    #[must_use]
    pub fn sex(&self) -> Sex {
        self.sex
    }
}

impl fmt::Debug for Traits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Traits(redacted)")
    }
}

/// A number and the five traits.
#[derive(Clone, PartialEq, Eq)]
pub struct Ins {
    nir: Nir,
    traits: Traits,
}

/// Whether what the number encodes agrees with a trait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Agreement {
    /// Both say the same.
    Agrees,
    /// They differ: ask the person, then the INSi service.
    Differs,
    /// One of them does not say.
    Silent,
}

/// The outcome of a comparison, trait by trait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Comparison {
    /// First digit and sex.
    pub sex: Agreement,
    /// Year and month.
    pub birth_date: Agreement,
    /// Department and commune, or country.
    pub birth_place: Agreement,
}

impl Ins {
    /// A number and traits that were each parsed.
    #[must_use]
    pub fn new(nir: Nir, traits: Traits) -> Self {
        Self { nir, traits }
    }

    /// The number.
    #[must_use]
    pub fn nir(&self) -> &Nir {
        &self.nir
    }

    /// The traits.
    #[must_use]
    pub fn traits(&self) -> &Traits {
        &self.traits
    }

    /// Compares what the number encodes with the traits.
    #[must_use]
    pub fn compare(&self) -> Comparison {
        let sex = match (self.nir.sex_digit() % 2 == 1, self.traits.sex) {
            (_, Sex::Undetermined) => Agreement::Silent,
            (true, Sex::Male) | (false, Sex::Female) => Agreement::Agrees,
            _ => Agreement::Differs,
        };
        let birth_date = match (self.nir.year(), self.nir.month()) {
            (Some(year), _) if self.traits.birth.year % 100 != year => Agreement::Differs,
            (Some(_), Some(month @ 1..=12)) if self.traits.birth.month == month => Agreement::Agrees,
            (Some(_), Some(1..=12)) if self.traits.birth.month != 0 => Agreement::Differs,
            _ => Agreement::Silent,
        };
        let birth_place = if self.traits.birth_place == self.nir.place() {
            Agreement::Agrees
        } else if self.traits.birth_place == UNKNOWN_PLACE {
            Agreement::Silent
        } else {
            Agreement::Differs
        };
        Comparison { sex, birth_date, birth_place }
    }
}

impl fmt::Debug for Ins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ins(redacted)")
    }
}

/// The code that stands for a place of birth that is not known.
const UNKNOWN_PLACE: &str = "99999";

/// Letters of any alphabet that civil status writes, apostrophes, hyphens and single spaces.
fn name(text: &str) -> Option<String> {
    if text.len() > NAME_BYTES {
        return None;
    }
    let words: Vec<String> =
        text.split_whitespace().map(|word| word.replace(['\u{2019}', '\u{2018}', '`'], "'").to_uppercase()).collect();
    let joined = words.join(" ");
    let letters_only = joined.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '-' | '\''));
    let has_letter = joined.chars().any(char::is_alphabetic);
    (letters_only && has_letter).then_some(joined)
}

fn birth_date(text: &str) -> Option<BirthDate> {
    let mut parts = text.trim().split('-');
    let mut part = |length: usize| {
        let digits =
            parts.next().filter(|digits| digits.len() == length && digits.bytes().all(|byte| byte.is_ascii_digit()))?;
        digits.parse::<u32>().ok()
    };
    let (year, month, day) = (part(4)?, part(2)?, part(2)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        // An unknown month makes the day unknown as well.
        0 => 0,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    (parts.next().is_none() && year >= 1850 && day <= days).then_some(BirthDate { year, month, day })
}

fn place(text: &str) -> Option<String> {
    let code = text.trim().to_ascii_uppercase();
    let digits = code.replacen("2A", "20", 1).replacen("2B", "20", 1);
    let corsican_at_the_start = digits == code || code.starts_with("2A") || code.starts_with("2B");
    (code.len() == 5 && corsican_at_the_start && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(code)
}

/// Which trait has a wrong form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParseTraitsError {
    /// Birth name.
    BirthName,
    /// Given names.
    GivenNames,
    /// Date of birth.
    BirthDate,
    /// Sex.
    Sex,
    /// Place of birth.
    BirthPlace,
}

impl ParseTraitsError {
    /// The stable code, see `code::TABLE`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::BirthName => "ID-INS-BIRTH-NAME",
            Self::GivenNames => "ID-INS-GIVEN-NAMES",
            Self::BirthDate => "ID-INS-BIRTH-DATE",
            Self::Sex => "ID-INS-SEX",
            Self::BirthPlace => "ID-INS-BIRTH-PLACE",
        }
    }

    /// What the person does next.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::BirthName | Self::GivenNames => "copy the name from the identity document, letters only",
            Self::BirthDate => "write year-month-day; 00 stands for an unknown day or month",
            Self::Sex => "write F, M or I",
            Self::BirthPlace => "write the five characters of the official geographic code; 99999 when it is not known",
        }
    }
}

impl fmt::Display for ParseTraitsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BirthName => "the birth name has an unexpected form",
            Self::GivenNames => "the given names have an unexpected form",
            Self::BirthDate => "the date of birth is not a date",
            Self::Sex => "the sex is none of F, M, I",
            Self::BirthPlace => "the place of birth is not a geographic code",
        })
    }
}

impl core::error::Error for ParseTraitsError {}
