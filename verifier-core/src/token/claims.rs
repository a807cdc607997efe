//! The claims of a PSC token as typed values. Reading them does not mean believing them: [`super::login`] does the judging.
//!
//! **Duplicate members.** Published genuine tokens contain `acr` twice. Rule: a second member is dropped when it is one of PSC's
//! own level claims ([`REPEATABLE`]), stands in the outermost object and has an equal value, so that a reader that keeps the
//! first and one that keeps the last see the same thing; the evidence says that it happened. Any other repetition is refused.
//!
//! Types are strict: a time is a non-negative integer, a text a string. Nothing is converted.

use std::borrow::Cow;
use std::fmt;

use super::confirmation::Confirmation;
use super::person::OtherId;
use crate::limits;
use crate::wire::json::{self, Duplicates, Json, Object, ParseJsonError};

/// Members that genuine tokens repeat, or might by the same defect (a profile mapper added beside the built-in one).
const REPEATABLE: &[&str] = &["acr", "authMode", "auth_level"];

/// What a token says. Texts without escapes are borrowed from its payload.
#[derive(Clone)]
pub(super) struct Claims<'t> {
    pub(super) issuer: Cow<'t, str>,
    pub(super) subject: Cow<'t, str>,
    pub(super) audience: Vec<Cow<'t, str>>,
    pub(super) authorized_party: Option<Cow<'t, str>>,
    pub(super) expires: u64,
    pub(super) issued_at: u64,
    pub(super) not_before: Option<u64>,
    pub(super) auth_time: Option<u64>,
    pub(super) nonce: Option<Cow<'t, str>>,
    pub(super) token_id: Option<Cow<'t, str>>,
    pub(super) token_type: Option<Cow<'t, str>>,
    pub(super) level: Option<Cow<'t, str>>,
    pub(super) auth_mode: Option<Cow<'t, str>>,
    pub(super) access_token_hash: Option<Cow<'t, str>>,
    pub(super) subject_name_id: Option<Cow<'t, str>>,
    pub(super) other_ids: Vec<OtherId>,
    pub(super) confirmation: Option<Confirmation>,
    /// Tolerated members that occurred more than once.
    pub(super) repeated: Vec<&'static str>,
}

/// Why a claims set cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseClaimsError {
    /// Not acceptable JSON, or not an object.
    Json(ParseJsonError),
    /// A claim that every token must have is missing.
    Missing {
        /// Name of the claim.
        claim: &'static str,
    },
    /// A claim has the wrong type, or is longer than allowed.
    Type {
        /// Name of the claim.
        claim: &'static str,
    },
}

impl ParseClaimsError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            ParseClaimsError::Json(ParseJsonError::Duplicate) => "TOK-DUPLICATE-MEMBER",
            ParseClaimsError::Json(_) => "TOK-CLAIMS-JSON",
            ParseClaimsError::Missing { .. } => "TOK-CLAIM-MISSING",
            ParseClaimsError::Type { .. } => "TOK-CLAIM-TYPE",
        }
    }
}

impl fmt::Display for ParseClaimsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParseClaimsError::Json(error) => write!(f, "the claims are refused: {error}"),
            ParseClaimsError::Missing { claim } => write!(f, "the claim `{claim}` is missing"),
            ParseClaimsError::Type { claim } => write!(f, "the claim `{claim}` has the wrong type or length"),
        }
    }
}

impl std::error::Error for ParseClaimsError {}

impl<'t> Claims<'t> {
    /// Reads a claims set (RFC 7519 4, OIDC Core 2).
    pub(super) fn parse(payload: &'t [u8]) -> Result<Self, ParseClaimsError> {
        let parsed = json::parse(payload, limits::TOKEN_BYTES, Duplicates::DropEqual(REPEATABLE))
            .map_err(ParseClaimsError::Json)?;
        let members = Members(parsed.value.as_object().ok_or(ParseClaimsError::Json(ParseJsonError::Syntax))?);
        Ok(Self {
            issuer: members.required_text("iss")?,
            subject: members.required_text("sub")?,
            audience: members.audience()?,
            authorized_party: members.text("azp")?,
            expires: members.time("exp")?.ok_or(ParseClaimsError::Missing { claim: "exp" })?,
            issued_at: members.time("iat")?.ok_or(ParseClaimsError::Missing { claim: "iat" })?,
            not_before: members.time("nbf")?,
            auth_time: members.time("auth_time")?,
            nonce: members.text("nonce")?,
            token_id: members.text("jti")?,
            token_type: members.text("typ")?,
            level: members.text("acr")?,
            auth_mode: members.text("authMode")?,
            access_token_hash: members.text("at_hash")?,
            subject_name_id: members.text("SubjectNameID")?,
            other_ids: OtherId::list(members.0).map_err(|claim| ParseClaimsError::Type { claim })?,
            confirmation: Confirmation::read(members.0.get("cnf"))
                .map_err(|()| ParseClaimsError::Type { claim: "cnf" })?,
            repeated: parsed.repeated,
        })
    }
}

/// Claims are personal data.
impl fmt::Debug for Claims<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Claims(redacted)")
    }
}

struct Members<'j, 't>(&'j Object<'t>);

impl<'t> Members<'_, 't> {
    fn text(&self, claim: &'static str) -> Result<Option<Cow<'t, str>>, ParseClaimsError> {
        match self.0.get(claim) {
            None => Ok(None),
            Some(Json::String(text)) if text.len() <= limits::TEXT_BYTES => Ok(Some(text.clone())),
            Some(_) => Err(ParseClaimsError::Type { claim }),
        }
    }

    /// An identifier that is compared later: present and not empty.
    fn required_text(&self, claim: &'static str) -> Result<Cow<'t, str>, ParseClaimsError> {
        self.text(claim)?.filter(|text| !text.is_empty()).ok_or(ParseClaimsError::Missing { claim })
    }

    /// RFC 7519 allows fractions of a second; PSC sends none, and rounding one is a choice that nobody should make silently.
    fn time(&self, claim: &'static str) -> Result<Option<u64>, ParseClaimsError> {
        self.0.get(claim).map(|value| value.as_u64().ok_or(ParseClaimsError::Type { claim })).transpose()
    }

    /// RFC 7519 4.1.3: one string, or an array of strings. Absent is an empty list: access tokens of PSC have none.
    fn audience(&self) -> Result<Vec<Cow<'t, str>>, ParseClaimsError> {
        let wrong = ParseClaimsError::Type { claim: "aud" };
        match self.0.get("aud") {
            None => Ok(Vec::new()),
            Some(Json::String(one)) => Ok(vec![one.clone()]),
            Some(Json::Array(many)) if many.len() <= limits::AUDIENCES => {
                let text = |value: &Json<'t>| match value {
                    Json::String(text) => Ok(text.clone()),
                    _ => Err(wrong),
                };
                many.iter().map(text).collect()
            }
            Some(_) => Err(wrong),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(members: &str, expected: Option<&str>) {
        let text = format!(r#"{{"iss":"i","sub":"s","exp":2,"iat":1{members}}}"#);
        assert_eq!(Claims::parse(text.as_bytes()).err().map(|e| e.code()), expected, "{text}");
    }

    #[test]
    fn types_are_strict() {
        check("", None);
        check(r#","aud":"a""#, None);
        check(r#","aud":["a","b"]"#, None);
        check(r#","aud":[1]"#, Some("TOK-CLAIM-TYPE"));
        check(r#","aud":{}"#, Some("TOK-CLAIM-TYPE"));
        check(r#","nbf":1.5"#, Some("TOK-CLAIM-TYPE"));
        check(r#","nbf":-1"#, Some("TOK-CLAIM-TYPE"));
        check(r#","nbf":"1""#, Some("TOK-CLAIM-TYPE"));
        check(r#","nonce":null"#, Some("TOK-CLAIM-TYPE"));
        check(r#","acr":1"#, Some("TOK-CLAIM-TYPE"));
        check(&format!(r#","nonce":"{}""#, "n".repeat(limits::TEXT_BYTES + 1)), Some("TOK-CLAIM-TYPE"));
        check(r#","otherIds":[{"identifiant":"x","origine":"EDIT","qualite":1}]"#, None);
        check(r#","otherIds":{}"#, Some("TOK-CLAIM-TYPE"));
        check(r#","cnf":1"#, Some("TOK-CLAIM-TYPE"));
        for text in [
            r#"{"sub":"s","exp":2,"iat":1}"#,
            r#"{"iss":"","sub":"s","exp":2,"iat":1}"#,
            r#"{"iss":"i","sub":"s","iat":1}"#,
        ] {
            assert_eq!(Claims::parse(text.as_bytes()).err().map(|e| e.code()), Some("TOK-CLAIM-MISSING"), "{text}");
        }
        for text in ["", "[]", "\"x\""] {
            assert_eq!(Claims::parse(text.as_bytes()).err().map(|e| e.code()), Some("TOK-CLAIMS-JSON"), "{text}");
        }
    }

    #[test]
    fn duplicate_members() {
        check(r#","acr":"eidas1","acr":"eidas1""#, None);
        check(r#","acr":"eidas1","acr":"eidas3""#, Some("TOK-DUPLICATE-MEMBER"));
        check(r#","iss":"i""#, Some("TOK-DUPLICATE-MEMBER"));
        check(r#","nonce":"a","nonce":"a""#, Some("TOK-DUPLICATE-MEMBER"));
        check(r#","x":{"acr":"a","acr":"a"}"#, Some("TOK-DUPLICATE-MEMBER"));
    }
}
