//! Reads JSON text (RFC 8259) into a type that derives `serde::Deserialize`, and says by JSON Pointer (RFC 6901) what does not fit.
//!
//! Why not a crate: a policy is instantiated afresh for every decision and its author ships the file, so size counts, and the
//! crates spend it on what a policy does not need: floating-point tables, borrowed text, formatted panics. The component of the
//! sample `sidep` has 120 kB with `serde_json`, 48 kB with `serde-json-core`, 43 kB with `serde-json-wasm` (allocator and
//! profile alike; the latter two say neither where an error is nor what was expected) and 36 kB with this module.
//!
//! What it deliberately does not do: write JSON, borrow from the text, or take a number with a fraction or an exponent for
//! anything but `f32` and `f64`. Two members of one name are refused, whatever type they are read into.

mod error;
mod text;
mod value;

use serde::de::DeserializeOwned;

use crate::settings::SettingError;
use value::Value;

/// The host refuses requests that nest deeper than this, so no policy needs more; the bound also keeps the stack small.
const DEEPEST: u8 = 32;

/// Reads the whole text; empty text reads like `{}`.
///
/// # Errors
///
/// The first place that does not fit.
pub(crate) fn read<T: DeserializeOwned>(json: &str) -> Result<T, SettingError> {
    let value = text::parse(if json.is_empty() { "{}" } else { json });
    let value = value.ok_or_else(|| {
        SettingError::at("", "this is not JSON, names a member twice, or nests deeper than 32 levels")
    })?;
    T::deserialize(&value).map_err(SettingError::from)
}

/// Appends a decimal number without the formatting machinery of the standard library.
pub(crate) fn push_decimal(text: &mut String, number: usize) {
    if number >= 10 {
        push_decimal(text, number / 10);
    }
    text.push(char::from(b'0' + (number % 10) as u8));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Everything {
        flag: bool,
        small: u8,
        signed: i64,
        ratio: Option<f64>,
        text: String,
        list: Vec<Inner>,
        #[serde(default)]
        map: BTreeMap<String, u32>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Inner {
        Unit,
        Newtype(u8),
        Struct { a: u8 },
        Tuple(u8, u8),
    }

    #[test]
    fn reads_every_shape() {
        let read: Everything = read(
            r#" { "flag" : true, "small":255, "signed":-9223372036854775808, "ratio":-1.5e2, "text":"é\u00e9\ud83e\ude7a\"\\\/\b\f\n\r\t",
                 "list":["unit",{"newtype":7},{"struct":{"a":1}},{"tuple":[1,2]}], "map":{"a/b":1} } "#,
        )
        .unwrap();
        assert_eq!(
            read,
            Everything {
                flag: true,
                small: 255,
                signed: i64::MIN,
                ratio: Some(-150.0),
                text: "éé🩺\"\\/\u{8}\u{c}\n\r\t".into(),
                list: vec![Inner::Unit, Inner::Newtype(7), Inner::Struct { a: 1 }, Inner::Tuple(1, 2)],
                map: BTreeMap::from([("a/b".into(), 1)]),
            }
        );
    }

    #[track_caller]
    fn check(json: &str, path: &str, message: &str) {
        let error = read::<Everything>(json).unwrap_err();
        assert_eq!((error.path.as_str(), error.message.as_str()), (path, message), "{json}");
    }

    #[test]
    fn says_where_and_what() {
        let with =
            |member: &str| format!(r#"{{"flag":true,"small":1,"signed":1,"ratio":null,"text":"","list":[],{member}}}"#);
        check(r#"{"flag":1}"#, "/flag", "expected true or false");
        check(r#"{"small":256}"#, "/small", "expected u8");
        check(r#"{"small":-1}"#, "/small", "expected u8");
        check(r#"{"small":1.0}"#, "/small", "expected a whole number of at most 64 bits");
        check(r#"{"signed":99999999999999999999}"#, "/signed", "expected a whole number of at most 64 bits");
        check(r#"{"list":{}}"#, "/list", "expected a list");
        check(r#"{"ratio":"1"}"#, "/ratio", "expected a number");
        check(r#"{"text":null}"#, "/text", "expected a string");
        check(r#"{"list":["unit","other"]}"#, "/list/1", "expected one of: unit, newtype, struct, tuple");
        check(r#"{"list":[{"struct":{"a":"x"}}]}"#, "/list/0/struct/a", "expected a whole number of at most 64 bits");
        check(r#"{"list":[{"unit":1}]}"#, "/list/0/unit", "expected null");
        check(r#"{"list":[{}]}"#, "/list/0", "expected a name, or an object with one member");
        check(&with(r#""map":{"~/":"x"}"#), "/map/~0~1", "expected a whole number of at most 64 bits");
        check(&with(r#""mpa":{}"#), "/mpa", "unknown member; known here: flag, small, signed, ratio, text, list, map");
        check("{}", "/flag", "is missing");
        check("", "/flag", "is missing");
        check("[]", "", "expected an object");
    }

    #[test]
    fn refuses_what_is_not_json() {
        let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        for json in [
            " ",
            "{",
            "}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "[1,]",
            "[1 2]",
            "[",
            "\"",
            "\"\n\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\ud800\"",
            "\"\\udc00\"",
            "\"\\ud800\\u0041\"",
            "01",
            "-",
            "+1",
            "1.",
            ".5",
            "1e",
            "1e+",
            "nul",
            "truefalse",
            "1 1",
            "{} {}",
            "\u{feff}{}",
            "NaN",
            "'a'",
            "{\"a\":1,\"a\":1}",
            "[{\"a\":1,\"b\":2,\"a\":3}]",
            &nested(34),
        ] {
            assert!(text::parse(json).is_none(), "{json}");
        }
        assert!(text::parse(&nested(33)).is_some());
    }

    #[test]
    fn reads_numbers_as_written() {
        assert_eq!(read::<f64>("0.1").unwrap().to_bits(), 0.1_f64.to_bits());
        assert_eq!(read::<f32>("-0").unwrap().to_bits(), (-0.0_f32).to_bits());
        assert_eq!(read::<u64>("18446744073709551615").unwrap(), u64::MAX);
        assert!(read::<f64>("\"1\"").is_err());
        let mut text = String::new();
        push_decimal(&mut text, usize::MAX);
        assert_eq!(text, usize::MAX.to_string());
    }
}
