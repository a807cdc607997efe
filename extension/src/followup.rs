//! "An activation took place here: was it you?"
//!
//! What can be known is that a genuine page asked for the code of a phone in this browser and does not stand in any tab any
//! more. Whether the activation succeeded, and on whose phone, nothing here can see; the panel says so. Whoever did not do
//! it is led to what to do at once, and keeps being asked until an answer is given or the browser ends.

use wasm_bindgen_futures::spawn_local;

use crate::page::{self, Visible};
use crate::tab::kept;
use crate::words::{clock_time, say};
use crate::{advice, words};

/// What a person says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It was them.
    Mine,
    /// It was not.
    NotMine,
}

/// Shows the question while there is one.
pub(crate) async fn draw() {
    let noted = kept::noted_activation().await;
    let under_way = kept::all_tabs().await.iter().any(|(_, tab)| tab.asks_activation_code());
    let asked = noted.filter(|_| !under_way);
    page::show("activated-panel", Visible::from(asked.is_some()));
    if let Some(at_ms) = asked {
        page::set_text("activated-when", &say("activatedWhen", &[&clock_time(at_ms)]));
    }
}

/// The person answered: the question is not asked again.
pub(crate) fn answer(answer: Answer) {
    spawn_local(async move {
        if kept::settle_activation().await.is_err() {
            return page::set_text("activated-when", &words::problem("EXT-STORAGE"));
        }
        draw().await;
        match answer {
            Answer::Mine => page::set_text("spoken", &say("activatedThanks", &[])),
            Answer::NotMine => advice::open("GUIDE-SCAM-CALL"),
        }
    });
}
