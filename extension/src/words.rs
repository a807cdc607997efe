//! From codes to sentences, in the language of the browser. French stands in the page itself and is the default.

use gloo::utils::document;
use wasm_bindgen::JsCast;
use web_sys::Element;

use crate::browser::runtime;

/// The sentence of a key.
pub(crate) fn say(key: &str, substitutions: &[&str]) -> String {
    runtime::message(key, substitutions)
}

/// The key that belongs to a stable code: keys hold letters, digits and underscores only.
fn key_of(code: &str) -> String {
    format!("code_{}", code.replace('-', "_"))
}

/// What a code means for the person; a code without a sentence of its own is named.
pub(crate) fn problem(code: &str) -> String {
    problem_of(code, &[])
}

/// The same, about something that the sentence names.
pub(crate) fn problem_of(code: &str, what: &[&str]) -> String {
    let sentence = say(&key_of(code), what);
    if sentence.is_empty() { say("problemOther", &[code]) } else { sentence }
}

/// Why an address is called what it is called; empty when there is no sentence.
pub(crate) fn reason(code: &str) -> String {
    say(&key_of(code), &[])
}

/// Translates every element that names its key.
pub(crate) fn translate() {
    // The language of the sentences that the browser chose, which for a third language is not that of its own interface.
    if let Some(root) = document().document_element() {
        // `lang` is a valid attribute name.
        let _ = root.set_attribute("lang", &say("language", &[]));
    }
    let Ok(elements) = document().query_selector_all("[data-i18n]") else {
        return;
    };
    for index in 0..elements.length() {
        let Some(element) = elements.item(index).and_then(|node| node.dyn_into::<Element>().ok()) else {
            continue;
        };
        let sentence = element.get_attribute("data-i18n").map(|key| say(&key, &[])).unwrap_or_default();
        if !sentence.is_empty() {
            element.set_text_content(Some(&sentence));
        }
    }
}
