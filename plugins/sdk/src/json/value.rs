//! [`Value`] to a Rust type, by serde's rules. One small non-generic tree between text and type keeps the code that is compiled
//! anew for each type down to the dispatch below.

use core::str::FromStr;

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

use super::error::Misfit;

/// A JSON value; numbers as written, members in order.
pub(super) enum Value<'a> {
    Null,
    Bool(bool),
    Number(&'a str),
    Text(String),
    List(Vec<Value<'a>>),
    Object(Vec<(String, Value<'a>)>),
}

fn number<T: FromStr>(text: &str, expected: &str) -> Result<T, Misfit> {
    T::from_str(text).map_err(|_| Misfit::new(expected))
}

const WHOLE: &str = "expected a whole number of at most 64 bits";
const FRACTION: &str = "expected a number";
const VARIANT: &str = "expected a name, or an object with one member";

impl Value<'_> {
    fn visit_whole<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Value::Number(text) if text.starts_with('-') => visitor.visit_i64(number(text, WHOLE)?),
            Value::Number(text) => visitor.visit_u64(number(text, WHOLE)?),
            _ => Err(Misfit::new(WHOLE)),
        }
    }

    fn visit_text<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Value::Text(text) => visitor.visit_str(text),
            _ => Err(Misfit::new("expected a string")),
        }
    }

    fn visit_list<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Value::List(items) => visitor.visit_seq(Items { rest: items, index: 0 }),
            _ => Err(Misfit::new("expected a list")),
        }
    }

    fn visit_object<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Value::Object(members) => visitor.visit_map(Members { rest: members, value: &Value::Null, name: "" }),
            _ => Err(Misfit::new("expected an object")),
        }
    }
}

/// Hands a request of the type on to the one shape of JSON that can answer it. Asking by shape also keeps a type small: a list, for
/// example, then carries no code for being read from an object.
macro_rules! by_shape {
    ($($shape:ident: $($ask:ident)+;)+) => {$($(
        fn $ask<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
            self.$shape(visitor)
        }
    )+)+};
}

impl<'de> Deserializer<'de> for &Value<'_> {
    type Error = Misfit;

    by_shape! {
        visit_whole: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
            deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128;
        visit_text: deserialize_char deserialize_str deserialize_string deserialize_identifier;
        visit_list: deserialize_seq deserialize_bytes deserialize_byte_buf;
        visit_object: deserialize_map;
    }

    /// For types that take whatever is there.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(_) => self.visit_whole(visitor),
            Value::Text(_) => self.visit_text(visitor),
            Value::List(_) => self.visit_list(visitor),
            Value::Object(_) => self.visit_object(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Value::Bool(value) => visitor.visit_bool(*value),
            _ => Err(Misfit::new("expected true or false")),
        }
    }

    // Only a policy that reads a floating-point number carries the code for it.
    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Value::Number(text) => visitor.visit_f32(number(text, FRACTION)?),
            _ => Err(Misfit::new(FRACTION)),
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Value::Number(text) => visitor.visit_f64(number(text, FRACTION)?),
            _ => Err(Misfit::new(FRACTION)),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Value::Null => visitor.visit_unit(),
            _ => Err(Misfit::new("expected null")),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, Misfit> {
        self.visit_list(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.visit_list(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.visit_object(visitor)
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

    /// `"variant"` or `{"variant": content}`, serde's externally tagged form.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let (name, content) = match self {
            Value::Text(name) => (name, &Value::Null),
            Value::Object(members) => match members.as_slice() {
                [(name, content)] => (name, content),
                _ => return Err(Misfit::new(VARIANT)),
            },
            _ => return Err(Misfit::new(VARIANT)),
        };
        visitor.visit_enum(Variant { name, content })
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_unit()
    }
}

struct Members<'a> {
    rest: &'a [(String, Value<'a>)],
    /// The member whose name was read last.
    name: &'a str,
    value: &'a Value<'a>,
}

impl<'de> MapAccess<'de> for Members<'_> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        let Some(((name, value), rest)) = self.rest.split_first() else { return Ok(None) };
        (self.name, self.value, self.rest) = (name, value, rest);
        seed.deserialize(StrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Misfit> {
        seed.deserialize(self.value).map_err(|misfit| misfit.under(self.name))
    }
}

struct Items<'a> {
    rest: &'a [Value<'a>],
    index: usize,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Misfit;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Misfit> {
        let Some((first, rest)) = self.rest.split_first() else { return Ok(None) };
        let item = seed.deserialize(first).map_err(|misfit| misfit.under_item(self.index))?;
        (self.rest, self.index) = (rest, self.index + 1);
        Ok(Some(item))
    }
}

struct Variant<'a> {
    name: &'a str,
    content: &'a Value<'a>,
}

impl<'de> EnumAccess<'de> for Variant<'_> {
    type Error = Misfit;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Misfit> {
        Ok((seed.deserialize(StrDeserializer::new(self.name))?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_> {
    type Error = Misfit;

    fn unit_variant(self) -> Result<(), Misfit> {
        match self.content {
            Value::Null => Ok(()),
            _ => Err(Misfit::new("expected null").under(self.name)),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Misfit> {
        seed.deserialize(self.content).map_err(|misfit| misfit.under(self.name))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, Misfit> {
        self.content.visit_list(visitor).map_err(|misfit| misfit.under(self.name))
    }

    fn struct_variant<V: Visitor<'de>>(self, _fields: &'static [&'static str], visitor: V) -> Result<V::Value, Misfit> {
        self.content.visit_object(visitor).map_err(|misfit| misfit.under(self.name))
    }
}
