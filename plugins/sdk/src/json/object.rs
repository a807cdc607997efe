//! JSON back to text, for objects that are handed on.

use super::{FromJson, Json};
use crate::settings::SettingError;

/// A JSON object as text: what the contract hands on without looking inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object(pub String);

impl FromJson for Object {
    fn from_json(json: &Json<'_>) -> Result<Self, SettingError> {
        let mut text = String::new();
        write(json, &mut text);
        match json {
            Json::Object(_) => Ok(Self(text)),
            _ => Err(SettingError::at("", "expected an object")),
        }
    }
}

fn write(json: &Json<'_>, text: &mut String) {
    match json {
        Json::Null => text.push_str("null"),
        Json::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Json::Number(number) => text.push_str(number),
        Json::Text(value) => write_text(value, text),
        Json::List(items) => {
            for (index, item) in items.iter().enumerate() {
                text.push(if index == 0 { '[' } else { ',' });
                write(item, text);
            }
            text.push_str(if items.is_empty() { "[]" } else { "]" });
        }
        Json::Object(members) => {
            for (index, (name, value)) in members.iter().enumerate() {
                text.push(if index == 0 { '{' } else { ',' });
                write_text(name, text);
                text.push(':');
                write(value, text);
            }
            text.push_str(if members.is_empty() { "{}" } else { "}" });
        }
    }
}

/// RFC 8259 §7: quotation marks, backslashes and control characters are escaped, and nothing else has to be.
fn write_text(value: &str, text: &mut String) {
    text.push('"');
    for character in value.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            control if control < ' ' => {
                text.push_str("\\u00");
                text.push(if control < '\u{10}' { '0' } else { '1' });
                text.push(char::from_digit(u32::from(control) % 16, 16).unwrap_or('0'));
            }
            other => text.push(other),
        }
    }
    text.push('"');
}
