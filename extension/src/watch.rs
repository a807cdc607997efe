//! The watch over every page that is opened, which a person switches on and off here.
//!
//! Without it a look-alike is called out where a person clicks the toolbar button; with it, as soon as its address is opened.
//! The power it needs is asked for by the browser itself, within the click.

use wasm_bindgen_futures::spawn_local;

use crate::browser::permissions;
use crate::page::{self, Visible};
use crate::policy::Leave;
use crate::tab::kept;
use crate::words::say;

/// Draws whether it is on. Where an organisation does not allow it, it is not offered, and a power that was given before can be
/// given back.
pub(crate) async fn draw(leave: Leave) {
    let held = permissions::watches().await;
    let on = held && leave == Leave::Given;
    page::show("watch-set", Visible::from(leave == Leave::Refused));
    page::show("watch-toggle", Visible::from(held || leave == Leave::Given));
    page::set_attribute("watch", "data-watch", if held { "on" } else { "off" });
    page::set_text("watch-state", &say(if on { "watchIsOn" } else { "watchIsOff" }, &[]));
    page::set_text("watch-toggle", &say(if held { "watchStop" } else { "watchStart" }, &[]));
}

async fn draw_again() {
    draw(kept::settings().await.warning).await;
}

/// The button was pressed.
pub(crate) fn toggle() {
    if page::attribute("watch", "data-watch").as_deref() == Some("on") {
        spawn_local(async {
            // An administrator may keep it on; then the state that is drawn says so.
            let _ = permissions::remove_watch().await;
            draw_again().await;
        });
        return;
    }
    // Asked for before anything is awaited: later it would no longer be within the click.
    let answer = permissions::request_watch();
    spawn_local(async {
        // Whether the person said yes is what is drawn.
        let _ = answer.await;
        draw_again().await;
    });
}
