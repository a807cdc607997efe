//! An error on its way up the value: each level that it leaves puts its own name in front of the path.

use core::fmt;

use serde::de::{Error, Expected, Unexpected};

use super::push_decimal;
use crate::settings::SettingError;

#[derive(Debug)]
pub(super) struct Misfit {
    path: String,
    message: String,
}

impl From<Misfit> for SettingError {
    fn from(misfit: Misfit) -> Self {
        Self { path: misfit.path, message: misfit.message }
    }
}

impl Misfit {
    pub(super) fn new(message: &str) -> Self {
        Self { path: String::new(), message: String::from(message) }
    }

    pub(super) fn under(self, name: &str) -> Self {
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

    pub(super) fn under_item(self, index: usize) -> Self {
        let mut name = String::new();
        push_decimal(&mut name, index);
        self.under(&name)
    }

    fn expected(what: &dyn fmt::Display) -> Self {
        let mut misfit = Self::new("expected ");
        // Writing into a string cannot fail.
        let _ = fmt::write(&mut misfit.message, format_args!("{what}"));
        misfit
    }

    fn one_of(message: &str, names: &[&str]) -> Self {
        let mut misfit = Self::new(message);
        let mut separator = "";
        for name in names {
            misfit.message.push_str(separator);
            misfit.message.push_str(name);
            separator = ", ";
        }
        misfit
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl core::error::Error for Misfit {}

/// What was found is left out of every message: settings may hold secrets, and printing numbers takes room.
impl Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        let mut misfit = Self::new("");
        let _ = fmt::write(&mut misfit.message, format_args!("{message}"));
        misfit
    }

    fn invalid_type(_found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::expected(&expected)
    }

    fn invalid_value(_found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::expected(&expected)
    }

    fn invalid_length(_length: usize, expected: &dyn Expected) -> Self {
        Self::expected(&expected)
    }

    fn unknown_variant(_variant: &str, expected: &'static [&'static str]) -> Self {
        Self::one_of("expected one of: ", expected)
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::one_of("unknown member; known here: ", expected).under(field)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new("is missing").under(field)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new("is given twice").under(field)
    }
}
