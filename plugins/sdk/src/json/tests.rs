//! What is read, what is refused, and where an error is said to be.

use super::*;
use crate::Level;

crate::settings! {
    #[derive(Debug, PartialEq)]
    struct Everything {
        flag: bool,
        whole: u64,
        small: u32 = 7,
        text: String,
        level: Option<Level>,
        list: Vec<Inner>,
    }
}

crate::properties! {
    #[derive(Debug, PartialEq)]
    struct Inner {
        name: Option<String>,
    }
}

fn inner(name: Option<&str>) -> Inner {
    Inner { name: name.map(String::from) }
}

#[test]
fn reads_every_shape() {
    let read: Everything = read(
        r#" { "flag" : true, "whole":18446744073709551615, "text":"é\u00e9\ud83e\ude7a\"\\\/\b\f\n\r\t", "level":"eidas2",
             "list":[{"name":"a","unknown":[1.5e2,{}]},{},{"name":null}] } "#,
    )
    .unwrap();
    assert_eq!(
        read,
        Everything {
            flag: true,
            whole: u64::MAX,
            small: 7,
            text: "éé🩺\"\\/\u{8}\u{c}\n\r\t".into(),
            level: Some(Level::Eidas2),
            list: vec![inner(Some("a")), inner(None), inner(None)],
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
    let known = "unknown member; known here: flag, whole, small, text, level, list";
    let whole = "expected a whole number from 0, of at most 64 bits";
    check(r#"{"flag":1}"#, "/flag", "expected true or false");
    for number in ["-1", "1.0", "1e2", "18446744073709551616", "99999999999999999999", "\"1\"", "null"] {
        check(&format!(r#"{{"flag":true,"whole":{number}}}"#), "/whole", whole);
    }
    let with = |member: &str| format!(r#"{{"flag":true,"whole":1,"text":"","list":[],{member}}}"#);
    check(&with(r#""small":4294967296"#), "/small", "expected a whole number from 0 to 4294967295");
    check(&with(r#""level":"eidas4""#), "/level", "expected one of: eidas1, eidas2, eidas3");
    check(&with(r#""level":2"#), "/level", "expected one of: eidas1, eidas2, eidas3");
    check(&with(r#""lvl":2"#), "/lvl", known);
    check(&with(r#""~/":2"#), "/~0~1", known);
    check(r#"{"flag":true,"whole":1,"text":null,"list":[]}"#, "/text", "expected a string");
    check(r#"{"flag":true,"whole":1,"text":"","list":{}}"#, "/list", "expected a list");
    check(r#"{"flag":true,"whole":1,"text":"","list":[{},{"name":1}]}"#, "/list/1/name", "expected a string");
    check(r#"{"flag":true,"whole":1,"text":"","list":[{},[]]}"#, "/list/1", "expected an object");
    check("{}", "/flag", "is missing");
    check("", "/flag", "is missing");
    check("[]", "", "expected an object");
    check("[", "", "this is not JSON, names a member twice, or nests deeper than 32 levels");
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
        assert!(Json::parse(json).is_none(), "{json}");
    }
    assert!(Json::parse(&nested(33)).is_some());
}

#[test]
fn numbers_stay_as_written() {
    let json = Json::parse(r#"{"a":[-0.10e+2]}"#).unwrap();
    assert_eq!(json.member("a"), Some(&Json::List(vec![Json::Number("-0.10e+2")])));
    assert_eq!(json.member("b"), None);
    let mut text = String::new();
    push_decimal(&mut text, usize::MAX);
    assert_eq!(text, usize::MAX.to_string());
}
