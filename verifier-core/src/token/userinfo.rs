//! The UserInfo answer (OIDC Core 5.3), bound to the login by `sub`.
//!
//! Known shapes: rich (practices and top-level shortcuts), the 2021 shape with `codeCivilite` inside `SubjectRefPro`, and the
//! minimal one with a name and an identifier only. Names, civility and addresses are read past and not kept: no rule needs them.
//!
//! The top-level shortcuts (`SubjectRole`, `Secteur_Activite`, `SubjectOrganization`) decide nothing: they mix activities. A
//! `SubjectRole` that no practice explains is noted in the evidence.
//! The answer is unsigned JSON; what makes it trustworthy is the TLS connection over which the caller fetched it.

use std::fmt;

use super::coded::{CodeSystem, CodedValue};
use super::person::{self, KnownRpps, OtherId};
use super::practice::{self, Practice, ReadPracticesError};
use crate::ids::NationalId;
use crate::limits;
use crate::wire::json::{self, Duplicates, Json, Object, ParseJsonError};

/// A UserInfo answer that has been read; nothing binds it to a login yet.
#[derive(Clone)]
pub struct UnverifiedUserInfo {
    subject: String,
    subject_name_id: Option<String>,
    other_ids: Vec<OtherId>,
    practices: Vec<Practice>,
    roles: Vec<CodedValue>,
}

/// Why a UserInfo answer is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseUserInfoError {
    /// A compact JWS instead of JSON.
    Signed,
    /// Not acceptable JSON, or not an object.
    Json(ParseJsonError),
    /// No `sub`, which OIDC Core 5.3.2 demands.
    SubjectMissing,
    /// A claim has the wrong type or length.
    Type {
        /// Name of the claim.
        claim: &'static str,
    },
    /// More activities than allowed.
    TooManyPractices,
}

impl ParseUserInfoError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            ParseUserInfoError::Signed => "UI-SIGNED",
            ParseUserInfoError::Json(ParseJsonError::TooLarge { .. }) => "UI-TOO-LARGE",
            ParseUserInfoError::Json(ParseJsonError::Duplicate) => "UI-DUPLICATE-MEMBER",
            ParseUserInfoError::Json(_) => "UI-JSON",
            ParseUserInfoError::SubjectMissing => "UI-SUB-MISSING",
            ParseUserInfoError::Type { .. } => "UI-CLAIM-TYPE",
            ParseUserInfoError::TooManyPractices => "UI-PRACTICES-TOO-MANY",
        }
    }

    /// What the reader can do next.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            ParseUserInfoError::Signed => {
                "ask for UserInfo as plain JSON (`Accept: application/json`); the signed form was never seen at PSC"
            }
            ParseUserInfoError::SubjectMissing => {
                "hand over the whole UserInfo answer: without `sub` it belongs to nobody"
            }
            _ => "hand over the body of the UserInfo answer exactly as received",
        }
    }
}

impl fmt::Display for ParseUserInfoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParseUserInfoError::Signed => f.write_str("userinfo is a signed token and not JSON"),
            ParseUserInfoError::Json(error) => write!(f, "userinfo is refused: {error}"),
            ParseUserInfoError::SubjectMissing => f.write_str("userinfo has no `sub`"),
            ParseUserInfoError::Type { claim } => write!(f, "`{claim}` of userinfo has the wrong type or length"),
            ParseUserInfoError::TooManyPractices => {
                write!(f, "userinfo has more than {} activities", limits::PRACTICES)
            }
        }
    }
}

impl std::error::Error for ParseUserInfoError {}

impl From<ReadPracticesError> for ParseUserInfoError {
    fn from(error: ReadPracticesError) -> Self {
        match error {
            ReadPracticesError::Type { member } => ParseUserInfoError::Type { claim: member },
            ReadPracticesError::TooMany => ParseUserInfoError::TooManyPractices,
        }
    }
}

impl UnverifiedUserInfo {
    /// Reads the body of a UserInfo answer.
    ///
    /// # Errors
    /// When it is not a JSON object with `sub`, or a claim of interest has the wrong type.
    pub fn parse(text: &str) -> Result<Self, ParseUserInfoError> {
        if text.trim_start().starts_with("eyJ") {
            return Err(ParseUserInfoError::Signed);
        }
        let parsed = json::parse(text.as_bytes(), limits::USERINFO_BYTES, Duplicates::Refuse)
            .map_err(ParseUserInfoError::Json)?;
        Self::from_json(&parsed.value)
    }

    /// Reads an answer that is already parsed, for callers whose input line holds it as a member.
    ///
    /// # Errors
    /// As for [`UnverifiedUserInfo::parse`].
    pub fn from_json(answer: &Json<'_>) -> Result<Self, ParseUserInfoError> {
        let claims = answer.as_object().ok_or(ParseUserInfoError::Json(ParseJsonError::Syntax))?;
        let practices = match claims.get("SubjectRefPro") {
            None | Some(Json::Null) => Vec::new(),
            Some(Json::Object(reference)) => Self::read_practices(reference)?,
            Some(_) => return Err(ParseUserInfoError::Type { claim: "SubjectRefPro" }),
        };
        // Either placement of `codeCivilite` is fine, another type than text is not.
        practice::stated(claims, "codeCivilite")?;
        Ok(Self {
            subject: practice::stated(claims, "sub")?.ok_or(ParseUserInfoError::SubjectMissing)?,
            subject_name_id: practice::stated(claims, "SubjectNameID")?,
            other_ids: OtherId::list(claims).map_err(|claim| ParseUserInfoError::Type { claim })?,
            practices,
            roles: roles(claims)?,
        })
    }

    fn read_practices(reference: &Object<'_>) -> Result<Vec<Practice>, ParseUserInfoError> {
        practice::stated(reference, "codeCivilite")?;
        Ok(practice::read(reference)?)
    }

    /// `sub`: whom the answer is about.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// `SubjectNameID`, as stated.
    #[must_use]
    pub fn subject_name_id(&self) -> Option<&str> {
        self.subject_name_id.as_deref()
    }

    /// The national id, when `SubjectNameID` has a known form.
    #[must_use]
    pub fn national_id(&self) -> Option<NationalId> {
        self.subject_name_id.as_deref().and_then(person::exact_national_id)
    }

    /// The RPPS, from `SubjectNameID` and `otherIds`.
    #[must_use]
    pub fn rpps(&self) -> KnownRpps {
        person::known_rpps(self.national_id().as_ref(), &self.other_ids)
    }

    /// `otherIds`.
    #[must_use]
    pub fn other_ids(&self) -> &[OtherId] {
        &self.other_ids
    }

    /// `SubjectRole`, as far as its values have the form `code^OID`.
    #[must_use]
    pub fn roles(&self) -> &[CodedValue] {
        &self.roles
    }

    /// Whether `SubjectRole` names a profession that no practice has. PSC derives the one from the other, so a difference means
    /// that the answer was put together from two sources.
    #[must_use]
    pub fn roles_differ(&self) -> bool {
        let practised = |code: &str| self.practices.iter().any(|practice| practice.profession.as_deref() == Some(code));
        self.roles.iter().any(|role| role.system() == CodeSystem::Role && !practised(role.code()))
    }

    /// Every practice, in the order of the document.
    #[must_use]
    pub fn practices(&self) -> &[Practice] {
        &self.practices
    }

    /// The practices alone.
    pub(super) fn into_practices(self) -> Vec<Practice> {
        self.practices
    }
}

/// `SubjectRole`: an array of texts. A value of another form is left out: the claim decides nothing.
fn roles(claims: &Object<'_>) -> Result<Vec<CodedValue>, ParseUserInfoError> {
    const CLAIM: &str = "SubjectRole";
    match claims.get(CLAIM) {
        None | Some(Json::Null) => Ok(Vec::new()),
        Some(Json::Array(values)) => Ok(values.iter().filter_map(|value| CodedValue::parse(value.as_str()?)).collect()),
        Some(_) => Err(ParseUserInfoError::Type { claim: CLAIM }),
    }
}

/// Personal data stay out of logs.
impl fmt::Debug for UnverifiedUserInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnverifiedUserInfo({} practices)", self.practices.len())
    }
}
