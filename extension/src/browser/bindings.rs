//! The imported functions, and the members that are read of the browser's own objects, named as the browser names them.

use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// `runtime.MessageSender`.
    pub type MessageSender;
    #[wasm_bindgen(method, getter)]
    pub(super) fn id(this: &MessageSender) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    pub(super) fn origin(this: &MessageSender) -> Option<String>;
    #[wasm_bindgen(method, getter, js_name = frameId)]
    pub(super) fn frame_id(this: &MessageSender) -> Option<i32>;
    #[wasm_bindgen(method, getter, js_name = documentId)]
    pub(super) fn document_id(this: &MessageSender) -> Option<String>;
    #[wasm_bindgen(method, getter, js_name = documentLifecycle)]
    pub(super) fn document_lifecycle(this: &MessageSender) -> Option<String>;
    #[wasm_bindgen(method, getter, js_name = contextId)]
    pub(super) fn context_id(this: &MessageSender) -> Option<f64>;
    #[wasm_bindgen(method, getter)]
    pub(super) fn tab(this: &MessageSender) -> Option<TabObject>;

    /// `tabs.Tab`.
    pub type TabObject;
    #[wasm_bindgen(method, getter, js_name = id)]
    pub(super) fn tab_id(this: &TabObject) -> Option<i32>;
    #[wasm_bindgen(method, getter)]
    pub(super) fn url(this: &TabObject) -> Option<String>;

    /// The details of `webRequest` and `webNavigation` events.
    pub type RequestObject;
    #[wasm_bindgen(method, getter, js_name = tabId)]
    pub(super) fn request_tab(this: &RequestObject) -> i32;
    #[wasm_bindgen(method, getter, js_name = frameId)]
    pub(super) fn request_frame(this: &RequestObject) -> i32;
    #[wasm_bindgen(method, getter, js_name = url)]
    pub(super) fn request_url(this: &RequestObject) -> String;
    #[wasm_bindgen(method, getter, js_name = statusCode)]
    pub(super) fn request_status(this: &RequestObject) -> Option<u16>;
    #[wasm_bindgen(method, getter, js_name = error)]
    pub(super) fn request_error(this: &RequestObject) -> Option<String>;

    /// The manifest.
    pub type ManifestObject;
    #[wasm_bindgen(method, getter)]
    pub(super) fn host_permissions(this: &ManifestObject) -> Option<Array>;

    /// `management.ExtensionInfo`.
    pub type ExtensionObject;
    #[wasm_bindgen(method, getter, js_name = installType)]
    pub(super) fn install_type(this: &ExtensionObject) -> Option<String>;

    /// `commands.Command`.
    pub type CommandObject;
    #[wasm_bindgen(method, getter)]
    pub(super) fn name(this: &CommandObject) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    pub(super) fn shortcut(this: &CommandObject) -> Option<String>;
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_namespace = ["chrome", "runtime"], js_name = id)]
    pub(super) static RUNTIME_ID: Option<String>;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "runtime"], js_name = getURL)]
    pub(super) fn runtime_get_url(path: &str) -> Result<String, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "runtime"], js_name = getManifest)]
    pub(super) fn runtime_get_manifest() -> Result<ManifestObject, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "runtime"], js_name = sendMessage)]
    pub(super) fn runtime_send_message(message: &str) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "tabs"], js_name = get)]
    pub(super) fn tabs_get(tab: i32) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "tabs"], js_name = getCurrent)]
    pub(super) fn tabs_get_current() -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "tabs"], js_name = query)]
    pub(super) fn tabs_query(filter: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "tabs"], js_name = sendMessage)]
    pub(super) fn tabs_send_message(tab: i32, message: &JsValue, options: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "storage", "session"], js_name = get)]
    pub(super) fn session_get(key: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "storage", "session"], js_name = set)]
    pub(super) fn session_set(items: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "storage", "session"], js_name = remove)]
    pub(super) fn session_remove(key: &str) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "storage", "local"], js_name = get)]
    pub(super) fn local_get(key: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "storage", "local"], js_name = set)]
    pub(super) fn local_set(items: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "storage", "local"], js_name = remove)]
    pub(super) fn local_remove(key: &str) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "storage", "managed"], js_name = get)]
    pub(super) fn managed_get(key: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "management"], js_name = getSelf)]
    pub(super) fn management_get_self() -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "tabs"], js_name = create)]
    pub(super) fn tabs_create(properties: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "action"], js_name = setBadgeText)]
    pub(super) fn action_set_badge_text(details: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "action"], js_name = setBadgeBackgroundColor)]
    pub(super) fn action_set_badge_background_color(details: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "action"], js_name = setTitle)]
    pub(super) fn action_set_title(details: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "action"], js_name = openPopup)]
    pub(super) fn action_open_popup() -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "i18n"], js_name = getMessage)]
    pub(super) fn i18n_get_message(key: &str, substitutions: Vec<String>) -> Result<String, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "permissions"], js_name = contains)]
    pub(super) fn permissions_contains(permissions: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "permissions"], js_name = request)]
    pub(super) fn permissions_request(permissions: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "permissions"], js_name = remove)]
    pub(super) fn permissions_remove(permissions: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "commands"], js_name = getAll)]
    pub(super) fn commands_get_all() -> Result<Promise, JsValue>;
}
