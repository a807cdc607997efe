//! `runtime`, `i18n` and `commands`: what the extension knows about itself.

use js_sys::Array;
use verifier_core::page::Flavour;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

use super::BrowserError;
use super::bindings::{self, CommandObject, ExtensionObject};
use crate::policy::Installer;

/// The extension's own id and origin, against which senders are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Own {
    /// `runtime.id`.
    pub id: String,
    /// The origin of its pages, without a final slash.
    pub origin: String,
}

/// Who we are.
///
/// # Errors
/// [`BrowserError::Refused`] outside an extension, or in one that was unloaded.
pub fn own() -> Result<Own, BrowserError> {
    let id = bindings::RUNTIME_ID.with(Clone::clone).ok_or(BrowserError::Refused)?;
    let root = bindings::runtime_get_url("").map_err(|_| BrowserError::Refused)?;
    Ok(Own { id, origin: root.trim_end_matches('/').to_owned() })
}

/// The address of one of our own pages.
///
/// # Errors
/// [`BrowserError::Refused`] in an extension that was unloaded.
pub fn page_address(page: &str) -> Result<String, BrowserError> {
    bindings::runtime_get_url(page).map_err(|_| BrowserError::Refused)
}

/// Who installed the extension; `management.getSelf` needs no permission. Where the browser does not tell, a policy still counts.
pub async fn installer() -> Installer {
    let asked = async { JsFuture::from(bindings::management_get_self().ok()?).await.ok() };
    let kind = asked.await.and_then(|own| own.unchecked_into::<ExtensionObject>().install_type());
    if kind.as_deref() == Some("admin") { Installer::Organisation } else { Installer::Person }
}

/// A host that only the packages for people who develop and test may reach.
const DEV_HOST: &str = "https://wallet.psc.localhost/*";

/// Which hosts this package accepts.
///
/// It is read from the host permissions of the installed manifest, which the browser itself enforces: nothing at run time
/// can make a store package accept more, and without the permission no content script would run on the added hosts anyway.
#[must_use]
pub fn flavour() -> Flavour {
    let patterns = bindings::runtime_get_manifest().ok().and_then(|manifest| manifest.host_permissions());
    let dev = patterns.is_some_and(|patterns| patterns.iter().any(|pattern| pattern == *DEV_HOST));
    if dev { Flavour::Dev } else { Flavour::Store }
}

/// Sends a message to the background and waits for its answer. For the extension's own pages.
///
/// # Errors
/// [`BrowserError`] when the background cannot be reached or answers something else than text.
pub async fn ask_background(message: &str) -> Result<String, BrowserError> {
    let promise = bindings::runtime_send_message(message).map_err(|_| BrowserError::Refused)?;
    let answer = JsFuture::from(promise).await.map_err(|_| BrowserError::Refused)?;
    answer.as_string().ok_or(BrowserError::Shape)
}

/// A sentence in the language of the browser; empty when `_locales` lacks the key.
#[must_use]
pub fn message(key: &str, substitutions: &[&str]) -> String {
    let substitutions = substitutions.iter().map(|text| (*text).to_owned()).collect();
    bindings::i18n_get_message(key, substitutions).unwrap_or_default()
}

/// The keys that are bound to a command at present; people may change or remove them.
pub async fn shortcut(command: &str) -> Option<String> {
    let answer = JsFuture::from(bindings::commands_get_all().ok()?).await.ok()?;
    let commands = Array::from(&answer);
    let found =
        commands.iter().map(CommandObject::unchecked_from_js).find(|one| one.name().as_deref() == Some(command))?;
    found.shortcut().filter(|keys| !keys.is_empty())
}
