//! What is wrong with a setting, and where.

use crate::json::push_decimal;

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
        push_decimal(&mut error.path, index);
        error
    }

    /// The same error seen from one level further up, where the value is the member or the item `name`.
    #[must_use]
    pub fn under(self, name: &str) -> Self {
        let mut path = String::from("/");
        for character in name.chars() {
            // RFC 6901 §3.
            match character {
                '~' => path.push_str("~0"),
                '/' => path.push_str("~1"),
                other => path.push(other),
            }
        }
        path.push_str(&self.path);
        Self { path, message: self.message }
    }

    /// A message that ends in a list of names.
    pub(crate) fn listing(message: &str, names: &[&str]) -> Self {
        let mut error = Self::at("", message);
        let mut separator = "";
        for name in names {
            error.message.push_str(separator);
            error.message.push_str(name);
            separator = ", ";
        }
        error
    }
}
