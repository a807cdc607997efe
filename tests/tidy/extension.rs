//! What the extension may ask of the browser, held against a list that changes only on purpose, and how much JavaScript it has.

use serde_json::{Value, json};

use crate::tree::{files, json, none, root, text};

/// Handwritten JavaScript in all. The charter's limit: loaders and the content script, no logic.
const JAVASCRIPT_LINES: usize = 400;

/// The content script in bytes, as it ships.
const CONTENT_SCRIPT: u64 = 6 * 1024;

/// The extension's WebAssembly in bytes, after wasm-opt. The design's limit; its goal is 150 kB.
const WEBASSEMBLY: u64 = 250_000;

/// Everything in the manifest by which a browser grants power.
pub(crate) fn powers(manifest: &Value) -> Value {
    let names = [
        "permissions",
        "optional_permissions",
        "host_permissions",
        "optional_host_permissions",
        "content_security_policy",
        "web_accessible_resources",
        "externally_connectable",
        "incognito",
    ];
    let mut found = serde_json::Map::new();
    for name in names {
        if let Some(value) = manifest.get(name) {
            found.insert(name.into(), value.clone());
        }
    }
    let scripts = manifest["content_scripts"].as_array().cloned().unwrap_or_default();
    let matches: Vec<Value> = scripts.iter().map(|script| json!([script["matches"], script["all_frames"]])).collect();
    found.insert("content_scripts".into(), Value::Array(matches));
    Value::Object(found)
}

#[test]
fn the_manifest_asks_for_what_the_golden_file_says() {
    let golden = json("tests/tidy/manifest.golden.json");
    let actual = powers(&json("manifest.json"));
    assert_eq!(
        actual,
        golden,
        "the extension's powers changed; if on purpose, tests/tidy/manifest.golden.json becomes\n{}",
        serde_json::to_string_pretty(&actual).unwrap()
    );
}

#[test]
fn nothing_of_the_extension_is_reachable_from_a_page() {
    let manifest = json("manifest.json");
    for name in ["web_accessible_resources", "externally_connectable"] {
        let value = &manifest[name];
        assert!(value.is_null() || value == &json!([]), "{name} is {value}");
    }
}

#[test]
fn the_packaged_store_flavour_reaches_two_hosts() {
    let path = root().join("target/package/vigie-chromium-store/manifest.json");
    // Packages are built, not kept; `cargo xtask test` builds them first.
    assert!(path.is_file(), "no package yet: run `cargo xtask package`");
    let manifest: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let hosts = json!(["https://wallet.esw.esante.gouv.fr/*", "https://auth.esw.esante.gouv.fr/*"]);
    assert_eq!(manifest["host_permissions"], hosts);
    assert_eq!(manifest["content_scripts"][0]["matches"], hosts);
}

#[test]
fn webassembly_stays_small() {
    let path = root().join("target/package/vigie-chromium-store/vigie_bg.wasm");
    let size = path.metadata().expect("no package yet: run `cargo xtask package`").len();
    assert!(size <= WEBASSEMBLY, "the extension's WebAssembly has {size} bytes, more than {WEBASSEMBLY}");
}

#[test]
fn javascript_stays_small() {
    let scripts: Vec<(String, usize)> = files()
        .into_iter()
        .filter(|file| {
            file.path.starts_with("extension/web/") && (file.path.ends_with(".js") || file.path.ends_with(".mjs"))
        })
        .map(|file| (file.path, file.text.unwrap_or_default().lines().count()))
        .collect();
    let lines: usize = scripts.iter().map(|(_, lines)| lines).sum();
    assert!(lines > 0 && lines <= JAVASCRIPT_LINES, "{lines} lines of JavaScript: {scripts:?}");
    let content = root().join("target/package/vigie-chromium-store/content.js");
    let content = content.metadata().expect("no package yet: run `cargo xtask package`").len();
    assert!(content <= CONTENT_SCRIPT, "the content script has {content} bytes");
}

#[test]
fn the_pages_speak_french_and_english() {
    let keys = |language: &str| -> Vec<String> {
        let messages = json(&format!("extension/_locales/{language}/messages.json"));
        messages.as_object().unwrap().keys().cloned().collect()
    };
    let (french, english) = (keys("fr"), keys("en"));
    let one_sided =
        french.iter().filter(|key| !english.contains(key)).chain(english.iter().filter(|key| !french.contains(key)));
    none("every text is there in both languages", &one_sided.cloned().collect::<Vec<_>>());
    assert!(text("manifest.json").contains("\"default_locale\": \"fr\""));
}
