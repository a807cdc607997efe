//! [`Json`] into types. What was found is left out of every message: settings may hold secrets.

use super::{Json, push_decimal};
use crate::outcome::Effect;
use crate::request::{AuthMode, Level};
use crate::settings::SettingError;

/// A type that JSON can be read into.
pub trait FromJson: Sized {
    /// Reads the value.
    ///
    /// # Errors
    ///
    /// The first place that does not fit; paths start at this value.
    fn from_json(json: &Json<'_>) -> Result<Self, SettingError>;

    /// What a member that is not there means; `None`, unless a type says otherwise, when it must be there.
    #[must_use]
    fn absent() -> Option<Self> {
        None
    }
}

fn unexpected<T>(message: &str) -> Result<T, SettingError> {
    Err(SettingError::at("", message))
}

impl Json<'_> {
    /// The place of a text in a list of names, for an enum of one's own.
    ///
    /// # Errors
    ///
    /// It is none of them; the message lists them.
    pub fn one_of(&self, names: &[&str]) -> Result<usize, SettingError> {
        if let Json::Text(text) = self
            && let Some(place) = names.iter().position(|name| name == text)
        {
            return Ok(place);
        }
        Err(SettingError::listing("expected one of: ", names))
    }
}

impl FromJson for bool {
    fn from_json(json: &Json<'_>) -> Result<Self, SettingError> {
        match json {
            Json::Bool(value) => Ok(*value),
            _ => unexpected("expected true or false"),
        }
    }
}

impl FromJson for String {
    fn from_json(json: &Json<'_>) -> Result<Self, SettingError> {
        match json {
            Json::Text(text) => Ok(text.clone()),
            _ => unexpected("expected a string"),
        }
    }
}

impl FromJson for u64 {
    fn from_json(json: &Json<'_>) -> Result<Self, SettingError> {
        // Digits only: `parse` of the standard library would also take a plus sign, which JSON does not write, and brings more.
        let mut number: Self = 0;
        let Json::Number(text) = json else { return unexpected(WHOLE) };
        for byte in text.bytes() {
            let digit = Self::from(byte.wrapping_sub(b'0'));
            let next = number.checked_mul(10).and_then(|tens| tens.checked_add(digit));
            match next {
                Some(next) if digit < 10 => number = next,
                _ => return unexpected(WHOLE),
            }
        }
        Ok(number)
    }
}

const WHOLE: &str = "expected a whole number from 0, of at most 64 bits";

impl FromJson for u32 {
    fn from_json(json: &Json<'_>) -> Result<Self, SettingError> {
        Self::try_from(u64::from_json(json)?).or_else(|_| unexpected("expected a whole number from 0 to 4294967295"))
    }
}

impl FromJson for Level {
    fn from_json(json: &Json<'_>) -> Result<Self, SettingError> {
        Ok(match json.one_of(&["eidas1", "eidas2", "eidas3"])? {
            0 => Self::Eidas1,
            1 => Self::Eidas2,
            _ => Self::Eidas3,
        })
    }
}

impl FromJson for Effect {
    fn from_json(json: &Json<'_>) -> Result<Self, SettingError> {
        Ok(match json.one_of(&["permit", "deny", "abstain"])? {
            0 => Self::Permit,
            1 => Self::Deny,
            _ => Self::Abstain,
        })
    }
}

impl FromJson for AuthMode {
    fn from_json(json: &Json<'_>) -> Result<Self, SettingError> {
        Ok(match json.one_of(&["mobile", "card", "identity-broker", "webauthn", "unknown"])? {
            0 => Self::Mobile,
            1 => Self::Card,
            2 => Self::IdentityBroker,
            3 => Self::Webauthn,
            _ => Self::Unknown,
        })
    }
}

impl<T: FromJson> FromJson for Option<T> {
    fn from_json(json: &Json<'_>) -> Result<Self, SettingError> {
        match json {
            Json::Null => Ok(None),
            _ => T::from_json(json).map(Some),
        }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(json: &Json<'_>) -> Result<Self, SettingError> {
        let Json::List(items) = json else { return unexpected("expected a list") };
        let mut read = Self::new();
        for item in items {
            match T::from_json(item) {
                Ok(value) => read.push(value),
                Err(error) => {
                    let mut place = String::new();
                    push_decimal(&mut place, read.len());
                    return Err(error.under(&place));
                }
            }
        }
        Ok(read)
    }
}

/// A struct that [`settings!`](crate::settings) or [`properties!`](crate::properties) declares, so that a test can hold a JSON Schema
/// to it: see `schema::check`.
pub trait Declared {
    /// What it reads.
    const MEMBERS: &'static [Member];
}

/// A member that a struct reads.
#[derive(Debug)]
pub struct Member {
    /// Its name.
    pub name: &'static str,
    /// Whether it must be there.
    pub required: fn() -> bool,
}

/// The members of an object, on their way into a struct. [`settings!`](crate::settings) uses it.
#[derive(Debug)]
pub struct Members<'a>(&'a [(String, Json<'a>)]);

impl<'a> Members<'a> {
    /// Those of an object, whatever else it has.
    ///
    /// # Errors
    ///
    /// It is no object.
    pub fn open(json: &'a Json<'_>, _known: &[&str]) -> Result<Self, SettingError> {
        match json {
            Json::Object(members) => Ok(Self(members)),
            _ => unexpected("expected an object"),
        }
    }

    /// Those of an object that has no others.
    ///
    /// # Errors
    ///
    /// It is no object, or has a member that is not known.
    pub fn closed(json: &'a Json<'_>, known: &[&str]) -> Result<Self, SettingError> {
        let members = Self::open(json, known)?;
        match members.0.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            None => Ok(members),
            Some((name, _)) => Err(SettingError::listing("unknown member; known here: ", known).under(name)),
        }
    }

    /// Reads one member, or takes what `absent` says where it is not there.
    ///
    /// # Errors
    ///
    /// It does not fit, or is not there and must be.
    pub fn read<T: FromJson>(&self, name: &str, absent: fn() -> Option<T>) -> Result<T, SettingError> {
        match self.0.iter().find(|(known, _)| known == name) {
            Some((_, value)) => T::from_json(value).map_err(|error| error.under(name)),
            None => absent().ok_or_else(|| SettingError::at("", "is missing").under(name)),
        }
    }
}
