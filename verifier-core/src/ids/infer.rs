//! Reads an identifier whose kind the caller names or leaves out, for the inspection tools.
//!
//! A kind is inferred from the form only, never from a check digit that happens to agree: nine digits may be an ADELI, a
//! FINESS or a SIREN number, and saying which would be a guess. Such a text is refused as ambiguous.

use core::fmt;

use super::{
    Adeli, Finess, KeyCheck, NationalId, NationalIdKind, Nir, ParseIdError, ParseNationalIdError, Rpps, Siren, Siret,
    input,
};

/// The kinds that the line contract names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// 11 digits.
    Rpps,
    /// 9 characters.
    Adeli,
    /// 9 characters.
    Finess,
    /// 9 digits.
    Siren,
    /// 14 digits.
    Siret,
    /// A type digit and a register number, with or without a local part.
    NationalId,
    /// 13 or 15 characters.
    Nir,
    /// `ANS` and 14 digits.
    Edit,
    /// A UUID.
    Psi,
}

impl Kind {
    /// Every kind, in the order of the contract.
    pub const ALL: [Self; 9] = [
        Self::Rpps,
        Self::Adeli,
        Self::Finess,
        Self::Siren,
        Self::Siret,
        Self::NationalId,
        Self::Nir,
        Self::Edit,
        Self::Psi,
    ];

    /// The word of the contract.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rpps => "rpps",
            Self::Adeli => "adeli",
            Self::Finess => "finess",
            Self::Siren => "siren",
            Self::Siret => "siret",
            Self::NationalId => "national_id",
            Self::Nir => "nir",
            Self::Edit => "edit",
            Self::Psi => "psi",
        }
    }

    /// The kind of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// An identifier of any kind. `Debug` shows the kind and key only.
#[derive(Clone, PartialEq, Eq)]
pub struct Identifier {
    kind: Kind,
    key: KeyCheck,
    canonical: String,
}

impl Identifier {
    /// Reads an identifier of a named kind.
    ///
    /// # Errors
    /// [`ReadIdentifierError`] when the form is not that of the kind.
    pub fn parse_as(kind: Kind, text: &str) -> Result<Self, ReadIdentifierError> {
        let made = |key, canonical: &str| Self { kind, key, canonical: canonical.to_owned() };
        Ok(match kind {
            Kind::Rpps => Rpps::parse(text).map(|id| made(id.key(), id.canonical()))?,
            Kind::Adeli => Adeli::parse(text).map(|id| made(id.key(), id.canonical()))?,
            Kind::Finess => Finess::parse(text).map(|id| made(id.key(), id.canonical()))?,
            Kind::Siren => Siren::parse(text).map(|id| made(id.key(), id.canonical()))?,
            Kind::Siret => Siret::parse(text).map(|id| made(id.key(), id.canonical()))?,
            Kind::Nir => Nir::parse(text).map(|id| made(id.key(), id.canonical()))?,
            Kind::NationalId => NationalId::parse(text).map(|id| made(id.key(), id.canonical()))?,
            Kind::Edit => Self::of_national_kind(kind, NationalIdKind::Edit, text)?,
            Kind::Psi => Self::of_national_kind(kind, NationalIdKind::Psi, text)?,
        })
    }

    fn of_national_kind(kind: Kind, expected: NationalIdKind, text: &str) -> Result<Self, ReadIdentifierError> {
        let id = NationalId::parse(text)?;
        if id.kind() == expected {
            Ok(Self { kind, key: id.key(), canonical: id.canonical().to_owned() })
        } else {
            Err(ReadIdentifierError::OtherKind)
        }
    }

    /// Reads an identifier and infers its kind from its form.
    ///
    /// # Errors
    /// [`ReadIdentifierError::Ambiguous`] for nine characters that several registers use, otherwise as
    /// [`Self::parse_as`].
    pub fn infer(text: &str) -> Result<Self, ReadIdentifierError> {
        let characters = input::characters(text)?;
        if characters.contains('/') {
            return Self::parse_as(Kind::NationalId, text);
        }
        if let Ok(id) = NationalId::parse(text) {
            let kind = match id.kind() {
                NationalIdKind::Edit => Kind::Edit,
                NationalIdKind::Psi => Kind::Psi,
                _ => Kind::NationalId,
            };
            return Ok(Self { kind, key: id.key(), canonical: id.canonical().to_owned() });
        }
        let number = input::number(text)?;
        match number.len() {
            // Two letters of nine characters are used by both registers; C to E only by ADELI.
            9 if Finess::parse(text).is_ok() => Err(ReadIdentifierError::Ambiguous),
            9 => Self::parse_as(Kind::Adeli, text),
            11 if !number.starts_with('8') => Self::parse_as(Kind::Rpps, text),
            14 => Self::parse_as(Kind::Siret, text),
            13 | 15 => Self::parse_as(Kind::Nir, text),
            // The commonest of all, one digit short or long: its own refusal says which.
            _ if number.starts_with(['0', '8']) || number.starts_with("ANS") || number.len() == 12 => {
                Self::parse_as(Kind::NationalId, text)
            }
            _ => Err(ReadIdentifierError::NoKind),
        }
    }

    /// The named or inferred kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What the check digit says, of the inner number for a national identifier.
    #[must_use]
    pub fn key(&self) -> KeyCheck {
        self.key
    }

    /// The identifier without separators. Discloses: never log it.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.canonical
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identifier(redacted, {}, key {})", self.kind.as_str(), self.key.as_str())
    }
}

/// Why a text could not be read as an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadIdentifierError {
    /// The form is wrong.
    Form(ParseIdError),
    /// The form of a national identifier is wrong.
    National(ParseNationalIdError),
    /// Several registers use this form; the caller names the kind.
    Ambiguous,
    /// A well-formed identifier of another kind than the one asked for.
    OtherKind,
    /// No kind of identifier has this form.
    NoKind,
}

impl ReadIdentifierError {
    /// The stable code, see `code::TABLE`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Form(error) => error.code(),
            Self::National(error) => error.code(),
            Self::Ambiguous => "ID-AMBIGUOUS",
            Self::OtherKind => "ID-KIND",
            Self::NoKind => "ID-FORM",
        }
    }

    /// What the person does next.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Form(error) => error.help(),
            Self::National(error) => error.help(),
            Self::Ambiguous => "name the kind: adeli, finess or siren",
            Self::OtherKind => "name the kind that the identifier has, or none",
            Self::NoKind => "type 8 and the eleven digits of the RPPS number, or name the kind",
        }
    }
}

impl fmt::Display for ReadIdentifierError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(error) => error.fmt(f),
            Self::National(error) => error.fmt(f),
            Self::Ambiguous => f.write_str("nine characters may be an ADELI, FINESS or SIREN number"),
            Self::OtherKind => f.write_str("the identifier is of another kind than the one asked for"),
            Self::NoKind => f.write_str("no kind of identifier has this form"),
        }
    }
}

impl core::error::Error for ReadIdentifierError {}

impl From<ParseIdError> for ReadIdentifierError {
    fn from(error: ParseIdError) -> Self {
        Self::Form(error)
    }
}

impl From<ParseNationalIdError> for ReadIdentifierError {
    fn from(error: ParseNationalIdError) -> Self {
        Self::National(error)
    }
}
