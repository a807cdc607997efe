//! `tabs`: which tab a person looks at, and messages to one document in it.

use gloo::timers::callback::Timeout;
use js_sys::{Array, Promise};
use serde::Serialize;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::bindings::{self, TabObject};
use super::{BrowserError, plain};

/// How long a content script may take to answer, in milliseconds. It works on a page that is on screen; a longer silence
/// means a page that hangs, and other events wait behind it.
const ANSWER_MS: u32 = 3_000;

/// A tab, as far as we may see it: without a host permission or a click on the toolbar button there is no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tab {
    /// The browser's number for it.
    pub id: Option<i32>,
    /// Its address, where we may know it.
    pub url: Option<String>,
}

impl From<&TabObject> for Tab {
    fn from(object: &TabObject) -> Self {
        Self { id: object.tab_id(), url: object.url() }
    }
}

/// The tab of this number.
///
/// # Errors
/// [`BrowserError::Refused`] when it was closed.
pub async fn get(tab: i32) -> Result<Tab, BrowserError> {
    let tab = settle(bindings::tabs_get(tab)).await?;
    Ok(Tab::from(tab.unchecked_ref::<TabObject>()))
}

/// The tab in which the calling page stands; nothing for the popup under the toolbar.
pub async fn current() -> Option<Tab> {
    let tab = settle(bindings::tabs_get_current()).await.ok().filter(JsValue::is_object)?;
    Some(Tab::from(tab.unchecked_ref::<TabObject>()))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Filter {
    active: bool,
    last_focused_window: bool,
}

/// The tab that the person looks at.
pub async fn active() -> Option<Tab> {
    let filter = plain(&Filter { active: true, last_focused_window: true }).ok()?;
    let tabs = Array::from(&settle(bindings::tabs_query(&filter)).await.ok()?);
    tabs.iter().next().map(|tab| Tab::from(tab.unchecked_ref::<TabObject>()))
}

#[derive(Serialize)]
struct New<'a> {
    url: &'a str,
}

/// Opens an address in a new tab.
///
/// # Errors
/// [`BrowserError::Refused`] when the browser opens none.
pub async fn open(url: &str) -> Result<(), BrowserError> {
    settle(bindings::tabs_create(&plain(&New { url })?)).await.map(drop)
}

/// One document of one tab. A message to it cannot reach what the tab shows after a navigation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The tab.
    pub tab: i32,
    /// The browser's name for the document, which every browser that the manifest admits gives. Without one nothing is asked:
    /// a message to the tab's top frame could arrive at another page than the one that was checked.
    pub id: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Options<'a> {
    document_id: &'a str,
}

/// Sends a message to the content script of one document and waits for its answer, a text.
///
/// # Errors
/// [`BrowserError`] when the document has no name, is gone, is silent, or answers something else than text.
pub async fn ask<T: Serialize>(document: &Document, message: &T) -> Result<String, BrowserError> {
    let document_id = document.id.as_deref().ok_or(BrowserError::Refused)?;
    let (message, options) = (plain(message)?, plain(&Options { document_id })?);
    let reply = bindings::tabs_send_message(document.tab, &message, &options).map_err(|_| BrowserError::Refused)?;
    let mut timer = None;
    let silence = Promise::new(&mut |_, reject| {
        timer = Some(Timeout::new(ANSWER_MS, move || drop(reject.call1(&JsValue::UNDEFINED, &JsValue::UNDEFINED))));
    });
    let first = Promise::race(&Array::of2(&reply, &silence));
    let answer = JsFuture::from(first).await;
    drop(timer);
    match answer {
        Ok(answer) => answer.as_string().ok_or(BrowserError::Shape),
        Err(reason) if reason.is_undefined() => Err(BrowserError::Silent),
        Err(_) => Err(BrowserError::Refused),
    }
}

async fn settle(call: Result<Promise, JsValue>) -> Result<JsValue, BrowserError> {
    let promise = call.map_err(|_| BrowserError::Refused)?;
    JsFuture::from(promise).await.map_err(|_| BrowserError::Refused)
}
