//! `action`: the badge on the toolbar button, which belongs to the browser and which no page can cover or imitate.

use serde::Serialize;
use wasm_bindgen_futures::JsFuture;

use super::{BrowserError, bindings, plain};

/// What is set of one tab's button; each call of the browser takes one of the three.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Button<'a> {
    tab_id: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    color: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
}

/// Sets text, colour and tooltip of one tab's badge; an empty text removes it.
///
/// # Errors
/// [`BrowserError::Refused`] when the tab was closed meanwhile.
pub async fn set_badge(tab_id: i32, text: &str, color: &str, title: &str) -> Result<(), BrowserError> {
    let button = Button { tab_id, text: None, color: None, title: None };
    let calls = [
        bindings::action_set_badge_background_color(&plain(&Button { color: Some(color), ..button })?),
        bindings::action_set_badge_text(&plain(&Button { text: Some(text), ..button })?),
        bindings::action_set_title(&plain(&Button { title: Some(title), ..button })?),
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
