//! What is wrong with a setting, and where.

/// A setting that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingError {
    /// JSON Pointer (RFC 6901) into the settings; empty for the whole document.
    pub path: String,
    /// What is expected there, one lower-case sentence.
    pub message: String,
}

impl SettingError {
    /// An error at `path`, a JSON Pointer such as `/professions`.
    #[must_use]
    pub fn at(path: &str, message: &str) -> Self {
        Self { path: String::from(path), message: String::from(message) }
    }

    /// An error at one item of the list at `path`, for example `/professions/3`.
    #[must_use]
    pub fn item(path: &str, index: usize, message: &str) -> Self {
        let mut error = Self::at(path, message);
        error.path.push('/');
        crate::json::push_decimal(&mut error.path, index);
        error
    }
}
