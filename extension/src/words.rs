//! From codes to sentences, in the language of the browser. French stands in the page itself and is the default.

use gloo::utils::document;
use js_sys::Date;
use wasm_bindgen::{JsCast, JsValue};
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
    fill("data-i18n", |key| say(key, &[]));
}

/// Gives every element that has this attribute the sentence of the key in it.
pub(crate) fn fill(attribute: &str, sentence_of: impl Fn(&str) -> String) {
    let Ok(elements) = document().query_selector_all(&format!("[{attribute}]")) else {
        return;
    };
    for index in 0..elements.length() {
        let Some(element) = elements.item(index).and_then(|node| node.dyn_into::<Element>().ok()) else {
            continue;
        };
        let sentence = element.get_attribute(attribute).map(|key| sentence_of(&key)).unwrap_or_default();
        if !sentence.is_empty() {
            element.set_text_content(Some(&sentence));
        }
    }
}

/// Hours and minutes on this computer's clock.
#[expect(clippy::cast_precision_loss, reason = "ms since 1970 stay below 2^53")]
pub(crate) fn clock_time(at_ms: u64) -> String {
    let date = Date::new(&JsValue::from_f64(at_ms as f64));
    format!("{:02}:{:02}", date.get_hours(), date.get_minutes())
}

/// What is left of a time, in its two largest units.
pub(crate) fn left(left_s: u64) -> String {
    let (days, hours, minutes) = (left_s / 86_400, left_s / 3_600 % 24, left_s / 60 % 60);
    let (key, first, second) = match left_s {
        0..60 => return say("countdownSeconds", &[&left_s.to_string()]),
        60..3_600 => ("countdownMinutes", minutes, left_s % 60),
        3_600..86_400 => ("countdownHours", hours, minutes),
        _ => ("countdownDays", days, hours),
    };
    say(key, &[&first.to_string(), &second.to_string()])
}
