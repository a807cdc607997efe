//! A strict JSON reader: sizes and depth bounded, duplicate members refused or reported.
//!
//! `serde_json::Value` keeps the last of two members with the same name, other parsers keep the first; two programs that read the same
//! signed bytes differently is how a check is walked around (RFC 8725 2.4, RFC 8259 4). Published genuine PSC tokens do
//! contain the member `acr` twice, so the caller may name members for which a *second, equal value* is tolerated; that it
//! happened is handed back. Everything else that repeats is refused, at every depth.
//!
//! Not done here: streaming, numbers beyond what claims need (an integer that is not a `u64` is only kept for equality).

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};

use crate::limits;

/// A JSON value whose objects have no ambiguous member. Texts without escapes are borrowed from the input.
#[derive(Clone, PartialEq)]
pub enum Json<'t> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A non-negative integer.
    Integer(u64),
    /// Any other number: negative, fractional or too large.
    OtherNumber(f64),
    /// A string.
    String(Cow<'t, str>),
    /// An array.
    Array(Vec<Json<'t>>),
    /// An object.
    Object(Object<'t>),
}

/// The members of a JSON object in the order of the text, each name once.
#[derive(Clone, Default, PartialEq)]
pub struct Object<'t>(Vec<(Cow<'t, str>, Json<'t>)>);

impl<'t> Object<'t> {
    /// The value of a member.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json<'t>> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value)
    }

    /// The member names, in the order of the text.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| &**name)
    }
}

impl<'t> Json<'t> {
    /// The members, when this is an object.
    #[must_use]
    pub fn as_object(&self) -> Option<&Object<'t>> {
        match self {
            Json::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The elements, when this is an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Json<'t>]> {
        match self {
            Json::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// The text, when this is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Json::String(text) => Some(text),
            _ => None,
        }
    }

    /// The value, when this is a non-negative integer.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Json::Integer(value) => Some(*value),
            _ => None,
        }
    }

    /// The kind of value in the words of RFC 8259, for error messages: never the value itself.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Bool(_) => "boolean",
            Json::Integer(_) | Json::OtherNumber(_) => "number",
            Json::String(_) => "string",
            Json::Array(_) => "array",
            Json::Object(_) => "object",
        }
    }
}

/// Claims are personal data: only the shape is shown.
impl fmt::Debug for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Json({})", self.kind())
    }
}

impl fmt::Debug for Object<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Object({} members)", self.0.len())
    }
}

/// What to do with a member that occurs twice.
#[derive(Clone, Copy, Debug)]
pub enum Duplicates {
    /// Refuse every one.
    Refuse,
    /// In the outermost object, drop a second value of one of these members when it equals the first; refuse otherwise.
    DropEqual(&'static [&'static str]),
}

/// A value, and the tolerated members that occurred more than once.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed<'t> {
    /// The value.
    pub value: Json<'t>,
    /// Names of the members that occurred more than once with equal values, each once.
    pub repeated: Vec<&'static str>,
}

/// Why a text is not acceptable JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseJsonError {
    /// More bytes than allowed.
    TooLarge {
        /// The bound, in bytes.
        limit: usize,
    },
    /// Not JSON (RFC 8259): syntax, encoding, or something after the value.
    Syntax,
    /// Nested deeper than allowed.
    TooDeep {
        /// The bound, in levels.
        limit: usize,
    },
    /// An object with more members than allowed.
    TooManyMembers {
        /// The bound, in members.
        limit: usize,
    },
    /// A member occurs twice.
    Duplicate,
}

impl fmt::Display for ParseJsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParseJsonError::TooLarge { limit } => write!(f, "longer than {limit} bytes"),
            ParseJsonError::Syntax => write!(f, "not JSON"),
            ParseJsonError::TooDeep { limit } => write!(f, "nested deeper than {limit} levels"),
            ParseJsonError::TooManyMembers { limit } => write!(f, "an object has more than {limit} members"),
            ParseJsonError::Duplicate => write!(f, "an object has the same member twice"),
        }
    }
}

/// Reads one JSON text of at most `max_bytes` bytes.
///
/// # Errors
/// When the text is not JSON, exceeds a bound of [`limits`], or repeats a member against the rule.
pub fn parse(text: &[u8], max_bytes: usize, duplicates: Duplicates) -> Result<Parsed<'_>, ParseJsonError> {
    if text.len() > max_bytes {
        return Err(ParseJsonError::TooLarge { limit: max_bytes });
    }
    // Once for the whole, which is quicker than for each string in it.
    let text = str::from_utf8(text).map_err(|_| ParseJsonError::Syntax)?;
    let state = State { fault: Cell::new(None), duplicates, repeated: RefCell::new(Vec::new()) };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Node { depth: 0, state: &state }.deserialize(&mut deserializer).and_then(|value| {
        deserializer.end()?;
        Ok(value)
    });
    match value {
        Ok(value) => Ok(Parsed { value, repeated: state.repeated.into_inner() }),
        Err(_) => Err(state.fault.get().unwrap_or(ParseJsonError::Syntax)),
    }
}

/// What the recursion shares. `serde`'s errors are text, so the typed reason is left here on the way out.
struct State {
    fault: Cell<Option<ParseJsonError>>,
    duplicates: Duplicates,
    repeated: RefCell<Vec<&'static str>>,
}

impl State {
    fn fail<E: serde::de::Error>(&self, fault: ParseJsonError) -> E {
        self.fault.set(Some(fault));
        E::custom("refused")
    }
}

#[derive(Clone, Copy)]
struct Node<'s> {
    depth: usize,
    state: &'s State,
}

impl Node<'_> {
    fn inner<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth + 1 >= limits::JSON_DEPTH {
            return Err(self.state.fail(ParseJsonError::TooDeep { limit: limits::JSON_DEPTH }));
        }
        Ok(Node { depth: self.depth + 1, ..self })
    }

    /// The tolerated member of that name, if the rule has one at this depth.
    fn tolerated(self, name: &str) -> Option<&'static str> {
        match self.state.duplicates {
            Duplicates::DropEqual(names) if self.depth == 0 => names.iter().copied().find(|n| *n == name),
            _ => None,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Json<'de>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json<'de>, E> {
        Ok(Json::Integer(value))
    }

    #[expect(clippy::cast_precision_loss, reason = "kept for equality only; no claim is read from it")]
    fn visit_i64<E>(self, value: i64) -> Result<Json<'de>, E> {
        Ok(u64::try_from(value).map_or(Json::OtherNumber(value as f64), Json::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json<'de>, E> {
        Ok(Json::OtherNumber(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json<'de>, E> {
        Ok(Json::String(Cow::Owned(value.to_owned())))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::String(Cow::Borrowed(value)))
    }

    fn visit_string<E>(self, value: String) -> Result<Json<'de>, E> {
        Ok(Json::String(Cow::Owned(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Json<'de>, A::Error> {
        let inner = self.inner()?;
        let mut out = Vec::new();
        while let Some(element) = elements.next_element_seed(inner)? {
            out.push(element);
        }
        Ok(Json::Array(out))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json<'de>, A::Error> {
        let inner = self.inner()?;
        // Claims sets and activities have some twenty members.
        let mut out = Object(Vec::with_capacity(if self.depth == 0 { 24 } else { 8 }));
        while let Some(Name(name)) = members.next_key()? {
            let value = members.next_value_seed(inner)?;
            if let Some(first) = out.get(&name) {
                let Some(tolerated) = self.tolerated(&name).filter(|_| *first == value) else {
                    return Err(self.state.fail(ParseJsonError::Duplicate));
                };
                let mut repeated = self.state.repeated.borrow_mut();
                if !repeated.contains(&tolerated) {
                    repeated.push(tolerated);
                }
                continue;
            }
            if out.0.len() == limits::JSON_MEMBERS {
                return Err(self.state.fail(ParseJsonError::TooManyMembers { limit: limits::JSON_MEMBERS }));
            }
            out.0.push((name, value));
        }
        Ok(Json::Object(out))
    }
}

/// A member name; `serde` itself would copy every one.
struct Name<'t>(Cow<'t, str>);

impl<'de> serde::Deserialize<'de> for Name<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NameVisitor)
    }
}

struct NameVisitor;

impl<'de> Visitor<'de> for NameVisitor {
    type Value = Name<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Name<'de>, E> {
        Ok(Name(Cow::Borrowed(name)))
    }

    fn visit_str<E>(self, name: &str) -> Result<Name<'de>, E> {
        Ok(Name(Cow::Owned(name.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&[&str], ParseJsonError>) {
        let got = parse(text.as_bytes(), 4096, Duplicates::DropEqual(&["acr", "x"])).map(|p| p.repeated);
        assert_eq!(got.as_deref(), expected.as_ref().copied(), "{text}");
    }

    #[test]
    fn duplicates_follow_the_rule() {
        check(r#"{"a":1,"b":2}"#, Ok(&[]));
        check(r#"{"a":1,"a":1}"#, Err(ParseJsonError::Duplicate));
        check(r#"{"acr":"eidas1","acr":"eidas1"}"#, Ok(&["acr"]));
        check(r#"{"acr":"eidas1","acr":"eidas1","acr":"eidas1"}"#, Ok(&["acr"]));
        check(r#"{"acr":"eidas1","acr":"eidas2"}"#, Err(ParseJsonError::Duplicate));
        check(r#"{"acr":"eidas1","\u0061cr":"eidas1"}"#, Ok(&["acr"]));
        check(r#"{"acr":"eidas1","\u0061cr":"eidas3"}"#, Err(ParseJsonError::Duplicate));
        check(r#"{"x":1,"x":1.0}"#, Err(ParseJsonError::Duplicate));
        // Tolerance ends at the outermost object.
        check(r#"{"a":{"acr":"eidas1","acr":"eidas1"}}"#, Err(ParseJsonError::Duplicate));
        check(r#"[{"acr":"eidas1","acr":"eidas1"}]"#, Err(ParseJsonError::Duplicate));
    }

    #[test]
    fn bounds_hold() {
        let nested = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        check(&nested(limits::JSON_DEPTH - 1), Ok(&[]));
        let deep = Err(ParseJsonError::TooDeep { limit: limits::JSON_DEPTH });
        check(&nested(limits::JSON_DEPTH), deep);
        check(&nested(2000), deep);
        check(&"[".repeat(4000), deep);
        check(&" ".repeat(4097), Err(ParseJsonError::TooLarge { limit: 4096 }));
        let wide = |members: usize| {
            let members: Vec<_> = (0..members).map(|i| format!("\"{i}\":0")).collect();
            format!("{{{}}}", members.join(","))
        };
        check(&wide(limits::JSON_MEMBERS), Ok(&[]));
        check(&wide(limits::JSON_MEMBERS + 1), Err(ParseJsonError::TooManyMembers { limit: limits::JSON_MEMBERS }));
    }

    #[test]
    fn only_json_is_json() {
        for text in [
            "",
            " ",
            "{",
            "{}{}",
            "{} x",
            "nul",
            "01",
            "1e999",
            "\"\\ud800\"",
            "{\"a\":1,}",
            "\u{feff}{}",
            "'a'",
            "NaN",
        ] {
            check(text, Err(ParseJsonError::Syntax));
        }
        assert_eq!(parse(b"\"\xff\"", 16, Duplicates::Refuse), Err(ParseJsonError::Syntax));
        for text in ["null", " {} ", "-1", "1.5", "18446744073709551616", "[true,false,null,\"a\"]"] {
            check(text, Ok(&[]));
        }
    }

    #[test]
    fn debug_shows_the_shape_only() {
        let parsed = parse(br#"{"SubjectNameID":"ANS20231122132732"}"#, 4096, Duplicates::Refuse);
        assert_eq!(format!("{parsed:?}"), "Ok(Parsed { value: Json(object), repeated: [] })");
    }
}
