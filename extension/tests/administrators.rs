//! The examples of `docs/administrators.md`, read as a browser would hand them out: each is in force without a mistake.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use serde_json::Value;
use vigie_extension::policy::{Given, Installer, Key, Managed, Mode, Settings};

fn given(value: &Value) -> Given {
    match value {
        Value::Bool(flag) => Given::Flag(*flag),
        Value::Number(number) => Given::Number(number.as_f64().unwrap()),
        Value::String(text) => Given::Text(text.clone()),
        _ => Given::Other,
    }
}

/// The extension's keys in one example, in whichever form it has them.
fn keys(example: &Value) -> Option<Vec<(String, Given)>> {
    let nested = ["/3rdparty/extensions/EXTENSION_ID", "/policies/3rdparty/Extensions/vigie@vigie.example"];
    let own = nested.iter().find_map(|place| example.pointer(place));
    let own = own.or_else(|| example.get("sharedDesk").map(|_| example))?;
    let plain = |value: &Value| given(value.get("Value").unwrap_or(value));
    Some(own.as_object()?.iter().map(|(key, value)| (key.clone(), plain(value))).collect())
}

/// `"name"=dword:0000001e` and `"name"="text"`, below the extension's own key.
fn registry(block: &str) -> Vec<(String, Given)> {
    let own = block.split("\\policy]").nth(1).unwrap();
    let lines = own.lines().filter_map(|line| line.split_once('='));
    let value = |key: &str, text: &str| match text.strip_prefix("dword:") {
        // The browser makes true and false of numbers where its schema says so.
        Some(number) if key != "sessionMinutes" => Given::Flag(number != "00000000"),
        Some(number) => Given::Number(f64::from(u32::from_str_radix(number, 16).unwrap())),
        None => Given::Text(text.trim_matches('"').to_owned()),
    };
    lines.map(|(key, text)| (key.trim_matches('"').to_owned(), value(key.trim_matches('"'), text))).collect()
}

#[test]
fn every_example_is_in_force_as_it_stands() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/administrators.md");
    let chapter = std::fs::read_to_string(path).unwrap();
    let blocks = |language: &str| -> Vec<String> {
        let fence = format!("```{language}\n");
        let parts = chapter.split(fence.as_str()).skip(1);
        parts.map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
    };
    let json: Vec<Value> = blocks("json").iter().map(|text| serde_json::from_str(text).unwrap()).collect();
    let mut examples: Vec<_> = json.iter().filter_map(keys).collect();
    examples.extend(blocks("reg").iter().map(|block| registry(block)));
    assert_eq!(examples.len(), 4, "a form is missing");
    for example in examples {
        let settings = Settings::of(&Managed::Items(example.clone()), Installer::Organisation, Mode::Personal);
        assert_eq!(settings.errors, [], "{example:?}");
        assert_eq!((settings.mode, settings.session_minutes), (Mode::Shared, 30), "{example:?}");
        assert!(settings.set.len() >= 4 && settings.support.is_some(), "{example:?}");
    }
}

#[test]
fn every_key_is_explained() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/administrators.md");
    let chapter = std::fs::read_to_string(path).unwrap();
    for key in Key::ALL {
        assert!(chapter.lines().any(|line| line.starts_with(&format!("| `{}` |", key.name()))), "{}", key.name());
    }
}
