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

/// Ways by which a page or another extension would reach us, in a script or in what is imported from the browser.
const WAYS_IN: &[&str] =
    &["External", "onUserScript", "postMessage", "'message'", "\"message\"", "onmessage", "BroadcastChannel"];

#[test]
fn no_script_listens_to_pages_or_other_extensions() {
    let mut listening = Vec::new();
    for file in files() {
        let heard = file.path.starts_with("extension/web/") && file.path.ends_with(".js")
            || file.path.starts_with("extension/src/browser/");
        for way in WAYS_IN.iter().filter(|way| heard && file.text.as_deref().unwrap_or_default().contains(**way)) {
            listening.push(format!("{}: {way}", file.path));
        }
    }
    none("nothing listens but to our own content script and pages", &listening);
}

/// The French text that stands in a page until its script has run, and without one, is that of its key.
#[test]
fn the_pages_say_in_french_what_their_keys_say() {
    let messages = json("extension/_locales/fr/messages.json");
    let sentences = json("verifier-core/texts/fr.json");
    let (mut other, mut compared) = (Vec::new(), 0);
    for file in files() {
        if !file.path.starts_with("extension/web/") || !file.path.ends_with(".html") {
            continue;
        }
        let page = file.text.unwrap_or_default();
        let of_message = |key: &str| messages[key]["message"].as_str();
        let of_sentence = |key: &str| sentences[key].as_str();
        for (key, text) in texts(&page, "data-i18n", of_message).chain(texts(&page, "data-text", of_sentence)) {
            compared += 1;
            if let Err((found, expected)) = text {
                other.push(format!("{}: {key} says `{found}`, not `{expected}`", file.path));
            }
        }
    }
    assert!(compared > 200, "only {compared} texts were found in the pages");
    none("the pages say what their keys say", &other);
}

/// Each element of a page with this attribute: its key, and what it says where its key says something else.
fn texts<'a>(
    page: &'a str,
    attribute: &str,
    expected: impl Fn(&str) -> Option<&'a str>,
) -> impl Iterator<Item = (&'a str, Result<(), (String, &'a str)>)> {
    let start = format!(" {attribute}=\"");
    let found: Vec<&str> = page.split(start.as_str()).skip(1).collect();
    found.into_iter().map(move |rest| {
        let (key, rest) = rest.split_once('"').unwrap();
        let text = rest.split_once('>').unwrap().1.split('<').next().unwrap();
        let text = text.trim().replace("&nbsp;", "\u{a0}").replace("&amp;", "&");
        let expected = expected(key).unwrap_or("(no such key)");
        (key, if text == expected { Ok(()) } else { Err((text, expected)) })
    })
}

/// A fill may land after its time was up, or before something failed: whoever is told of it reads the field again.
#[test]
fn who_cannot_know_whether_something_was_filled_is_told_to_look() {
    for (language, look) in
        [("fr", "Relisez le champ avant de valider"), ("en", "Read the field again before you submit")]
    {
        let messages = json(&format!("extension/_locales/{language}/messages.json"));
        for key in ["failedText", "code_EXT_FIELD_GONE"] {
            let said = messages[key]["message"].as_str().unwrap();
            assert!(said.contains(look), "{language}, {key}: {said}");
        }
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
