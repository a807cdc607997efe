//! The WebExtensions API as far as Vigie uses it: thin bindings and typed calls.
//!
//! Own bindings rather than a crate: fifteen functions, all of them in the promise form that Chromium and Firefox share in
//! Manifest V3. Of the browser's objects (senders, tabs, request details) the members that are needed are read one by one; what
//! a *page* sends is never read here but as strict JSON in [`crate::messages`]. Objects for the browser are made from typed
//! values by `serde-wasm-bindgen`.
//!
//! Not here: no listener is registered in Rust (the loader does it, at once), and no call logs anything.
//!
//! Reference: <https://developer.mozilla.org/docs/Mozilla/Add-ons/WebExtensions/API>.

pub mod action;
pub mod bindings;
pub mod permissions;
pub mod runtime;
pub mod storage;
pub mod tabs;

use serde::Serialize;
use wasm_bindgen::JsValue;

use crate::background::request::RequestDetails;
use crate::sender::Sender;
use bindings::{MessageSender, RequestObject};

/// Why a call of the browser's API gave nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BrowserError {
    /// The browser refused: the tab is gone, no content script listens, a permission is missing.
    Refused,
    /// The answer did not come in time.
    Silent,
    /// The answer is not of the expected shape.
    Shape,
}

/// Makes a plain object for the browser; a member that is `None` is left out.
///
/// # Errors
/// [`BrowserError::Shape`] when the value has no such form.
pub fn plain<T: Serialize + ?Sized>(value: &T) -> Result<JsValue, BrowserError> {
    serde_wasm_bindgen::to_value(value).map_err(|_| BrowserError::Shape)
}

/// Milliseconds since 1970, the only clock of the extension.
#[must_use]
pub fn now_ms() -> u64 {
    whole(js_sys::Date::now())
}

/// A number of the browser that counts something.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what is counted is whole and positive; anything else becomes a number that names nothing"
)]
fn whole(number: f64) -> u64 {
    number as u64
}

impl From<&MessageSender> for Sender {
    fn from(object: &MessageSender) -> Self {
        Self {
            id: object.id(),
            origin: object.origin(),
            frame_id: object.frame_id(),
            document_id: object.document_id(),
            document_lifecycle: object.document_lifecycle(),
            tab: object.tab().and_then(|tab| tab.tab_id()),
            context_id: object.context_id().map(whole),
        }
    }
}

impl From<&RequestObject> for RequestDetails {
    fn from(object: &RequestObject) -> Self {
        Self {
            tab_id: object.request_tab(),
            frame_id: object.request_frame(),
            url: object.request_url(),
            status: object.request_status(),
            error: object.request_error(),
        }
    }
}
