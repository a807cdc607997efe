//! `storage.session` and `storage.local`, each value one text; and `storage.managed`, which only an administrator writes.
//!
//! The session area lies in memory, is out of reach of content scripts and ends with the browser. The local area is on disk
//! and holds nothing unless a person asked for it.

use js_sys::{Error, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::{BrowserError, bindings};
use crate::policy::{Given, Managed};

/// Where a value is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    /// In memory, until the browser ends.
    Session,
    /// On disk.
    Local,
}

/// The text under `key`; nothing when it is absent or no text.
pub async fn load(area: Area, key: &str) -> Option<String> {
    let items = fetch(area, &JsValue::from_str(key)).await.ok()?;
    Reflect::get(&items, &JsValue::from_str(key)).ok()?.as_string()
}

/// All keys with their texts.
pub async fn load_all(area: Area) -> Vec<(String, String)> {
    let Ok(items) = fetch(area, &JsValue::NULL).await else {
        return Vec::new();
    };
    entries(items).filter_map(|(key, value)| Some((key, value.as_string()?))).collect()
}

/// Keeps a text under `key`.
///
/// # Errors
/// [`BrowserError`] when the browser refuses, for instance because the area is full.
pub async fn save(area: Area, key: &str, text: &str) -> Result<(), BrowserError> {
    let items = Object::new();
    Reflect::set(&items, &JsValue::from_str(key), &JsValue::from_str(text)).map_err(|_| BrowserError::Shape)?;
    done(match area {
        Area::Session => bindings::session_set(&items),
        Area::Local => bindings::local_set(&items),
    })
    .await
}

/// Removes what lies under `key`.
///
/// # Errors
/// [`BrowserError`] when the browser refuses.
pub async fn remove(area: Area, key: &str) -> Result<(), BrowserError> {
    done(match area {
        Area::Session => bindings::session_remove(key),
        Area::Local => bindings::local_remove(key),
    })
    .await
}

/// What an administrator wrote for this extension, types and all.
pub async fn load_managed() -> Managed {
    let read = async { JsFuture::from(bindings::managed_get(&JsValue::NULL)?).await };
    match read.await {
        Ok(items) if items.is_object() => {
            Managed::Items(entries(items).map(|(key, value)| (key, given(&value))).collect())
        }
        Ok(_) => Managed::Unreadable,
        // Firefox has no empty area: it says that there is no manifest for it.
        Err(error) if error.dyn_ref::<Error>().is_some_and(|error| error.message().includes("not found", 0)) => {
            Managed::Items(Vec::new())
        }
        Err(_) => Managed::Unreadable,
    }
}

fn given(value: &JsValue) -> Given {
    match (value.as_bool(), value.as_f64(), value.as_string()) {
        (Some(flag), _, _) => Given::Flag(flag),
        (_, Some(number), _) => Given::Number(number),
        (_, _, Some(text)) => Given::Text(text),
        _ => Given::Other,
    }
}

fn entries(items: JsValue) -> impl Iterator<Item = (String, JsValue)> {
    Object::entries(&Object::from(items)).into_iter().filter_map(|entry| {
        let pair = js_sys::Array::from(&entry);
        Some((pair.get(0).as_string()?, pair.get(1)))
    })
}

async fn fetch(area: Area, key: &JsValue) -> Result<JsValue, BrowserError> {
    let call = match area {
        Area::Session => bindings::session_get(key),
        Area::Local => bindings::local_get(key),
    };
    JsFuture::from(call.map_err(|_| BrowserError::Refused)?).await.map_err(|_| BrowserError::Refused)
}

async fn done(call: Result<Promise, JsValue>) -> Result<(), BrowserError> {
    JsFuture::from(call.map_err(|_| BrowserError::Refused)?).await.map(drop).map_err(|_| BrowserError::Refused)
}
