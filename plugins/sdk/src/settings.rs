//! JSON text into the types of a policy, with the place of an error as a JSON Pointer (RFC 6901).

use serde::de::DeserializeOwned;

/// A setting that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingError {
    /// JSON Pointer into the settings; empty for the whole document.
    pub path: String,
    /// What is expected there, one lower-case sentence.
    pub message: String,
}

impl SettingError {
    /// An error at `path`, a JSON Pointer such as `/professions/0`.
    pub fn at(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            message: message.into(),
        }
    }

    /// An error at one item of the list at `path`.
    #[must_use]
    pub fn item(path: &str, index: usize, message: &str) -> Self {
        Self::at([path, "/", &index.to_string()].concat(), message)
    }
}

pub(crate) fn parse<T: DeserializeOwned>(json: &str) -> Result<T, SettingError> {
    let json = if json.is_empty() { "{}" } else { json };
    serde_json::from_str(json).map_err(|error| SettingError::at("", error.to_string()))
}
