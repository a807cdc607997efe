//! The document of a page of our own: small verbs over `web-sys`. Text is always set as text.

use gloo::utils::document;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlButtonElement, HtmlElement, HtmlInputElement, HtmlProgressElement};

pub(crate) fn by_id(id: &str) -> Option<Element> {
    document().get_element_by_id(id)
}

fn cast<T: JsCast>(id: &str) -> Option<T> {
    by_id(id)?.dyn_into().ok()
}

/// Sets the text, unless it is the same: a live region would be read again.
pub(crate) fn set_text(id: &str, text: &str) {
    if let Some(element) = by_id(id).filter(|element| element.text_content().as_deref() != Some(text)) {
        element.set_text_content(Some(text));
    }
}

pub(crate) fn show(id: &str, visible: Visible) {
    if let Some(element) = cast::<HtmlElement>(id) {
        element.set_hidden(visible == Visible::No);
    }
}

/// Whether an element is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Visible {
    Yes,
    No,
}

impl From<bool> for Visible {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

pub(crate) fn set_attribute(id: &str, name: &str, value: &str) {
    if let Some(element) = by_id(id) {
        // Fails only for an impossible attribute name; all of ours are literals.
        let _ = element.set_attribute(name, value);
    }
}

pub(crate) fn set_state(state: &str) {
    set_attribute("page-state", "data-state", state);
}

pub(crate) fn value(id: &str) -> String {
    cast::<HtmlInputElement>(id).map(|input| input.value()).unwrap_or_default()
}

pub(crate) fn set_value(id: &str, value: &str) {
    if let Some(input) = cast::<HtmlInputElement>(id) {
        input.set_value(value);
    }
}

pub(crate) fn is_checked(id: &str) -> bool {
    cast::<HtmlInputElement>(id).is_some_and(|input| input.checked())
}

pub(crate) fn set_checked(id: &str, checked: bool) {
    if let Some(input) = cast::<HtmlInputElement>(id) {
        input.set_checked(checked);
    }
}

pub(crate) fn set_disabled(id: &str, disabled: bool) {
    if let Some(button) = cast::<HtmlButtonElement>(id) {
        button.set_disabled(disabled);
    }
}

pub(crate) fn set_progress(id: &str, value: f64) {
    if let Some(progress) = cast::<HtmlProgressElement>(id) {
        progress.set_value(value);
    }
}

pub(crate) fn focus(id: &str) {
    if let Some(element) = cast::<HtmlElement>(id) {
        // Fails only when the element cannot take the focus; then it stays where it was.
        let _ = element.focus();
    }
}

/// The value of an attribute.
pub(crate) fn attribute(id: &str, name: &str) -> Option<String> {
    by_id(id)?.get_attribute(name)
}

/// Opens or closes a `details`.
pub(crate) fn set_open(id: &str, open: bool) {
    if let Some(element) = by_id(id) {
        // Fails only for an impossible attribute name.
        let _ = if open { element.set_attribute("open", "") } else { element.remove_attribute("open") };
    }
}

/// Remembers on an element what it was drawn from; says whether that is something else than before.
pub(crate) fn set_key(id: &str, key: &str) -> bool {
    let changed = attribute(id, "data-key").as_deref() != Some(key);
    if changed {
        set_attribute(id, "data-key", key);
    }
    changed
}

/// Removes everything from a list.
pub(crate) fn clear(id: &str) {
    if let Some(element) = by_id(id) {
        element.set_text_content(None);
    }
}

/// Adds an element to a list.
pub(crate) fn append(id: &str, tag: &str) -> Option<Element> {
    append_to(&by_id(id)?, tag, "", &[])
}

/// Adds an element with a text and attributes.
pub(crate) fn append_to(parent: &Element, tag: &str, text: &str, attributes: &[(&str, &str)]) -> Option<Element> {
    let element = document().create_element(tag).ok()?;
    element.set_text_content(Some(text));
    for (name, value) in attributes {
        set(&element, name, value);
    }
    parent.append_child(&element).ok()?;
    Some(element)
}

/// Sets an attribute of an element at hand.
pub(crate) fn set(element: &Element, name: &str, value: &str) {
    // Fails only for an impossible attribute name; all of ours are literals.
    let _ = element.set_attribute(name, value);
}
