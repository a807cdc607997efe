//! Vigie in the browser: the core as WebAssembly behind a Manifest V3 extension.
//!
//! Runs in the background worker and in the popup, each with an instance of its own. The content script is plain
//! JavaScript that reports facts and writes one field, because a page's CSP may forbid Wasm there. Listeners are registered by
//! the loaders in `web/`, at once; everything that is decided is decided here or in [`verifier_core`].
//!
//! Not here: no network, no clipboard, no log, nothing drawn in a page, nothing submitted.
//!
//! - [`messages`]: what travels between content script, background and popup
//! - [`sender`]: who speaks
//! - [`tab`]: what is known about one tab
//! - [`desk`]: the identifiers that people left here, and how long
//! - [`policy`]: what an organisation decided, and what is in force
//! - [`background`]: the two routers, badge, fill
//! - [`popup`]: what a person sees of a login
//! - [`settings`]: the pages for options and welcome
//! - [`guide`]: the pages for activation and help
//! - [`activation`]: how far an activation has come, and its two time limits
//! - [`browser`]: the WebExtensions API as far as it is used

pub mod activation;
pub mod address;
mod advice;
pub mod background;
pub mod browser;
mod clock;
pub mod code;
pub mod desk;
mod followup;
pub mod guide;
pub mod identity;
mod json;
pub mod messages;
mod operator;
mod page;
pub mod policy;
pub mod popup;
pub mod sender;
pub mod settings;
pub mod tab;
mod watch;
mod words;

use wasm_bindgen::prelude::*;

/// Runs when an instance starts. After a panic the instance is not used again; nothing of the panic is printed, since its
/// message could hold what a page or a person wrote.
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|_| wasm_bindgen::handler::schedule_reinit()));
}
