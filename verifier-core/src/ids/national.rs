//! The national identifier of a person: what is typed at a login and what the claim `SubjectNameID` holds.
//!
//! A type digit says which register numbered the person, then comes that register's number:
//!
//! | first | kind | after it |
//! |---|---|---|
//! | `0` | ADELI | 9 characters |
//! | `1` | practice in ADELI | 9 characters, `/`, local number |
//! | `3` | FINESS | 9 characters, `/`, local number |
//! | `4` | SIREN | 9 digits, `/`, local number |
//! | `5` | SIRET | 14 digits, `/`, local number |
//! | `6` | practice in RPPS | 14 digits (RPPS and rank), `/`, local number |
//! | `8` | RPPS | 11 digits |
//! | `ANS` | EDIT test identity, sandbox only | 14 digits |
//! | UUID | PSI | the 8-4-4-4-12 form |
//!
//! Sources: value set TRE_G08 / JDV_J77 (OID 1.2.250.1.213.1.6.1.145); the operator's own derivation of origin and type
//! in `psc-ps-api`; published staff identifiers such as `30B0185195/CPET00001` and `500000001815646/CPAT00045`.
//!
//! Not done here: type `10` (MSSanté addresses) is a directory value that no login uses, and nothing but the form of a
//! local number is known, so it is kept as typed.

use core::fmt;

use super::{Adeli, Finess, KeyCheck, ParseIdError, Rpps, Siren, Siret, check, input};

/// Which register numbered the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NationalIdKind {
    /// `0`: a professional in ADELI.
    Adeli,
    /// `1`: staff of a practice numbered in ADELI.
    CabAdeli,
    /// `3`: staff of an establishment.
    Finess,
    /// `4`: staff of a legal unit.
    Siren,
    /// `5`: staff of a site.
    Siret,
    /// `6`: staff of a practice numbered in RPPS.
    CabRpps,
    /// `8`: a professional in RPPS.
    Rpps,
    /// `ANS…`: an identity made for tests.
    Edit,
    /// A UUID: the identifier that outlives a merge of accounts.
    Psi,
}

impl NationalIdKind {
    /// A stable lower-case name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Adeli => "adeli",
            Self::CabAdeli => "cab_adeli",
            Self::Finess => "finess",
            Self::Siren => "siren",
            Self::Siret => "siret",
            Self::CabRpps => "cab_rpps",
            Self::Rpps => "rpps",
            Self::Edit => "edit",
            Self::Psi => "psi",
        }
    }
}

/// A national person identifier of right form. `Debug` shows its kind and key only.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct NationalId {
    canonical: String,
    kind: NationalIdKind,
    key: KeyCheck,
    rpps: Option<Rpps>,
}

impl NationalId {
    /// Reads an identifier from typed or pasted text, normalised by the rules of [`input`](super::input).
    ///
    /// # Errors
    /// [`ParseNationalIdError`] says what is wrong and, through `help()`, what to do: eleven digits without the leading
    /// `8`, the commonest mistake, have a variant of their own.
    pub fn parse(text: &str) -> Result<Self, ParseNationalIdError> {
        let characters = input::characters(text)?;
        if let Some(uuid) = as_uuid(&characters) {
            return psi(uuid);
        }
        let (number, local) = match characters.split_once('/') {
            Some((number, local)) => (input::number(number)?, Some(local)),
            None => (input::number(&characters)?, None),
        };
        if let Some(digits) = number.strip_prefix("ANS") {
            return match local {
                None => edit(&number, digits),
                Some(_) => Err(ParseNationalIdError::LocalUnexpected),
            };
        }
        let mut rest = number.chars();
        let kind = match rest.next() {
            Some('0') => NationalIdKind::Adeli,
            Some('1') => NationalIdKind::CabAdeli,
            Some('3') => NationalIdKind::Finess,
            Some('4') => NationalIdKind::Siren,
            Some('5') => NationalIdKind::Siret,
            Some('6') => NationalIdKind::CabRpps,
            Some('8') => NationalIdKind::Rpps,
            _ if looks_like_bare_rpps(&number, local) => {
                return Err(ParseNationalIdError::PrefixMissing);
            }
            Some(first) if first.is_ascii_digit() => return Err(ParseNationalIdError::UnknownType),
            _ => return Err(ParseIdError::Character { position: 1 }.into()),
        };
        let inner = rest.as_str();
        if kind != NationalIdKind::Rpps && looks_like_bare_rpps(&number, local) {
            return Err(ParseNationalIdError::PrefixMissing);
        }
        let local = local_number(kind, local)?;
        let (key, rpps) = key_of(kind, inner)?;
        let canonical = match local {
            Some(local) => format!("{number}/{local}"),
            None => number,
        };
        Ok(Self { canonical, kind, key, rpps })
    }

    pub(super) fn from_rpps(rpps: Rpps) -> Self {
        Self {
            canonical: format!("8{}", rpps.canonical()),
            kind: NationalIdKind::Rpps,
            key: rpps.key(),
            rpps: Some(rpps),
        }
    }

    /// Which register numbered the person.
    #[must_use]
    pub fn kind(&self) -> NationalIdKind {
        self.kind
    }

    /// What the check digit of the inner number says.
    #[must_use]
    pub fn key(&self) -> KeyCheck {
        self.key
    }

    /// The identifier as PSC expects it, without separators. Discloses: never log it.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The RPPS number inside, when the kind is [`NationalIdKind::Rpps`].
    #[must_use]
    pub fn rpps(&self) -> Option<&Rpps> {
        self.rpps.as_ref()
    }
}

impl fmt::Debug for NationalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NationalId(redacted, {}, key {})", self.kind.as_str(), self.key.as_str())
    }
}

/// Eleven digits with nothing before or after: an RPPS without its type digit. Eleven characters that begin with `8` are a
/// login identifier with one digit missing instead.
fn looks_like_bare_rpps(number: &str, local: Option<&str>) -> bool {
    local.is_none()
        && number.len() == 11
        && !number.starts_with('8')
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// The key of the inner number, and the RPPS when there is one.
fn key_of(kind: NationalIdKind, inner: &str) -> Result<(KeyCheck, Option<Rpps>), ParseNationalIdError> {
    let shift = |error| ParseNationalIdError::Form(shifted(error));
    Ok(match kind {
        NationalIdKind::Adeli => (Adeli::parse(inner).map_err(shift)?.key(), None),
        NationalIdKind::Finess => (Finess::parse(inner).map_err(shift)?.key(), None),
        NationalIdKind::Siren => (Siren::parse(inner).map_err(shift)?.key(), None),
        NationalIdKind::Siret => (Siret::parse(inner).map_err(shift)?.key(), None),
        NationalIdKind::Rpps => {
            let rpps = Rpps::parse(inner).map_err(shift)?;
            (rpps.key(), Some(rpps))
        }
        // No rule for the key of a practice in ADELI was found: its form is that of ADELI, its key is not judged.
        NationalIdKind::CabAdeli => Adeli::parse(inner).map(|_| (KeyCheck::None, None)).map_err(shift)?,
        NationalIdKind::CabRpps => (practice_key(inner).map_err(shift)?, None),
        NationalIdKind::Edit | NationalIdKind::Psi => (KeyCheck::None, None),
    })
}

/// A practice in RPPS is the RPPS number of its holder and three digits for the rank; the key judged is the holder's
/// (it holds for the published sample, structure `499700237045007`).
fn practice_key(inner: &str) -> Result<KeyCheck, ParseIdError> {
    const LENGTH: usize = 14;
    if let Some(index) = inner.bytes().position(|byte| !byte.is_ascii_digit()) {
        return Err(ParseIdError::Character { position: index + 1 });
    }
    match inner.get(..11) {
        Some(holder) if inner.len() == LENGTH => Ok(KeyCheck::from_sum(check::luhn(holder))),
        _ => Err(ParseIdError::Length { expected: LENGTH, found: inner.len() }),
    }
}

/// Positions and lengths are told for the whole identifier, type digit included: that is what the person sees.
fn shifted(error: ParseIdError) -> ParseIdError {
    match error {
        ParseIdError::Empty => ParseIdError::Length { expected: 12, found: 1 },
        ParseIdError::Character { position } => ParseIdError::Character { position: position + 1 },
        ParseIdError::Length { expected, found } => ParseIdError::Length { expected: expected + 1, found: found + 1 },
        other => other,
    }
}

/// The number after `/`: required for staff of a structure, refused for the registers of persons.
fn local_number(kind: NationalIdKind, local: Option<&str>) -> Result<Option<&str>, ParseNationalIdError> {
    let expected = !matches!(kind, NationalIdKind::Adeli | NationalIdKind::Rpps);
    match (expected, local) {
        (false, None) => Ok(None),
        (false, Some(_)) => Err(ParseNationalIdError::LocalUnexpected),
        (true, None) => Err(ParseNationalIdError::LocalMissing),
        (true, Some(local)) if is_local(local) => Ok(Some(local)),
        (true, Some(_)) => Err(ParseNationalIdError::LocalForm),
    }
}

/// Letters, digits and the few signs seen in staff registers. The structure numbers its staff freely, so no length is
/// required beyond one character; the whole identifier is bounded by `limits::IDENTIFIER_CHARS`.
fn is_local(local: &str) -> bool {
    !local.is_empty()
        && local.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'@' | b'+'))
}

fn edit(number: &str, digits: &str) -> Result<NationalId, ParseNationalIdError> {
    if let Some(index) = digits.chars().position(|c| !c.is_ascii_digit()) {
        return Err(ParseIdError::Character { position: index + 4 }.into());
    }
    if digits.len() != 14 {
        return Err(ParseIdError::Length { expected: 17, found: number.len() }.into());
    }
    Ok(NationalId { canonical: number.to_owned(), kind: NationalIdKind::Edit, key: KeyCheck::None, rpps: None })
}

/// Hexadecimal digits in groups of 8-4-4-4-12, in any case.
fn as_uuid(text: &str) -> Option<String> {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths = groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]);
    let hexadecimal = groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()));
    (lengths && hexadecimal).then(|| text.to_ascii_lowercase())
}

fn psi(uuid: String) -> Result<NationalId, ParseNationalIdError> {
    if uuid.bytes().all(|byte| matches!(byte, b'0' | b'-')) {
        return Err(ParseIdError::AllZero.into());
    }
    Ok(NationalId { canonical: uuid, kind: NationalIdKind::Psi, key: KeyCheck::None, rpps: None })
}

/// Why a text is not a national person identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseNationalIdError {
    /// The form is wrong; positions count from the type digit.
    Form(ParseIdError),
    /// Eleven digits: an RPPS number without the `8` that a login expects before it.
    PrefixMissing,
    /// The first digit is none of 0, 1, 3, 4, 5, 6, 8.
    UnknownType,
    /// The identifier of a structure's staff lacks `/` and the local number.
    LocalMissing,
    /// An RPPS, ADELI or EDIT identifier is followed by `/`.
    LocalUnexpected,
    /// The part after `/` is empty or holds a character that no register uses.
    LocalForm,
}

impl ParseNationalIdError {
    /// The stable code, see `code::TABLE`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Form(error) => error.code(),
            Self::PrefixMissing => "ID-PREFIX",
            Self::UnknownType => "ID-TYPE",
            Self::LocalMissing => "ID-LOCAL-MISSING",
            Self::LocalUnexpected => "ID-LOCAL-UNEXPECTED",
            Self::LocalForm => "ID-LOCAL-FORM",
        }
    }

    /// What the person does next.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Form(error) => error.help(),
            Self::PrefixMissing => "put an 8 before the RPPS number",
            Self::UnknownType => "a login identifier begins with 8 and the RPPS number; check the first digit",
            Self::LocalMissing => "add the slash and the number that the establishment gave",
            Self::LocalUnexpected => "leave out the slash and what follows it",
            Self::LocalForm => "copy the part after the slash from the card or the establishment's directory",
        }
    }
}

impl fmt::Display for ParseNationalIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(error) => error.fmt(f),
            Self::PrefixMissing => f.write_str("the leading 8 of the login identifier is missing"),
            Self::UnknownType => f.write_str("the first digit names no register of persons"),
            Self::LocalMissing => f.write_str("the local number after the slash is missing"),
            Self::LocalUnexpected => f.write_str("this kind of identifier has no part after a slash"),
            Self::LocalForm => f.write_str("the part after the slash is empty or has an unexpected character"),
        }
    }
}

impl core::error::Error for ParseNationalIdError {}

impl From<ParseIdError> for ParseNationalIdError {
    fn from(error: ParseIdError) -> Self {
        Self::Form(error)
    }
}
