//! `permissions`: the one power that a person may add and take away again, to be told of every page that is opened.
//!
//! `webNavigation` rather than access to every site: it lets us know addresses and nothing else. With it no page can be read
//! or changed, and no content script runs anywhere.

use js_sys::Promise;
use serde::Serialize;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use super::{BrowserError, bindings, plain};

#[derive(Serialize)]
struct Powers {
    permissions: [&'static str; 1],
}

/// The power in question; no browser takes an undefined one for anything.
fn watch() -> JsValue {
    plain(&Powers { permissions: ["webNavigation"] }).unwrap_or_default()
}

/// Whether we are told of every page that is opened.
pub async fn watches() -> bool {
    settle(bindings::permissions_contains(&watch())).await == Ok(true)
}

/// Asks the browser to ask the person. Only within a click: the browser is asked before this returns.
pub fn request_watch() -> impl Future<Output = Result<bool, BrowserError>> {
    settle(bindings::permissions_request(&watch()))
}

/// Gives the power back.
///
/// # Errors
/// [`BrowserError::Refused`] when an administrator decides, not the person.
pub async fn remove_watch() -> Result<bool, BrowserError> {
    settle(bindings::permissions_remove(&watch())).await
}

/// The call was made already; what is awaited is its answer.
async fn settle(call: Result<Promise, JsValue>) -> Result<bool, BrowserError> {
    let promise = call.map_err(|_| BrowserError::Refused)?;
    let answer = JsFuture::from(promise).await.map_err(|_| BrowserError::Refused)?;
    Ok(answer.is_truthy())
}
