//! JSON text (RFC 8259) into types, with what does not fit named by its JSON Pointer (RFC 6901).
//!
//! Settings, properties and context reach a policy as JSON text. [`settings!`](crate::settings) and
//! [`properties!`](crate::properties) declare a struct that is read from it; a member's type is anything that implements
//! [`FromJson`], and an author can implement it for a type of their own:
//!
//! ```
//! use vigie_policy::SettingError;
//! use vigie_policy::json::{FromJson, Json};
//!
//! /// A FINESS number: nine digits.
//! struct Finess(String);
//!
//! impl FromJson for Finess {
//!     fn from_json(json: &Json<'_>) -> Result<Self, SettingError> {
//!         let text = String::from_json(json)?;
//!         if text.len() == 9 && text.bytes().all(|byte| byte.is_ascii_digit()) {
//!             Ok(Self(text))
//!         } else {
//!             Err(SettingError::at("", "expected a FINESS number of nine digits"))
//!         }
//!     }
//! }
//!
//! vigie_policy::settings! {
//!     struct Settings {
//!         hospitals: Vec<Finess>,
//!     }
//! }
//!
//! let error = vigie_policy::json::read::<Settings>(r#"{"hospitals":["990000001","99"]}"#).err().unwrap();
//! assert_eq!(error.path, "/hospitals/1");
//! ```
//!
//! Why not `serde`: a policy is instantiated afresh for every question and its author ships the file, so size counts. With the
//! reader that was here before, on serde, the sample `sidep` has 27 kB; with this one 22 kB, and an author compiles no macro
//! crate for it. `serde_json` costs 80 kB more.
//!
//! What it deliberately does not do: borrow from the text, read floating-point numbers, or say at which character a text stops
//! being JSON. Two members of one name are refused, whatever type they are read into.

mod object;
mod text;
mod types;

pub use object::Object;
pub use types::{Declared, FromJson, Member, Members};

use crate::settings::SettingError;

/// The host refuses requests that nest deeper than this, so no policy needs more; the bound also keeps the stack small.
const DEEPEST: u8 = 32;

/// A JSON value; members in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it is written.
    Number(&'a str),
    /// A string, its escapes resolved.
    Text(String),
    /// An array.
    List(Vec<Json<'a>>),
    /// An object. No two members have one name.
    Object(Vec<(String, Json<'a>)>),
}

impl<'a> Json<'a> {
    /// Reads the whole text; empty text reads like `{}`. `None` when it is not JSON, names a member twice or nests deeper than
    /// 32 levels.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        text::parse(if text.is_empty() { "{}" } else { text })
    }

    /// The member of an object.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.iter().find(|(known, _)| known == name).map(|(_, value)| value),
            _ => None,
        }
    }
}

/// Reads the whole text into a type; empty text reads like `{}`.
///
/// # Errors
///
/// The first place that does not fit.
pub fn read<T: FromJson>(text: &str) -> Result<T, SettingError> {
    let Some(json) = Json::parse(text) else {
        return Err(SettingError::at("", "this is not JSON, names a member twice, or nests deeper than 32 levels"));
    };
    T::from_json(&json)
}

/// Appends a decimal number without the formatting machinery of the standard library.
pub fn push_decimal(text: &mut String, number: usize) {
    if number >= 10 {
        push_decimal(text, number / 10);
    }
    text.push(char::from(b'0' + (number % 10) as u8));
}

/// Declares the settings of a policy: a struct that is read from a JSON object.
///
/// A member with `= value` may be left out and is that value then; a member of type `Option` may be left out; any other must be
/// there. A member that the struct does not know is refused, so that a misspelt setting is an error when the policy is loaded and
/// not a rule that silently does not apply.
///
/// ```
/// use vigie_policy::Level;
///
/// vigie_policy::settings! {
///     /// What a deployment may set.
///     #[derive(Debug, PartialEq)]
///     pub struct Settings {
///         /// The least level.
///         pub level: Level = Level::Eidas2,
///         /// FINESS of the hospital.
///         pub finess: String,
///         /// Seconds since the login, at most.
///         pub oldest: Option<u64>,
///     }
/// }
///
/// let read = vigie_policy::json::read::<Settings>;
/// let settings = read(r#"{"finess":"990000001"}"#).unwrap();
/// assert_eq!(settings, Settings { level: Level::Eidas2, finess: "990000001".into(), oldest: None });
/// assert_eq!(read("{}").unwrap_err().path, "/finess");
/// assert_eq!(read(r#"{"finess":"990000001","levl":"eidas3"}"#).unwrap_err().path, "/levl");
/// ```
#[macro_export]
macro_rules! settings {
    ($($declaration:tt)*) => { $crate::__object! { closed $($declaration)* } };
}

/// As [`settings!`](crate::settings), for what a relying party sends: members that the struct does not know are passed over,
/// because a caller may say more than one policy reads.
#[macro_export]
macro_rules! properties {
    ($($declaration:tt)*) => { $crate::__object! { open $($declaration)* } };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __object {
    ($unknown:ident $(#[$about:meta])* $visible:vis struct $name:ident {
        $($(#[$doc:meta])* $member_visible:vis $member:ident: $type:ty $(= $absent:expr)?),* $(,)?
    }) => {
        $(#[$about])*
        $visible struct $name {
            $($(#[$doc])* $member_visible $member: $type,)*
        }

        impl $crate::json::Declared for $name {
            const MEMBERS: &'static [$crate::json::Member] = &[$($crate::json::Member {
                name: stringify!($member),
                required: $crate::__required!($type $(, $absent)?),
            }),*];
        }

        impl $crate::json::FromJson for $name {
            fn from_json(json: &$crate::json::Json<'_>) -> ::core::result::Result<Self, $crate::SettingError> {
                let members = $crate::json::Members::$unknown(json, &[$(stringify!($member)),*])?;
                Ok(Self { $($member: members.read(stringify!($member), $crate::__absent!($($absent)?))?,)* })
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __required {
    ($type:ty) => {
        || <$type as $crate::json::FromJson>::absent().is_none()
    };
    ($type:ty, $value:expr) => {
        || false
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __absent {
    () => {
        $crate::json::FromJson::absent
    };
    ($value:expr) => {
        || ::core::option::Option::Some($value)
    };
}

#[cfg(test)]
mod tests;
