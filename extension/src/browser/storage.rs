//! `storage.session` and `storage.local` with typed values, each kept as one JSON text.
//!
//! The session area lies in memory, is out of reach of content scripts and ends with the browser. The local area is on disk
//! and holds nothing unless a person asked for it.

use js_sys::{Object, Promise, Reflect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use super::{BrowserError, bindings};
use crate::json;

/// Where a value is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    /// In memory, until the browser ends.
    Session,
    /// On disk.
    Local,
}

/// The value under `key`; nothing when it is absent or of another shape.
pub async fn load<T: DeserializeOwned>(area: Area, key: &str) -> Option<T> {
    let items = fetch(area, &JsValue::from_str(key)).await.ok()?;
    let value = Reflect::get(&items, &JsValue::from_str(key)).ok()?;
    read(&value)
}

/// All keys and values whose key starts with `prefix`; values of another shape are passed over.
pub async fn load_all<T: DeserializeOwned>(area: Area, prefix: &str) -> Vec<(String, T)> {
    let Ok(items) = fetch(area, &JsValue::NULL).await else {
        return Vec::new();
    };
    Object::entries(&Object::from(items))
        .iter()
        .filter_map(|entry| {
            let pair = js_sys::Array::from(&entry);
            let key = pair.get(0).as_string().filter(|key| key.starts_with(prefix))?;
            Some((key, read(&pair.get(1))?))
        })
        .collect()
}

/// Keeps `value` under `key`.
///
/// # Errors
/// [`BrowserError`] when the browser refuses, for instance because the area is full.
pub async fn save<T: Serialize>(area: Area, key: &str, value: &T) -> Result<(), BrowserError> {
    let items = Object::new();
    let text = json::write(value).ok_or(BrowserError::Shape)?;
    Reflect::set(&items, &JsValue::from_str(key), &JsValue::from_str(&text)).map_err(|_| BrowserError::Shape)?;
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

fn read<T: DeserializeOwned>(value: &JsValue) -> Option<T> {
    json::read(&value.as_string()?)
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
