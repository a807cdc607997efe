//! `action`: the badge on the toolbar button, which belongs to the browser and which no page can cover or imitate.

use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use super::{BrowserError, bindings, plain};

/// Sets text, colour and tooltip of one tab's badge; an empty text removes it.
///
/// # Errors
/// [`BrowserError::Refused`] when the tab was closed meanwhile.
pub async fn set_badge(tab_id: i32, text: &str, color: &str, title: &str) -> Result<(), BrowserError> {
    let of_tab = |name: &str, value: &str| plain(&[("tabId", JsValue::from(tab_id)), (name, JsValue::from_str(value))]);
    let calls = [
        bindings::action_set_badge_background_color(&of_tab("color", color)),
        bindings::action_set_badge_text(&of_tab("text", text)),
        bindings::action_set_title(&of_tab("title", title)),
    ];
    for call in calls {
        JsFuture::from(call.map_err(|_| BrowserError::Refused)?).await.map_err(|_| BrowserError::Refused)?;
    }
    Ok(())
}

/// Opens the popup under the toolbar button. Not every browser lets us, and none without a key or click of the person.
///
/// # Errors
/// [`BrowserError::Refused`] when it stays closed.
pub async fn open_popup() -> Result<(), BrowserError> {
    let promise = bindings::action_open_popup().map_err(|_| BrowserError::Refused)?;
    JsFuture::from(promise).await.map(drop).map_err(|_| BrowserError::Refused)
}
