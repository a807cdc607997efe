//! Below the input: exactly what would be written, and what is wrong or doubtful about it.

use gloo::utils::document;
use verifier_core::ids::KeyCheck;

use crate::identity::{Identity, ReadIdentityError};
use crate::page::{self, Visible};
use crate::words;

/// Draws the preview, the problem line and the button for what stands in the input.
pub(super) fn draw(identity: &Result<Identity, ReadIdentityError>, typed: &str, asked: bool) {
    let doubtful = matches!(identity, Ok(identity) if identity.key() == KeyCheck::Mismatch);
    match identity {
        Ok(identity) => show(identity.text(), typed),
        Err(_) => page::set_text("preview", ""),
    }
    page::show("preview-box", Visible::from(identity.is_ok()));
    page::set_disabled("fill", identity.is_err());
    let label = if asked && doubtful { "fillAnyway" } else { "fillButton" };
    page::set_text("fill", &words::say(label, &[]));
    let (text, tone) = match identity {
        Ok(_) if doubtful && asked => (words::say("mismatchAsk", &[]), "watch"),
        Ok(_) if doubtful => (words::say("mismatchHint", &[]), "watch"),
        Ok(_) | Err(ReadIdentityError::Empty | ReadIdentityError::Short) => (String::new(), "stop"),
        Err(error) => (words::problem(error.code()), "stop"),
    };
    page::set_attribute(
        "identifier",
        "aria-invalid",
        if tone == "stop" && !text.is_empty() { "true" } else { "false" },
    );
    page::set_attribute("identifier-problem", "data-tone", tone);
    page::set_text("identifier-problem", &text);
}

/// Says why nothing was written.
pub(super) fn problem(sentence: &str) {
    page::set_attribute("identifier-problem", "data-tone", "stop");
    page::set_text("identifier-problem", sentence);
}

/// Groups of characters as elements, so that the element's text is exactly what is written and the gaps are only seen.
fn show(text: &str, typed: &str) {
    let Some(output) = page::by_id("preview") else {
        return;
    };
    let added = if is_bare_rpps(typed) { "yes" } else { "no" };
    if output.text_content().as_deref() == Some(text) && output.get_attribute("data-added").as_deref() == Some(added) {
        return;
    }
    output.set_text_content(None);
    page::set_attribute("preview", "data-added", added);
    // The type digit stands alone, then groups of four.
    let (front, mut rest) = text.split_at_checked(1).unwrap_or((text, ""));
    let mut parts = vec![front];
    while let Some((part, after)) = rest.split_at_checked(4) {
        parts.push(part);
        rest = after;
    }
    parts.push(rest);
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        if let Ok(span) = document().create_element("span") {
            span.set_text_content(Some(part));
            // Appending to an element of our own page does not fail.
            let _ = output.append_child(&span);
        }
    }
}

/// Eleven digits: the type digit in front was added.
fn is_bare_rpps(typed: &str) -> bool {
    typed.chars().filter(char::is_ascii_digit).count() == 11
}
