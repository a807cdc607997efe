//! Reading the members of an input line: strictly, with a code for each way in which a line can be wrong.

use std::fmt;

use serde::Serialize;

use crate::limits;
use crate::wire::json::{self, Duplicates, Json, Object, ParseJsonError};

/// Why a line cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LineError {
    /// Not one acceptable JSON object.
    Json(ParseJsonError),
    /// A required member is missing.
    Missing(&'static str),
    /// A member has the wrong type.
    Type(&'static str),
    /// A member has a value outside its list.
    Value(&'static str),
    /// A member that the operation does not know.
    Unknown,
    /// An operation that does not exist in this build.
    Operation,
}

/// The answer to a line that cannot be read.
#[derive(Serialize)]
pub(super) struct LineRefused {
    ok: bool,
    code: &'static str,
    message: String,
    help: &'static str,
}

impl LineError {
    fn code(&self) -> &'static str {
        match self {
            LineError::Json(ParseJsonError::TooLarge { .. }) => "IN-TOO-LARGE",
            LineError::Json(ParseJsonError::Duplicate) => "IN-DUPLICATE-MEMBER",
            LineError::Json(_) => "IN-JSON",
            LineError::Missing(_) => "IN-MEMBER-MISSING",
            LineError::Type(_) => "IN-MEMBER-TYPE",
            LineError::Value(_) => "IN-MEMBER-VALUE",
            LineError::Unknown => "IN-MEMBER-UNKNOWN",
            LineError::Operation => "IN-OPERATION",
        }
    }

    fn help(&self) -> &'static str {
        match self {
            LineError::Json(_) => "send one JSON object on one line",
            LineError::Operation => {
                "use id, url, page, token, userinfo or login; a build without token verification has the first three"
            }
            _ => "compare the line with the table of members of this operation",
        }
    }

    pub(super) fn report(&self) -> LineRefused {
        LineRefused { ok: false, code: self.code(), message: self.to_string(), help: self.help() }
    }
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LineError::Json(error) => write!(f, "the line is refused: {error}"),
            LineError::Missing(member) => write!(f, "the member `{member}` is missing"),
            LineError::Type(member) => write!(f, "the member `{member}` has the wrong type"),
            LineError::Value(member) => write!(f, "the member `{member}` has a value outside its list"),
            LineError::Unknown => f.write_str("the line has a member that this operation does not know"),
            LineError::Operation => f.write_str("there is no such operation"),
        }
    }
}

/// The members of a line, all of them known.
pub(super) struct Fields<'l>(Object<'l>);

impl<'l> Fields<'l> {
    /// Reads a line whose members all stand in `known`.
    pub(super) fn parse(line: &'l str, known: &[&str]) -> Result<Self, LineError> {
        let parsed = json::parse(line.as_bytes(), limits::LINE_BYTES, Duplicates::Refuse).map_err(LineError::Json)?;
        let Json::Object(members) = parsed.value else { return Err(LineError::Json(ParseJsonError::Syntax)) };
        if members.names().any(|name| !known.contains(&name)) {
            return Err(LineError::Unknown);
        }
        Ok(Self(members))
    }

    pub(super) fn value(&self, name: &'static str) -> Result<&Json<'l>, LineError> {
        self.0.get(name).ok_or(LineError::Missing(name))
    }

    pub(super) fn text(&self, name: &'static str) -> Result<&str, LineError> {
        self.value(name)?.as_str().ok_or(LineError::Type(name))
    }

    /// Absent and `null` are the same.
    pub(super) fn optional_text(&self, name: &'static str) -> Result<Option<&str>, LineError> {
        match self.0.get(name) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::String(text)) => Ok(Some(text)),
            Some(_) => Err(LineError::Type(name)),
        }
    }

    /// Whether the member is there at all, `null` included.
    #[cfg(feature = "token")]
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some()
    }

    #[cfg(feature = "token")]
    pub(super) fn seconds(&self, name: &'static str) -> Result<u64, LineError> {
        self.value(name)?.as_u64().ok_or(LineError::Type(name))
    }

    /// Absent and `null` are the same.
    #[cfg(feature = "token")]
    pub(super) fn optional_seconds(&self, name: &'static str) -> Result<Option<u64>, LineError> {
        match self.0.get(name) {
            None | Some(Json::Null) => Ok(None),
            Some(value) => value.as_u64().map(Some).ok_or(LineError::Type(name)),
        }
    }
}
