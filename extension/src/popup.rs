//! The popup: what a person sees and presses. The one place where digits are shown large and where a fill starts.
//!
//! It reads what is kept about the tab, draws it, and counts down towards an absolute time; orders go to the background.
//! Opened as a tab it speaks of the login page that was heard of last. Sentences come from `_locales`; the codes in between
//! are the core's.
//!
//! Not here: no verdict, no recognition, no decision to write, nothing kept.

mod clock;
mod page;
mod preview;
mod render;
mod words;

use core::cell::RefCell;

use gloo::events::{EventListener, EventListenerOptions};
use gloo::timers::callback::Interval;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::Event;

use crate::background;
use crate::browser::{now_ms, runtime, tabs};
use crate::identity::Identity;
use crate::messages::{self, FillOrder, FromPopup, Keep, Mismatch, ToPopup};
use crate::tab::{Badge, NumberView, kept, view};

/// What the popup remembers while it is open.
#[derive(Default)]
struct Popup {
    /// The tab that the person looks at; `None`: the popup stands in a tab of its own.
    opener: Option<i32>,
    /// The tab that was described last.
    tab: Option<i32>,
    /// The number that is shown.
    number: Option<NumberView>,
    /// The person was asked about a key that does not agree, and about which text.
    asked_about: Option<String>,
    /// The identifier that was kept was put into the input once.
    offered: bool,
    /// Seconds that were spoken last.
    spoken_s: Option<u64>,
    listeners: Vec<EventListener>,
    ticker: Option<Interval>,
}

thread_local! {
    static POPUP: RefCell<Popup> = RefCell::new(Popup::default());
}

fn with<T>(work: impl FnOnce(&mut Popup) -> T) -> T {
    POPUP.with_borrow_mut(work)
}

/// Starts the popup.
#[wasm_bindgen(js_name = openPopup)]
pub fn open_popup() {
    words::translate();
    with(|popup| {
        let active = EventListenerOptions::enable_prevent_default();
        if let Some(form) = page::by_id("fill-panel") {
            popup.listeners.push(EventListener::new_with_options(&form, "submit", active, on_submit));
        }
        if let Some(input) = page::by_id("identifier") {
            popup.listeners.push(EventListener::new(&input, "input", |_| on_typed()));
        }
        if let Some(button) = page::by_id("forget") {
            popup.listeners.push(EventListener::new(&button, "click", |_| on_forget()));
        }
        popup.ticker = Some(Interval::new(250, tick));
    });
    spawn_local(async {
        let own_tab = tabs::current().await.is_some();
        let opener = if own_tab { None } else { tabs::active().await.and_then(|tab| tab.id) };
        with(|popup| popup.opener = opener);
        refresh().await;
        if let Some(keys) = runtime::shortcut("fill").await {
            page::set_text("shortcut", &words::say("shortcutFill", &[&keys]));
        }
    });
}

/// What is kept has changed: ask again.
#[wasm_bindgen(js_name = refreshPopup)]
pub fn refresh_popup() {
    spawn_local(refresh());
}

async fn refresh() {
    let flavour = runtime::flavour();
    let tab = match with(|popup| popup.opener) {
        Some(opener) => Some(view::of(opener, flavour).await),
        None => view::latest(flavour).await,
    };
    if let Some(tab) = tab.as_ref().filter(|tab| tab.verdict.warns()) {
        background::show(tab.id, &Badge::Warning).await;
    }
    let identity = kept::identity().await;
    let first = with(|popup| {
        popup.tab = tab.as_ref().map(|tab| tab.id);
        popup.number = tab.as_ref().and_then(|tab| tab.number);
        !core::mem::replace(&mut popup.offered, true)
    });
    render::state(tab.as_ref(), identity.is_some(), flavour);
    if let (true, Some(identity)) = (first, &identity) {
        page::set_value("identifier", &identity.identifier);
        page::set_checked("keep", identity.keep == Keep::Device);
    }
    on_typed();
    tick();
}

/// Draws what depends on the time of day.
fn tick() {
    let now = now_ms();
    let (number, spoken) = with(|popup| (popup.number, popup.spoken_s));
    let Some(number) = number else {
        with(|popup| popup.spoken_s = None);
        return;
    };
    let Some(deadline_ms) = number.deadline_ms else {
        return render::no_countdown();
    };
    let left_s = clock::left_s(deadline_ms, now);
    render::countdown(left_s, clock::share_left(number.shown_at_ms, deadline_ms, now));
    if let Some(key) = clock::announcement(left_s, spoken) {
        page::set_text("spoken", &words::say(key, &[]));
    }
    with(|popup| popup.spoken_s = Some(left_s));
    if left_s == 0 {
        with(|popup| popup.number = None);
        refresh_popup();
    }
}

/// The input changed: show exactly what would be written, or what is wrong with it.
fn on_typed() {
    let text = page::value("identifier");
    let identity = Identity::parse(&text);
    let asked = with(|popup| {
        if popup.asked_about.as_deref() != Some(text.as_str()) {
            popup.asked_about = None;
        }
        popup.asked_about.is_some()
    });
    preview::draw(&identity, &text, asked);
}

fn on_submit(event: &Event) {
    event.prevent_default();
    let text = page::value("identifier");
    let asked = with(|popup| popup.asked_about.as_deref() == Some(text.as_str()));
    let (Some(tab), Ok(identity)) = (with(|popup| popup.tab), Identity::parse(&text)) else {
        return;
    };
    let keep = if page::is_checked("keep") { Keep::Device } else { Keep::Session };
    let mismatch = if asked { Mismatch::Accepted } else { Mismatch::Ask };
    let order = FromPopup::Fill(FillOrder { tab, identifier: identity.text().to_owned(), mismatch, keep });
    page::set_disabled("fill", true);
    spawn_local(async move {
        match ask(order).await {
            Some(ToPopup::Filled) => refresh().await,
            Some(ToPopup::Confirm) => {
                with(|popup| popup.asked_about = Some(text));
                on_typed();
            }
            Some(ToPopup::Refused(code)) => {
                on_typed();
                preview::problem(&words::problem(&code));
            }
            _ => page::set_state("failed"),
        }
    });
}

fn on_forget() {
    spawn_local(async {
        if let Some(ToPopup::Done) = ask(FromPopup::Forget).await {
            page::set_value("identifier", "");
            page::set_checked("keep", false);
            page::focus("identifier");
            refresh().await;
        }
    });
}

async fn ask(question: FromPopup) -> Option<ToPopup> {
    let answer = runtime::ask_background(&messages::write(question)).await.ok()?;
    messages::read(&answer).ok()
}
