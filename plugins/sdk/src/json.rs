//! Reads JSON text (RFC 8259) into a type that derives `serde::Deserialize`, and says by JSON Pointer (RFC 6901) what does not fit.
//!
//! Why not a crate: a policy is instantiated afresh for every decision, so its size counts. FIGURES
//!
//! What it deliberately does not do: borrow from the text, write JSON, or read numbers with a fraction or an exponent other than into
//! `f32` and `f64`. Nesting is bounded, so that the stack is too.

use core::fmt;
use core::str::FromStr;

use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, Expected, MapAccess, SeqAccess, Unexpected, Visitor,
};

use crate::settings::SettingError;

/// Reads the whole text; empty text reads like `{}`.
pub(crate) fn read<T: DeserializeOwned>(json: &str) -> Result<T, SettingError> {
    let value = Value::parse(if json.is_empty() { "{}" } else { json })?;
    T::deserialize(&value).map_err(|misfit| misfit.0)
}

enum Value<'a> {
    Null,
    Bool(bool),
    Number(&'a str),
    Text(String),
    List(Vec<Value<'a>>),
    Object(Vec<(String, Value<'a>)>),
}

impl<'a> Value<'a> {
    fn parse(json: &'a str) -> Result<Self, SettingError> {
        let mut parser = Parser { text: json, at: 0 };
        let value = parser.value(0).filter(|_| parser.peek().is_none());
        value.ok_or_else(|| SettingError::at("", "this is not JSON, or nested too deeply"))
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
    /// The next byte that is not white space, left where it is.
    fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.byte() {
            self.at += 1;
        }
        self.byte()
    }
    fn bump(&mut self) -> Option<u8> {
        let byte = self.byte();
        self.at += 1;
        byte
    }
    fn take(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += 1;
        }
        found
    }
    fn word(&mut self, word: &str, value: Value<'a>) -> Option<Value<'a>> {
        let found = self.text.get(self.at..)?.starts_with(word);
        self.at += word.len();
        found.then_some(value)
    }
    fn value(&mut self, depth: u8) -> Option<Value<'a>> {
        if depth > MAX_DEPTH {
            return None;
        }
        match self.peek()? {
            b'{' => {
                self.at += 1;
                let mut members = Vec::new();
                if self.take(b'}') {
                    return Some(Value::Object(members));
                }
                loop {
                    let name = self.string()?;
                    if !self.take(b':') {
                        return None;
                    }
                    members.push((name, self.value(depth + 1)?));
                    if !self.take(b',') {
                        break;
                    }
                }
                self.take(b'}').then_some(Value::Object(members))
            }
            b'[' => {
                self.at += 1;
                let mut items = Vec::new();
                if self.take(b']') {
                    return Some(Value::List(items));
                }
                loop {
                    items.push(self.value(depth + 1)?);
                    if !self.take(b',') {
                        break;
                    }
                }
                self.take(b']').then_some(Value::List(items))
            }
            b'"' => self.string().map(Value::Text),
            b't' => self.word("true", Value::Bool(true)),
            b'f' => self.word("false", Value::Bool(false)),
            b'n' => self.word("null", Value::Null),
            _ => self.number().map(Value::Number),
        }
    }
    fn string(&mut self) -> Option<String> {
        if !self.take(b'"') {
            return None;
        }
        let mut text = String::new();
        let mut start = self.at;
        loop {
            let end = self.at;
            match self.bump()? {
                b'"' => {
                    text.push_str(self.text.get(start..end)?);
                    return Some(text);
                }
                b'\\' => {
                    text.push_str(self.text.get(start..end)?);
                    text.push(self.escaped()?);
                    start = self.at;
                }
                0..b' ' => return None,
                _ => {}
            }
        }
    }
    fn escaped(&mut self) -> Option<char> {
        Some(match self.bump()? {
            same @ (b'"' | b'\\' | b'/') => char::from(same),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.four_digits()?;
                if first & 0xFC00 != 0xD800 {
                    return char::from_u32(first);
                }
                if self.bump() != Some(b'\\') || self.bump() != Some(b'u') {
                    return None;
                }
                let second = self.four_digits()?;
                if second & 0xFC00 != 0xDC00 {
                    return None;
                }
                return char::from_u32(0x1_0000 + ((first & 0x3FF) << 10) + (second & 0x3FF));
            }
            _ => return None,
        })
    }
    fn four_digits(&mut self) -> Option<u32> {
        let mut code = 0;
        for _ in 0..4 {
            code = code * 16 + char::from(self.bump()?).to_digit(16)?;
        }
        Some(code)
    }
    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - start
    }
    fn number(&mut self) -> Option<&'a str> {
        let start = self.at;
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        let is_zero = self.byte() == Some(b'0');
        let digits = self.digits();
        if digits == 0 || (digits > 1 && is_zero) {
            return None;
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return None;
            }
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.byte() {
                self.at += 1;
            }
            if self.digits() == 0 {
                return None;
            }
        }
        self.text.get(start..self.at)
    }
}

/// The host refuses requests nested deeper than this, so no policy needs more.
const MAX_DEPTH: u8 = 32;

/// An error on its way up; each level that it leaves puts its own name in front of the path.
#[derive(Debug)]
struct Misfit(SettingError);

impl Misfit {
    fn new(message: &str) -> Self {
        Self::at("", String::from(message))
    }

    fn at(name: &str, message: String) -> Self {
        let mut path = String::new();
        if !name.is_empty() {
            push_segment(&mut path, name);
        }
        Self(SettingError { path, message })
    }

    fn under_item(self, index: usize) -> Self {
        let mut name = String::new();
        push_decimal(&mut name, index);
        self.under(&name)
    }

    fn under(self, name: &str) -> Self {
        let mut path = String::new();
        push_segment(&mut path, name);
        path.push_str(&self.0.path);
        Self(SettingError { path, message: self.0.message })
    }
}

/// RFC 6901 §3: `~` and `/` are escaped.
fn push_segment(path: &mut String, name: &str) {
    path.push('/');
    for character in name.chars() {
        match character {
            '~' => path.push_str("~0"),
            '/' => path.push_str("~1"),
            other => path.push(other),
        }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.message)
    }
}

impl core::error::Error for Misfit {}

/// What was found is left out of the messages on purpose: settings may hold secrets, and printing numbers is large.
impl de::Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::at("", message.to_string())
    }

    fn invalid_type(_found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::at("", describe(&expected))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn invalid_length(_length: usize, expected: &dyn Expected) -> Self {
        Self::invalid_type(Unexpected::Seq, expected)
    }

    fn unknown_variant(_variant: &str, expected: &'static [&'static str]) -> Self {
        Self::at("", list("expected one of: ", expected))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::at(field, list("unknown member; the known ones are: ", expected))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::at(field, String::from("is missing"))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::at(field, String::from("is given twice"))
    }
}

fn describe(expected: &dyn fmt::Display) -> String {
    let mut text = String::from("expected ");
    let _ = fmt::write(&mut text, format_args!("{expected}"));
    text
}

/// Appends a number without the formatting machinery.
pub(crate) fn push_decimal(text: &mut String, number: usize) {
    if number >= 10 {
        push_decimal(text, number / 10);
    }
    text.push(char::from(b'0' + (number % 10) as u8));
}

fn list(message: &str, names: &[&str]) -> String {
    let mut text = String::from(message);
    for (index, name) in names.iter().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        text.push_str(name);
    }
    text
}

fn number<T: FromStr>(text: &str) -> Result<T, Misfit> {
    T::from_str(text).map_err(|_| Misfit::new("expected a whole number of at most 64 bits"))
}

impl<'de> Deserializer<'de> for &Value<'_> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(text) if text.starts_with('-') => visitor.visit_i64(number(text)?),
            Value::Number(text) => visitor.visit_u64(number(text)?),
            Value::Text(text) => visitor.visit_str(text),
            Value::List(items) => visitor.visit_seq(Items { items, index: 0 }),
            Value::Object(members) => visitor.visit_map(Members { members, value: None }),
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Value::Number(text) => visitor.visit_f64(number(text)?),
            _ => self.deserialize_any(visitor),
        }
    }
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map
        struct identifier ignored_any f32 enum
    }
}
struct Members<'a> {
    members: &'a [(String, Value<'a>)],
    value: Option<&'a (String, Value<'a>)>,
}
impl<'de> MapAccess<'de> for Members<'_> {
    type Error = Misfit;
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        let Some((first, rest)) = self.members.split_first() else { return Ok(None) };
        self.members = rest;
        self.value = Some(first);
        seed.deserialize(StrDeserializer::new(&first.0)).map(Some)
    }
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Misfit> {
        let Some((name, value)) = self.value else { return Err(Misfit::new("")) };
        seed.deserialize(value).map_err(|misfit| misfit.under(name))
    }
}
struct Items<'a> {
    items: &'a [Value<'a>],
    index: usize,
}
impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Misfit;
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Misfit> {
        let Some((first, rest)) = self.items.split_first() else { return Ok(None) };
        self.items = rest;
        let item = seed.deserialize(first).map_err(|misfit| misfit.under_item(self.index))?;
        self.index += 1;
        Ok(Some(item))
    }
}
